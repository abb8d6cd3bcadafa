/* What the readers and checkers of one gh_config_load() share. Internal to src/config. */
#ifndef GH_CONFIG_LOAD_H
#define GH_CONFIG_LOAD_H

#include "config/settings.h"
#include "config/value_number.h"
#include "wire/path_pattern.h"

enum {
    GH_YAML_BYTES_MAX = 4 << 20,
    GH_YAML_DEPTH_MAX = 64,
    GH_YAML_NODES_MAX = 100000,
    GH_YAML_KEYS_MAX = 256, /* in one mapping */
    GH_DOTENV_BYTES_MAX = 1 << 20,
    GH_QUOTED_MAX = 96
};

enum gh_node_kind { GH_NODE_SCALAR, GH_NODE_LIST, GH_NODE_MAP };

/* A value as it was written, in YAML or as the text of a variable. Lives in the load's scratch. */
typedef struct gh_node {
    enum gh_node_kind kind;
    bool plain;    /* a scalar without quotes */
    bool variable; /* the text of a variable, where all is text and 1 may mean on */
    gh_str text;   /* of a scalar */
    gh_place place;
    gh_str key; /* in a mapping */
    gh_place key_place;
    struct gh_node *first, *last, *next;
    unsigned n; /* of a list or mapping */
} gh_node;

struct gh_place_of {
    const void *field;
    gh_place place;
};

/* A secret setting that some source has set. */
typedef struct gh_secret_entry {
    struct gh_secret_entry *next;
    const gh_setting *setting;
    gh_str *field;
    gh_place in_yaml; /* where a YAML file holds the secret itself; file NULL: none does */
    bool referred;    /* the last source names where it is kept: */
    gh_secret_reference reference;
    const char *who;
    gh_place place;
    bool later; /* see gh_secret_text */
} gh_secret_entry;

/* A name and its value from a .env file or the environment. */
typedef struct gh_named_value {
    gh_str name, value;
    gh_place place;
} gh_named_value;

typedef struct gh_named_values {
    gh_named_value *items;
    unsigned n, cap;
} gh_named_values;

typedef struct gh_load {
    gh_config *config;
    gh_report *report;
    const gh_config_input *input;
    gh_arena scratch;
    /* Where each field and each item of a list was said. */
    struct gh_place_of *places;
    unsigned n_places, cap_places;
    gh_secret_entry *secrets;
    gh_place per_minute;     /* of a variable whose name says "per minute"; file NULL: none */
    gh_named_values strange; /* what may be a slip of the pen: near_miss.c */
    bool unread;             /* a file could not be read at all: what it would say is unknown */
    unsigned errors;         /* in the report before this load */
    bool out_of_memory;
} gh_load;

/* load.c */
#define gh_load_error(l, place, ...) \
    gh_report_error((l)->report, (place)->file, (place)->line, (place)->column, __VA_ARGS__)
#define gh_load_warning(l, place, ...) \
    gh_report_warning((l)->report, (place)->file, (place)->line, (place)->column, __VA_ARGS__)
/* Remembers that memory ran out; gh_config_load() reports it once. */
void gh_load_no_memory(gh_load *l);
void gh_load_set_place(gh_load *l, const void *field, gh_place place);
/* Where the field was set last; file NULL: it has its default. */
gh_place gh_load_place(const gh_load *l, const void *field);
/* s in quotes for messages: safe to print, shortened; in ret, which is also returned. */
const char *gh_quoted(gh_str s, char ret[GH_QUOTED_MAX]);
/* " (did you mean NAME?)", or "" when name is NULL. */
const char *gh_did_you_mean(const char *name, char ret[GH_QUOTED_MAX]);
/* The nearest of the names offered one by one. */
typedef struct gh_nearest {
    gh_str wanted;
    char best[GH_SETTING_NAME_MAX];
    unsigned distance;
} gh_nearest;
gh_nearest gh_nearest_to(gh_str wanted);
void gh_nearest_offer(gh_nearest *nearest, gh_str name);
const char *gh_nearest_name(const gh_nearest *nearest); /* NULL: none is near */

/* value.c: one value into its field, `base` + s->at. who: what to call it in messages. An error
 * leaves the field as it was and is in the report. */
bool gh_value_set(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, void *base);
/* The same from text: a list's items are separated by commas. */
bool gh_value_set_text(gh_load *l, const gh_setting *s, const char *who, gh_named_value value, void *base);
/* A value with its unit as people write it: "16KiB", "30s"; NUL-terminated. */
void gh_value_show(const gh_setting *s, uint64_t value, char ret[GH_QUOTED_MAX]);

/* value_form.c. False: *ret_why says what is wrong. *ret may be a changed copy. */
bool gh_value_form(gh_load *l, const gh_setting *s, gh_str text, gh_str *ret, const char **ret_why);
/* A longer reason than a constant, kept as long as the load. */
const char *gh_load_reason(gh_load *l, const char *fmt, ...) GH_PRINTF(2, 3);
/* value_form_input.c: the forms about input. NULL: it is right. */
const char *gh_form_prefix(gh_load *l, gh_str text);
const char *gh_form_document(gh_str text);
const char *gh_form_media_range(gh_load *l, gh_str text, gh_str *ret);
const char *gh_form_danger(gh_load *l, gh_str text);
const char *gh_form_field(gh_load *l, gh_str text, bool of_body);

