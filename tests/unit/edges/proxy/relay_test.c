/* An exchange put together by hand, over socket pairs: what a flush makes room for goes on at once. The moment in
 * which the kernel takes what it did not take a moment before can't be met from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "edges/proxy/proxy.h"

enum { BUFFER = 8192, SOME = 5000 };

typedef struct fixture {
    gh_worker worker;
    gh_metrics metrics;
    gh_config config;
    gh_generation generation;
    gh_view view;
    gh_policy policy;
    gh_client client;
    gh_link link;
    gh_exchange *x;
    _Atomic uint64_t held;
    int far_client, far_upstream; /* the other ends */
    unsigned closed;
} fixture;

static fixture *current;

static void ignore_event(gh_io *io, int events, bool error)
{
    (void)io;
    (void)events;
    (void)error;
}

static void count_closed(gh_io *io)
{
    (void)io;
    current->closed++;
}

static void ignore_timer(gh_timer *timer)
{
    (void)timer;
}

static int connect_io(fixture *f, gh_io *io)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(gh_io_init(io, &f->worker.loop, fds[0], &f->worker.wheel, &f->worker.buffers), 0);
    io->on_event = ignore_event;
    io->on_closed = count_closed;
    io->timer.expired = ignore_timer;
    return fds[1];
}

