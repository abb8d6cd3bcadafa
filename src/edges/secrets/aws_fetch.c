/* One secret: asked for, and kept. */
#include <time.h>

#include "base/crypto.h"
#include "edges/secrets/aws_parts.h"
#include "edges/secrets/locked.h"

enum {
    ATTEMPTS = 3,        /* at start, where there is no last good value */
    FIRST_PAUSE_MS = 200 /* then five times that */
};

uint64_t gh_aws_wall_s(void)
{
    return (uint64_t)time(NULL);
}

bool gh_aws_is_stopped(const gh_aws_secrets *s)
{
    return s->stop != NULL && atomic_load(s->stop);
}

static enum gh_aws_result ask_once(gh_aws_secrets *s, const gh_aws_kept_settings *with, gh_aws_entry *e,
                                   gh_arena *work, gh_aws_value *ret)
{
    gh_aws_credentials credentials;
    const gh_aws_request request = {.id = e->id,
                                    .region = e->region,
                                    .endpoint = e->endpoint,
                                    .ca_file = with->is.ca_file,
                                    .previous = e->previous,
                                    .now_s = gh_aws_wall_s(),
                                    .stop = s->stop};
    (void)atomic_fetch_add(&s->requests, 1);
    if (!gh_aws_chain_get(&s->chain, &with->is, request.now_s, work, &credentials, e->why))
        return GH_AWS_UNREACHED;
    return gh_aws_get_secret(&request, &credentials, work, ret, e->why);
}

/* Keeps what came. *ret_changed: it is another one than before. */
static enum gh_aws_result keep(gh_aws_entry *e, const gh_aws_value *value, bool *ret_changed)
{
    bool same = e->got && e->value.binary == value->binary &&
                (e->value.text.p == NULL) == (value->text.p == NULL) &&
                gh_equal_secret(e->value.text, value->text);
    if (!same) {
        gh_arena fresh;
        gh_arena_init_from(&fresh, &gh_locked_pages, GH_AWS_VALUE_MAX);
        gh_str text = value->text.p == NULL ? value->text : gh_arena_copy(&fresh, value->text);
        if (value->text.p != NULL && text.p == NULL)
            return GH_AWS_AGAIN;
        gh_arena_reset(&e->value_memory);
        e->value_memory = fresh;
        e->value = (gh_aws_value){text, value->binary};
        *ret_changed = e->got;
    }
    e->got = true;
    e->stale = false;
    e->why[0] = '\0';
    return GH_AWS_VALUE;
}

/* Asks AWS for it. Credentials that were not taken are got anew, once. */
enum gh_aws_result gh_aws_fetch(gh_aws_secrets *s, const gh_aws_kept_settings *with, gh_aws_entry *e,
                                bool *ret_changed)
{
    enum gh_aws_result result = GH_AWS_STRANGER;
    for (unsigned i = 0; i < 2 && result == GH_AWS_STRANGER; i++) {
        gh_arena work;
        gh_aws_value value;
        gh_arena_init_from(&work, &gh_locked_pages, GH_AWS_WORK_MAX);
        result = ask_once(s, with, e, &work, &value);
        if (result == GH_AWS_VALUE)
            result = keep(e, &value, ret_changed);
        if (result == GH_AWS_STRANGER)
            gh_aws_chain_forget(&s->chain);
        gh_arena_reset(&work);
    }
    e->failing = result != GH_AWS_VALUE;
    if (e->failing)
        (void)atomic_fetch_add(&s->failures, 1);
    return result;
}

/* False: told to stop. */
static bool pause_ms(const gh_aws_secrets *s, unsigned ms)
{
    enum { SLICE_MS = 50 };
    for (unsigned slept = 0; slept < ms && !gh_aws_is_stopped(s); slept += SLICE_MS) {
        const struct timespec slice = {.tv_nsec = SLICE_MS * 1000000L};
        (void)nanosleep(&slice, NULL);
    }
    return !gh_aws_is_stopped(s);
}

/* Without a value nothing can start. */
enum gh_aws_result gh_aws_fetch_patiently(gh_aws_secrets *s, gh_aws_entry *e)
{
    bool changed = false;
    unsigned ms = FIRST_PAUSE_MS;
    enum gh_aws_result result = gh_aws_fetch(s, &s->read, e, &changed);
    for (unsigned i = 1; i < ATTEMPTS && gh_aws_may_come(result) && !e->got; i++, ms *= 5) {
        if (!pause_ms(s, ms))
            break;
        result = gh_aws_fetch(s, &s->read, e, &changed);
    }
    if (changed)
        atomic_store(&s->found, atomic_load(&s->begun));
    return result;
}
