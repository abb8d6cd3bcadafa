/* YAML into a JSON tree, from libyaml's events. */
#include "config/yaml_json.h"

#include <yaml.h>

typedef struct anchor {
    gh_str name;
    const gh_json *node; /* NULL while it is being read */
    size_t values;       /* written out, it and all in it */
    unsigned depth;      /* of the arrays and objects in it */
} anchor;

typedef struct reader {
    gh_arena *arena;
    gh_json_error *error;
    yaml_parser_t parser;
    gh_str text;
    size_t chars, bytes; /* a place in the text, both ways: libyaml counts characters */
    size_t values, aliased;
    unsigned depth, deepest;
    anchor *anchors;
    unsigned n_anchors;
} reader;

/* Marks come in order; one that goes back (of an empty value) is taken for the place reached. */
static size_t offset_of(reader *r, yaml_mark_t mark)
{
    while (r->chars < mark.index && r->bytes < r->text.n) {
        r->bytes++;
        while (r->bytes < r->text.n && ((unsigned char)r->text.p[r->bytes] & 0xc0) == 0x80)
            r->bytes++;
        r->chars++;
    }
    return r->bytes;
}

static bool refuse_at(reader *r, size_t at, const char *why, bool too_large)
{
    *r->error = (gh_json_error){.why = why, .at = at, .too_large = too_large};
    return false;
}

static bool refuse(reader *r, const yaml_event_t *event, const char *why)
{
    return refuse_at(r, offset_of(r, event->start_mark), why, false);
}

static bool too_large(reader *r, const yaml_event_t *event, const char *why)
{
    return refuse_at(r, offset_of(r, event->start_mark), why, true);
}

/* libyaml's problem, with what people most often meant. */
static const char *problem_of(const yaml_parser_t *p)
{
    if (p->problem == NULL)
        return "not valid YAML";
    if (strstr(p->problem, "cannot start any token") != NULL)
        return "not valid YAML; indent with spaces, not tabs, and put texts that begin with @, ` or % in quotes";
    if (strstr(p->problem, "did not find expected ',' or '}'") != NULL)
        return "not valid YAML: no \",\" or \"}\"; within {...}, texts with { or } need quotes, as in \"/users/{id}\", and so do those that begin with #";
    if (strstr(p->problem, "unknown escape character") != NULL)
        return "not valid YAML: found unknown escape character; in double quotes a backslash is written \\\\, or use single quotes";
    return p->problem;
}

static bool next(reader *r, yaml_event_t *ret)
{
    if (yaml_parser_parse(&r->parser, ret))
        return true;
    const yaml_parser_t *p = &r->parser;
    size_t at = p->error == YAML_READER_ERROR ? p->problem_offset : offset_of(r, p->problem_mark);
    return refuse_at(r, at, problem_of(p), p->error == YAML_MEMORY_ERROR);
}

static bool count(reader *r, const yaml_event_t *event, size_t values)
{
    r->values += values;
    return r->values <= gh_json_limits_wide.values || too_large(r, event, "too many values");
}

static gh_json *new_value(reader *r, const yaml_event_t *event, enum gh_json_type type)
{
    gh_json *value = count(r, event, 1) ? gh_json_new(r->arena, type) : NULL;
    if (value != NULL)
        value->at = (uint32_t)offset_of(r, event->start_mark);
    else if (r->error->why == NULL)
        (void)too_large(r, event, "out of memory");
    return value;
}

static gh_json *read_value(reader *r, yaml_event_t *event);

static gh_str scalar_of(const yaml_event_t *event)
{
    return (gh_str){(const char *)event->data.scalar.value, event->data.scalar.length};
}

static bool is_plain(const yaml_event_t *event)
{
    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static bool take_key(reader *r, const yaml_event_t *event, gh_str *ret, uint32_t *ret_at)
{
    if (event->type == YAML_ALIAS_EVENT)
        return refuse(r, event, "an alias for a key; a text that begins with \"*\" needs quotes");
    if (event->type != YAML_SCALAR_EVENT)
        return refuse(r, event, "a key that is no plain text");
    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL)
        return refuse(r, event, "an anchor or a tag at a key");
    if (is_plain(event) && gh_str_eq(scalar_of(event), GH_STR("<<")))
        return refuse(r, event, "a merge key (<<), which YAML 1.2 has not; write the members out");
    *ret_at = (uint32_t)offset_of(r, event->start_mark);
    *ret = gh_arena_copy(r->arena, scalar_of(event));
    return ret->p != NULL || too_large(r, event, "out of memory");
}

/* One child; `event` is the first of its events and used up. */
static bool read_child(reader *r, gh_json *group, gh_json **last, yaml_event_t *event)
{
    gh_str key = {NULL, 0};
    uint32_t at = 0;
    bool named = group->type == GH_JSON_OBJECT;
    if (named) {
        bool good = take_key(r, event, &key, &at);
        yaml_event_delete(event);
        if (!good || !next(r, event))
            return false;
    }
    gh_json *child = read_value(r, event);
    if (child == NULL)
        return false;
    gh_json_append(group, last, key, child);
    child->at = named ? at : child->at;
    return true;
}

static bool read_children(reader *r, gh_json *group, yaml_event_type_t end)
{
    gh_json *last = NULL;
    for (;;) {
        yaml_event_t event;
        if (!next(r, &event))
            return false;
        if (event.type == end) {
            yaml_event_delete(&event);
            return true;
        }
        if (!read_child(r, group, &last, &event))
            return false;
    }
}

