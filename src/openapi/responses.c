/* Answers by their status. */
#include "openapi/load.h"

static const char response_fields[] = "description summary headers content links";

/* "200", "2XX" or "default". */
static bool read_status(gh_oa_load *l, const gh_oa_at *at, gh_response *ret)
{
    char quoted[GH_OA_QUOTED_MAX];
    gh_str key = at->token;
    uint64_t status;
    if (gh_str_eq(key, GH_STR("default"))) {
        ret->status_low = 0;
        ret->status_high = 999;
        return true;
    }
    bool first = key.n == 3 && key.p[0] >= '1' && key.p[0] <= '5';
    if (first && key.p[1] == 'X' && key.p[2] == 'X') {
        ret->status_low = 100 * (unsigned)(key.p[0] - '0');
        ret->status_high = ret->status_low + 99;
        return true;
    }
    if (!first || !gh_str_u64(key, &status))
        return gh_oa_say(l, GH_OPENAPI_ERROR, at, "%s is no status: \"200\", \"2XX\" or \"default\"",
                         gh_oa_quoted(key, quoted));
    ret->status_low = ret->status_high = (unsigned)status;
    return true;
}

static bool read_response(gh_oa_load *l, const gh_oa_at *at, gh_response *ret)
{
    gh_oa_at response;
    if (!read_status(l, at, ret) || !gh_oa_follow(l, at, &response) ||
        !gh_oa_is(l, &response, GH_JSON_OBJECT))
        return false;
    gh_oa_fields(l, &response, response_fields);
    gh_oa_at content = gh_oa_lit(&response, "content"), headers = gh_oa_lit(&response, "headers");
    gh_oa_at links = gh_oa_lit(&response, "links");
    if (headers.node != NULL && headers.node->n > 0)
        gh_oa_say_once(l, GH_OA_ONCE_RESPONSE_HEADERS, GH_OPENAPI_UNENFORCED, &headers,
                       "header fields of answers are not compared");
    if (links.node != NULL && links.node->n > 0)
        gh_oa_say_once(l, GH_OA_ONCE_LINKS, GH_OPENAPI_UNENFORCED, &links, "links are not followed");
    return gh_oa_content(l, &content, GH_SCHEMA_RESPONSE, &ret->media, &ret->n_media);
}

static unsigned breadth(const gh_response *r)
{
    return r->status_high - r->status_low;
}

/* Exact ones first, then ranges, then the default; there are at most a few hundred. */
static void put_in_order(gh_response *responses, unsigned n, gh_response response)
{
    unsigned i = n;
    for (; i > 0 && breadth(&responses[i - 1]) > breadth(&response); i--)
        responses[i] = responses[i - 1];
    responses[i] = response;
}

void gh_oa_responses(gh_oa_load *l, const gh_oa_at *at, gh_operation *operation)
{
    enum { STATUSES = 500 + 5 + 1 };
    gh_oa_at responses = gh_oa_lit(at, "responses");
    if (responses.node == NULL) {
        if (!l->v31)
            (void)gh_oa_say(l, GH_OPENAPI_ERROR, at, "has no \"responses\"");
        return;
    }
    if (!gh_oa_is(l, &responses, GH_JSON_OBJECT) || responses.node->n == 0)
        return;
    if (responses.node->n > STATUSES) {
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, &responses, "more responses than there are statuses");
        return;
    }
    operation->responses = gh_arena_array(l->arena, responses.node->n, sizeof *operation->responses);
    if (operation->responses == NULL) {
        (void)gh_oa_no_memory(l);
        return;
    }
    for (const gh_json *m = responses.node->first; m != NULL; m = m->next) {
        gh_oa_at child = gh_oa_child(&responses, m, 0);
        gh_response response = {.n_media = 0};
        if (!gh_oa_is_extension(m->key) && read_response(l, &child, &response))
            put_in_order(operation->responses, operation->n_responses++, response);
    }
}
