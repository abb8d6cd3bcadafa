#include "edges/admin/socket.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* The socket runs on a thread here, as it does on the main thread of the program. */
static uv_loop_t loop;
static uv_async_t stop;
static pthread_t thread;
static gh_admin_socket *admin;
static char folder[4096];
static atomic_bool unavailable; /* hold() has nothing */
static atomic_int held;
static sem_t begun, go_on; /* of the command "wait" */

static void *hold(void *data)
{
    if (atomic_load(&unavailable))
        return NULL;
    (void)atomic_fetch_add(&held, 1);
    return data;
}

static void release(void *data, void *what)
{
    assert_ptr_equal(data, what);
    (void)atomic_fetch_sub(&held, 1);
}

/* Says what it was given. */
static int run(void *data, void *what, const gh_operator_request *request, gh_text *out, gh_text *err)
{
    if (data != what || atomic_load(&held) < 1)
        return GH_EXIT_FAILED;
    if (gh_str_eq(request->argv[0], GH_STR("wait"))) {
        (void)sem_post(&begun);
        (void)sem_wait(&go_on);
    }
    for (unsigned i = 0; i < request->argc; i++) {
        gh_text_put(out, request->argv[i]);
        gh_text_lit(out, "|");
    }
    gh_text_put(err, request->input);
    return (int)request->argc % 3;
}

static void on_stop(uv_async_t *async)
{
    gh_admin_socket_stop(admin);
    uv_close((uv_handle_t *)async, NULL);
}

static void *run_loop(void *data)
{
    (void)data;
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    return NULL;
}

static gh_admin_socket *start(const char **why)
{
    static int anything;
    const gh_admin_work work = {.data = &anything, .hold = hold, .run = run, .release = release};
    return gh_admin_socket_start(&loop, gh_str_of(folder), &work, why);
}

static void begin(void)
{
    const char *why = "";
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_async_init(&loop, &stop, on_stop), 0);
    admin = start(&why);
    if (admin == NULL)
        fail_msg("%s", why);
    assert_int_equal(pthread_create(&thread, NULL, run_loop, NULL), 0);
}

static void end(void)
{
    (void)uv_async_send(&stop);
    (void)pthread_join(thread, NULL);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(atomic_load(&held), 0);
}

static void path_of(const char *name, char ret[4200])
{
    (void)snprintf(ret, 4200, "%s/%s", folder, name);
}

static int enter(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/gatehouse-socket-XXXXXX");
    atomic_store(&unavailable, false);
    return mkdtemp(folder) != NULL && sem_init(&begun, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    char name[4200];
    path_of(GH_ADMIN_SOCKET_NAME, name);
    (void)unlink(name);
    while (strlen(folder) > sizeof "/tmp/gatehouse-socket-XXXXXX" - 1) {
        if (rmdir(folder) != 0)
            return -1;
        *strrchr(folder, '/') = '\0';
    }
    return rmdir(folder);
}

static int connect_here(void)
{
    struct timeval guard = {.tv_sec = 60};
    int fd = gh_admin_socket_connect(gh_str_of(folder));
    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof guard);
    return fd;
}

static void send_text(int fd, gh_str text)
{
    while (text.n > 0) {
        ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* it was closed: what is read says so */
        text = gh_str_cut(text, (size_t)n, text.n);
    }
}

/* All that comes until the end. */
static gh_str receive(int fd, char *memory, size_t size)
{
    size_t n = 0;
    ssize_t got;
    while (n < size && (got = recv(fd, memory + n, size - n, 0)) > 0)
        n += (size_t)got;
    (void)close(fd);
    return (gh_str){memory, n};
}

static void check(const char *request, const char *answer)
{
    char memory[4096];
    int fd = connect_here();
    send_text(fd, gh_str_of(request));
    gh_str got = receive(fd, memory, sizeof memory);
    if (!gh_str_eq(got, gh_str_of(answer)))
        fail_msg("%s: %.*s", request, (int)got.n, got.p);
}

