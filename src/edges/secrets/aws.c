#include "edges/secrets/aws.h"

#include <stdlib.h>
#include <time.h>

#include "edges/secrets/aws_parts.h"
#include "edges/secrets/file.h"
#include "edges/secrets/locked.h"

enum { NAME_SIZE = 96 };

gh_aws_secrets *gh_aws_secrets_new(const char *const *environment, const atomic_bool *stop)
{
    pthread_condattr_t monotonic;
    gh_aws_secrets *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->stop = stop;
    gh_aws_chain_init(&s->chain, environment, stop);
    gh_arena_init_from(&s->read.memory, &gh_locked_pages, GH_AWS_VALUE_MAX);
    gh_arena_init_from(&s->used.memory, &gh_locked_pages, GH_AWS_VALUE_MAX);
    (void)pthread_mutex_init(&s->asking, NULL);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    atomic_store(&s->good_s, gh_aws_wall_s());
    return s;
}

static void free_entry(gh_aws_entry *e)
{
    gh_arena_reset(&e->value_memory);
    gh_arena_reset(&e->memory);
    free(e);
}

void gh_aws_secrets_free(gh_aws_secrets *s)
{
    if (s == NULL)
        return;
    while (s->first != NULL) {
        gh_aws_entry *next = s->first->next;
        free_entry(s->first);
        s->first = next;
    }
    gh_aws_chain_free(&s->chain);
    gh_arena_reset(&s->read.memory);
    gh_arena_reset(&s->used.memory);
    (void)pthread_mutex_destroy(&s->asking);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->wake);
    free(s);
}

void gh_aws_secrets_watch(gh_aws_secrets *s, const gh_aws_watch *watch)
{
    s->watch = *watch;
}

/* --- what is said --- */

static void put_name(const gh_aws_entry *e, gh_buf *out)
{
    gh_buf_lit(out, "aws:");
    gh_buf_put(out, gh_str_cut(e->id, 0, NAME_SIZE));
    gh_buf_put(out, e->previous ? GH_STR(" (AWSPREVIOUS)") : GH_STR(""));
}

void gh_aws_settle(gh_aws_secrets *s)
{
    char text[512];
    gh_buf b = gh_buf_over(text, sizeof text - 1);
    const gh_aws_entry *failing = NULL;
    uint64_t n = 0, n_failing = 0;
    for (const gh_aws_entry *e = s->first; e != NULL; e = e->next) {
        n += e->in_use;
        n_failing += e->in_use && e->failing;
        if (e->in_use && e->failing)
            failing = e;
    }
    atomic_store(&s->n_in_use, n);
    atomic_store(&s->n_failing, n_failing);
    if ((failing != NULL) == s->said_failing || s->watch.said == NULL)
        return;
    s->said_failing = failing != NULL;
    if (failing != NULL) {
        put_name(failing, &b);
        gh_buf_printf(&b, " can't be got: %s; its last value stays in use", failing->why);
        text[b.n] = '\0';
        s->watch.said(s->watch.data, 1, "secrets_unavailable", text);
        return;
    }
    s->watch.said(s->watch.data, 0, "secrets_recovered", "the secrets in AWS can be got again");
}

/* --- readings --- */

void gh_aws_adopt(gh_aws_secrets *s)
{
    if (s->adopted || atomic_load(&s->begun) == 0 || atomic_load(&s->taken) != atomic_load(&s->begun))
        return;
    s->adopted = true;
    for (gh_aws_entry *e = s->first; e != NULL; e = e->next)
        e->in_use = e->asked;
    if (!s->have_settings)
        return;
    gh_aws_kept_settings old = s->used;
    s->used = s->read;
    s->read = old;
}

unsigned gh_aws_secrets_begin(gh_aws_secrets *s, bool again)
{
    (void)pthread_mutex_lock(&s->asking);
    gh_aws_adopt(s);
    unsigned reading = atomic_fetch_add(&s->begun, 1) + 1;
    s->adopted = s->have_settings = s->down = false;
    atomic_store(&s->unreachable, false);
    for (gh_aws_entry *e = s->first; e != NULL; e = e->next) {
        e->asked = false;
        e->stale = e->stale || again;
    }
    (void)pthread_mutex_unlock(&s->asking);
    return reading;
}

static bool copy_text(gh_arena *arena, gh_str from, gh_str *ret)
{
    *ret = from.p == NULL ? from : gh_arena_copy(arena, from);
    return (from.p == NULL) == (ret->p == NULL);
}

/* The configuration does not live as long. */
static bool copy_settings(gh_aws_kept_settings *to, const gh_config *c)
{
    gh_arena_reset(&to->memory);
    return copy_text(&to->memory, c->secrets.aws.region, &to->is.region) &&
           copy_text(&to->memory, c->secrets.aws.endpoint, &to->is.endpoint) &&
           copy_text(&to->memory, c->secrets.aws.ca_file, &to->is.ca_file) &&
           copy_text(&to->memory, c->secrets.aws.access_key_id, &to->is.access_key_id) &&
           copy_text(&to->memory, c->secrets.aws.secret_access_key, &to->is.secret_access_key) &&
           copy_text(&to->memory, c->secrets.aws.session_token, &to->is.session_token);
}

