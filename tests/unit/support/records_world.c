#include "records_world.h"

#include <ctype.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "postgres_world.h"
#include "records/postgres/executor.h"
#include "records/postgres/schema_postgres.h"

_Atomic uint64_t world_now_s, world_now_ms;
_Atomic unsigned world_said;
char world_event[64];

static uint64_t now_s(void)
{
    return atomic_load(&world_now_s);
}

static uint64_t now_ms(void)
{
    return atomic_load(&world_now_ms);
}

static void said(void *data, int level, const char *event, const char *text)
{
    (void)data;
    if (getenv("GATEHOUSE_TEST_VERBOSE") != NULL)
        (void)fprintf(stderr, "said %d %s: %s\n", level, event, text);
    (void)snprintf(world_event, sizeof world_event, "%s", event);
    atomic_fetch_add(&world_said, 1);
}

/* --- PostgreSQL */

static postgres *server;

static void end_server(void)
{
    postgres_remove(server);
}

static void run_file(void (*put)(gh_buf *out))
{
    static char text[1 << 16];
    gh_buf out = gh_buf_over(text, sizeof text - 1);
    put(&out);
    text[out.n] = '\0';
    postgres_sql(server, "pattern", text);
}

/* With a database that all others are copies of. */
postgres *world_server(void)
{
    if (server != NULL)
        return server;
    server = postgres_make();
    (void)atexit(end_server);
    postgres_start(server, NULL);
    postgres_sql(server, "postgres", "CREATE DATABASE pattern");
    run_file(gh_pg_roles_put);
    run_file(gh_pg_schema_put);
    postgres_sql(server, "postgres", "ALTER ROLE gatehouse_service PASSWORD 'right password'");
    postgres_sql(server, "postgres", "ALTER ROLE gatehouse_service SET deadlock_timeout = 100");
    return server;
}

static void make_database(world *w)
{
    static unsigned made;
    const postgres *p = world_server();
    (void)snprintf(w->database, sizeof w->database, "records%u", ++made);
    postgres_sql(server, "postgres", postgres_text("CREATE DATABASE %s TEMPLATE pattern", w->database));
    (void)snprintf(w->url, sizeof w->url, "postgresql://gatehouse_service@/%s?host=%s&port=%u", w->database,
                   p->folder, p->port);
    w->options.postgres.url = w->url;
    w->options.postgres.connections = 4;
    w->options.postgres.timeout_ms = (uint32_t)postgres_patience_ms();
}

/* A few words of SQLite's in PostgreSQL's: "user" as a table or a column, bytes. Returns how many bytes of `at` it means. */
static size_t translate_word(const char *at, bool table, gh_buf *out)
{
    static const gh_str here[] = {GH_STR_INIT("user"), GH_STR_INIT("x'"), GH_STR_INIT("BLOB")};
    static const gh_str there[] = {GH_STR_INIT("user_id"), GH_STR_INIT("'\\x"), GH_STR_INIT("bytea")};
    for (size_t i = 0; i < GH_COUNT(here); i++) {
        char next = strncmp(at, here[i].p, here[i].n) == 0 ? at[here[i].n] : 'x';
        if (here[i].p[here[i].n - 1] != '\'' && (isalnum((unsigned char)next) || next == '_'))
            continue;
        if (strncmp(at, here[i].p, here[i].n) != 0)
            continue;
        gh_buf_put(out, i == 0 && table ? GH_STR("account") : there[i]);
        return here[i].n;
    }
    return 0;
}

static const char *translate(const char *sql)
{
    static char text[4096];
    gh_buf out = gh_buf_over(text, sizeof text - 1);
    gh_buf_lit(&out, "SET search_path = gatehouse; ");
    for (const char *at = sql; *at != '\0';) {
        bool begins = at == sql || (!isalnum((unsigned char)at[-1]) && at[-1] != '_' && at[-1] != '\'');
        bool table = memcmp(text + out.n - 5, "FROM ", 5) == 0 || memcmp(text + out.n - 5, "DATE ", 5) == 0;
        size_t n = begins ? translate_word(at, table, &out) : 0;
        if (n == 0)
            gh_buf_char(&out, *at);
        at += n == 0 ? 1 : n;
    }
    assert_true(gh_buf_ok(&out));
    text[out.n] = '\0';
    return text;
}

/* --- cmocka's */

