#include "operator/message.h"

#include "base/base64url.h"
#include "wire/json.h"
#include "wire/json_text.h"

/* A text takes at most six times its bytes, as \u00XX. */
enum { ESCAPED = 6, STATUS_MAX = 2 };
static const gh_json_limits limits = {
    .depth = 2, .values = GH_OPERATOR_WORDS_MAX + 8, .number = 3, .exponent = 0};

static void put_text(gh_text *out, gh_str text)
{
    enum { PIECE = 4096 };
    gh_text_lit(out, "\"");
    while (text.n > 0) {
        gh_str piece = gh_str_cut(text, 0, PIECE);
        /* not inside of a sequence of UTF-8: at most three bytes of one are behind its first */
        for (unsigned i = 0; i < 3 && piece.n < text.n && ((uint8_t)text.p[piece.n] & 0xc0) == 0x80; i++)
            piece.n--;
        gh_json_escape(gh_text_room(out, ESCAPED * piece.n), piece);
        text = gh_str_cut(text, piece.n, text.n);
    }
    gh_text_lit(out, "\"");
}

bool gh_operator_request_put(gh_text *out, const gh_operator_request *request)
{
    gh_text_lit(out, "{\"argv\":[");
    for (unsigned i = 0; i < request->argc; i++) {
        gh_text_put(out, i == 0 ? GH_STR("") : GH_STR(","));
        put_text(out, request->argv[i]);
    }
    gh_text_lit(out, "]");
    if (request->input.p != NULL) {
        gh_text_lit(out, ",\"input\":\"");
        gh_base64url_put(gh_text_room(out, gh_base64url_size(request->input.n)), request->input);
        gh_text_lit(out, "\"");
    }
    gh_text_lit(out, "}\n");
    return gh_buf_ok(&out->b);
}

static bool read_argv(const gh_json *list, gh_arena *arena, gh_operator_request *ret)
{
    if (list == NULL || list->type != GH_JSON_ARRAY || list->n == 0 || list->n > GH_OPERATOR_WORDS_MAX)
        return false;
    gh_str *argv = gh_arena_array(arena, list->n, sizeof *argv);
    unsigned n = 0;
    for (const gh_json *item = list->first; item != NULL; item = item->next) {
        if (argv == NULL || item->type != GH_JSON_STRING)
            return false;
        argv[n++] = item->text;
    }
    ret->argv = argv;
    ret->argc = n;
    return true;
}

static bool read_input(const gh_json *text, gh_arena *arena, gh_operator_request *ret)
{
    ret->input = (gh_str){NULL, 0};
    if (text == NULL)
        return true;
    if (text->type != GH_JSON_STRING || gh_base64url_bytes(text->text.n) > GH_OPERATOR_INPUT_MAX)
        return false;
    size_t n = gh_base64url_bytes(text->text.n);
    uint8_t *bytes = gh_arena_alloc(arena, n + 1);
    if (bytes == NULL || !gh_base64url_read(text->text, bytes))
        return false;
    ret->input = (gh_str){(const char *)bytes, n};
    return true;
}

bool gh_operator_request_read(gh_str line, gh_arena *arena, gh_operator_request *ret, const char **ret_why)
{
    gh_json_error error;
    gh_operator_request request;
    const gh_json *root = gh_json_read(line, &limits, arena, &error);
    *ret_why = "not a JSON object with argv and input";
    if (root == NULL || root->type != GH_JSON_OBJECT)
        return false;
    const gh_json *input = gh_json_lit(root, "input");
    if (root->n != (input == NULL ? 1u : 2u))
        return false;
    *ret_why = "argv is not a list of some texts";
    if (!read_argv(gh_json_lit(root, "argv"), arena, &request))
        return false;
    *ret_why = "input is not base64url, or more than 4 MiB";
    if (!read_input(input, arena, &request))
        return false;
    *ret = request;
    return true;
}

bool gh_operator_answer_put(gh_text *to, const gh_operator_answer *answer)
{
    gh_text_printf(to, "{\"status\":%d,\"out\":", answer->status);
    put_text(to, answer->out);
    gh_text_lit(to, ",\"err\":");
    put_text(to, answer->err);
    gh_text_lit(to, "}\n");
    return gh_buf_ok(&to->b);
}

bool gh_operator_answer_read(gh_str line, gh_arena *arena, gh_operator_answer *ret)
{
    gh_json_error error;
    uint64_t number;
    const gh_json *root = gh_json_read(line, &limits, arena, &error);
    const gh_json *status = gh_json_lit(root, "status"), *out = gh_json_lit(root, "out"),
                  *err = gh_json_lit(root, "err");
    if (status == NULL || status->type != GH_JSON_NUMBER || !gh_str_u64(status->text, &number) ||
        number > STATUS_MAX || out == NULL || out->type != GH_JSON_STRING || err == NULL ||
        err->type != GH_JSON_STRING)
        return false;
    *ret = (gh_operator_answer){.status = (int)number, .out = out->text, .err = err->text};
    return true;
}