/* New ones go to the end: the present version is asked for before the one before it. Were a secret rotated between the two the
 * other way about, the one that was in use until then would be neither. */
static gh_aws_entry *find(gh_aws_secrets *s, const gh_secret_reference *what, gh_str region)
{
    gh_aws_entry **end = &s->first;
    for (; *end != NULL; end = &(*end)->next)
        if (gh_str_eq((*end)->id, what->name) && gh_str_eq((*end)->region, region) &&
            (*end)->previous == what->previous && gh_str_eq((*end)->endpoint, s->read.is.endpoint))
            return *end;
    gh_aws_entry *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    gh_arena_init_from(&e->memory, &gh_locked_pages, GH_AWS_VALUE_MAX);
    gh_arena_init_from(&e->value_memory, &gh_locked_pages, GH_AWS_VALUE_MAX);
    e->previous = what->previous;
    if (!copy_text(&e->memory, what->name, &e->id) || !copy_text(&e->memory, region, &e->region) ||
        !copy_text(&e->memory, s->read.is.endpoint, &e->endpoint)) {
        free_entry(e);
        return NULL;
    }
    *end = e;
    return e;
}

static bool refuse(gh_secret_text *ret, const char *why)
{
    gh_buf b = gh_buf_over(ret->why, sizeof ret->why - 1);
    gh_buf_put(&b, gh_str_cut(gh_str_of(why), 0, sizeof ret->why - 1));
    ret->why[b.n] = '\0';
    return false;
}

/* The value as a whole, or one member of it, into the configuration's memory. */
static bool give(const gh_aws_entry *e, const gh_secret_reference *what, gh_arena *arena, gh_secret_text *ret)
{
    gh_arena work;
    gh_str text = e->value.text;
    const char *why = "out of memory";
    bool missing = false, good = true;
    if (text.p == NULL)
        return true; /* no version before */
    gh_arena_init_from(&work, &gh_locked_pages, GH_AWS_WORK_MAX);
    if (what->key.p != NULL)
        good = gh_aws_read_member(text, what->key, &work, &text, &missing, &why);
    if (good) {
        ret->text = gh_arena_copy(arena, text);
        ret->binary = e->value.binary;
        good = ret->text.p != NULL;
    }
    gh_arena_reset(&work);
    return good || (missing && what->previous) || refuse(ret, why);
}

static bool read_entry(gh_aws_secrets *s, gh_aws_entry *e, const gh_secret_reference *what, gh_arena *arena,
                       gh_secret_text *ret)
{
    e->asked = true;
    if (s->down && !e->got)
        return refuse(ret, "AWS can't be asked now, as for another secret");
    if (!e->got || (e->stale && !s->down)) {
        enum gh_aws_result result = gh_aws_fetch_patiently(s, e);
        s->down = s->down || result == GH_AWS_UNREACHED;
        if (!e->got && gh_aws_may_come(result))
            atomic_store(&s->unreachable, true);
    }
    if (!e->got)
        return refuse(ret, e->why);
    return give(e, what, arena, ret);
}

static bool read_aws(gh_aws_secrets *s, const gh_config *config, const gh_secret_reference *what,
                     gh_arena *arena, gh_secret_text *ret)
{
    gh_str region = gh_aws_region_of(what->name);
    if (!s->have_settings && !copy_settings(&s->read, config))
        return refuse(ret, "out of memory");
    s->have_settings = true;
    if (region.p == NULL)
        region = s->read.is.region;
    if (region.p == NULL)
        return refuse(
            ret,
            "which region it is in is not known: set secrets.aws.region (AWS_REGION), or name it by its ARN");
    if (!gh_aws_is_region(region))
        return refuse(ret, "its region is none: write eu-central-1, say");
    gh_aws_entry *e = find(s, what, region);
    return e == NULL ? refuse(ret, "out of memory") : read_entry(s, e, what, arena, ret);
}

bool gh_secrets_read(void *data, const gh_config *config, const gh_secret_reference *what, gh_arena *arena,
                     gh_secret_text *ret)
{
    gh_aws_secrets *s = data;
    if (what->kind == GH_SECRET_FILE)
        return gh_secrets_read_file(what->name, arena, ret);
    ret->later = s == NULL;
    if (s == NULL)
        return true;
    (void)pthread_mutex_lock(&s->asking);
    bool good = read_aws(s, config, what, arena, ret);
    gh_aws_settle(s);
    (void)pthread_mutex_unlock(&s->asking);
    return good;
}

bool gh_aws_secrets_unreachable(const gh_aws_secrets *s)
{
    return s != NULL && atomic_load(&s->unreachable);
}