static bool make_folder(world *w)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(w->folder, sizeof w->folder, "%s/gatehouse-records-XXXXXX", base == NULL ? "/tmp" : base);
    w->options.folder = w->folder;
    return mkdtemp(w->folder) != NULL;
}

static int setup(void **state, bool shared)
{
    world *w = calloc(1, sizeof *w);
    atomic_store(&world_now_s, 1000000);
    atomic_store(&world_now_ms, 5000);
    atomic_store(&world_said, 0);
    w->options = (gh_records_options){.cleanup_s = 3600,
                                      .access_s = 1800,
                                      .max_queue = 1000,
                                      .said = said,
                                      .now_s = now_s,
                                      .now_ms = now_ms};
    w->shared = shared;
    if (!make_folder(w))
        return -1;
    if (shared)
        make_database(w);
    *state = w;
    if (world_open(w))
        return 0;
    print_error("%s\n", w->why);
    return -1;
}

static bool is_shared(void)
{
    const char *on = getenv("GATEHOUSE_TEST_RECORDS");
    return on != NULL && strcmp(on, "postgresql") == 0;
}

int world_setup(void **state)
{
    return setup(state, is_shared());
}

int world_setup_postgres(void **state)
{
    return setup(state, true);
}

world *world_join(const world *first)
{
    world *w = calloc(1, sizeof *w);
    *w = *first;
    w->joined = true;
    w->user = 0;
    w->records = NULL;
    w->roster = NULL;
    memcpy(w->url, first->url, sizeof w->url);
    if (w->options.postgres.url == first->url)
        w->options.postgres.url = w->url;
    if (!make_folder(w) || !world_open(w))
        fail_msg("%s", w->why);
    return w;
}

void world_choose_tests(void)
{
    if (is_shared())
        cmocka_set_skip_filter("test_on_sqlite_*");
}

bool world_open(world *w)
{
    static const uint8_t key[16] = "the roster's key";
    w->options.roster = w->roster = gh_roster_new(key);
    w->records = gh_records_open(&w->options, w->why, sizeof w->why);
    if (w->records != NULL)
        return true;
    gh_roster_free(w->roster);
    w->roster = NULL;
    return false;
}

void world_close(world *w)
{
    gh_records_close(w->records);
    gh_roster_free(w->roster);
    w->records = NULL;
    w->roster = NULL;
}

void world_reopen(world *w)
{
    world_close(w);
    if (!world_open(w))
        fail_msg("%s", w->why);
}

int world_teardown(void **state)
{
    world *w = *state;
    world_close(w);
    if (w->shared && !w->joined && server->pid == 0)
        postgres_start(server, NULL);
    DIR *dir = opendir(w->folder);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        (void)unlinkat(dirfd(dir), e->d_name, 0);
    if (dir != NULL)
        (void)closedir(dir);
    int gone = rmdir(w->folder);
    if (w->shared && !w->joined)
        postgres_sql(server, "postgres", postgres_text("DROP DATABASE %s WITH (FORCE)", w->database));
    free(w);
    return gone;
}

static sqlite3 *open_database(world *w)
{
    char path[128];
    sqlite3 *db;
    (void)snprintf(path, sizeof path, "%s/gatehouse.db", w->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 10000);
    return db;
}

void world_sql(world *w, const char *sql)
{
    char *error = NULL;
    if (w->shared) {
        postgres_sql(server, w->database, translate(sql));
        return;
    }
    sqlite3 *db = open_database(w);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    (void)sqlite3_close(db);
}

int64_t world_number(world *w, const char *sql)
{
    if (w->shared)
        return postgres_number(server, w->database, translate(sql));
    sqlite3 *db = open_database(w);
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int64_t n = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : INT64_MIN;
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return n;
}

gh_op *world_make(enum gh_op_kind kind, size_t size)
{
    gh_op *op = gh_op_new(kind, size);
    assert_non_null(op);
    op->now_s = now_s();
    return op;
}

unsigned world_do(world *w, void *op)
{
    gh_records_do(w->records, op);
    return ((gh_op *)op)->status;
}

void world_done(void *op)
{
    gh_op_unref(op);
}

unsigned world_once(world *w, void *op)
{
    unsigned status = world_do(w, op);
    world_done(op);
    return status;
}

void world_hash(uint64_t n, uint8_t ret[GH_SECRET_HASH])
{
    memset(ret, 0x5a, GH_SECRET_HASH);
    memcpy(ret, &n, sizeof n);
}