/* value_schema.c: the node as JSON values, in the configuration's arena. */
bool gh_value_set_schema(gh_load *l, const char *who, const gh_node *node, gh_schema_setting *ret);

/* value_form_identity.c: those about identity. */
const char *gh_form_grant(gh_str text);
const char *gh_form_permission(gh_str text);
const char *gh_form_scope(gh_str text);
const char *gh_form_proof(gh_load *l, gh_str text);
const char *gh_form_jwks(gh_str text);

/* secrets.c: a secret's value, or where it is kept, into its field. False: an error, which is in the report. */
bool gh_secret_set(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, gh_str *field);
bool gh_secret_refer(gh_load *l, const gh_setting *s, const char *who, const gh_place *place,
                     const gh_secret_reference *reference, gh_str *field);
bool gh_secret_is_reference(gh_str value);
/* The node of a YAML file set it. */
void gh_secret_seen_in_yaml(gh_load *l, const gh_setting *s, const gh_node *node, gh_str *field);
/* Behind the last source: gets those that are kept elsewhere. */
void gh_secrets_resolve(gh_load *l);
/* Is it set, though perhaps not got here? */
bool gh_secret_is_set(const gh_load *l, const gh_str *field);
/* Production: no secret in a YAML file. */
void gh_secrets_check_yaml(gh_load *l);
const char *gh_form_endpoint(gh_load *l, gh_str text, gh_str *ret);

/* value_list.c */
bool gh_value_set_rate(gh_load *l, const char *who, const gh_node *node, gh_rate *ret);
bool gh_value_set_list(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, void *base);
gh_node *gh_value_split(gh_load *l, const gh_named_value *value);
/* Is it a list of anything? */
bool gh_value_is_list(const gh_setting *s);
/* False, with an error: the node is no scalar, or an empty one. */
bool gh_value_is_scalar(gh_load *l, const char *who, const gh_node *node);

/* yaml.c: NULL: nothing in it, or an error, which is in the report. */
gh_node *gh_yaml_read(gh_load *l, const char *name, gh_str text);
/* apply.c */
void gh_yaml_apply(gh_load *l, const gh_node *root);
void gh_part_defaults(gh_load *l, enum gh_part part, void *base);
/* dotenv.c: appends; syntax errors are in the report. */
void gh_dotenv_read(gh_load *l, const char *name, gh_str text, gh_named_values *ret);
/* environment.c */
void gh_environment_read(gh_load *l, const char *const *environment, gh_named_values *ret);
void gh_named_add(gh_load *l, gh_named_values *values, gh_named_value value);
/* One level of precedence: names within it must not contradict each other. */
void gh_named_apply(gh_load *l, const gh_named_values *values);

/* near_miss.c: a variable that is none of ours and does not say that it would be. */
void gh_near_miss_note(gh_load *l, const gh_named_value *value);
/* Behind the last source: warns of those that are near to the name of a setting that nothing has set. */
void gh_near_misses_say(gh_load *l);

/* identity_defaults.c: what is taken for settings of identity that depend on others. */
void gh_identity_defaults(gh_load *l);
/* The longest life of what is made with the keys that rotate, in seconds: of a session. */
uint64_t gh_identity_longest(const gh_identity_config *i);
/* check*.c: what spans several settings. */
void gh_check_all(gh_load *l);
void gh_check_upstreams(gh_load *l);
void gh_check_routes(gh_load *l);
void gh_check_rules(gh_load *l);
void gh_check_input(gh_load *l);
void gh_check_listeners(gh_load *l);
void gh_check_profile(gh_load *l);
void gh_check_identity(gh_load *l);
void gh_check_shared(gh_load *l);
/* check_require.c: routes[].require. */
void gh_check_require(gh_load *l);
/* check_issuers.c */
void gh_check_issuers(gh_load *l);
/* check_roles.c */
void gh_check_roles(gh_load *l);
/* False, with an error that begins with `what`: there is no such role. */
bool gh_check_role(gh_load *l, const char *what, gh_str name, const gh_place *place);
/* check_patterns.c: what lists of hosts and methods have in common. An empty list means all. */
bool gh_check_has(const gh_str_list *list, gh_str text);
/* Of server.listen: only this machine reaches it. */
bool gh_check_is_local(gh_str address);
/* Is every host that b lets in also let in by a? */
bool gh_check_hosts_cover(gh_load *l, const gh_str_list *a, const gh_str_list *b);
/* Each of the methods and hosts of a rule or route must be let in at all; what: "rule", "route". */
void gh_check_let_in(gh_load *l, const char *what, gh_str name, const gh_str_list *methods,
                     const gh_str_list *hosts);
bool gh_check_pattern(gh_arena *arena, gh_str text, gh_path_pattern *ret);

#endif
