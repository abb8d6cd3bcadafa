#include "config/document.h"

#include "config/yaml_json.h"

/* A byte order mark says nothing in UTF-8, but editors write it. */
static size_t mark_size(gh_str text)
{
    return gh_str_starts(text, GH_STR("\xef\xbb\xbf")) ? 3 : 0;
}

static bool looks_like_json(gh_str text)
{
    size_t i = 0;
    while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\t' || text.p[i] == '\n' || text.p[i] == '\r'))
        i++;
    return i < text.n && text.p[i] == '{';
}

gh_json *gh_document_read(gh_str text, gh_arena *arena, gh_json_error *ret)
{
    gh_str body = gh_str_cut(text, mark_size(text), text.n);
    *ret = (gh_json_error){.why = "nothing in it", .line = 1, .column = 1};
    if (text.n > GH_DOCUMENT_BYTES_MAX) {
        *ret = (gh_json_error){.why = "more than 64 MiB", .line = 1, .column = 1, .too_large = true};
        return NULL;
    }
    if (looks_like_json(body))
        return gh_json_read(body, &gh_json_limits_wide, arena, ret);
    gh_json *root = gh_yaml_json_read(body, arena, ret);
    if (root == NULL)
        gh_document_place(text, ret->at, &ret->line, &ret->column);
    return root;
}

void gh_document_place(gh_str text, size_t at, unsigned *ret_line, unsigned *ret_column)
{
    gh_str body = gh_str_cut(text, mark_size(text), text.n);
    *ret_line = 1;
    *ret_column = 1;
    for (size_t i = 0; i < at && i < body.n; i++) {
        *ret_column = body.p[i] == '\n' ? 1 : *ret_column + 1;
        *ret_line += body.p[i] == '\n';
    }
}
