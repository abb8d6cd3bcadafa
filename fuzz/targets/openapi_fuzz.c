/* OpenAPI documents, as JSON or YAML: whatever they are, they load or say why not; what loads has operations that
 * its own templates find; and a document does not differ from itself. */
#include "fuzz.h"

#include "config/document.h"
#include "openapi/openapi.h"

enum { ARENA = 64 << 20, DIFF = 1 << 16, PATH_MAX_SIZE = 4096, OPERATIONS_ASKED = 50 };

/* A path that fits the template: "1" for every parameter. */
static gh_str path_for(const gh_path_pattern *p, char memory[PATH_MAX_SIZE], bool *ret_mixed)
{
    *ret_mixed = false;
    gh_buf b = gh_buf_over(memory, PATH_MAX_SIZE);
    for (unsigned i = 0; i < p->n_segments; i++) {
        if (!p->segments[i].joined)
            gh_buf_char(&b, '/');
        *ret_mixed = *ret_mixed || p->segments[i].joined;
        gh_buf_put(&b, p->segments[i].text.p == NULL ? GH_STR("1") : p->segments[i].text);
    }
    return gh_buf_ok(&b) ? gh_buf_str(&b) : (gh_str){NULL, 0};
}

static void check_operations(const gh_contract *c)
{
    char memory[PATH_MAX_SIZE];
    for (unsigned i = 0; i < c->n_operations && i < OPERATIONS_ASKED; i++) {
        const gh_operation *o = &c->operations[i], *found = NULL;
        gh_path_params params = {.n = 0};
        bool mixed;
        FUZZ_CHECK(o->id.n > 0 && o->method.n > 0);
        for (unsigned k = 0; k < o->n_parameters; k++)
            FUZZ_CHECK(o->parameters[k].name.n > 0 && o->parameters[k].in != GH_IN_BODY);
        for (unsigned k = 1; k < o->n_responses; k++)
            FUZZ_CHECK(o->responses[k - 1].status_high - o->responses[k - 1].status_low <=
                       o->responses[k].status_high - o->responses[k].status_low);
        gh_str path = path_for(&o->pattern, memory, &mixed);
        if (path.p == NULL || path.n == 0)
            continue;
        /* Another template may fit better; a mixed segment that can be read in two ways is not matched. */
        enum gh_contract_match match = gh_contract_find(c, o->method, path, &found, &params, NULL);
        FUZZ_CHECK(match == GH_CONTRACT_FOUND || mixed);
        FUZZ_CHECK(match != GH_CONTRACT_FOUND || gh_str_eq(found->method, o->method));
    }
}

static void check_messages(const gh_openapi *o)
{
    bool errors = false;
    for (unsigned i = 0; i < o->n_messages; i++) {
        FUZZ_CHECK(o->messages[i].text.n > 0);
        errors = errors || o->messages[i].level == GH_OPENAPI_ERROR;
    }
    FUZZ_CHECK(!errors || o->contract.n_operations == 0);
}

static void check_diff(const gh_json *document, gh_arena *arena)
{
    unsigned changes = 1, breaking = 1;
    char *memory = gh_arena_alloc(arena, DIFF);
    gh_buf out = gh_buf_over(memory, memory == NULL ? 0 : DIFF);
    if (!gh_openapi_diff(document, document, arena, &out, &changes, &breaking))
        return; /* too much to compare */
    FUZZ_CHECK(changes == 0 && breaking == 0 && out.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const gh_openapi_options options[] = {
        {.name = GH_STR_INIT("f"), .prefix = GH_STR_INIT("/v1/"), .formats = true},
        {.name = GH_STR_INIT("f"), .closed_parameters = true},
    };
    gh_arena arena;
    gh_json_error error;
    gh_arena_init(&arena, NULL, 0, ARENA);
    const gh_json *document = gh_document_read((gh_str){(const char *)data, size}, &arena, &error);
    FUZZ_CHECK(document != NULL || (error.why != NULL && error.line > 0));
    for (size_t i = 0; document != NULL && i < GH_COUNT(options); i++) {
        gh_openapi *o = gh_openapi_load(document, &options[i], &arena);
        if (o == NULL)
            break; /* the arena is too small for it */
        check_messages(o);
        check_operations(&o->contract);
        gh_openapi_close(o);
    }
    if (document != NULL)
        check_diff(document, &arena);
    gh_arena_reset(&arena);
    return 0;
}
