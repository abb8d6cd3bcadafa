/* What a configuration says of outside servers, looked at as their own readers do, without asking anybody. */
#ifndef GH_EDGES_PROXY_SERVE_CHECK_H
#define GH_EDGES_PROXY_SERVE_CHECK_H

#include "config/config.h"
#include "records/postgres/server.h"

/* False: redis.* or postgresql.* can't be used; what is wrong is in the report with the URL's place, and never with any part
 * of the URL that is secret. What is usable and unsafe is a warning. */
GH_MUST_CHECK bool gh_serve_check_servers(const gh_config *config, gh_report *report);

/* "db.example.com:5432", for people; "" where postgresql.url says nothing that can be read. */
void gh_serve_where_postgresql(const gh_config *config, char ret[GH_POSTGRES_WHERE]);

#endif
