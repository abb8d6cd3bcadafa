/* Where Redis is, as a URL:
 *
 *   redis://[[USER][:PASSWORD]@]HOST[:PORT][/DATABASE]
 *   rediss://...                                        the same over TLS
 *   unix://[[USER]:PASSWORD@]/PATH[?db=DATABASE]
 *
 * Strict: the scheme in small letters; HOST a name, an IPv4 address or an IPv6 address in brackets; PORT 1..65535
 * (6379 when left out); DATABASE a decimal number up to GH_REDIS_DATABASE_MAX. User, password and path are
 * percent-decoded (RFC 3986 section 2.1) and may hold any byte but NUL; where they do not hold it encoded, only what
 * RFC 3986 section 3.2.1 (a path: 3.3) lets stand there. Nothing else may follow: no fragment, no other parameter.
 *
 * Pure. The text is a secret: no error quotes it. */
#ifndef GH_EDGES_REDIS_URL_H
#define GH_EDGES_REDIS_URL_H

#include "base/buf.h"

enum {
    GH_REDIS_PORT = 6379,
    GH_REDIS_DATABASE_MAX = 65535,
    GH_REDIS_HOST_MAX = 253,
    GH_REDIS_PATH_MAX = 107, /* what a Unix socket's address holds, without its NUL */
    GH_REDIS_USER_MAX = 256,
    GH_REDIS_PASSWORD_MAX = 1024
};

enum gh_redis_scheme { GH_REDIS_TCP, GH_REDIS_TLS, GH_REDIS_UNIX };

/* Texts end with a NUL, and hold none before it. Secret: gh_redis_url_wipe() when done. */
typedef struct gh_redis_url {
    enum gh_redis_scheme scheme;
    uint16_t port;
    unsigned database;
    char host[GH_REDIS_HOST_MAX + 1];         /* without brackets; "" with a path */
    char path[GH_REDIS_PATH_MAX + 1];         /* "" with a host */
    char user[GH_REDIS_USER_MAX + 1];         /* "": the default user */
    char password[GH_REDIS_PASSWORD_MAX + 1]; /* "": none */
} gh_redis_url;

/* False: *ret_why is one sentence without any part of the text; *ret is untouched. */
GH_MUST_CHECK bool gh_redis_url_parse(gh_str text, gh_redis_url *ret, const char **ret_why);
void gh_redis_url_wipe(gh_redis_url *url);
/* Another machine, without TLS: what is said to it can be read and changed on the way. */
bool gh_redis_url_is_exposed(const gh_redis_url *url);
/* "host:port", "[v6]:port" or the path: what may be shown. */
void gh_redis_url_show(const gh_redis_url *url, gh_buf *out);

#endif
