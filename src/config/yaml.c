/* YAML into nodes, from libyaml's events: one document of mappings, lists and scalars. What makes
 * YAML surprising (anchors, aliases, tags, merge keys, several documents) is refused. */
#include <yaml.h>

#include "config/load.h"

static const char no_aliases[] =
    "aliases are not supported; a text that begins with \"*\" needs quotes, as in \"*.example.com\"";

struct reader {
    gh_load *l;
    const char *name;
    yaml_parser_t parser;
    unsigned nodes, depth;
    gh_str text;
};

static gh_place place_at(const struct reader *r, yaml_mark_t mark)
{
    return (gh_place){r->name, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static bool refuse(struct reader *r, const yaml_event_t *event, const char *why)
{
    gh_place place = place_at(r, event->start_mark);
    gh_load_error(r->l, &place, "%s", why);
    return false;
}

/* libyaml's reader says where only by offset. */
static gh_place place_of_offset(const struct reader *r, size_t offset)
{
    gh_place place = {r->name, 1, 1};
    for (size_t i = 0; i < offset && i < r->text.n; i++) {
        place.column = r->text.p[i] == '\n' ? 1 : place.column + 1;
        place.line += r->text.p[i] == '\n';
    }
    return place;
}

/* libyaml's problem, with what people most often meant. */
static void report_problem(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem == NULL ? "it cannot be read" : p->problem, *hint = "";
    gh_place place = place_at(r, p->problem_mark);
    if (p->error == YAML_MEMORY_ERROR) {
        gh_load_no_memory(r->l);
        return;
    }
    if (p->error == YAML_READER_ERROR) {
        place = place_of_offset(r, p->problem_offset);
        gh_load_error(r->l, &place, "not valid YAML: %s; the file must be UTF-8 text", problem);
        return;
    }
    if (p->context != NULL && strstr(p->context, "alias") != NULL) {
        place = place_at(r, p->context_mark);
        gh_load_error(r->l, &place, "%s", no_aliases);
        return;
    }
    if (strstr(problem, "cannot start any token") != NULL)
        hint = "; indent with spaces, not tabs, and put texts that begin with @, ` or % in quotes";
    else if (strstr(problem, "did not find expected ',' or '}'") != NULL)
        hint =
            "; within {...}, texts with { or } need quotes, as in \"/users/{id}\", and so do those that begin with #";
    else if (strstr(problem, "unknown escape character") != NULL)
        hint = "; in double quotes a backslash is written \\\\, or use single quotes";
    else if (strstr(problem, "could not find expected ':'") != NULL ||
             strstr(problem, "mapping values are not allowed") != NULL)
        hint =
            "; a colon needs a space behind it, as in \"enabled: on\", and what is below a section is indented";
    gh_load_error(r->l, &place, "not valid YAML: %s%s%s%s", p->context == NULL ? "" : p->context,
                  p->context == NULL ? "" : ": ", problem, hint);
}

static bool next(struct reader *r, yaml_event_t *ret)
{
    if (yaml_parser_parse(&r->parser, ret))
        return true;
    report_problem(r);
    return false;
}

static gh_node *new_node(struct reader *r, const yaml_event_t *event, enum gh_node_kind kind)
{
    if (++r->nodes > GH_YAML_NODES_MAX) {
        refuse(r, event, "too many values in one file");
        return NULL;
    }
    gh_node *node = gh_arena_new(&r->l->scratch, gh_node);
    if (node == NULL) {
        gh_load_no_memory(r->l);
        return NULL;
    }
    node->kind = kind;
    node->place = place_at(r, event->start_mark);
    return node;
}

static gh_node *read_value(struct reader *r, yaml_event_t *event);

static void append(gh_node *parent, gh_node *child)
{
    if (parent->last == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
    parent->n++;
}

/* The old one of the same key, or NULL. */
static const gh_node *find_key(const gh_node *map, gh_str key)
{
    for (const gh_node *c = map->first; c != NULL; c = c->next)
        if (gh_str_eq(c->key, key))
            return c;
    return NULL;
}

static bool add_member(struct reader *r, gh_node *map, const gh_node *key, gh_node *value)
{
    char quoted[GH_QUOTED_MAX];
    const gh_node *old = find_key(map, key->text);
    if (old != NULL) {
        gh_load_error(r->l, &key->place, "%s is here twice; the first one is on line %u",
                      gh_quoted(key->text, quoted), old->key_place.line);
        return true; /* nothing else is unclear by it */
    }
    if (map->n == GH_YAML_KEYS_MAX) {
        gh_load_error(r->l, &key->place, "too many keys in one mapping: at most %d", GH_YAML_KEYS_MAX);
        return false;
    }
    value->key = key->text;
    value->key_place = key->place;
    append(map, value);
    return true;
}

/* A mapping's members after its key event, which is used up. */
static bool read_member(struct reader *r, gh_node *map, yaml_event_t *key_event)
{
    yaml_event_t event;
    if (key_event->type != YAML_SCALAR_EVENT) {
        refuse(r, key_event, "a key must be a plain word");
        yaml_event_delete(key_event);
        return false;
    }
    const gh_node *key = read_value(r, key_event);
    if (key == NULL || !next(r, &event))
        return false;
    gh_node *value = read_value(r, &event);
    return value != NULL && add_member(r, map, key, value);
}

static bool read_children(struct reader *r, gh_node *node, yaml_event_type_t end)
{
    for (;;) {
        yaml_event_t event;
        if (!next(r, &event))
            return false;
        if (event.type == end) {
            yaml_event_delete(&event);
            return true;
        }
        if (node->kind == GH_NODE_MAP) {
            if (!read_member(r, node, &event))
                return false;
            continue;
        }
        gh_node *item = read_value(r, &event);
        if (item == NULL)
            return false;
        append(node, item);
    }
}

static bool is_plain_yaml(struct reader *r, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_ALIAS_EVENT)
        return refuse(r, event, no_aliases);
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor != NULL)
        return refuse(r, event, "anchors are not supported; a text that begins with \"&\" needs quotes");
    if (tag != NULL)
        return refuse(r, event, "tags are not supported; a text that begins with \"!\" needs quotes");
    return true;
}

static gh_node *read_scalar(struct reader *r, const yaml_event_t *event)
{
    gh_node *node = new_node(r, event, GH_NODE_SCALAR);
    if (node == NULL)
        return NULL;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = gh_arena_copy(&r->l->scratch,
                               (gh_str){(const char *)event->data.scalar.value, event->data.scalar.length});
    if (node->text.p != NULL)
        return node;
    gh_load_no_memory(r->l);
    return NULL;
}

static gh_node *read_group(struct reader *r, const yaml_event_t *event)
{
    bool map = event->type == YAML_MAPPING_START_EVENT;
    if (r->depth == GH_YAML_DEPTH_MAX) {
        refuse(r, event, "nested too deeply");
        return NULL;
    }
    gh_node *node = new_node(r, event, map ? GH_NODE_MAP : GH_NODE_LIST);
    if (node == NULL)
        return NULL;
    r->depth++;
    if (!read_children(r, node, map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT))
        return NULL;
    r->depth--;
    return node;
}

/* The value that begins with the event, which is used up. NULL: an error, already reported. */
static gh_node *read_value(struct reader *r, yaml_event_t *event)
{
    gh_node *node = NULL;
    if (is_plain_yaml(r, event))
        node = event->type == YAML_SCALAR_EVENT ? read_scalar(r, event) : read_group(r, event);
    yaml_event_delete(event);
    return node;
}

/* What stands before the first value: NULL when there is none. */
static gh_node *read_document(struct reader *r)
{
    yaml_event_t event;
    while (next(r, &event)) {
        bool directives =
            event.type == YAML_DOCUMENT_START_EVENT &&
            event.data.document_start.tag_directives.start != event.data.document_start.tag_directives.end;
        if (directives)
            refuse(r, &event, "tags are not supported");
        if (directives || event.type == YAML_STREAM_END_EVENT) {
            yaml_event_delete(&event);
            return NULL;
        }
        if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT)
            return read_value(r, &event);
        yaml_event_delete(&event);
    }
    return NULL;
}

