#include "records/postgres/follow.h"

#include "records/load.h"
#include "records/postgres/change.h"

void gh_follow_init(gh_follower *f, gh_roster *roster)
{
    *f = (gh_follower){.roster = roster};
    gh_arena_init(&f->arena, NULL, 0, GH_FOLLOW_MEMORY);
}

void gh_follow_close(gh_follower *f)
{
    if (f->open)
        gh_sql_close(&f->c.sql);
    f->open = false;
    gh_arena_reset(&f->arena);
}

static void say(char *why, const char *what, const char *text)
{
    gh_buf out = gh_buf_over(why, GH_POSTGRES_WHY - 1);
    gh_buf_put(&out, gh_str_of(what));
    gh_buf_put(&out, gh_str_cut(gh_str_of(text), 0, gh_buf_room(&out)));
    why[out.n] = '\0';
}

/* Copies; false: longer than there is room for. */
static bool keep(gh_str text, char *ret, size_t size)
{
    if (text.n >= size)
        return false;
    memcpy(ret, text.n == 0 ? "" : text.p, text.n);
    ret[text.n] = '\0';
    return true;
}

/* --- connecting */

/* A copy of the disk that was put back has the server's number and timeline and not what came after it was made; and goes
 * on from there with the numbers that we have seen. */
static bool last_is_there(gh_follower *f)
{
    gh_query q = gh_query_of(&f->c.sql, GH_PG_CHANGE_SEEN);
    gh_bind_u64(&q, f->last.id);
    gh_bind_u64(&q, f->last.tx);
    gh_bind_blob(&q, f->last.hash, sizeof f->last.hash);
    bool there = f->last.id == 0 || (gh_query_row(&q) && gh_column_u64(&q) != 0);
    gh_query_end(&q);
    return there;
}

/* Some servers that speak as PostgreSQL does have no such thing: then each connection may be to another one. */
static void look_at_server(gh_follower *f)
{
    char server[sizeof f->server] = "";
    gh_query q = gh_query_of(&f->c.sql, GH_PG_CHANGE_SERVER);
    if (gh_query_row(&q) && !keep(gh_column_peek(&q), server, sizeof server))
        server[0] = '\0';
    gh_query_end(&q);
    if (!gh_sql_ok(&f->c.sql) && gh_postgres_alive(&f->c))
        gh_sql_reset(&f->c.sql);
    bool same = server[0] != '\0' && gh_str_eq(gh_str_of(server), gh_str_of(f->server));
    f->loaded = f->loaded && same && last_is_there(f);
    memcpy(f->server, server, sizeof server);
}

bool gh_follow_connect(gh_follower *f, const gh_postgres_server *server, char *why)
{
    gh_sql *sql = &f->c.sql;
    gh_follow_close(f);
    if (!gh_postgres_open(&f->c, server, GH_POSTGRES_FEED, gh_postgres_now_ms() + server->timeout_ms, why))
        return false;
    f->open = true;
    gh_sql_run(sql, GH_PG_CHANGE_LISTEN);
    gh_sql_flush(sql);
    look_at_server(f);
    gh_sql_flush(sql);
    if (gh_sql_ok(sql))
        return true;
    say(why, "", sql->why);
    gh_follow_close(f);
    return false;
}

/* --- loading */

static void read_position(gh_follower *f)
{
    gh_query q = gh_query_of(&f->c.sql, GH_PG_CHANGE_POSITION);
    if (gh_query_row(&q)) {
        f->tx = gh_column_u64(&q);
        f->last_id = gh_column_u64(&q);
        if (!keep(gh_column_peek(&q), f->snapshot, sizeof f->snapshot))
            gh_sql_fail_text(q.sql, GH_SQL_OTHER, "too many transactions are under way at once");
    } else if (gh_sql_ok(q.sql)) {
        gh_sql_fail_text(q.sql, GH_SQL_CORRUPT, "the table change_swept is empty");
    }
    gh_query_end(&q);
}

static void read_last(gh_follower *f)
{
    gh_query q = gh_query_of(&f->c.sql, GH_PG_CHANGE_LAST);
    if (gh_query_row(&q)) {
        f->at_s = gh_column_u64(&q);
        f->last.id = gh_column_u64(&q);
        f->last.tx = gh_column_u64(&q);
        gh_column_blob(&q, f->last.hash, sizeof f->last.hash);
    }
    gh_query_end(&q);
}

bool gh_follow_load(gh_follower *f, uint64_t now_s, char *why)
{
    gh_sql *sql = &f->c.sql;
    uint32_t timeout_ms = f->c.timeout_ms;
    f->loaded = false;
    if (f->c.timeout_ms < GH_FOLLOW_LOAD_MS)
        f->c.timeout_ms = GH_FOLLOW_LOAD_MS;
    gh_roster_clear(f->roster);
    gh_sql_run(sql, GH_PG_BEGIN_SNAPSHOT);
    read_position(f);
    read_last(f);
    bool fits = gh_load_roster(sql, f->roster, now_s) || !gh_sql_ok(sql);
    gh_sql_run(sql, GH_SQL_COMMIT);
    gh_sql_flush(sql);
    f->c.timeout_ms = timeout_ms;
    f->loaded = fits && gh_sql_ok(sql);
    if (!fits)
        say(why, "not enough memory for the sessions, keys and devices that there are", "");
    else if (!f->loaded)
        say(why, "the roster can't be read: ", sql->why);
    return f->loaded;
}

