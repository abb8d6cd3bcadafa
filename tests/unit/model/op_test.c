#include "model/op.h"

#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

/* After what it needs. */
#include <cmocka.h>

#include "model/ops.h"
#include "sanitized.h"

#define SECRET "correct horse battery staple"

/* What the library gives back is looked at on its way, as nobody may later. */
static struct {
    _Atomic bool on;
    _Atomic unsigned blocks, secrets;
} watch;

#if !SANITIZED
void __libc_free(void *p);

void free(void *p)
{
    if (p != NULL && atomic_load(&watch.on)) {
        watch.blocks++;
        watch.secrets += memmem(p, malloc_usable_size(p), SECRET, sizeof SECRET - 1) != NULL;
    }
    __libc_free(p);
}
#endif

static gh_op_password_verify *new_verify(void)
{
    gh_op_password_verify *v = gh_op_make(PASSWORD_VERIFY, gh_op_password_verify);
    assert_non_null(v);
    return v;
}

static void it_begins_as_not_done_and_with_zeros(void **state)
{
    (void)state;
    gh_op_password_verify *v = new_verify();
    assert_int_equal(v->op.kind, GH_OP_PASSWORD_VERIFY);
    assert_int_equal(v->op.status, GH_OP_UNAVAILABLE);
    assert_int_equal(v->op.references, 1);
    assert_int_equal((uintptr_t)v % 16, 0);
    assert_null(v->stored.p);
    assert_null(v->password.p);
    assert_null(v->upgraded.p);
    assert_null(v->op.finished);
    assert_int_equal(v->op.now_s, 0);
    assert_int_equal(v->op.actor.user, 0);
    gh_op_unref(&v->op);
    gh_op_unref(NULL);
}

static void each_kind_has_its_executor(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < GH_OP_KIND_COUNT; kind++) {
        bool of_passwords = kind == GH_OP_PASSWORD_VERIFY || kind == GH_OP_PASSWORD_CREATE;
        assert_int_equal(gh_op_executor_of((enum gh_op_kind)kind),
                         of_passwords ? GH_OP_PASSWORDS : GH_OP_RECORDS);
    }
}

static void a_copy_is_its_own(void **state)
{
    (void)state;
    gh_op_password_verify *v = new_verify();
    char text[] = SECRET;
    assert_true(gh_op_copy(&v->op, (gh_str){text, sizeof text - 1}, &v->password));
    memset(text, 'x', sizeof text);
    assert_true(gh_str_eq(v->password, GH_STR(SECRET)));
    assert_true(gh_op_copy(&v->op, (gh_str){text, 0}, &v->password));
    assert_non_null(v->password.p); /* empty is not absent */
    assert_int_equal(v->password.n, 0);
    assert_true(gh_op_copy(&v->op, (gh_str){NULL, 0}, &v->password));
    assert_null(v->password.p);
    gh_op_unref(&v->op);
}

static void there_is_an_end_to_its_memory(void **state)
{
    (void)state;
    gh_op_password_verify *v = new_verify();
    static const char part[1 << 20];
    unsigned n = 0;
    v->stored = GH_STR("as it was");
    while (n <= GH_OP_MEMORY / sizeof part && gh_op_copy(&v->op, (gh_str){part, sizeof part}, &v->password))
        n++;
    assert_true(n > 0 && n <= GH_OP_MEMORY / sizeof part);
    assert_false(gh_op_copy(&v->op, (gh_str){part, sizeof part}, &v->stored));
    assert_true(gh_str_eq(v->stored, GH_STR("as it was")));
    gh_op_unref(&v->op);
}

/* In the first block, in others, and in the struct itself. */
static void nothing_is_left_of_what_it_held(void **state)
{
    (void)state;
    static char large[100000];
    memcpy(large + sizeof large / 2, SECRET, sizeof SECRET - 1);
    gh_op_user_create *u = gh_op_make(USER_CREATE, gh_op_user_create);
    assert_non_null(u);
    assert_true(gh_op_copy(&u->op, GH_STR(SECRET), &u->name));
    assert_true(gh_op_copy(&u->op, (gh_str){large, sizeof large}, &u->hash));
    memcpy(u->subject.roles.p, SECRET, sizeof SECRET - 1);
    gh_op *other = gh_op_ref(&u->op);
    watch.blocks = watch.secrets = 0;
    atomic_store(&watch.on, true);
    gh_op_unref(other);
    unsigned too_soon = watch.blocks;
    gh_op_unref(&u->op);
    atomic_store(&watch.on, false);
    assert_int_equal(too_soon, 0);
    assert_int_equal(watch.blocks, 2);
    assert_int_equal(watch.secrets, 0);
    char *kept = malloc(sizeof SECRET); /* and the watch would have seen one */
    assert_non_null(kept);
    memcpy(kept, SECRET, sizeof SECRET);
    atomic_store(&watch.on, true);
    free(kept);
    atomic_store(&watch.on, false);
    assert_int_equal(watch.secrets, 1);
}

enum { THREADS = 4, ROUNDS = 2000 };

/* An executor and a transaction that let go of it whenever they like. */
static void *use_and_let_go(void *data)
{
    gh_op *op = data;
    for (unsigned i = 0; i < ROUNDS; i++) {
        gh_op *mine = gh_op_ref(op);
        assert_int_equal(mine->kind, GH_OP_USER_GET);
        gh_op_unref(mine);
    }
    gh_op_unref(op);
    return NULL;
}

static void the_last_of_many_threads_frees_it(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        pthread_t thread[THREADS];
        gh_op_user_get *get = gh_op_make(USER_GET, gh_op_user_get);
        assert_non_null(get);
        assert_true(gh_op_copy(&get->op, GH_STR(SECRET), &get->name));
        for (unsigned i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&thread[i], NULL, use_and_let_go, gh_op_ref(&get->op)), 0);
        gh_op_unref(&get->op);
        for (unsigned i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(thread[i], NULL), 0);
    }
}

/* What is written before the executor's reference is given up is there for who has the other one. */
static void *answer(void *data)
{
    gh_op_user_get *get = data;
    get->sessions = 7;
    get->op.status = GH_OP_OK;
    gh_op_unref(&get->op);
    return NULL;
}

static void an_answer_that_comes_late_dies_alone(void **state)
{
    (void)state;
    pthread_t thread;
    gh_op_user_get *get = gh_op_make(USER_GET, gh_op_user_get);
    assert_non_null(get);
    assert_int_equal(pthread_create(&thread, NULL, answer, gh_op_ref(&get->op)), 0);
    gh_op_unref(&get->op); /* the client has left */
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_as_not_done_and_with_zeros),
        cmocka_unit_test(each_kind_has_its_executor),
        cmocka_unit_test(a_copy_is_its_own),
        cmocka_unit_test(there_is_an_end_to_its_memory),
        cmocka_unit_test(nothing_is_left_of_what_it_held),
        cmocka_unit_test(the_last_of_many_threads_frees_it),
        cmocka_unit_test(an_answer_that_comes_late_dies_alone),
    };
    if (SANITIZED)
        cmocka_set_skip_filter("nothing_is_left_of_what_it_held");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
