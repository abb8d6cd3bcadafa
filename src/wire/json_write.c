#include "wire/json.h"
#include "wire/json_text.h"

static void write_value(gh_buf *out, const gh_json *v, unsigned depth);

static void write_items(gh_buf *out, const gh_json *v, unsigned depth)
{
    bool object = v->type == GH_JSON_OBJECT;
    if (depth == 0) {
        out->overflow = true;
        return;
    }
    gh_buf_char(out, object ? '{' : '[');
    for (const gh_json *item = v->first; item != NULL && gh_buf_ok(out); item = item->next) {
        if (item != v->first)
            gh_buf_char(out, ',');
        if (object) {
            gh_json_string(out, item->key);
            gh_buf_char(out, ':');
        }
        write_value(out, item, depth - 1);
    }
    gh_buf_char(out, object ? '}' : ']');
}

static void write_value(gh_buf *out, const gh_json *v, unsigned depth)
{
    switch ((enum gh_json_type)v->type) {
    case GH_JSON_NULL:
        gh_buf_lit(out, "null");
        break;
    case GH_JSON_FALSE:
        gh_buf_lit(out, "false");
        break;
    case GH_JSON_TRUE:
        gh_buf_lit(out, "true");
        break;
    case GH_JSON_NUMBER:
        gh_buf_put(out, v->text);
        break;
    case GH_JSON_STRING:
        gh_json_string(out, v->text);
        break;
    case GH_JSON_ARRAY:
    case GH_JSON_OBJECT:
        write_items(out, v, depth);
        break;
    }
}

void gh_json_write(gh_buf *out, const gh_json *value)
{
    write_value(out, value, GH_JSON_DEPTH_MAX);
}
