/* Path templates in a contract: "TEMPLATE\nTEMPLATE\nPATH". The tree finds what one of the patterns matches. */
#include "fuzz.h"

#include "contract/contract.h"

static bool compile(gh_str text, gh_arena *arena, gh_operation *ret)
{
    const char *why = NULL;
    unsigned column = 0;
    ret->method = GH_STR("GET");
    if (!gh_path_template_compile(text, arena, &ret->pattern, &why, &column)) {
        FUZZ_CHECK(why != NULL && column >= 1 && column <= text.n + 1);
        return false;
    }
    const gh_path_pattern *p = &ret->pattern;
    unsigned params = 0;
    FUZZ_CHECK(p->n_segments > 0 && p->n_segments <= GH_PATH_SEGMENTS_MAX && !p->segments[0].joined);
    for (unsigned i = 0; i < p->n_segments; i++)
        params += p->segments[i].text.p == NULL;
    FUZZ_CHECK(params == p->n_params && params <= GH_PATH_PARAMS_MAX);
    FUZZ_CHECK(params > 0 || gh_path_pattern_match(p, p->prefix, NULL));
    return true;
}

static bool match(const gh_path_pattern *pattern, gh_str path, gh_path_params *params)
{
    if (!gh_path_pattern_match(pattern, path, params))
        return false;
    FUZZ_CHECK(params->n == pattern->n_params);
    const char *at = path.p;
    for (unsigned i = 0; i < params->n; i++) {
        gh_str v = params->values[i];
        FUZZ_CHECK(v.n > 0 && v.p > at && v.p + v.n <= path.p + path.n && gh_str_find(v, '/') == v.n);
        at = v.p + v.n - 1;
    }
    return true;
}

static void check(gh_operation *operations, unsigned n, gh_str path, gh_arena *arena)
{
    gh_contract contract = {.operations = operations, .n_operations = n};
    gh_path_params params;
    unsigned first, second;
    if (!gh_contract_finish(&contract, arena, &first, &second)) {
        FUZZ_CHECK(first == 0 && second == 1);
        bool a = match(&operations[0].pattern, path, &params),
             b = match(&operations[1].pattern, path, &params);
        FUZZ_CHECK(a == b);
        return;
    }
    bool fits = false;
    for (unsigned i = 0; i < n; i++)
        fits = match(&operations[i].pattern, path, &params) || fits;
    const gh_operation *found = NULL;
    gh_str methods;
    bool has =
        gh_contract_find(&contract, GH_STR("HEAD"), path, &found, &params, &methods) == GH_CONTRACT_FOUND;
    FUZZ_CHECK(has == fits && (!has || match(&found->pattern, path, &params)));
    enum gh_contract_match other = gh_contract_find(&contract, GH_STR("PUT"), path, &found, NULL, &methods);
    FUZZ_CHECK(other == (fits ? GH_CONTRACT_NO_METHOD : GH_CONTRACT_NO_PATH));
    FUZZ_CHECK(!fits || gh_str_eq(methods, GH_STR("GET, HEAD")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str path = {(const char *)data, size}, one = {NULL, 0}, two = {NULL, 0};
    gh_operation operations[2] = {{.n_media = 0}};
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    (void)gh_str_next(&path, '\n', &one);
    (void)gh_str_next(&path, '\n', &two);
    unsigned n = compile(one, &arena, &operations[0]);
    n += compile(two, &arena, &operations[n]);
    if (n > 0)
        check(operations, n, path, &arena);
    gh_arena_reset(&arena);
    return 0;
}