static void requests_are_answered(void **state)
{
    (void)state;
    begin();
    check("{\"argv\":[\"user\",\"list\"]}\n", "{\"status\":2,\"out\":\"user|list|\",\"err\":\"\"}\n");
    check("{\"argv\":[\"a\"],\"input\":\"c2VjcmV0\"}\n",
          "{\"status\":1,\"out\":\"a|\",\"err\":\"secret\"}\n");
    check(
        "{\"argv\":[]}\n",
        "{\"status\":2,\"out\":\"\",\"err\":\"gatehouse: the request is argv is not a list of some texts\\n\"}\n");
    check("GET / HTTP/1.1\n",
          "{\"status\":2,\"out\":\"\",\"err\":\"gatehouse: the request is not a JSON object with "
          "argv and input\\n\"}\n");
    end();
}

static void a_request_may_come_in_pieces(void **state)
{
    (void)state;
    static const char request[] = "{\"argv\":[\"user\"]}\n";
    char memory[256];
    begin();
    int fd = connect_here();
    for (size_t i = 0; request[i] != '\0'; i++) {
        send_text(fd, (gh_str){request + i, 1});
        (void)usleep(500);
    }
    assert_true(gh_str_eq(receive(fd, memory, sizeof memory),
                          GH_STR("{\"status\":1,\"out\":\"user|\",\"err\":\"\"}\n")));
    end();
}

static void more_than_one_line_is_not_taken(void **state)
{
    (void)state;
    begin();
    check("{\"argv\":[\"a\"]}\n{\"argv\":[\"b\"]}\n", "");
    check("\n\n", "");
    end();
}

static void a_request_has_a_bound(void **state)
{
    (void)state;
    char memory[256];
    size_t size = GH_MESSAGE_REQUEST_MAX + 1;
    char *big = malloc(size);
    assert_non_null(big);
    memset(big, ' ', size);
    begin();
    int fd = connect_here();
    send_text(fd, (gh_str){big, size});
    assert_int_equal(receive(fd, memory, sizeof memory).n, 0);
    check("{\"argv\":[\"a\"]}\n", "{\"status\":1,\"out\":\"a|\",\"err\":\"\"}\n"); /* others are served */
    end();
    free(big);
}

