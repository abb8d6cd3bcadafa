#include "edges/identity/key_sets.h"

#include <stdlib.h>
#include <time.h>

#include "edges/proxy/read_file.h"
#include "libraries/libcurl.h"

enum { CONNECT_MS = 2000, TOTAL_MS = 8000, LOCATION_SIZE = 2048 };

typedef struct key_set {
    struct key_set *next;
    char location[LOCATION_SIZE];
    gh_str text;      /* malloc'ed; absent: none has come yet */
    bool needed;      /* an issuer in use has it; others only wait to be needed again */
    uint64_t tried_s; /* the last time it was asked for */
    /* The same for policies, [which] for those of the present text. A policy of the text before is not told of the try that
     * brought this one: until it is replaced, a key that it does not know may come. */
    _Atomic uint64_t told_s[2];
    unsigned which;
    char why[CURL_ERROR_SIZE + 64]; /* why the last try failed; "" when it did not */
} key_set;

struct gh_key_sets {
    key_set *first;
    const atomic_bool *stop;
    atomic_bool wanted;          /* a token named a key that is in none */
    _Atomic uint64_t next_s;     /* when the first is due; UINT64_MAX: there is none */
    _Atomic uint64_t soonest_s;  /* when the first may be asked for because it is wanted */
    char ca_file[LOCATION_SIZE]; /* "": the system's */
};

gh_key_sets *gh_key_sets_new(const atomic_bool *stop)
{
    gh_key_sets *j = calloc(1, sizeof *j);
    if (j == NULL)
        return NULL;
    j->stop = stop;
    atomic_store(&j->next_s, UINT64_MAX);
    atomic_store(&j->soonest_s, UINT64_MAX);
    return j;
}

static void let_go(key_set *s)
{
    free((void *)(uintptr_t)s->text.p);
    s->text = (gh_str){NULL, 0};
}

void gh_key_sets_free(gh_key_sets *jwks)
{
    while (jwks != NULL && jwks->first != NULL) {
        key_set *next = jwks->first->next;
        let_go(jwks->first);
        free(jwks->first);
        jwks->first = next;
    }
    free(jwks);
}

static void put_text(char *to, size_t size, const char *text)
{
    gh_buf b = gh_buf_over(to, size - 1);
    gh_buf_put(&b, gh_str_cut(gh_str_of(text), 0, size - 1));
    to[b.n] = '\0';
}

bool gh_key_sets_use_ca(gh_key_sets *jwks, gh_str file)
{
    if (file.n >= sizeof jwks->ca_file)
        return false;
    if (file.n > 0)
        memcpy(jwks->ca_file, file.p, file.n);
    jwks->ca_file[file.n] = '\0';
    return true;
}

typedef struct received {
    char *p;
    size_t n, cap;
} received;

static size_t take(char *data, size_t size, size_t n, void *to)
{
    received *r = to;
    (void)size; /* always 1 */
    if (n > GH_KEY_SETS_MAX - r->n)
        return 0;
    if (r->n + n > r->cap) {
        size_t cap = r->n + n < 8192 ? 8192 : GH_KEY_SETS_MAX;
        char *p = realloc(r->p, cap);
        if (p == NULL)
            return 0;
        r->p = p;
        r->cap = cap;
    }
    memcpy(r->p + r->n, data, n);
    r->n += n;
    return n;
}

static int stopped(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const gh_key_sets *j = data;
    (void)a, (void)b, (void)c, (void)d;
    return j->stop != NULL && atomic_load(j->stop);
}

static bool set_options(CURL *curl, const gh_key_sets *jwks, const key_set *s, received *to, char *error)
{
    bool good = curl_easy_setopt(curl, CURLOPT_URL, s->location) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_WRITEDATA, to) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stopped) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_XFERINFODATA, jwks) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_USERAGENT, "gatehouse") == CURLE_OK;
    if (jwks->ca_file[0] != '\0')
        good = good && curl_easy_setopt(curl, CURLOPT_CAINFO, jwks->ca_file) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) ==
                   CURLE_OK; /* else the system's folder counts beside it */
    return good;
}

/* One blocking GET: only a whole 200 will do. */
static bool fetch(const gh_key_sets *jwks, key_set *s, gh_str *ret)
{
    received to = {NULL, 0, 0};
    char error[CURL_ERROR_SIZE] = "";
    long status = 0;
    if (!gh_libcurl_load(s->why))
        return false;
    CURL *curl = curl_easy_init();
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (curl != NULL && set_options(curl, jwks, s, &to, error))
        code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK && status == 200 && to.n > 0) {
        *ret = (gh_str){to.p, to.n};
        return true;
    }
    free(to.p);
    if (code == CURLE_OK) {
        gh_buf b = gh_buf_over(s->why, sizeof s->why - 1);
        gh_buf_printf(&b, "it answers with status %ld", status);
        s->why[b.n] = '\0';
    } else {
        put_text(s->why, sizeof s->why, error[0] != '\0' ? error : curl_easy_strerror(code));
    }
    return false;
}

/* True: the text has changed. */
static bool get(const gh_key_sets *jwks, key_set *s, uint64_t now_s)
{
    gh_str text = s->text;
    bool got = fetch(jwks, s, &text); /* else an older text stays in use */
    bool changed = got && (s->text.p == NULL || !gh_str_eq(s->text, text));
    if (got) {
        s->why[0] = '\0';
        let_go(s);
        s->text = text;
    }
    if (changed)
        s->which ^= 1;
    s->tried_s = now_s;
    atomic_store_explicit(&s->told_s[s->which], now_s, memory_order_relaxed);
    return changed;
}

