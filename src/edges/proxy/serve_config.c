/* Where a configuration comes from: the files, the environment, the command line. */
#include <stdlib.h>
#include <unistd.h>

#include "config/compile.h"
#include "edges/identity/key_sets.h"
#include "edges/identity/stand_in.h"
#include "edges/proxy/documents.h"
#include "edges/proxy/read_file.h"
#include "edges/proxy/serve_check.h"
#include "edges/proxy/server.h"
#include "edges/secrets/aws.h"
#include "edges/secrets/environment.h"
#include "edges/secrets/locked.h"

enum { FILE_MAX = 1 << 20 };

static void wipe_and_free(gh_str text)
{
    char *p = (char *)(uintptr_t)text.p;
    explicit_bzero(p, text.n);
    free(p);
}

typedef struct gh_texts {
    gh_config_source sources[2];
    unsigned n;
} gh_texts;

static void add_text(gh_texts *t, const char *path, bool dotenv, bool must, gh_report *report)
{
    const char *why = NULL;
    gh_str text = {NULL, 0};
    if (!must && access(path, F_OK) != 0)
        return;
    if (!gh_read_file(path, FILE_MAX, &text, &why)) {
        gh_report_error(report, path, 0, 0, "can't be read: %s", why);
        return;
    }
    t->sources[t->n].kind = dotenv ? GH_SOURCE_DOTENV : GH_SOURCE_YAML;
    t->sources[t->n].name = path;
    t->sources[t->n].text = text;
    t->n++;
}

/* What was not looked at is not called good. */
static void say_unread_documents(const gh_config *config, gh_report *report)
{
    for (unsigned i = 0; i < config->n_upstreams; i++) {
        const gh_upstream_config *u = &config->upstreams[i];
        gh_str name = u->openapi.p != NULL || i > 0 ? u->openapi : config->openapi.document;
        if (gh_str_starts(name, GH_STR("upstream:")))
            gh_report_warning(
                report, u->place.file, u->place.line, u->place.column,
                "the OpenAPI document %.*s of the upstream %.*s is got when Gatehouse starts; it "
                "was not checked",
                (int)name.n, name.p, (int)u->name.n, u->name.p);
    }
}

static gh_config *load(const gh_serve_options *options, const gh_texts *texts, gh_report *report)
{
    gh_config_input input = {.sources = texts->sources,
                             .n_sources = texts->n,
                             .environment = gh_environment(),
                             .upstream = options->upstream,
                             .listen = options->listen,
                             .admin_listen = options->admin_listen,
                             .openapi = options->openapi,
                             .read_secret = gh_secrets_read,
                             .read_secret_data = options->secrets,
                             .secret_source = &gh_locked_pages,
                             .read_document = gh_documents_read,
                             .read_document_data = options->documents,
                             .read_jwks = gh_key_sets_read};
    gh_config *config = gh_config_load(&input, report);
    if (config != NULL && !gh_serve_check_servers(config, report)) {
        gh_config_free(config);
        return NULL;
    }
    if (config == NULL || options->documents != NULL)
        return config;
    /* What only compiling finds out belongs to the same list of errors. */
    gh_policy *trial = gh_identity_stand_in(config, report) ? gh_policy_compile(config, report) : NULL;
    if (trial == NULL) {
        gh_config_free(config);
        return NULL;
    }
    gh_policy_unref(trial);
    say_unread_documents(config, report);
    return config;
}

gh_config *gh_serve_read_config(const gh_serve_options *options, gh_report *report)
{
    gh_texts texts = {.n = 0};
    if (options->config_file != NULL)
        add_text(&texts, options->config_file, false, true, report);
    add_text(&texts, options->env_file != NULL ? options->env_file : ".env", true, options->env_file != NULL,
             report);
    gh_config *config = report->errors == 0 ? load(options, &texts, report) : NULL;
    for (unsigned i = 0; i < texts.n; i++)
        wipe_and_free(texts.sources[i].text);
    return config;
}
