#include "edges/secrets/aws_credentials.h"

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "edges/secrets/aws_endpoint.h"
#include "edges/secrets/aws_profile.h"
#include "edges/secrets/environment.h"
#include "edges/secrets/file.h"
#include "edges/secrets/locked.h"

enum { KEPT_MAX = 64 * 1024, PATH_SIZE = 4096 };

void gh_aws_chain_init(gh_aws_chain *chain, const char *const *environment, const atomic_bool *stop)
{
    *chain = (gh_aws_chain){.environment = environment, .stop = stop};
    gh_arena_init_from(&chain->memory, &gh_locked_pages, KEPT_MAX);
}

void gh_aws_chain_forget(gh_aws_chain *chain)
{
    gh_arena_reset(&chain->memory);
    chain->kept = (gh_aws_credentials){.expires_s = 0};
}

void gh_aws_chain_free(gh_aws_chain *chain)
{
    gh_aws_chain_forget(chain);
}

static bool say(char why[GH_SECRET_HTTP_WHY], const char *text)
{
    gh_buf b = gh_buf_over(why, GH_SECRET_HTTP_WHY - 1);
    gh_buf_put(&b, gh_str_cut(gh_str_of(text), 0, GH_SECRET_HTTP_WHY - 1));
    why[b.n] = '\0';
    return false;
}

static bool copy(gh_arena *arena, const gh_aws_credentials *from, gh_aws_credentials *ret)
{
    gh_aws_credentials c = {.access_key_id = gh_arena_copy(arena, from->access_key_id),
                            .secret_access_key = gh_arena_copy(arena, from->secret_access_key),
                            .expires_s = from->expires_s};
    if (from->session_token.p != NULL)
        c.session_token = gh_arena_copy(arena, from->session_token);
    if (c.access_key_id.p == NULL || c.secret_access_key.p == NULL ||
        (c.session_token.p == NULL) != (from->session_token.p == NULL))
        return false;
    *ret = c;
    return true;
}

static enum gh_aws_source from_settings(const gh_aws_settings *s, gh_arena *arena, gh_aws_credentials *ret,
                                        char why[GH_SECRET_HTTP_WHY])
{
    const gh_aws_credentials c = {s->access_key_id, s->secret_access_key, s->session_token, 0};
    if (s->access_key_id.n == 0 && s->secret_access_key.n == 0)
        return GH_AWS_NOT_HERE;
    (void)say(
        why,
        s->access_key_id.n == 0
            ? "secrets.aws.secret_access_key (AWS_SECRET_ACCESS_KEY) is set without an access key (AWS_ACCESS_KEY_ID)"
            : "secrets.aws.access_key_id (AWS_ACCESS_KEY_ID) is set without its secret (AWS_SECRET_ACCESS_KEY)");
    if (s->access_key_id.n == 0 || s->secret_access_key.n == 0)
        return GH_AWS_FAILED;
    (void)say(why, "secrets.aws.session_token (AWS_SESSION_TOKEN) is not one line of visible characters");
    if (!gh_aws_is_visible(s->session_token))
        return GH_AWS_FAILED;
    (void)say(why, "out of memory");
    return copy(arena, &c, ret) ? GH_AWS_GOT : GH_AWS_FAILED;
}

/* AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/credentials. */
static bool put_path(const gh_aws_chain *chain, gh_buf *path)
{
    gh_str named = gh_environment_get(chain->environment, "AWS_SHARED_CREDENTIALS_FILE");
    gh_str home = gh_environment_get(chain->environment, "HOME");
    gh_buf_put(path, named.n > 0 ? named : home);
    if (named.n == 0)
        gh_buf_lit(path, "/.aws/credentials");
    return (named.n > 0 || home.n > 0) && gh_buf_ok(path);
}