static key_set *find(const gh_key_sets *jwks, gh_str location)
{
    for (key_set *s = jwks->first; s != NULL; s = s->next)
        if (gh_str_eq(gh_str_of(s->location), location))
            return s;
    return NULL;
}

static key_set *add(gh_key_sets *jwks, gh_str location)
{
    key_set *s = calloc(1, sizeof *s);
    if (s == NULL || location.n >= sizeof s->location) {
        free(s);
        return NULL;
    }
    memcpy(s->location, location.p, location.n);
    s->next = jwks->first;
    jwks->first = s;
    return s;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t patience_of(const key_set *s, bool wanted)
{
    return wanted || s->why[0] != '\0' ? GH_KEY_SETS_COOL_DOWN_S : GH_KEY_SETS_REFRESH_S;
}

static void note_next(gh_key_sets *jwks)
{
    uint64_t next = UINT64_MAX, soonest = UINT64_MAX;
    for (const key_set *s = jwks->first; s != NULL; s = s->next) {
        if (!s->needed)
            continue;
        next = least(next, s->tried_s + patience_of(s, false));
        soonest = least(soonest, s->tried_s + patience_of(s, true));
    }
    atomic_store(&jwks->next_s, next);
    atomic_store(&jwks->soonest_s, soonest);
}

/* Further off than any patience: the clock was set back. */
static bool is_reached(uint64_t moment_s, uint64_t now_s)
{
    return moment_s != UINT64_MAX && (now_s >= moment_s || moment_s - now_s > GH_KEY_SETS_REFRESH_S);
}

static bool read_file(gh_str location, gh_arena *arena, gh_jwks_text *ret)
{
    char path[LOCATION_SIZE];
    gh_str text = {NULL, 0};
    ret->why = "the name is too long";
    if (location.n >= sizeof path)
        return false;
    memcpy(path, location.p, location.n);
    path[location.n] = '\0';
    if (!gh_read_file(path, GH_KEY_SETS_MAX * 4, &text, &ret->why))
        return false;
    ret->text = gh_arena_copy(arena, text);
    free((void *)(uintptr_t)text.p);
    ret->why = "out of memory";
    return ret->text.p != NULL;
}

bool gh_key_sets_read(void *data, gh_str issuer, gh_str location, gh_arena *arena, gh_jwks_text *ret)
{
    gh_key_sets *jwks = data;
    (void)issuer;
    if (!gh_str_starts(location, GH_STR("https://")) && !gh_str_starts(location, GH_STR("http://")))
        return read_file(location, arena, ret); /* at each compilation: a reload reads it anew */
    ret->later = true;
    ret->why = "it is got when Gatehouse starts";
    if (jwks == NULL)
        return false;
    key_set *s = find(jwks, location);
    ret->why = "out of memory";
    if (s == NULL && (s = add(jwks, location)) == NULL)
        return false;
    if (!s->needed)
        (void)get(jwks, s, (uint64_t)time(NULL));
    s->needed = true;
    note_next(jwks);
    ret->why = s->why;
    ret->tried_s = &s->told_s[s->which];
    if (s->text.p == NULL)
        return false;
    ret->text = gh_arena_copy(arena, s->text);
    return ret->text.p != NULL;
}

void gh_key_sets_want(gh_key_sets *jwks)
{
    atomic_store_explicit(&jwks->wanted, true, memory_order_relaxed);
}

bool gh_key_sets_due(gh_key_sets *jwks, uint64_t now_s)
{
    bool wanted = atomic_load_explicit(&jwks->wanted, memory_order_relaxed);
    return (wanted && is_reached(atomic_load(&jwks->soonest_s), now_s)) ||
           is_reached(atomic_load(&jwks->next_s), now_s);
}

bool gh_key_sets_refresh(gh_key_sets *jwks, uint64_t now_s)
{
    bool wanted = atomic_exchange(&jwks->wanted, false), changed = false;
    for (key_set *s = jwks->first; s != NULL; s = s->next)
        if (s->needed && is_reached(s->tried_s + patience_of(s, wanted), now_s))
            changed = get(jwks, s, now_s) || changed;
    note_next(jwks);
    return changed;
}

void gh_key_sets_keep(gh_key_sets *jwks, const gh_config *config)
{
    for (key_set *s = jwks->first; s != NULL; s = s->next) {
        s->needed = false;
        for (unsigned i = 0; i < config->identity.n_issuers; i++)
            s->needed = s->needed || gh_str_eq(config->identity.issuers[i].jwks, gh_str_of(s->location));
    }
    note_next(jwks);
}

void gh_key_sets_say_missing(const gh_key_sets *jwks, void (*say)(void *data, const char *line), void *data)
{
    char line[LOCATION_SIZE + CURL_ERROR_SIZE + 128];
    for (const key_set *s = jwks->first; s != NULL; s = s->next) {
        if (s->why[0] == '\0' || !s->needed)
            continue;
        gh_buf b = gh_buf_over(line, sizeof line - 1);
        gh_buf_printf(&b, "%s: %s%s", s->location, s->why,
                      s->text.p != NULL ? "; the keys from before stay in use" : "");
        line[b.n] = '\0';
        say(data, line);
    }
}
