#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "cli/commands.h"
#include "cli/templates.h"

enum { KEY_BYTES = 32, TEXT_MAX = 8192, NAME_MAX_BYTES = 1024 };

static const gh_template *find_template(const char *name)
{
    for (unsigned i = 0; name != NULL && i < gh_n_templates; i++)
        if (strcmp(gh_templates[i].name, name) == 0)
            return &gh_templates[i];
    return NULL;
}

static int unknown_template(const char *name)
{
    if (name == NULL)
        (void)fputs("gatehouse: say what the API is made with: --for", stderr);
    else
        (void)fprintf(stderr, "gatehouse: no template \"%.100s\"; there are: --for", name);
    for (unsigned i = 0; i < gh_n_templates; i++)
        (void)fprintf(stderr, "%s %s", i == 0 ? "" : ",", gh_templates[i].name);
    (void)fputc('\n', stderr);
    return GH_EXIT_USAGE;
}

static bool write_all(int fd, gh_str text)
{
    while (text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text = gh_str_cut(text, (size_t)n, text.n);
    }
    return true;
}

/* errno says why it failed; EEXIST: it is there and may not be overwritten. */
static bool write_file(const char *name, gh_str text, bool overwrite, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (overwrite ? O_TRUNC : O_EXCL), mode);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, text);
    int error = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    errno = error;
    return ok;
}

static int failed(const char *name)
{
    (void)fprintf(stderr, "gatehouse: %s: %s\n", name,
                  errno == EEXIST ? "is there already; --force overwrites it" : strerrordesc_np(errno));
    return GH_EXIT_FAILED;
}

/* `name` in the folder of `beside`. False: too long. */
static bool put_beside(const char *beside, const char *name, gh_buf *out)
{
    const char *slash = strrchr(beside, '/');
    if (slash != NULL)
        gh_buf_put(out, (gh_str){beside, (size_t)(slash - beside) + 1});
    gh_buf_put(out, gh_str_of(name));
    gh_buf_char(out, '\0');
    return gh_buf_ok(out);
}

/* An example the user has is more than ours: it stays. */
static int write_example(const gh_template *t, const char *name, bool force)
{
    char text[TEXT_MAX];
    gh_buf b = gh_buf_over(text, sizeof text);
    gh_template_env(t, &b);
    if (write_file(name, gh_buf_str(&b), force, 0644))
        (void)printf("wrote %s\n", name);
    else if (errno == EEXIST)
        (void)printf("kept  %s: it is there already\n", name);
    else
        return failed(name);
    return GH_EXIT_OK;
}

/* Never overwrites: an .env holds secrets that are nowhere else. */
static int write_secret(const char *name)
{
    uint8_t key[KEY_BYTES];
    char text[256];
    gh_buf b = gh_buf_over(text, sizeof text);
    if (!gh_crypto_init()) {
        (void)fputs("gatehouse: the system has no randomness to give\n", stderr);
        return GH_EXIT_FAILED;
    }
    gh_random(key, sizeof key);
    gh_buf_lit(&b, "# Secrets: never commit this file.\nSECRET_KEY=");
    gh_buf_hex(&b, key, sizeof key);
    gh_buf_lit(&b, "\n");
    bool ok = write_file(name, gh_buf_str(&b), false, 0600);
    int error = errno;
    gh_wipe(key, sizeof key);
    gh_wipe(text, sizeof text);
    if (ok) {
        (void)printf("wrote %s with a new SECRET_KEY; keep it out of version control\n", name);
        return GH_EXIT_OK;
    }
    (void)fprintf(stderr, "gatehouse: %s: %s\n", name,
                  error == EEXIST ? "is there already and is never overwritten" : strerrordesc_np(error));
    return GH_EXIT_FAILED;
}

static int write_files(const gh_cli_args *args, const gh_template *t, gh_str yaml, const char *name)
{
    char example[NAME_MAX_BYTES], env[NAME_MAX_BYTES];
    gh_buf example_name = gh_buf_over(example, sizeof example), env_name = gh_buf_over(env, sizeof env);
    bool force = gh_cli_has(args, "force");
    if (!put_beside(name, ".env.example", &example_name) || !put_beside(name, ".env", &env_name)) {
        errno = ENAMETOOLONG;
        return failed(name);
    }
    if (!write_file(name, yaml, force, 0644))
        return failed(name);
    (void)printf("wrote %s\n", name);
    int status = write_example(t, example, force);
    if (status == GH_EXIT_OK && gh_cli_has(args, "env"))
        status = write_secret(env);
    if (status == GH_EXIT_OK)
        (void)printf("\nNext: gatehouse check -c %s, then gatehouse serve -c %s\n", name, name);
    return status;
}

int gh_cmd_init(const gh_cli_args *args)
{
    char text[TEXT_MAX];
    gh_buf yaml = gh_buf_over(text, sizeof text);
    const char *name = gh_cli_value(args, "output", 0);
    const gh_template *t = find_template(gh_cli_value(args, "for", 0));
    if (t == NULL)
        return unknown_template(gh_cli_value(args, "for", 0));
    gh_template_yaml(t, &yaml);
    if (name != NULL && strcmp(name, "-") == 0)
        return fwrite(yaml.p, 1, yaml.n, stdout) == yaml.n && fflush(stdout) == 0 ? GH_EXIT_OK
                                                                                  : failed("standard output");
    return write_files(args, t, gh_buf_str(&yaml), name == NULL ? "gatehouse.yaml" : name);
}