/* Read each time: tools that renew credentials write it anew. */
static enum gh_aws_source from_file(const gh_aws_chain *chain, gh_arena *arena, gh_aws_credentials *ret,
                                    char why[GH_SECRET_HTTP_WHY])
{
    char memory[PATH_SIZE];
    gh_buf path = gh_buf_over(memory, sizeof memory - 1), w = gh_buf_over(why, GH_SECRET_HTTP_WHY - 1);
    gh_str named = gh_environment_get(chain->environment, "AWS_PROFILE");
    gh_str profile = named.n > 0 ? named : GH_STR("default");
    gh_secret_text text = {.why = ""};
    const char *reason = "is not in the shared credentials file";
    if (!put_path(chain, &path))
        return GH_AWS_NOT_HERE;
    memory[path.n] = '\0';
    if (access(memory, F_OK) != 0 && named.n == 0)
        return GH_AWS_NOT_HERE;
    if (!gh_secrets_read_file(gh_buf_str(&path), arena, &text)) {
        gh_buf_printf(&w, "the shared credentials file can't be read: %.100s", text.why);
        why[w.n] = '\0';
        return GH_AWS_FAILED;
    }
    enum gh_aws_profile found = gh_aws_read_profile(text.text, profile, ret, &reason);
    if (found == GH_AWS_PROFILE_FOUND)
        return GH_AWS_GOT;
    if (found == GH_AWS_PROFILE_ABSENT && named.n == 0)
        return GH_AWS_NOT_HERE;
    gh_buf_printf(&w, "the profile %.*s %s", (int)(profile.n < 64 ? profile.n : 64), profile.p, reason);
    why[w.n] = '\0';
    return GH_AWS_FAILED;
}

/* A container's or an instance's, which are temporary. */
static enum gh_aws_source from_endpoint(gh_aws_chain *chain, gh_arena *arena, gh_aws_credentials *ret,
                                        char why[GH_SECRET_HTTP_WHY])
{
    enum gh_aws_source got = gh_aws_ask_container(chain, arena, ret, why);
    return got != GH_AWS_NOT_HERE ? got : gh_aws_ask_instance(chain, arena, ret, why);
}

static bool renew(gh_aws_chain *chain, uint64_t now_s, gh_arena *arena, gh_aws_credentials *ret,
                  char why[GH_SECRET_HTTP_WHY])
{
    gh_aws_credentials fresh = {.expires_s = 0};
    enum gh_aws_source got = from_endpoint(chain, arena, &fresh, why);
    if (got == GH_AWS_GOT) {
        gh_aws_chain_forget(chain);
        if (copy(&chain->memory, &fresh, &chain->kept))
            return copy(arena, &fresh, ret) || say(why, "out of memory");
        return say(why, "out of memory");
    }
    /* Those at hand still do. */
    if (chain->kept.access_key_id.p != NULL && now_s < chain->kept.expires_s)
        return copy(arena, &chain->kept, ret) || say(why, "out of memory");
    return got == GH_AWS_FAILED
               ? false
               : say(why,
                     "there are no AWS credentials: neither AWS_ACCESS_KEY_ID nor a profile in the shared credentials "
                     "file, and no endpoint of a container or an instance");
}

bool gh_aws_chain_get(gh_aws_chain *chain, const gh_aws_settings *settings, uint64_t now_s, gh_arena *arena,
                      gh_aws_credentials *ret, char why[GH_SECRET_HTTP_WHY])
{
    enum gh_aws_source got = from_settings(settings, arena, ret, why);
    if (got == GH_AWS_NOT_HERE)
        got = from_file(chain, arena, ret, why);
    if (got != GH_AWS_NOT_HERE)
        return got == GH_AWS_GOT;
    const gh_aws_credentials *kept = &chain->kept;
    bool lasts = kept->expires_s == 0 || now_s + GH_AWS_RENEW_S < kept->expires_s;
    if (kept->access_key_id.p != NULL && lasts)
        return copy(arena, kept, ret) || say(why, "out of memory");
    return renew(chain, now_s, arena, ret, why);
}