static gh_json *read_group(reader *r, const yaml_event_t *event)
{
    bool map = event->type == YAML_MAPPING_START_EVENT;
    if (r->depth == gh_json_limits_wide.depth) {
        (void)too_large(r, event, "nested too deeply");
        return NULL;
    }
    gh_json *group = new_value(r, event, map ? GH_JSON_OBJECT : GH_JSON_ARRAY);
    if (group == NULL)
        return NULL;
    r->depth++;
    if (r->deepest < r->depth)
        r->deepest = r->depth;
    if (!read_children(r, group, map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT))
        return NULL;
    r->depth--;
    const gh_json *twice = NULL;
    if (map && !gh_json_index(group, r->arena, &twice)) {
        (void)too_large(r, event, "out of memory");
        return NULL;
    }
    if (twice == NULL)
        return group;
    (void)refuse_at(r, twice->at, "a key that occurs twice", false);
    return NULL;
}

static gh_json *read_scalar(reader *r, const yaml_event_t *event)
{
    gh_json *value = new_value(r, event, GH_JSON_STRING);
    if (value == NULL)
        return NULL;
    gh_str text = gh_arena_copy(r->arena, scalar_of(event));
    const char *why = "out of memory";
    value->text = text;
    if (text.p != NULL && (!is_plain(event) || gh_yaml_scalar(text, r->arena, value, &why)))
        return value;
    (void)refuse(r, event, why);
    return NULL;
}

static bool read_anchor(reader *r, const yaml_event_t *event, anchor **ret)
{
    const yaml_char_t *name = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        name = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        name = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        name = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (tag != NULL)
        return refuse(r, event, "a tag; a text that begins with \"!\" needs quotes");
    if (name == NULL)
        return true;
    if (r->anchors == NULL)
        r->anchors = gh_arena_array(r->arena, GH_DOCUMENT_ANCHORS_MAX, sizeof *r->anchors);
    if (r->anchors == NULL || r->n_anchors == GH_DOCUMENT_ANCHORS_MAX)
        return too_large(r, event, r->anchors == NULL ? "out of memory" : "more than 1,000 anchors");
    *ret = &r->anchors[r->n_anchors];
    (*ret)->name = gh_arena_copy(r->arena, gh_str_of((const char *)name));
    if ((*ret)->name.p == NULL)
        return too_large(r, event, "out of memory");
    r->n_anchors++;
    return true;
}

static const anchor *find_anchor(const reader *r, gh_str name)
{
    for (unsigned i = r->n_anchors; i-- > 0;)
        if (gh_str_eq(r->anchors[i].name, name))
            return &r->anchors[i];
    return NULL;
}

/* Shared below its head, which is a copy: it is a member of something else. */
static gh_json *read_alias(reader *r, const yaml_event_t *event)
{
    const anchor *a = find_anchor(r, gh_str_of((const char *)event->data.alias.anchor));
    bool known = a != NULL && a->node != NULL;
    gh_json *copy = NULL;
    if (!known)
        (void)refuse(r, event, "an alias without an anchor; a text that begins with \"*\" needs quotes");
    else if (r->aliased + a->values > GH_DOCUMENT_ALIASED_MAX)
        (void)too_large(r, event, "aliases that stand for too much");
    else if (r->depth + a->depth > gh_json_limits_wide.depth)
        (void)too_large(r, event, "nested too deeply");
    else if (count(r, event, a->values - 1))
        copy = new_value(r, event, GH_JSON_NULL);
    if (copy == NULL)
        return NULL;
    uint32_t at = copy->at;
    r->aliased += a->values;
    if (r->deepest < r->depth + a->depth)
        r->deepest = r->depth + a->depth;
    *copy = *a->node;
    copy->at = at;
    copy->next = NULL;
    copy->index = NULL;
    return copy;
}

/* The value that begins with the event, which is used up. NULL: refused. */
static gh_json *read_value(reader *r, yaml_event_t *event)
{
    gh_json *value = NULL;
    anchor *named = NULL;
    size_t values = r->values;
    unsigned deepest = r->deepest;
    r->deepest = r->depth;
    if (event->type == YAML_ALIAS_EVENT)
        value = read_alias(r, event);
    else if (read_anchor(r, event, &named))
        value = event->type == YAML_SCALAR_EVENT ? read_scalar(r, event) : read_group(r, event);
    yaml_event_delete(event);
    if (named != NULL) {
        named->node = value;
        named->values = r->values - values;
        named->depth = r->deepest - r->depth;
    }
    if (r->deepest < deepest)
        r->deepest = deepest;
    return value;
}

/* What stands before the first value: NULL when there is none. */
static gh_json *read_document(reader *r)
{
    yaml_event_t event;
    while (next(r, &event)) {
        if (event.type == YAML_STREAM_END_EVENT) {
            (void)refuse(r, &event, "nothing in it");
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
static bool read_end(reader *r)
{
    yaml_event_t event;
    bool end = false, good = true;
    while (!end && good && next(r, &event)) {
        end = event.type == YAML_STREAM_END_EVENT;
        good = event.type != YAML_DOCUMENT_START_EVENT || refuse(r, &event, "a second document");
        yaml_event_delete(&event);
    }
    return end && good;
}

gh_json *gh_yaml_json_read(gh_str text, gh_arena *arena, gh_json_error *ret)
{
    reader r = {.arena = arena, .error = ret, .text = text};
    *ret = (gh_json_error){.why = NULL};
    if (!yaml_parser_initialize(&r.parser)) {
        (void)refuse_at(&r, 0, "out of memory", true);
        return NULL;
    }
    /* Not guessed from a byte order mark: UTF-16 would be taken otherwise. */
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.n == 0 ? "" : text.p), text.n);
    gh_json *root = read_document(&r);
    if (root != NULL && !read_end(&r))
        root = NULL;
    yaml_parser_delete(&r.parser);
    return root;
}