gh_str world_text(const char *z)
{
    return gh_str_of(z);
}

gh_id world_user(world *w, const char *name, const char *hash)
{
    gh_op_user_create *o = world_op(USER_CREATE, gh_op_user_create);
    o->name = world_text(name);
    o->hash = world_text(hash);
    o->roles = world_text("user");
    assert_int_equal(world_do(w, o), GH_OP_OK);
    gh_id id = o->user.id;
    assert_true(id != 0 && o->subject.user == id);
    world_done(o);
    w->user = id;
    return id;
}

gh_new_session world_session(gh_id id, enum gh_session_kind kind)
{
    gh_new_session s = {.kind = (uint8_t)kind, .id = id, .expires_s = now_s() + 86400, .idle_s = 3600};
    world_hash(id, s.hash);
    return s;
}

unsigned world_sign_in(world *w, world_login *login)
{
    gh_op_login_begin *b = world_op(LOGIN_BEGIN, gh_op_login_begin);
    b->name = world_text(login->name);
    b->device = login->device;
    memcpy(b->prefix, &login->place, sizeof login->place);
    b->limits = login->limits;
    if (b->limits.window_s == 0)
        b->limits = (gh_attempt_limits){1000, 1000, 1000, 900};
    unsigned status = world_do(w, b);
    login->retry_s = b->op.retry_s;
    if (status != GH_OP_OK) {
        world_done(b);
        return status;
    }
    gh_op_login_finish *f = world_op(LOGIN_FINISH, gh_op_login_finish);
    f->user = b->found;
    f->right = login->right;
    f->tried = b->name;
    f->attempt = b->attempt;
    f->session = login->session;
    f->replaces = login->replaces;
    status = world_do(w, f);
    login->subject = f->subject;
    login->bound = f->bound;
    world_done(f);
    world_done(b);
    return status;
}

gh_lookup world_lookup(world *w, gh_lookup lookup)
{
    if (lookup.now_s == 0)
        lookup.now_s = now_s();
    gh_roster_answer(w->roster, &lookup, 1);
    return lookup;
}

unsigned world_look(world *w, enum gh_lookup_kind kind, gh_id id, uint64_t hash)
{
    gh_lookup lookup = {.kind = (uint8_t)kind, .id = id};
    world_hash(hash, lookup.hash);
    return world_lookup(w, lookup).answer;
}

/* --- what is due */

typedef struct uses {
    gh_roster *roster;
    gh_roster_use list[64];
    unsigned n;
} uses;

static void collect(void *data)
{
    uses *u = data;
    u->n = gh_roster_collect_used(u->roster, u->list, GH_COUNT(u->list));
}

static void write_collected(gh_work *w, void *data)
{
    const uses *u = data;
    gh_sweep_write_uses(w, u->list, u->n);
}

static void sweep_roster(void *data)
{
    gh_roster_sweep(data, now_s());
}

static gh_feed *feed_of(const world *w)
{
    return ((gh_pg_records *)w->records)->feed;
}

/* Only the feed's thread may collect. */
static void write_shared_uses(world *w)
{
    uses u = {.roster = w->roster};
    do {
        assert_true(gh_feed_call(feed_of(w), collect, &u));
        assert_true(gh_records_call(w->records, write_collected, &u));
    } while (u.n == GH_COUNT(u.list));
}

static void write_uses(gh_work *w, void *data)
{
    (void)data;
    while (gh_sweep_uses(w))
        continue;
}

typedef struct sweep {
    gh_sweep_spans spans;
    bool more;
} sweep;

static void sweep_expired(gh_work *w, void *data)
{
    sweep *s = data;
    s->more = gh_sweep_expired(w, &s->spans);
}

void world_sweep(world *w, uint32_t cookie_idle_s, uint32_t token_idle_s)
{
    sweep s = {{cookie_idle_s, token_idle_s}, false};
    if (w->shared)
        write_shared_uses(w);
    else
        assert_true(gh_records_call(w->records, write_uses, NULL));
    do {
        assert_true(gh_records_call(w->records, sweep_expired, &s));
    } while (s.more);
    if (w->shared)
        assert_true(gh_feed_call(feed_of(w), sweep_roster, w->roster));
    else
        gh_roster_sweep(w->roster, now_s());
}
