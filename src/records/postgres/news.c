/* What is said of the server, by the operations' breaker and by the feed. */
#include "records/postgres/executor.h"

static void keep(char ret[GH_POSTGRES_WHY], const char *why)
{
    gh_str text = gh_str_cut(gh_str_of(why), 0, GH_POSTGRES_WHY - 1);
    memcpy(ret, text.p, text.n);
    ret[text.n] = '\0';
}

static void say_recovered(gh_pg_records *r)
{
    char text[96];
    gh_buf b = gh_buf_over(text, sizeof text - 1);
    gh_buf_printf(&b, "the database is back after %llu ms",
                  (unsigned long long)(gh_records_clock_ms() - r->news.since_ms));
    text[b.n] = '\0';
    gh_records_say(&r->common, 0, "records_recovered", text);
}

/* With the lock of the news held: lines come in the order of what they say. */
static void tell(gh_pg_records *r, const char *why)
{
    gh_pg_news *n = &r->news;
    bool away = n->feed_lost || !gh_pg_usable(r);
    if (why != NULL && away)
        keep(n->why, why);
    if (away && !n->away) {
        n->away = true;
        n->since_ms = gh_records_clock_ms();
        gh_records_say(&r->common, 2, "records_unavailable", n->why);
    } else if (away && why != NULL) {
        gh_records_say(&r->common, 0, "records_unavailable", n->why);
    } else if (!away && n->away) {
        n->away = false;
        n->why[0] = '\0';
        say_recovered(r);
    }
}

void gh_pg_tell(gh_pg_records *r, const char *why)
{
    (void)pthread_mutex_lock(&r->news.lock);
    tell(r, why);
    (void)pthread_mutex_unlock(&r->news.lock);
}

void gh_pg_feed_lost(void *data, const char *why)
{
    gh_pg_records *r = data;
    (void)pthread_mutex_lock(&r->news.lock);
    r->news.feed_lost = true;
    tell(r, why);
    (void)pthread_mutex_unlock(&r->news.lock);
}

void gh_pg_feed_back(void *data)
{
    gh_pg_records *r = data;
    (void)pthread_mutex_lock(&r->news.lock);
    r->news.feed_lost = false;
    tell(r, NULL);
    (void)pthread_mutex_unlock(&r->news.lock);
}

/* --- the database refuses to do its work */

/* Within an outage its own line is the end of both. */
void gh_pg_worked(gh_pg_records *r)
{
    if (!atomic_load_explicit(&r->failing, memory_order_relaxed) || !atomic_exchange(&r->failing, false))
        return;
    (void)pthread_mutex_lock(&r->news.lock);
    if (!r->news.away) {
        r->news.why[0] = '\0';
        gh_records_say(&r->common, 0, "records_recovered", "the records can be written again");
    }
    (void)pthread_mutex_unlock(&r->news.lock);
}

void gh_pg_failed(gh_pg_records *r, const char *why)
{
    atomic_fetch_add_explicit(&r->common.failures, 1, memory_order_relaxed);
    (void)pthread_mutex_lock(&r->news.lock);
    keep(r->news.why, why);
    if (!atomic_exchange(&r->failing, true))
        gh_records_say(&r->common, 2, "records_failing", why);
    (void)pthread_mutex_unlock(&r->news.lock);
}

/* --- for people */

void gh_pg_put_why(const gh_pg_records *r, const char *why, gh_buf *out)
{
    gh_str text = gh_str_of(why), where = gh_str_of(r->where);
    gh_buf_lit(out, "PostgreSQL at ");
    if (where.n > 0 && !gh_str_starts(text, where))
        gh_buf_printf(out, "%s: ", r->where);
    gh_buf_put(out, gh_str_cut(text, 0, gh_buf_room(out)));
}

void gh_pg_put_trouble(gh_records *common, gh_buf *out)
{
    gh_pg_records *r = (gh_pg_records *)common;
    char why[GH_POSTGRES_WHY];
    (void)pthread_mutex_lock(&r->news.lock);
    memcpy(why, r->news.why, sizeof why);
    (void)pthread_mutex_unlock(&r->news.lock);
    gh_pg_put_why(r, why[0] != '\0' ? why : "no answer in time, or not the one that was expected", out);
}
