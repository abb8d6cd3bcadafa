#include "schema/compile.h"

enum { POINTER_MAX = 400, DEPTH = GH_JSON_DEPTH_MAX };

/* Values have no parent: the way to one is searched for once it is to be told. */
static bool find(const gh_json *from, const gh_json *what, gh_buf *out, unsigned depth)
{
    if (from == what)
        return true;
    if (depth == 0 || from->type < GH_JSON_ARRAY)
        return false;
    uint64_t index = 0;
    for (const gh_json *v = from->first; v != NULL; v = v->next, index++) {
        size_t n = out->n;
        if (from->type == GH_JSON_OBJECT) {
            gh_json_pointer_put(out, v->key);
        } else {
            gh_buf_char(out, '/');
            gh_buf_u64(out, index);
        }
        if (find(v, what, out, depth - 1))
            return true;
        out->n = n;
        out->overflow = false;
    }
    return false;
}

bool gh_schema_wrong(gh_schema_compiler *c, const gh_schema_document *document, const gh_json *at,
                     const char *why)
{
    char text[POINTER_MAX];
    gh_buf out = gh_buf_over(text, sizeof text);
    (void)find(document->root, at, &out, DEPTH);
    *c->error = (gh_schema_error){
        .document = document->uri,
        .pointer = gh_arena_copy(c->arena, gh_buf_str(&out)),
        .why = gh_str_of(why),
        .at = at->at,
    };
    return false;
}

bool gh_schema_no_memory(gh_schema_compiler *c)
{
    c->error->why = GH_STR("out of memory");
    return false;
}

bool gh_schema_wrong_value(gh_schema_work *w, const gh_json *at, const char *why)
{
    return gh_schema_wrong(w->c, w->schema->resource->document, at, why);
}