static void only_its_owner_can_open_it(void **state)
{
    (void)state;
    char name[4200];
    struct stat st;
    mode_t before = umask(0);
    begin();
    path_of(GH_ADMIN_SOCKET_NAME, name);
    assert_int_equal(stat(name, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    end();
    assert_int_equal(stat(name, &st), -1); /* it goes with the server */
    (void)umask(before);
}

static void a_socket_left_over_is_replaced(void **state)
{
    (void)state;
    char name[4200];
    struct stat before, after;
    path_of(GH_ADMIN_SOCKET_NAME, name);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%.100s", name);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(stat(name, &before), 0);
    (void)close(fd);
    assert_int_equal(gh_admin_socket_connect(gh_str_of(folder)), -1);
    begin();
    assert_int_equal(stat(name, &after), 0);
    check("{\"argv\":[\"a\"]}\n", "{\"status\":1,\"out\":\"a|\",\"err\":\"\"}\n");
    end();
}

static void other_files_stay(void **state)
{
    (void)state;
    char name[4200];
    const char *why = NULL;
    struct stat st;
    path_of(GH_ADMIN_SOCKET_NAME, name);
    FILE *f = fopen(name, "we");
    assert_non_null(f);
    (void)fclose(f);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_null(start(&why));
    assert_string_equal(why, "Address already in use");
    assert_int_equal(stat(name, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_missing_folder_is_said(void **state)
{
    (void)state;
    const char *why = NULL;
    size_t n = strlen(folder);
    (void)snprintf(folder + n, sizeof folder - n, "/none");
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_null(start(&why));
    assert_string_equal(why, "No such file or directory");
    assert_int_equal(gh_admin_socket_connect(gh_str_of(folder)), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(uv_loop_close(&loop), 0);
    folder[n] = '\0';
}

/* The path of a socket has 107 bytes at most. */
static void folders_may_be_deep(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        size_t n = strlen(folder);
        (void)snprintf(folder + n, sizeof folder - n, "/a-folder-with-a-long-name-%u", i);
        assert_int_equal(mkdir(folder, 0700), 0);
    }
    begin();
    check("{\"argv\":[\"a\"]}\n", "{\"status\":1,\"out\":\"a|\",\"err\":\"\"}\n");
    end();
}

static void what_is_begun_is_answered_at_the_end(void **state)
{
    (void)state;
    char memory[256];
    begin();
    int fd = connect_here(), idle = connect_here();
    send_text(fd, GH_STR("{\"argv\":[\"wait\"]}\n"));
    (void)sem_wait(&begun);
    (void)uv_async_send(&stop);
    assert_int_equal(receive(idle, memory, sizeof memory).n, 0); /* so the stop has been seen */
    (void)sem_post(&go_on);
    assert_true(gh_str_eq(receive(fd, memory, sizeof memory),
                          GH_STR("{\"status\":1,\"out\":\"wait|\",\"err\":\"\"}\n")));
    (void)pthread_join(thread, NULL);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(atomic_load(&held), 0);
}

static void who_leaves_early_does_no_harm(void **state)
{
    (void)state;
    begin();
    int fd = connect_here();
    send_text(fd, GH_STR("{\"argv\":[\"wait\"]}\n"));
    (void)sem_wait(&begun);
    (void)close(fd);
    (void)sem_post(&go_on);
    (void)close(connect_here());
    check("{\"argv\":[\"a\"]}\n", "{\"status\":1,\"out\":\"a|\",\"err\":\"\"}\n");
    end();
}

static void without_what_it_needs_it_only_closes(void **state)
{
    (void)state;
    begin();
    atomic_store(&unavailable, true);
    check("{\"argv\":[\"a\"]}\n", "");
    atomic_store(&unavailable, false);
    check("{\"argv\":[\"a\"]}\n", "{\"status\":1,\"out\":\"a|\",\"err\":\"\"}\n");
    end();
}

/* Who comes when all places are taken waits for one. */
static void connections_have_a_bound(void **state)
{
    (void)state;
    enum { MOST = 8, MORE = 3 };
    static const char request[] = "{\"argv\":[\"a\"]}\n",
                      answer[] = "{\"status\":1,\"out\":\"a|\",\"err\":\"\"}\n";
    int fds[MOST + MORE];
    char memory[256];
    begin();
    for (unsigned i = 0; i < MOST + MORE; i++)
        fds[i] = connect_here();
    for (unsigned i = MOST; i < MOST + MORE; i++)
        send_text(fds[i], gh_str_of(request));
    send_text(fds[0], gh_str_of(request)); /* it and all that came before are served */
    assert_true(gh_str_eq(receive(fds[0], memory, sizeof memory), gh_str_of(answer)));
    for (unsigned i = MOST; i < MOST + MORE; i++)
        assert_true(gh_str_eq(receive(fds[i], memory, sizeof memory), gh_str_of(answer)));
    for (unsigned i = 1; i < MOST; i++)
        (void)close(fds[i]);
    check(request, answer);
    end();
}

static void who_waits_for_a_place_is_let_go_at_the_end(void **state)
{
    (void)state;
    enum { MOST = 9 };
    int fds[MOST];
    char memory[256];
    begin();
    for (unsigned i = 0; i < MOST; i++)
        fds[i] = connect_here();
    end();
    for (unsigned i = 0; i < MOST; i++)
        assert_int_equal(receive(fds[i], memory, sizeof memory).n, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(requests_are_answered),
        TEST(a_request_may_come_in_pieces),
        TEST(more_than_one_line_is_not_taken),
        TEST(a_request_has_a_bound),
        TEST(only_its_owner_can_open_it),
        TEST(a_socket_left_over_is_replaced),
        TEST(other_files_stay),
        TEST(a_missing_folder_is_said),
        TEST(folders_may_be_deep),
        TEST(what_is_begun_is_answered_at_the_end),
        TEST(who_leaves_early_does_no_harm),
        TEST(without_what_it_needs_it_only_closes),
        TEST(connections_have_a_bound),
        TEST(who_waits_for_a_place_is_let_go_at_the_end),
    };
    (void)signal(SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
