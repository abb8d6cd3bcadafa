/* A URL of Redis: what is taken is within its bounds, and written anew it is taken again as the same. No sentence about
 * one that is refused repeats it. */
#include "fuzz.h"

#include "base/buf.h"
#include "edges/redis/url.h"

static void put_encoded(gh_buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        gh_buf_printf(out, "%%%02x", (unsigned char)*text);
}

static void put_login(gh_buf *out, const gh_redis_url *url)
{
    put_encoded(out, url->user);
    if (url->password[0] != '\0') {
        gh_buf_char(out, ':');
        put_encoded(out, url->password);
    }
    gh_buf_char(out, '@');
}

static void write_anew(const gh_redis_url *url, gh_buf *out)
{
    static const char *const schemes[] = {
        [GH_REDIS_TCP] = "redis://", [GH_REDIS_TLS] = "rediss://", [GH_REDIS_UNIX] = "unix://"};
    gh_buf_put(out, gh_str_of(schemes[url->scheme]));
    put_login(out, url);
    if (url->scheme == GH_REDIS_UNIX) {
        gh_buf_char(out, '/');
        put_encoded(out, url->path + 1);
        gh_buf_printf(out, "?db=%u", url->database);
        return;
    }
    gh_redis_url_show(url, out);
    gh_buf_printf(out, "/%u", url->database);
}

static bool same(const gh_redis_url *a, const gh_redis_url *b)
{
    return a->scheme == b->scheme && a->port == b->port && a->database == b->database &&
           strcmp(a->host, b->host) == 0 && strcmp(a->path, b->path) == 0 && strcmp(a->user, b->user) == 0 &&
           strcmp(a->password, b->password) == 0;
}

static void check(const gh_redis_url *url)
{
    static char memory[8192];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_redis_url again;
    const char *why;
    bool is_unix = url->scheme == GH_REDIS_UNIX;
    FUZZ_CHECK((url->host[0] == '\0') == is_unix && (url->path[0] == '/') == is_unix);
    FUZZ_CHECK((url->port == 0) == is_unix && url->database <= GH_REDIS_DATABASE_MAX);
    write_anew(url, &out);
    FUZZ_CHECK(gh_buf_ok(&out));
    FUZZ_CHECK(gh_redis_url_parse(gh_buf_str(&out), &again, &why));
    FUZZ_CHECK(same(url, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_redis_url url;
    gh_str text = {(const char *)data, size};
    const char *why = NULL;
    if (gh_redis_url_parse(text, &url, &why)) {
        check(&url);
        gh_redis_url_wipe(&url);
        return 0;
    }
    FUZZ_CHECK(why != NULL && strlen(why) > 10);
    return 0;
}
