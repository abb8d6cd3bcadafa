/* What tests/fault/records_kill_test.py kills: records under load that tell what was asked and what was answered.
 *
 *   records_driver load FOLDER SEED   until it is killed: lines "begin THREAD WHAT ..." before and "done THREAD STATUS"
 *                                     after each operation, each in one write()
 *   records_driver ask FOLDER         answers lines "refresh SESSION NUMBER" of standard input with the status's number,
 *                                     "token JTI 0" with what the roster says of a token with it */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "records/records.h"

enum { THREADS = 8 };

static gh_records *records;
static gh_roster *roster;
static uint64_t seed;

static uint64_t now_s(void)
{
    return (uint64_t)time(NULL);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void said(void *data, int level, const char *event, const char *text)
{
    (void)data;
    (void)fprintf(stderr, "said %d %s %s\n", level, event, text);
}

static bool open_records(const char *folder)
{
    static const uint8_t key[16] = "a roster's key..";
    static char why[1024];
    roster = gh_roster_new(key);
    if (roster == NULL)
        return false;
    gh_records_options options = {.folder = folder,
                                  .roster = roster,
                                  .cleanup_s = 1,
                                  .access_s = 1800,
                                  .max_queue = 1000,
                                  .said = said,
                                  .now_s = now_s,
                                  .now_ms = now_ms};
    records = gh_records_open(&options, why, sizeof why);
    if (records == NULL)
        (void)fprintf(stderr, "%s\n", why);
    return records != NULL;
}

static void say(const char *line, int n)
{
    if (write(STDOUT_FILENO, line, (size_t)n) != n)
        _exit(3);
}

#define SAY(...)                                                \
    do {                                                        \
        char line_[160];                                        \
        say(line_, snprintf(line_, sizeof line_, __VA_ARGS__)); \
    } while (0)

/* The hash of a session's secret of that number. */
static void hash_of(gh_id session, uint32_t number, uint8_t ret[GH_SECRET_HASH])
{
    uint64_t words[2] = {gh_mix64(session), gh_mix64(session + number + 1)};
    memcpy(ret, words, GH_SECRET_HASH);
}

static void *made(enum gh_op_kind kind, size_t size)
{
    gh_op *op = gh_op_new(kind, size);
    if (op == NULL)
        _exit(4);
    op->now_s = now_s();
    return op;
}

#define MAKE(NAME, type) ((type *)made(GH_OP_##NAME, sizeof(type)))

static unsigned refresh(gh_id session, uint32_t number)
{
    gh_op_refresh *o = MAKE(REFRESH, gh_op_refresh);
    o->kind = GH_SESSION_TOKENS;
    o->session = session;
    o->number = number;
    hash_of(session, number, o->hash);
    hash_of(session, number + 1, o->next_hash);
    o->next_sealed = GH_STR("sealed");
    gh_records_do(records, &o->op);
    unsigned status = o->op.status;
    gh_op_unref(&o->op);
    return status;
}

/* --- under load */

typedef struct worker {
    unsigned number;
    uint64_t dice, ids;
    gh_id user, session, key;
    uint32_t refreshed; /* the session's present number */
    char name[32];
} worker;

static unsigned roll(worker *w, unsigned n)
{
    return (unsigned)(gh_mix64(w->dice++) >> 13) % n;
}

static gh_id new_id(worker *w)
{
    return (gh_mix64(w->ids++) >> 1) | 1;
}

static unsigned finish(const worker *w, void *op)
{
    gh_records_do(records, op);
    unsigned status = ((gh_op *)op)->status;
    SAY("done %u %u\n", w->number, status);
    gh_op_unref(op);
    return status;
}

static void make_user(worker *w)
{
    gh_op_user_create *o = MAKE(USER_CREATE, gh_op_user_create);
    (void)snprintf(w->name, sizeof w->name, "u%llx", (unsigned long long)new_id(w));
    o->name = gh_str_of(w->name);
    o->hash = GH_STR("$argon2id$");
    SAY("begin %u user %s\n", w->number, w->name);
    gh_op_ref(&o->op);
    bool ok = finish(w, o) == GH_OP_OK;
    w->user = ok ? o->user.id : 0;
    gh_op_unref(&o->op);
    w->session = w->key = 0;
}

static void sign_in(worker *w)
{
    gh_op_login_begin *b = MAKE(LOGIN_BEGIN, gh_op_login_begin);
    b->name = gh_str_of(w->name);
    b->limits = (gh_attempt_limits){1000, 1000000, 1000, 900};
    gh_records_do(records, &b->op);
    gh_op_login_finish *f = MAKE(LOGIN_FINISH, gh_op_login_finish);
    f->user = w->user;
    f->right = true;
    f->attempt = b->attempt;
    gh_op_unref(&b->op);
    w->session = new_id(w);
    w->refreshed = 0;
    f->session =
        (gh_new_session){.kind = GH_SESSION_TOKENS, .id = w->session, .expires_s = now_s() + 1000000};
    hash_of(w->session, 0, f->session.hash);
    SAY("begin %u session %llu\n", w->number, (unsigned long long)w->session);
    if (finish(w, f) != GH_OP_OK)
        w->session = 0;
}

static void rotate(worker *w)
{
    SAY("begin %u refresh %llu %u\n", w->number, (unsigned long long)w->session, w->refreshed);
    unsigned status = refresh(w->session, w->refreshed);
    SAY("done %u %u\n", w->number, status);
    w->refreshed += status == GH_OP_OK;
}

static void end_session(worker *w)
{
    gh_op_session_end *o = MAKE(SESSION_END, gh_op_session_end);
    o->session = w->session;
    SAY("begin %u end %llu\n", w->number, (unsigned long long)w->session);
    (void)finish(w, o);
    w->session = 0;
}

static void make_key(worker *w)
{
    gh_op_key_create *o = MAKE(KEY_CREATE, gh_op_key_create);
    o->user = w->user;
    o->id = w->key = new_id(w);
    o->most = 1000;
    SAY("begin %u key %llu\n", w->number, (unsigned long long)o->id);
    (void)finish(w, o);
}

static void end_key(worker *w)
{
    gh_op_key_end *o = MAKE(KEY_END, gh_op_key_end);
    o->id = w->key;
    SAY("begin %u endkey %llu\n", w->number, (unsigned long long)o->id);
    (void)finish(w, o);
    w->key = 0;
}

static void revoke_token(worker *w)
{
    gh_op_token_revoke *o = MAKE(TOKEN_REVOKE, gh_op_token_revoke);
    o->jti = new_id(w);
    o->expires_s = now_s() + 1000000;
    SAY("begin %u revoke %llu\n", w->number, (unsigned long long)o->jti);
    (void)finish(w, o);
}

static void *work(void *data)
{
    worker *w = data;
    for (;;) {
        unsigned what = roll(w, 10);
        if (w->user == 0 || what == 0)
            make_user(w);
        else if (w->session == 0)
            sign_in(w);
        else if (what < 6)
            rotate(w);
        else if (what == 6)
            end_session(w);
        else if (what == 7)
            revoke_token(w);
        else if (w->key == 0)
            make_key(w);
        else
            end_key(w);
    }
    return NULL;
}

static int load(void)
{
    static worker workers[THREADS];
    pthread_t threads[THREADS];
    SAY("open\n");
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] =
            (worker){.number = i, .dice = seed * 31 + i, .ids = gh_mix64(seed) + ((uint64_t)i << 40)};
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
            return 5;
    }
    for (unsigned i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    return 0;
}

/* --- asked */

static int ask(void)
{
    char line[128], *end;
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *space = strchr(line, ' ');
        if (space == NULL)
            return 6;
        gh_id session = strtoull(space, &end, 10);
        uint32_t number = (uint32_t)strtoul(end, NULL, 10);
        gh_lookup look = {.kind = GH_LOOKUP_TOKEN, .jti = session, .issued_s = now_s(), .now_s = now_s()};
        if (line[0] == 'r') {
            SAY("%u\n", refresh(session, number));
        } else {
            gh_roster_answer(roster, &look, 1);
            SAY("%u\n", look.answer);
        }
    }
    gh_records_close(records);
    gh_roster_free(roster);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3 || !gh_crypto_init() || !open_records(argv[2]))
        return 1;
    seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    return strcmp(argv[1], "load") == 0 ? load() : ask();
}
