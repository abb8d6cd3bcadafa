/* Refreshes a second, each on disk before it is answered: records_bench [FOLDER [PARALLEL [SECONDS]]]. The folder must be
 * there and is left with a database in it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "records/records.h"

enum { MOST = 1024 };

static gh_records *records;
static uint64_t end_ms;
static _Atomic uint64_t done, failed;
static _Atomic unsigned running;
static uint32_t numbers[MOST];

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t now_s(void)
{
    return (uint64_t)time(NULL);
}

static void hash_of(unsigned session, uint32_t number, uint8_t ret[GH_SECRET_HASH])
{
    uint64_t words[2] = {session + 1, number + 1};
    memcpy(ret, words, GH_SECRET_HASH);
}

static void refreshed(gh_op *op);

static void refresh(unsigned session)
{
    gh_op_refresh *o = gh_op_make(REFRESH, gh_op_refresh);
    if (o == NULL)
        exit(1);
    o->op.now_s = now_s();
    o->kind = GH_SESSION_TOKENS;
    o->session = session + 1;
    o->number = numbers[session];
    hash_of(session, o->number, o->hash);
    hash_of(session, o->number + 1, o->next_hash);
    o->next_sealed = GH_STR("a sealed successor of the usual length, a sealed successor of the usual length");
    o->op.finished = refreshed;
    o->op.owner = &numbers[session];
    if (!gh_records_submit(records, &o->op))
        exit(1);
    gh_op_unref(&o->op);
}

static void refreshed(gh_op *op)
{
    uint32_t *number = op->owner;
    atomic_fetch_add(op->status == GH_OP_OK ? &done : &failed, 1);
    (*number)++;
    gh_op_unref(op);
    if (now_ms() < end_ms)
        refresh((unsigned)(number - numbers));
    else
        atomic_fetch_sub(&running, 1);
}

static void make_session(gh_id user, unsigned session)
{
    gh_op_login_begin *b = gh_op_make(LOGIN_BEGIN, gh_op_login_begin);
    gh_op_login_finish *f = gh_op_make(LOGIN_FINISH, gh_op_login_finish);
    if (b == NULL || f == NULL)
        exit(1);
    b->op.now_s = f->op.now_s = now_s();
    b->user = f->user = user;
    b->limits = (gh_attempt_limits){1u << 30, 1u << 30, 1u << 30, 60};
    gh_records_do(records, &b->op);
    f->right = true;
    f->attempt = b->attempt;
    f->session =
        (gh_new_session){.kind = GH_SESSION_TOKENS, .id = session + 1, .expires_s = now_s() + 1000000};
    hash_of(session, 0, f->session.hash);
    gh_records_do(records, &f->op);
    if (f->op.status != GH_OP_OK)
        exit(1);
    gh_op_unref(&b->op);
    gh_op_unref(&f->op);
}

static gh_id make_user(void)
{
    gh_op_user_create *o = gh_op_make(USER_CREATE, gh_op_user_create);
    if (o == NULL)
        exit(1);
    o->op.now_s = now_s();
    o->name = GH_STR("bench");
    gh_records_do(records, &o->op);
    gh_id id = o->user.id;
    gh_op_unref(&o->op);
    return id;
}

int main(int argc, char **argv)
{
    static const uint8_t key[16] = "bench";
    static char why[1024] = "the folder has a database already";
    unsigned parallel = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 64;
    uint64_t seconds = argc > 3 ? strtoull(argv[3], NULL, 10) : 5;
    gh_records_stats stats;
    gh_roster *roster = gh_crypto_init() ? gh_roster_new(key) : NULL;
    gh_records_options options = {.folder = argc > 1 ? argv[1] : ".",
                                  .roster = roster,
                                  .cleanup_s = 3600,
                                  .access_s = 1800,
                                  .max_queue = MOST,
                                  .now_s = now_s,
                                  .now_ms = now_ms};
    records = roster == NULL ? NULL : gh_records_open(&options, why, sizeof why);
    gh_id user = records == NULL ? 0 : make_user();
    if (user == 0 || parallel > MOST) {
        (void)fprintf(stderr, "records_bench: %s\n", user == 0 ? why : "too many");
        return 1;
    }
    for (unsigned i = 0; i < parallel; i++)
        make_session(user, i);
    gh_records_read_stats(records, &stats);
    uint64_t transactions = stats.transactions, start_ms = now_ms();
    end_ms = start_ms + seconds * 1000;
    atomic_store(&running, parallel);
    for (unsigned i = 0; i < parallel; i++)
        refresh(i);
    while (atomic_load(&running) > 0)
        (void)usleep(10000);
    double span = (double)(now_ms() - start_ms) / 1000;
    gh_records_read_stats(records, &stats);
    (void)printf("parallel %u: %.0f refreshes/s, %.0f transactions/s, %llu failed\n", parallel,
                 (double)done / span, (double)(stats.transactions - transactions) / span,
                 (unsigned long long)failed);
    gh_records_close(records);
    gh_roster_free(roster);
    return failed != 0;
}