/* Nothing may follow the first document. */
static bool read_end(struct reader *r)
{
    yaml_event_t event;
    bool end = false, good = true;
    while (!end && good && next(r, &event)) {
        end = event.type == YAML_STREAM_END_EVENT;
        good = event.type != YAML_DOCUMENT_START_EVENT ||
               refuse(r, &event, "a second document begins here; one file holds one");
        yaml_event_delete(&event);
    }
    return end && good;
}

gh_node *gh_yaml_read(gh_load *l, const char *name, gh_str text)
{
    struct reader r = {.l = l, .name = name};
    if (text.n > GH_YAML_BYTES_MAX) {
        gh_load_error(l, &((gh_place){name, 0, 0}), "too large: at most %d bytes", GH_YAML_BYTES_MAX);
        return NULL;
    }
    if (gh_str_starts(text, GH_STR("\xef\xbb\xbf")))
        text = gh_str_cut(text, 3, text.n);
    if (!yaml_parser_initialize(&r.parser)) {
        gh_load_no_memory(l);
        return NULL;
    }
    /* Not guessed from a byte order mark: UTF-16 would be taken otherwise. */
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    r.text = text;
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.n == 0 ? "" : text.p), text.n);
    gh_node *root = read_document(&r);
    if (root != NULL && !read_end(&r))
        root = NULL;
    yaml_parser_delete(&r.parser);
    return root;
}