static int set_up(void **state)
{
    fixture *f = current = aligned_alloc(64, (sizeof *f + 63) & ~(size_t)63);
    assert_non_null(f);
    memset(f, 0, sizeof *f);
    f->x = aligned_alloc(16, (sizeof *f->x + 15) & ~(size_t)15);
    assert_non_null(f->x);
    memset(f->x, 0, sizeof *f->x);
    assert_int_equal(uv_loop_init(&f->worker.loop), 0);
    assert_int_equal(gh_wheel_init(&f->worker.wheel, &f->worker.loop), 0);
    f->worker.buffers.size = BUFFER;
    f->worker.metrics = &f->metrics;
    f->worker.held = &f->held;
    f->config.timeouts.client_send = f->config.timeouts.client_body = 60000;
    f->config.timeouts.upstream_first_byte = f->config.timeouts.upstream_body = 60000;
    f->policy.input.max_memory = UINT64_MAX;
    f->generation.config = &f->config;
    f->view.generation = &f->generation;
    f->client.worker = f->link.worker = &f->worker;
    f->client.state = GH_CLIENT_EXCHANGE;
    f->link.state = GH_LINK_ACTIVE;
    f->far_client = connect_io(f, &f->client.io);
    f->far_upstream = connect_io(f, &f->link.io);
    f->x->client = &f->client;
    f->x->link = &f->link;
    f->x->view = &f->view;
    f->x->txn.policy = &f->policy;
    f->x->txn.route = &f->policy.fallback;
    f->x->txn.max_body = UINT64_MAX;
    f->x->request_done = true;
    f->client.exchange = f->link.exchange = f->x;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    gh_held_free(f->x, &f->x->held);
    assert_int_equal(f->held, 0);
    gh_io_close(&f->client.io);
    gh_io_close(&f->link.io);
    gh_wheel_close(&f->worker.wheel);
    assert_int_equal(uv_run(&f->worker.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(f->closed, 2);
    assert_int_equal(uv_loop_close(&f->worker.loop), 0);
    (void)close(f->far_client);
    (void)close(f->far_upstream);
    gh_iobuf_pool_free(&f->worker.buffers);
    free(f->x);
    free(f);
    return 0;
}

/* A buffer that is full to the last byte of `c`s: the relay has stopped for want of room. */
static void fill(fixture *f, gh_iobuf **to, uint32_t n, char c)
{
    *to = gh_iobuf_get(&f->worker.buffers);
    assert_non_null(*to);
    memset((*to)->data, c, n);
    (*to)->end = n;
}

/* Reads what has come to the other end. */
static size_t drain(int fd, char *last)
{
    static char data[1 << 20];
    size_t n = 0;
    for (;;) {
        ssize_t got = recv(fd, data, sizeof data, MSG_DONTWAIT);
        if (got <= 0)
            return n;
        n += (size_t)got;
        *last = data[got - 1];
    }
}

static void expect_moved(int fd, size_t n)
{
    char last = '?';
    assert_int_equal(drain(fd, &last), n);
    assert_int_equal(last, 'b');
}

static void a_request_by_length_goes_on(void **state)
{
    fixture *f = *state;
    fill(f, &f->link.io.out, BUFFER, 'a');
    fill(f, &f->client.io.in, SOME, 'b');
    f->x->request_done = false;
    f->x->head.framing = GH_FRAMING_LENGTH;
    f->x->request_left = 2 * SOME;
    gh_relay_settle(f->x);
    expect_moved(f->far_upstream, BUFFER + SOME);
    assert_int_equal(f->client.io.events & UV_READABLE, UV_READABLE);
    assert_int_equal(f->x->request_left, SOME);
}

static void the_end_of_a_request_goes_on(void **state)
{
    fixture *f = *state;
    fill(f, &f->link.io.out, BUFFER, 'a');
    fill(f, &f->client.io.in, SOME, 'b');
    f->x->request_done = false;
    f->x->head.framing = GH_FRAMING_LENGTH;
    f->x->request_left = SOME;
    gh_relay_settle(f->x);
    expect_moved(f->far_upstream, BUFFER + SOME);
    assert_true(f->x->request_done);
}

static void a_chunked_request_goes_on(void **state)
{
    static const char chunk[] = "3\r\nxyb\r\n0\r\n\r\n";
    fixture *f = *state;
    fill(f, &f->link.io.out, BUFFER, 'a');
    fill(f, &f->client.io.in, sizeof chunk - 1, 'b');
    memcpy(f->client.io.in->data, chunk, sizeof chunk - 1);
    f->x->request_done = false;
    f->x->head.framing = GH_FRAMING_CHUNKED;
    gh_chunked_init(&f->x->request_chunks);
    gh_relay_settle(f->x);
    char last = '?';
    assert_int_equal(drain(f->far_upstream, &last), BUFFER + sizeof chunk - 1);
    assert_true(f->x->request_done);
    assert_int_equal(f->x->request_bytes, 3);
}

static void a_held_request_goes_on(void **state)
{
    fixture *f = *state;
    enum { LARGE = 10 * BUFFER };
    fill(f, &f->link.io.out, BUFFER, 'a');
    assert_true(gh_held_grow(f->x, &f->x->held, LARGE, LARGE));
    memset(f->x->held.data, 'b', LARGE);
    f->x->held.size = LARGE;
    f->x->held.state = GH_HOLD_WHOLE;
    gh_relay_settle(f->x);
    expect_moved(f->far_upstream, BUFFER + LARGE);
    assert_false(gh_hold_unsent(f->x));
}

static void an_answer_goes_on(void **state)
{
    fixture *f = *state;
    fill(f, &f->client.io.out, BUFFER, 'a');
    fill(f, &f->link.io.in, SOME, 'b');
    f->x->answer = GH_ANSWER_BODY;
    f->x->answer_framing = GH_FRAMING_LENGTH;
    f->x->answer_left = 2 * SOME;
    gh_relay_settle(f->x);
    expect_moved(f->far_client, BUFFER + SOME);
    assert_int_equal(f->link.io.events & UV_READABLE, UV_READABLE);
}

/* The upstream has closed, and its last bytes wait for room: no event of its will come again. */
static void an_answer_until_the_end_of_the_connection_goes_on(void **state)
{
    fixture *f = *state;
    fill(f, &f->client.io.out, BUFFER, 'a');
    fill(f, &f->link.io.in, SOME, 'b');
    f->x->answer = GH_ANSWER_BODY;
    f->x->answer_framing = GH_FRAMING_CLOSE;
    f->x->answer_left = UINT64_MAX;
    gh_relay_settle(f->x);
    expect_moved(f->far_client, BUFFER + SOME);
}

/* Where the socket is full nothing spins: the event will come. */
static void who_takes_nothing_is_waited_for(void **state)
{
    fixture *f = *state;
    static char much[1 << 20];
    while (send(f->link.io.fd, much, sizeof much, MSG_NOSIGNAL) > 0)
        continue;
    assert_int_equal(errno, EAGAIN);
    fill(f, &f->link.io.out, BUFFER, 'a');
    fill(f, &f->client.io.in, SOME, 'b');
    f->x->request_done = false;
    f->x->head.framing = GH_FRAMING_LENGTH;
    f->x->request_left = SOME;
    gh_relay_settle(f->x);
    assert_int_equal(gh_iobuf_len(f->client.io.in), SOME);
    assert_int_equal(f->link.io.events & UV_WRITABLE, UV_WRITABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_by_length_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_of_a_request_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_chunked_request_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_held_request_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_until_the_end_of_the_connection_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_takes_nothing_is_waited_for, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