/* --- reading */

/* What one read has found. */
typedef struct news {
    gh_effect *first, *last;
    uint64_t tx, last_id, swept_id, now_s;
    uint64_t last_tx; /* of the row last_id; 0: none is new */
    gh_str bytes;     /* its */
    gh_str snapshot;
    bool unreadable;
    gh_followed_what what;
} news;

static void add_row(gh_follower *f, gh_query *q, news *n)
{
    gh_effects effects;
    uint64_t tx = gh_column_u64(q), id = gh_column_u64(q);
    gh_str bytes = gh_column_text(q, &f->arena);
    if (bytes.p == NULL || !gh_change_decode(bytes, &f->arena, &effects)) {
        n->unreadable = true;
        return;
    }
    *(n->last == NULL ? &n->first : &n->last->next) = effects.first;
    n->last = effects.last;
    n->tx = tx > n->tx ? tx : n->tx;
    if (id > n->last_id) {
        n->last_id = id;
        n->last_tx = tx;
        n->bytes = bytes;
    }
    n->what.changes++;
}

static void read_news(gh_follower *f, bool tell, news *n)
{
    gh_sql *sql = &f->c.sql;
    if (tell)
        gh_sql_run(sql, GH_PG_CHANGE_TELL);
    gh_query q = gh_query_of(sql, GH_PG_CHANGE_READ);
    gh_bind_u64(&q, f->tx);
    gh_bind_text(&q, gh_str_of(f->snapshot));
    while (!n->unreadable && gh_query_row(&q)) {
        n->swept_id = gh_column_u64(&q);
        if (n->snapshot.p == NULL)
            n->snapshot = gh_column_text(&q, &f->arena);
        else
            gh_column_skip(&q);
        if (!gh_column_absent(&q)) {
            add_row(f, &q, n);
        } else {
            gh_column_skip(&q);
            gh_column_skip(&q);
            gh_column_skip(&q);
        }
        n->now_s = n->unreadable ? 0 : gh_column_u64(&q);
    }
    gh_query_end(&q);
    gh_sql_flush(sql);
}

/* Of one whose user is not here nothing is here, and nobody is let in by it: as if it had been applied. */
static bool is_of_nobody(const gh_roster *roster, const gh_effect *e)
{
    gh_id user = 0;
    switch ((enum gh_effect_kind)e->kind) {
    case GH_EFFECT_SET_SESSION:
        user = e->session.user;
        break;
    case GH_EFFECT_SET_KEY:
        user = e->key.user;
        break;
    case GH_EFFECT_SET_DEVICE:
        user = e->device.user;
        break;
    case GH_EFFECT_SET_USER:
    case GH_EFFECT_DROP_USER:
    case GH_EFFECT_END_SESSION:
    case GH_EFFECT_END_KEY:
    case GH_EFFECT_END_DEVICE:
    case GH_EFFECT_REVOKE_TOKEN:
    case GH_EFFECT_USED:
    case GH_EFFECT_RING:
        return false;
    }
    return user != 0 && !gh_roster_has_user(roster, user);
}

static bool apply(gh_follower *f, news *n)
{
    for (const gh_effect *e = n->first; e != NULL; e = e->next) {
        if (!is_of_nobody(f->roster, e) && !gh_effect_apply(f->roster, e))
            return false;
        n->what.ring = n->what.ring || e->kind == GH_EFFECT_RING;
    }
    f->tx = n->tx;
    f->last_id = n->last_id;
    f->at_s = n->now_s;
    if (n->last_tx != 0) {
        f->last.id = n->last_id;
        f->last.tx = n->last_tx;
        gh_sha256(n->bytes, f->last.hash);
    }
    return keep(n->snapshot, f->snapshot, sizeof f->snapshot);
}

enum gh_followed gh_follow_read(gh_follower *f, bool tell, gh_followed_what *ret, char *why)
{
    news n = {.tx = f->tx, .last_id = f->last_id};
    uint64_t before = f->last_id;
    read_news(f, tell, &n);
    enum gh_followed result = GH_FOLLOWED;
    if (n.unreadable) {
        say(why, "a change can't be read: it was made by a newer Gatehouse, or is too large", "");
        result = GH_FOLLOW_MISSED;
    } else if (!gh_sql_ok(&f->c.sql)) {
        say(why, "", f->c.sql.why);
        result = GH_FOLLOW_LOST;
    } else if (n.snapshot.p == NULL || n.swept_id > before || n.now_s > f->at_s + GH_FOLLOW_GAP_S) {
        say(why, "changes were swept before this node had read them", "");
        result = GH_FOLLOW_MISSED;
    } else if (!apply(f, &n)) {
        say(why, "no memory for a change", "");
        result = GH_FOLLOW_MISSED;
    } else {
        *ret = n.what;
    }
    gh_arena_reset(&f->arena);
    f->loaded = f->loaded && result != GH_FOLLOW_MISSED;
    return result;
}
