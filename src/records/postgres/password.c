#include "records/postgres/password.h"

#include "base/crypto.h"

enum { MOST = 4096 /* bytes of one, and of what stands beside it */ };

void gh_pg_passwords_init(gh_pg_passwords *p, const gh_arena_source *memory)
{
    *p = (gh_pg_passwords){.memory = memory};
    (void)pthread_mutex_init(&p->lock, NULL);
}

/* The arena is in its own memory. */
static void forget(gh_pg_password *password)
{
    gh_arena arena = password->arena;
    gh_arena_wipe(&arena);
    gh_arena_reset(&arena);
}

/* With the lock held. */
static void drop(gh_pg_password *password)
{
    if (password != NULL && --password->users == 0)
        forget(password);
}

void gh_pg_passwords_end(gh_pg_passwords *p)
{
    drop(p->now);
    p->now = NULL;
    (void)pthread_mutex_destroy(&p->lock);
}

static gh_pg_password *copy(const gh_pg_passwords *p, gh_str text)
{
    gh_arena arena;
    gh_arena_init_from(&arena, p->memory, MOST);
    gh_pg_password *password = gh_arena_new(&arena, gh_pg_password);
    gh_str kept = password == NULL ? (gh_str){NULL, 0} : gh_arena_copy(&arena, text);
    if (kept.p == NULL) {
        gh_arena_reset(&arena);
        return NULL;
    }
    *password = (gh_pg_password){.arena = arena, .users = 1, .text = kept};
    return password;
}

bool gh_pg_passwords_use(gh_pg_passwords *p, const char *text, bool *ret_changed)
{
    gh_str fresh = text == NULL ? GH_STR("") : gh_str_of(text);
    (void)pthread_mutex_lock(&p->lock);
    gh_str before = p->now == NULL ? GH_STR("") : p->now->text;
    bool changed = !gh_equal_secret(before, fresh), good = true;
    if (changed) {
        gh_pg_password *password = fresh.n == 0 ? NULL : copy(p, fresh);
        good = password != NULL || fresh.n == 0;
        if (good) {
            drop(p->now);
            p->now = password;
        }
    }
    (void)pthread_mutex_unlock(&p->lock);
    if (good)
        *ret_changed = changed;
    return good;
}

gh_pg_password *gh_pg_passwords_take(gh_pg_passwords *p)
{
    (void)pthread_mutex_lock(&p->lock);
    gh_pg_password *password = p->now;
    if (password != NULL)
        password->users++;
    (void)pthread_mutex_unlock(&p->lock);
    return password;
}

void gh_pg_passwords_give(gh_pg_passwords *p, gh_pg_password *password)
{
    (void)pthread_mutex_lock(&p->lock);
    drop(password);
    (void)pthread_mutex_unlock(&p->lock);
}
