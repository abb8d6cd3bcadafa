/* What `gatehouse openapi check` prints. */
#include "cli/openapi.h"
#include "config/document.h"
#include "text/utf8.h"
#include "wire/json_text.h"

enum { POINTS_AT_ONCE = 64, PATH_WIDTH = 32 };

static void put(FILE *to, gh_str text)
{
    (void)fwrite(text.p, 1, text.n, to);
}

/* Names of files and words may be no UTF-8: those bytes are shown as U+FFFD. */
void gh_cli_put_safe(FILE *to, gh_str text)
{
    char memory[POINTS_AT_ONCE * 12];
    while (text.n > 0) {
        size_t valid = gh_utf8_valid(text);
        gh_str piece = gh_utf8_first(gh_str_cut(text, 0, valid), POINTS_AT_ONCE);
        if (piece.n == 0)
            piece = gh_str_cut(text, 0, 1);
        gh_buf b = gh_buf_over(memory, sizeof memory);
        gh_json_escape(&b, piece);
        put(to, gh_buf_str(&b));
        text = gh_str_cut(text, piece.n, text.n);
    }
}

void gh_cli_put_json(FILE *to, gh_str text)
{
    (void)fputc('"', to);
    gh_cli_put_safe(to, text);
    (void)fputc('"', to);
}

static const char *const level_names[] = {
    [GH_OPENAPI_ERROR] = "error", [GH_OPENAPI_UNENFORCED] = "not enforced", [GH_OPENAPI_NOTE] = "note"};

unsigned gh_cli_openapi_count(const gh_cli_document *d, enum gh_openapi_level level)
{
    unsigned n = 0;
    for (unsigned i = 0; i < d->openapi->n_messages; i++)
        n += d->openapi->messages[i].level == level;
    return n;
}

void gh_cli_openapi_messages(FILE *to, const gh_cli_document *d, enum gh_openapi_level level)
{
    for (unsigned i = 0; i < d->openapi->n_messages; i++) {
        const gh_openapi_message *m = &d->openapi->messages[i];
        unsigned line, column;
        if (m->level != level)
            continue;
        gh_document_place(d->text, m->at, &line, &column);
        (void)fprintf(to, "%s:%u:%u: %s: ", d->name, line, column, level_names[level]);
        gh_cli_put_safe(to, m->pointer);
        (void)fputs(m->pointer.n > 0 ? ": " : "", to);
        put(to, m->text); /* made of safe pieces */
        (void)fputc('\n', to);
    }
}

static gh_str document_version(const gh_openapi *o)
{
    const gh_json *version = gh_json_lit(gh_json_lit(o->document, "info"), "version");
    return version != NULL && version->type == GH_JSON_STRING ? version->text : GH_STR("");
}

static bool streams(const gh_operation *o)
{
    return o->body_declared && !o->reads_body;
}

static void print_parameters(const gh_operation *o)
{
    for (unsigned i = 0; i < o->n_parameters; i++) {
        const gh_parameter *p = &o->parameters[i];
        (void)fputs(i == 0 ? " " : ", ", stdout);
        put(stdout, gh_in_name((enum gh_in)p->in));
        (void)fputc(' ', stdout);
        gh_cli_put_safe(stdout, p->name);
        (void)fputs(p->required || p->in == GH_IN_PATH ? "" : "?", stdout);
    }
}

static void print_body(const gh_operation *o)
{
    if (!o->body_declared)
        return;
    (void)fputs(o->n_parameters > 0 ? "; body" : " body", stdout);
    (void)fputs(o->body_required ? "" : "?", stdout);
    for (unsigned i = 0; i < o->n_media; i++) {
        (void)fputs(i == 0 ? " " : ", ", stdout);
        gh_cli_put_safe(stdout, o->media[i].range);
    }
    if (streams(o))
        (void)fputs(" (streams)", stdout);
}

static void print_operation(const gh_operation *o)
{
    (void)printf("  %-7.*s ", (int)o->method.n, o->method.p);
    gh_cli_put_safe(stdout, o->pattern.text);
    for (size_t n = gh_utf8_count(o->pattern.text); n < PATH_WIDTH; n++)
        (void)fputc(' ', stdout);
    print_parameters(o);
    print_body(o);
    (void)fputc('\n', stdout);
}

static void print_enforced(const gh_contract *c)
{
    unsigned parameters = 0, bodies = 0, streamed = 0, answers = 0;
    for (unsigned i = 0; i < c->n_operations; i++) {
        const gh_operation *o = &c->operations[i];
        parameters += o->n_parameters;
        bodies += o->reads_body;
        streamed += streams(o);
        for (unsigned k = 0; k < o->n_responses; k++)
            answers += o->responses[k].n_media > 0;
    }
    (void)printf(
        "\nenforced: paths and methods, %u parameter%s, %u bod%s by schema, %u by type and size only; "
        "%u answer%s can be compared\n",
        parameters, parameters == 1 ? "" : "s", bodies, bodies == 1 ? "y" : "ies", streamed, answers,
        answers == 1 ? "" : "s");
}

static void print_title(const gh_openapi *o)
{
    gh_cli_put_safe(stdout, o->title);
    (void)fputc(' ', stdout);
    gh_cli_put_safe(stdout, document_version(o));
    (void)printf(" (OpenAPI ");
    gh_cli_put_safe(stdout, o->version);
    (void)printf("): %u operation%s\n", o->contract.n_operations, o->contract.n_operations == 1 ? "" : "s");
}

void gh_cli_openapi_report(const gh_cli_document *d)
{
    const gh_openapi *o = d->openapi;
    unsigned errors = gh_cli_openapi_count(d, GH_OPENAPI_ERROR);
    if (errors > 0) {
        gh_cli_openapi_messages(stderr, d, GH_OPENAPI_ERROR);
        (void)fprintf(stderr, "gatehouse: %u error%s: the document cannot be used\n", errors,
                      errors == 1 ? "" : "s");
        return;
    }
    print_title(o);
    for (unsigned i = 0; i < o->contract.n_operations; i++)
        print_operation(&o->contract.operations[i]);
    print_enforced(&o->contract);
    gh_cli_openapi_messages(stdout, d, GH_OPENAPI_UNENFORCED);
    gh_cli_openapi_messages(stdout, d, GH_OPENAPI_NOTE);
    (void)printf("\nok: %s; to enforce it: openapi.document in gatehouse.yaml\n", d->name);
}
