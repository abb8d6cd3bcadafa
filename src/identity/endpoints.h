/* Gatehouse's own endpoints, one table. */
#ifndef GH_IDENTITY_ENDPOINTS_H
#define GH_IDENTITY_ENDPOINTS_H

#include "model/endpoint.h"

extern const gh_endpoint gh_endpoints[];
extern const unsigned gh_endpoints_n;

#endif
