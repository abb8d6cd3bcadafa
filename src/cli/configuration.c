#include "cli/configuration.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/serve.h"
#include "edges/proxy/documents.h"
#include "edges/secrets/aws.h"
#include "edges/secrets/environment.h"

enum { PATH_BYTES = 4096 };

/* A configuration whose upstream is named on the command line of `serve` is whole without one here. */
static gh_config *read_config(gh_serve_options *options, gh_report *report)
{
    gh_report other;
    gh_config *config = gh_serve_read_config(options, report);
    if (config != NULL)
        return config;
    gh_report_init(&other);
    options->upstream = GH_STR("http://127.0.0.1:8000");
    config = gh_serve_read_config(options, &other);
    gh_report_free(&other);
    return config;
}

static gh_config *load(const gh_cli_args *args, gh_aws_secrets *secrets, const char *advice)
{
    static atomic_bool stop;
    gh_serve_options options = {.documents = gh_documents_new(NULL, &stop), .secrets = secrets};
    gh_report report;
    gh_cli_read_files(args, &options);
    gh_report_init(&report);
    gh_config *config = options.documents == NULL ? NULL : read_config(&options, &report);
    if (config == NULL) {
        gh_cli_print_report(&report);
        (void)fprintf(stderr, "gatehouse: this shell's configuration can't be used (above is why): %s\n",
                      advice);
    } else {
        config->read_document_data = NULL;
    }
    gh_report_free(&report);
    gh_documents_free(options.documents);
    return config;
}

gh_config *gh_cli_configuration(const gh_cli_args *args, bool aws, const char *advice)
{
    if (!aws)
        return load(args, NULL, advice);
    gh_aws_secrets *secrets = gh_aws_secrets_new(gh_environment(), NULL);
    if (secrets == NULL) {
        (void)fprintf(stderr, "gatehouse: out of memory\n");
        return NULL;
    }
    (void)gh_aws_secrets_begin(secrets, false);
    gh_config *config = load(args, secrets, advice);
    gh_aws_secrets_free(secrets);
    return config;
}

bool gh_cli_become_owner(gh_str folder)
{
    char path[PATH_BYTES];
    struct stat st;
    if (geteuid() != 0 || folder.n >= sizeof path)
        return true;
    memcpy(path, folder.p, folder.n);
    path[folder.n] = '\0';
    if (stat(path, &st) != 0 || st.st_uid == 0)
        return true; /* it is still to be made, or root's */
    if (setgroups(0, NULL) == 0 && setresgid(st.st_gid, st.st_gid, st.st_gid) == 0 &&
        setresuid(st.st_uid, st.st_uid, st.st_uid) == 0)
        return true;
    (void)fprintf(stderr, "gatehouse: the owner of the data folder can't be taken on: %s\n",
                  strerrordesc_np(errno));
    return false;
}
