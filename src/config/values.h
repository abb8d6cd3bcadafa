/* What the values of settings are made of, and where they were said. */
#ifndef GH_CONFIG_VALUES_H
#define GH_CONFIG_VALUES_H

#include "base/arena.h"
#include "base/ip.h"
#include "wire/json.h"

/* Where in the configuration something was said: for errors found after reading. */
typedef struct gh_place {
    const char *file; /* a file's name, "environment", "command line", or NULL: a default */
    unsigned line, column;
} gh_place;

typedef struct gh_str_list {
    gh_str *items;
    unsigned n;
} gh_str_list;

typedef struct gh_cidr_list {
    gh_cidr *items;
    unsigned n;
} gh_cidr_list;

/* "100/minute", "10/5m", {requests: 10, window: 5m} */
typedef struct gh_rate {
    uint64_t requests;
    uint64_t window_ms;
} gh_rate;

typedef struct gh_rate_list {
    gh_rate *items;
    unsigned n;
} gh_rate_list;

/* A JSON Schema written in YAML, as the values it stands for. */
typedef struct gh_schema_setting {
    gh_json *json;  /* NULL: not set. gh_json.at is GH_AT(line, column) in place.file */
    gh_place place; /* of the whole */
} gh_schema_setting;

/* A line and a column in one number: columns over 1023 are cut. */
#define GH_AT(line, column) ((uint32_t)(line) << 10 | ((column) > 1023 ? 1023u : (uint32_t)(column)))
#define GH_AT_LINE(at) ((unsigned)((at) >> 10))
#define GH_AT_COLUMN(at) ((unsigned)((at)&1023u))

#endif
