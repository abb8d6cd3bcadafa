/* The table of settings: one row each, and all that is said of a setting comes from its row:
 * how it is read and checked, its default, its environment names, the reference. */
#ifndef GH_CONFIG_SETTINGS_H
#define GH_CONFIG_SETTINGS_H

#include "config/config.h"

enum gh_setting_type {
    GH_TYPE_SWITCH,   /* int: enum gh_switch */
    GH_TYPE_WORD,     /* int: one of `words` */
    GH_TYPE_NUMBER,   /* uint64_t */
    GH_TYPE_DURATION, /* uint64_t, in `unit`: "500ms", "30s", "5m", "1h", "1d" */
    GH_TYPE_SIZE,     /* uint64_t bytes: "512", "16KiB", "10MB" */
    GH_TYPE_TEXT,     /* gh_str of the shape `form` */
    GH_TYPE_SECRET,   /* gh_str, never shown; also "file:PATH", "aws:NAME", and NAME_FILE */
    GH_TYPE_TEXTS,    /* gh_str_list, each of the shape `form` */
    GH_TYPE_CIDRS,    /* gh_cidr_list */
    GH_TYPE_NUMBERS,  /* uint64_t * and, at count_at, unsigned */
    GH_TYPE_RATES,    /* gh_rate_list */
    GH_TYPE_RATE,     /* gh_rate */
    GH_TYPE_SCHEMA    /* gh_schema_setting: a whole subtree */
};

enum gh_setting_unit { GH_UNIT_NONE, GH_UNIT_MS, GH_UNIT_SECONDS, GH_UNIT_BYTES, GH_UNIT_BYTES_A_SECOND };

/* What a text must look like. */
enum gh_setting_form {
    GH_FORM_ANY,          /* no control characters */
    GH_FORM_NAME,         /* letters, digits, "_", "-", "." */
    GH_FORM_METHOD,       /* an HTTP method that can be let through */
    GH_FORM_HEADER_NAME,  /* a token (RFC 9110 section 5.6.2) */
    GH_FORM_HEADER_VALUE, /* visible ASCII and spaces, or "off" */
    GH_FORM_LISTEN,       /* "127.0.0.1:8080", "[::1]:8080", "unix:/path" */
    GH_FORM_LISTEN_OR_OFF,
    GH_FORM_SERVER,       /* "http://host:port", "unix:/path" */
    GH_FORM_HOST,         /* a host pattern */
    GH_FORM_ORIGIN,       /* "https://app.example.com", or "*" */
    GH_FORM_PATH_PATTERN, /* "/a/{id}", or a prefix and two stars */
    GH_FORM_PATH,         /* a path of its own: "/health" */
    GH_FORM_PREFIX,       /* a path without "/" at its end: "/v1" */
    GH_FORM_DOCUMENT,     /* a file's name, or "upstream:/path" */
    GH_FORM_MEDIA_RANGE,  /* "application/json", or a type with "*" behind its slash */
    GH_FORM_DANGER,       /* a name of GH_DANGERS */
    GH_FORM_FIELD,        /* a field of a request, see contract/field_path.h */
    GH_FORM_BODY_FIELD,   /* one of its body */
    GH_FORM_GRANT,        /* a permission, "role:NAME" or "*" */
    GH_FORM_PERMISSION,   /* "content:read" */
    GH_FORM_SCOPE,        /* scope-token (RFC 6749 section 3.3) */
    GH_FORM_PROOF,        /* "session", "token", "api_key" */
    GH_FORM_JWKS,         /* a file's name, or "https://..." */
    GH_FORM_ENDPOINT      /* "https://host:port"; "http://" on this machine */
};

/* Which structure `at` counts from. */
enum gh_part {
    GH_PART_CONFIG,
    GH_PART_UPSTREAM, /* upstreams[] */
    GH_PART_RULE,     /* rate_limits.rules[] */
    GH_PART_TIER,     /* rate_limits.rules[].tiers.* */
    GH_PART_SCHEMA,   /* schemas.* */
    GH_PART_ISSUER,   /* identity.issuers[] */
    GH_PART_ROLE,     /* identity.roles.* */
    GH_PART_CLAIM,    /* routes[].require.claims.* */
    GH_PART_ROUTE     /* routes[] */
};

typedef struct gh_word {
    const char *text; /* NULL at the end */
    int value;
} gh_word;

typedef struct gh_setting {
    const char *path;        /* "timeouts.client_head", "rate_limits.rules[].scope" */
    const char *about;       /* one sentence */
    const char *preset;      /* the default, read by the same code; NULL: not set */
    const char *familiar[2]; /* environment names besides GATEHOUSE_<PATH> */
    const gh_word *words;
    uint64_t min, max; /* of a number; of the length of a text; of the count of a list */
    size_t at, count_at;
    enum gh_setting_type type;
    enum gh_setting_unit unit;
    enum gh_setting_form form;
    enum gh_part part;
    bool zero;         /* a duration of 0 is allowed besides min..max */
    bool bare_seconds; /* a duration without a unit is seconds */
    bool required;     /* in an element of a list */
    bool url;          /* a secret only where it has a password in it */
    bool restart;      /* a change needs a restart; all others a reload (SIGHUP) */
    bool
        in_order; /* names that other programs read, too: the first one that is set counts, and an empty one is not */
    bool bytes;   /* a secret that need not be text */
    bool aws_own; /* a secret that is needed to ask AWS, and so can't be kept there */
} gh_setting;

/* A list of structures. */
typedef struct gh_part_row {
    const char *path; /* "upstreams[]", "rate_limits.rules[].tiers.*" */
    size_t size;
    size_t items_at, count_at; /* in the structure around it */
    size_t place_at;           /* in an element */
    size_t name_at;            /* in an element, its name */
    unsigned max;
} gh_part_row;

enum { GH_SETTING_NAME_MAX = 80 };

/* The row number i, or NULL behind the last. Order: as in the reference. */
const gh_setting *gh_setting_at(unsigned i);
const gh_setting *gh_setting_find(gh_str path);
const gh_part_row *gh_part_row_of(enum gh_part part); /* not of GH_PART_CONFIG */

/* Has it environment names at all? Settings in lists of structures have none. */
bool gh_setting_in_environment(const gh_setting *s);
/* The environment name number i (0: GATEHOUSE_<PATH>), NUL-terminated; false behind the last. */
bool gh_setting_name(const gh_setting *s, unsigned i, char ret_name[GH_SETTING_NAME_MAX]);
const char *gh_setting_unit_word(const gh_setting *s); /* "ms", "bytes", or "" */

/* Does a setting of the configuration itself (GH_PART_CONFIG) say something else in b? Only of switches, words, numbers, texts
 * and secrets. */
bool gh_setting_differs(const gh_setting *s, const gh_config *a, const gh_config *b);

enum gh_reference_format { GH_REFERENCE_TEXT, GH_REFERENCE_MARKDOWN };

/* The reference of all settings, handed over piece by piece. */
typedef void gh_reference_write(void *data, gh_str piece);
void gh_settings_reference(enum gh_reference_format format, gh_reference_write *write, void *data);

#endif
