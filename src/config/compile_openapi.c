/* OpenAPI documents into the contracts of routes: one document an upstream. */
#include "config/compile.h"
#include "config/document.h"
#include "openapi/openapi.h"

/* A document's tree takes a multiple of its text. */
enum { DOCUMENT_ARENA_CAP = 1 << 30, ERRORS_SHOWN = 20 };

/* Lives in its own arena, which is too large to be the policy's. */
typedef struct document {
    gh_arena arena;
    gh_openapi *openapi;
} document;

typedef struct loading {
    gh_policy *p;
    const gh_config *config;
    gh_report *report;
    const gh_upstream_config *upstream;
    gh_str name; /* of the document */
    gh_place place;
    char file[128]; /* the name for messages */
} loading;

static void free_document(void *data)
{
    document *d = data;
    gh_arena arena = d->arena; /* the document lies in it */
    gh_openapi_close(d->openapi);
    gh_arena_reset(&arena);
}

static document *new_document(gh_policy *p)
{
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, DOCUMENT_ARENA_CAP);
    document *d = gh_arena_new(&arena, document);
    if (d == NULL)
        return NULL;
    d->arena = arena;
    if (gh_policy_own(p, d, free_document))
        return d;
    gh_arena_reset(&arena);
    return NULL;
}

static bool no_memory(const loading *l)
{
    gh_report_error(l->report, l->file, 0, 0, "out of memory while reading the document");
    return false;
}

/* The text, or nothing with *ret_later. */
static bool read_text(const loading *l, document *d, gh_str *ret, bool *ret_later)
{
    const gh_config *c = l->config;
    const char *why = "documents can't be read here";
    *ret_later = false;
    if (c->read_document != NULL &&
        c->read_document(c->read_document_data, l->upstream, l->name, &d->arena, ret, &why, ret_later))
        return true;
    if (!*ret_later)
        gh_report_error(l->report, l->place.file, l->place.line, l->place.column,
                        "the OpenAPI document %s can't be read: %s", l->file, why);
    return false;
}

static void report_messages(const loading *l, gh_str text, const gh_openapi *openapi)
{
    unsigned errors = 0, unenforced = 0;
    for (unsigned i = 0; i < openapi->n_messages; i++) {
        const gh_openapi_message *m = &openapi->messages[i];
        unsigned line = 0, column = 0;
        unenforced += m->level == GH_OPENAPI_UNENFORCED;
        if (m->level != GH_OPENAPI_ERROR || ++errors > ERRORS_SHOWN)
            continue;
        if (m->at > 0)
            gh_document_place(text, m->at, &line, &column);
        gh_report_error(l->report, l->file, line, column, "%.*s%s%.*s", (int)m->pointer.n, m->pointer.p,
                        m->pointer.n > 0 ? ": " : "", (int)m->text.n, m->text.p);
    }
    if (errors > ERRORS_SHOWN)
        gh_report_error(l->report, l->file, 0, 0, "and %u more errors; see gatehouse openapi check",
                        errors - ERRORS_SHOWN);
    if (unenforced > 0)
        gh_report_warning(l->report, l->file, 0, 0,
                          "%u thing%s in it will not be enforced; gatehouse openapi check lists what and why",
                          unenforced, unenforced == 1 ? "" : "s");
}

static bool load_text(const loading *l, document *d, gh_str text)
{
    const gh_config *c = l->config;
    unsigned errors = l->report->errors;
    gh_json_error e = {.why = NULL};
    gh_openapi_options options = {.name = l->name,
                                  .prefix = c->openapi.prefix,
                                  .formats = c->validation.formats == GH_ON,
                                  .optional_null = c->openapi.optional_null == GH_ON,
                                  .closed_parameters =
                                      c->validation.undeclared_parameters == GH_UNDECLARED_REFUSE};
    const gh_json *json = gh_document_read(text, &d->arena, &e);
    if (json == NULL) {
        gh_report_error(l->report, l->file, e.line, e.column, "neither JSON nor YAML that can be read: %s",
                        e.why);
        return false;
    }
    d->openapi = gh_openapi_load(json, &options, &d->arena);
    if (d->openapi == NULL)
        return no_memory(l);
    report_messages(l, text, d->openapi);
    return l->report->errors == errors;
}

/* *ret stays NULL when there is none for now. */
static bool load(const loading *l, const gh_contract **ret)
{
    gh_str text = {NULL, 0};
    bool later = false;
    document *d = new_document(l->p);
    if (d == NULL)
        return no_memory(l);
    if (!read_text(l, d, &text, &later))
        return later;
    if (!load_text(l, d, text))
        return false;
    *ret = &d->openapi->contract;
    return true;
}

static void set(const loading *l, unsigned upstream, const gh_contract *contract)
{
    for (unsigned i = 0; i <= l->p->n_routes; i++) {
        gh_route *route = i < l->p->n_routes ? &l->p->routes[i] : &l->p->fallback;
        if (route->upstream != upstream)
            continue;
        route->input.contract = contract;
        route->input.contract_missing = contract == NULL;
        route->input.contract_observe = l->config->validation.mode == GH_MODE_OBSERVE;
    }
}

static bool compile_one(gh_policy *p, const gh_config *config, gh_report *report, unsigned upstream)
{
    const gh_upstream_config *u = upstream < config->n_upstreams ? &config->upstreams[upstream] : NULL;
    loading l = {.p = p, .config = config, .report = report, .upstream = u};
    const gh_contract *contract = NULL;
    if (u != NULL) {
        l.name = u->openapi;
        l.place = u->openapi_place;
    }
    if (l.name.p == NULL && upstream == 0) {
        l.name = config->openapi.document;
        l.place = config->openapi.place;
    }
    if (l.name.p == NULL)
        return true;
    gh_buf file = gh_buf_over(l.file, sizeof l.file - 1);
    gh_buf_put(&file, gh_str_cut(l.name, 0, sizeof l.file - 1));
    l.file[file.n] = '\0';
    if (!load(&l, &contract))
        return false;
    set(&l, upstream, contract);
    return true;
}

bool gh_compile_contracts(gh_policy *p, const gh_config *config, gh_report *report)
{
    bool good = compile_one(p, config, report, 0);
    for (unsigned i = 1; i < config->n_upstreams; i++)
        good = compile_one(p, config, report, i) && good;
    return good;
}
