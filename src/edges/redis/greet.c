/* What is said first, in two writes: who we are, which database, that somebody is there, the scripts; then a heartbeat,
 * which shows that the scripts run, that the user may do all they do, and that the server takes writes. Only then is the
 * connection good. */
#include "edges/redis/parts.h"

bool gh_redis_load(gh_redis *r, unsigned script)
{
    gh_str words[] = {GH_STR("SCRIPT"), GH_STR("LOAD"), r->shared->scripts[script]};
    if (!gh_redis_command(r, GH_REDIS_STEP_LOAD, words, GH_COUNT(words)))
        return false;
    r->slots[(r->tail - 1) & r->mask].script = (uint8_t)script;
    r->loading[script] = true;
    return true;
}

bool gh_redis_loaded(gh_redis *r, unsigned script, enum gh_redis_kind kind)
{
    gh_str sha = gh_redis_reader_text(&r->reader);
    if (kind != GH_REDIS_TEXT || sha.n != GH_REDIS_SHA_SIZE)
        return false;
    for (size_t i = 0; i < sha.n; i++)
        if (gh_hex_value(sha.p[i]) < 0)
            return false;
    memcpy(r->sha[script], sha.p, GH_REDIS_SHA_SIZE);
    r->loading[script] = false;
    return true;
}

static bool say_who(gh_redis *r)
{
    const gh_redis_url *url = r->shared->url;
    gh_str words[3] = {GH_STR("AUTH")};
    unsigned n = 1;
    if (url->user[0] != '\0')
        words[n++] = gh_str_of(url->user);
    (void)pthread_mutex_lock(&r->shared->lock); /* the password may change */
    bool good = url->password[0] == '\0';
    if (!good) {
        words[n++] = gh_str_of(url->password);
        good = gh_redis_command(r, GH_REDIS_STEP_AUTH, words, n);
    }
    (void)pthread_mutex_unlock(&r->shared->lock);
    return good;
}

static bool say_database(gh_redis *r)
{
    char digits[24];
    gh_buf number = gh_buf_over(digits, sizeof digits);
    if (r->shared->url->database == 0)
        return true;
    gh_buf_u64(&number, r->shared->url->database);
    gh_str words[] = {GH_STR("SELECT"), gh_buf_str(&number)};
    return gh_redis_command(r, GH_REDIS_STEP_SELECT, words, GH_COUNT(words));
}

/* For who looks at CLIENT LIST. */
static bool say_name(gh_redis *r)
{
    gh_str words[] = {GH_STR("CLIENT"), GH_STR("SETNAME"), GH_STR("gatehouse")};
    return gh_redis_command(r, GH_REDIS_STEP_NAME, words, GH_COUNT(words));
}

static bool say_scripts(gh_redis *r)
{
    for (unsigned i = 0; i < r->shared->n_scripts; i++)
        if (!gh_redis_load(r, i))
            return false;
    r->loads_left = r->shared->n_scripts;
    return true;
}

void gh_redis_greet(gh_redis *r)
{
    static const gh_str ping[] = {GH_STR_INIT("PING")};
    r->state = GH_REDIS_GREETING;
    r->head = r->sent = r->tail = 0;
    if (!say_who(r) || !say_database(r) || !gh_redis_command(r, GH_REDIS_STEP_PING, ping, GH_COUNT(ping)) ||
        !say_name(r) || !say_scripts(r))
        gh_redis_fail(r, GH_STR("no memory for what is said to it"));
}

static void refused(gh_redis *r, enum gh_redis_step step)
{
    char why[GH_REDIS_WHY_SIZE];
    gh_buf b = gh_buf_over(why, sizeof why);
    gh_str error = gh_redis_reader_text(&r->reader);
    if (gh_redis_explain(step, error, &b) == GH_REDIS_TROUBLE_MOVED && gh_redis_follow(r, error)) {
        gh_redis_link_close(r);
        gh_redis_connect(r);
        return;
    }
    if (step == GH_REDIS_STEP_AUTH && atomic_load(&r->shared->has_changed)) {
        gh_buf_lit(&b, "; the password is the one of the last reload");
        if (atomic_exchange(&r->shared->is_untried,
                            false)) /* the line of the outage has another reason, if there is one */
            gh_redis_say_refused(r, gh_buf_str(&b));
    }
    gh_redis_fail(r, gh_buf_str(&b));
}

static bool take(gh_redis *r, const gh_redis_slot *slot, enum gh_redis_kind kind)
{
    switch ((enum gh_redis_step)slot->step) {
    case GH_REDIS_STEP_AUTH:
    case GH_REDIS_STEP_SELECT:
    case GH_REDIS_STEP_PING:
    case GH_REDIS_STEP_NAME:
        return kind == GH_REDIS_TEXT;
    case GH_REDIS_STEP_LOAD:
        if (!gh_redis_loaded(r, slot->script, kind))
            return false;
        return --r->loads_left > 0 || gh_redis_beat(r, true);
    case GH_REDIS_STEP_BEAT:
        if (!gh_redis_beaten(r, kind))
            return false;
        gh_redis_is_ready(r);
        return true;
    case GH_REDIS_STEP_TAKE:
        break; /* not before it is ready */
    }
    return false;
}

void gh_redis_greeted(gh_redis *r, const gh_redis_slot *slot, enum gh_redis_kind kind)
{
    enum gh_redis_step step = (enum gh_redis_step)slot->step;
    if (kind == GH_REDIS_ERROR && step == GH_REDIS_STEP_NAME)
        return; /* a user without the right to CLIENT SETNAME goes without */
    if (kind == GH_REDIS_ERROR)
        refused(r, step);
    else if (!take(r, slot, kind))
        gh_redis_fail(r, GH_STR("it does not answer the greeting as a Redis does"));
}
