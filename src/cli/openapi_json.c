/* What `gatehouse openapi check --json` prints. */
#include "cli/openapi.h"
#include "config/document.h"

static void put_member(const char *name, gh_str text, const char *end)
{
    (void)printf("\"%s\": ", name);
    gh_cli_put_json(stdout, text);
    (void)fputs(end, stdout);
}

static void put_list(const char *name, const gh_str *items, unsigned n)
{
    (void)printf(", \"%s\": [", name);
    for (unsigned i = 0; i < n; i++) {
        (void)fputs(i == 0 ? "" : ", ", stdout);
        gh_cli_put_json(stdout, items[i]);
    }
    (void)fputc(']', stdout);
}

static void put_parameters(const gh_operation *o)
{
    (void)printf(", \"parameters\": [");
    for (unsigned i = 0; i < o->n_parameters; i++) {
        const gh_parameter *p = &o->parameters[i];
        (void)printf("%s{", i == 0 ? "" : ", ");
        put_member("name", p->name, ", ");
        put_member("in", gh_in_name((enum gh_in)p->in), ", ");
        (void)printf("\"required\": %s}", p->required ? "true" : "false");
    }
    (void)fputc(']', stdout);
}

static void put_body(const gh_operation *o)
{
    if (!o->body_declared)
        return;
    (void)printf(", \"body\": {\"required\": %s, \"streams\": %s, \"types\": [",
                 o->body_required ? "true" : "false", o->reads_body ? "false" : "true");
    for (unsigned i = 0; i < o->n_media; i++) {
        (void)fputs(i == 0 ? "" : ", ", stdout);
        gh_cli_put_json(stdout, o->media[i].range);
    }
    (void)fputs("]}", stdout);
}

static void put_responses(const gh_operation *o)
{
    (void)printf(", \"responses\": [");
    for (unsigned i = 0; i < o->n_responses; i++) {
        const gh_response *r = &o->responses[i];
        const char *comma = i == 0 ? "" : ", ";
        if (r->status_high == 999)
            (void)printf("%s\"default\"", comma);
        else if (r->status_low == r->status_high)
            (void)printf("%s\"%u\"", comma, r->status_low);
        else
            (void)printf("%s\"%uXX\"", comma, r->status_low / 100);
    }
    (void)fputc(']', stdout);
}

static void put_operation(const gh_operation *o)
{
    put_member("method", o->method, ", ");
    put_member("path", o->pattern.text, ", ");
    put_member("id", o->id, "");
    put_parameters(o);
    put_body(o);
    put_responses(o);
    put_list("security", o->security, o->n_security);
}

static void put_message(const gh_cli_document *d, const gh_openapi_message *m)
{
    static const gh_str names[] = {[GH_OPENAPI_ERROR] = GH_STR_INIT("error"),
                                   [GH_OPENAPI_UNENFORCED] = GH_STR_INIT("unenforced"),
                                   [GH_OPENAPI_NOTE] = GH_STR_INIT("note")};
    unsigned line, column;
    gh_document_place(d->text, m->at, &line, &column);
    put_member("level", names[m->level], ", ");
    (void)printf("\"line\": %u, \"column\": %u, ", line, column);
    put_member("pointer", m->pointer, ", ");
    put_member("text", m->text, "");
}

void gh_cli_openapi_json(const gh_cli_document *d)
{
    const gh_openapi *o = d->openapi;
    (void)fputc('{', stdout);
    put_member("document", gh_str_of(d->name), ", ");
    put_member("openapi", o->version, ", ");
    put_member("title", o->title, ",\n");
    (void)printf("\"operations\": [");
    for (unsigned i = 0; i < o->contract.n_operations; i++) {
        (void)fputs(i == 0 ? "\n  {" : ",\n  {", stdout);
        put_operation(&o->contract.operations[i]);
        (void)fputc('}', stdout);
    }
    (void)printf("],\n\"messages\": [");
    for (unsigned i = 0; i < o->n_messages; i++) {
        (void)fputs(i == 0 ? "\n  {" : ",\n  {", stdout);
        put_message(d, &o->messages[i]);
        (void)fputc('}', stdout);
    }
    (void)printf("]}\n");
}
