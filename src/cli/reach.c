#include "cli/reach.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crypto.h"
#include "cli/configuration.h"
#include "cli/serve.h"
#include "config/compile.h"
#include "edges/admin/socket.h"

enum { ANSWER_ARENA = 3 * GH_MESSAGE_ANSWER_MAX, PIECE = 65536 };

static int fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "gatehouse: %s: %s\n", what, why);
    return GH_EXIT_FAILED;
}

/* --- a running server */

static bool send_all(int fd, gh_str text)
{
    while (text.n > 0) {
        ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text = gh_str_cut(text, (size_t)n, text.n);
    }
    return true;
}

static bool receive(int fd, gh_text *ret)
{
    ssize_t n;
    do {
        gh_buf *b = gh_text_room(ret, PIECE);
        if (!gh_buf_ok(b))
            return false;
        n = recv(fd, b->p + b->n, PIECE, 0);
        if (n > 0)
            b->n += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n == 0 && ret->b.n > 0 && ret->b.p[ret->b.n - 1] == '\n';
}

static int take_connection(gh_cli_reach *reach)
{
    int fd = reach->first;
    reach->first = -1;
    return fd >= 0 ? fd : gh_admin_socket_connect(reach->folder);
}

static bool exchange(gh_cli_reach *reach, const gh_operator_request *request, gh_text *ret)
{
    gh_text line = {.cap = GH_MESSAGE_REQUEST_MAX};
    int fd = gh_operator_request_put(&line, request) ? take_connection(reach) : -1;
    bool good = fd >= 0 && send_all(fd, gh_text_str(&line)) && receive(fd, ret);
    if (fd >= 0)
        (void)close(fd);
    gh_text_free(&line);
    return good;
}

static int ask(gh_cli_reach *reach, const gh_operator_request *request, gh_text *out, gh_text *err)
{
    gh_text line = {.cap = GH_MESSAGE_ANSWER_MAX};
    gh_arena arena;
    gh_operator_answer answer = {.status = GH_EXIT_FAILED};
    gh_arena_init(&arena, NULL, 0, ANSWER_ARENA);
    bool good = exchange(reach, request, &line) &&
                gh_operator_answer_read(gh_str_cut(gh_text_str(&line), 0, line.b.n - 1), &arena, &answer);
    if (good) {
        gh_text_put(out, answer.out);
        gh_text_put(err, answer.err);
    } else {
        gh_text_lit(
            err,
            "gatehouse: the running server gave no answer; whether it was done is not known: its log may "
            "tell\n");
    }
    gh_arena_wipe(&arena);
    gh_arena_reset(&arena);
    gh_text_free(&line);
    return answer.status;
}

/* --- the folder itself */

static int open_folder(gh_cli_reach *reach)
{
    gh_report report;
    if (!gh_cli_become_owner(reach->config->data_folder))
        return GH_EXIT_FAILED;
    gh_report_init(&report);
    if (gh_identity_open(&reach->service, reach->config, &report))
        reach->policy = gh_policy_compile(reach->config, &report);
    gh_config_forget_ring(reach->config);
    if (reach->policy == NULL)
        gh_cli_print_report(&report);
    else
        reach->with = gh_identity_operator(&reach->service, reach->config, reach->policy);
    gh_report_free(&report);
    return reach->policy == NULL ? GH_EXIT_FAILED : GH_EXIT_OK;
}

static const char advice[] =
    "name the running server's folder with --data FOLDER; when it is stopped, give its own "
    "configuration and secret, as with -c FILE and --env-file FILE";

/* Only who works on the folder itself needs what is in AWS. */
static int load_secrets(const gh_cli_args *args, gh_cli_reach *reach)
{
    if (!reach->config->secrets_later)
        return GH_EXIT_OK;
    gh_config_free(reach->config);
    reach->config = gh_cli_configuration(args, true, advice);
    if (reach->config == NULL)
        return GH_EXIT_USAGE;
    reach->folder = reach->config->data_folder;
    return GH_EXIT_OK;
}

/* A running server has the configuration, and the secret: no shell need have them again. */
static int open_named(gh_cli_reach *reach, const char *folder)
{
    reach->folder = gh_str_of(folder);
    reach->first = gh_admin_socket_connect(reach->folder);
    reach->running = reach->first >= 0;
    return reach->running
               ? GH_EXIT_OK
               : fail(folder, "no server answers there; on the folder of a stopped one commands work by "
                              "its configuration: -c FILE and --env-file FILE, without --data");
}

/* Its status is all there is, and it has it itself. */
static int open_without_identity(gh_cli_reach *reach)
{
    if (reach->folder.p == NULL)
        return fail("data.folder is not set",
                    "a server without identity is asked at the socket in its data.folder: set it "
                    "(GATEHOUSE_DATA_FOLDER), or see /metrics at its admin listener");
    reach->first = gh_admin_socket_connect(reach->folder);
    reach->running = reach->first >= 0;
    return reach->running ? GH_EXIT_OK : fail(reach->folder.p, "no server answers there");
}

int gh_cli_reach_open(const gh_cli_args *args, gh_cli_reach *ret)
{
    *ret = (gh_cli_reach){.first = -1};
    if (!gh_crypto_init())
        return fail("start", "the system has no randomness to give");
    if (gh_cli_has(args, "data"))
        return open_named(ret, gh_cli_value(args, "data", 0));
    ret->config = gh_cli_configuration(args, false, advice);
    if (ret->config == NULL)
        return GH_EXIT_USAGE;
    ret->folder = ret->config->data_folder;
    if (ret->config->identity.enabled == GH_OFF && strcmp(args->command->name, "status") == 0)
        return open_without_identity(ret);
    if (ret->config->identity.enabled == GH_OFF) {
        (void)fail("identity is off in this configuration",
                   "identity.enabled switches it on; -c FILE names another configuration");
        return GH_EXIT_USAGE;
    }
    ret->first = gh_admin_socket_connect(ret->folder);
    ret->running = ret->first >= 0;
    if (ret->running)
        return GH_EXIT_OK;
    int status = load_secrets(args, ret);
    return status == GH_EXIT_OK ? open_folder(ret) : status;
}

int gh_cli_reach_do(gh_cli_reach *reach, const gh_operator_request *request, gh_text *out, gh_text *err)
{
    return reach->running ? ask(reach, request, out, err) : gh_operator_run(&reach->with, request, out, err);
}

void gh_cli_reach_close(gh_cli_reach *reach)
{
    if (reach->first >= 0)
        (void)close(reach->first);
    gh_identity_close(&reach->service);
    if (reach->policy != NULL)
        gh_policy_unref(reach->policy);
    if (reach->config != NULL)
        gh_config_free(reach->config);
}
