/* Where a configuration comes from: the files, the environment, the command line. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/compile.h"
#include "edges/proxy/server.h"

extern char **environ;

enum { FILE_MAX = 1 << 20 };

/* The whole of a small file; the caller frees *ret. */
static bool read_whole(const char *path, char **ret, size_t *ret_size, const char **ret_why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *ret_why = strerrordesc_np(errno);
        return false;
    }
    char *text = malloc(FILE_MAX + 1);
    size_t size = 0;
    ssize_t n = text == NULL ? -1 : 1;
    while (n > 0 && size <= FILE_MAX) {
        n = read(fd, text + size, FILE_MAX + 1 - size);
        size += n > 0 ? (size_t)n : 0;
    }
    *ret_why = n < 0 ? strerrordesc_np(errno) : "it is larger than 1 MiB";
    (void)close(fd);
    if (n != 0) {
        free(text);
        return false;
    }
    *ret = text;
    *ret_size = size;
    return true;
}

static bool read_secret(void *data, gh_str path, gh_arena *arena, gh_str *ret_text, const char **ret_why)
{
    char name[4096], *text = NULL;
    size_t size = 0;
    (void)data;
    if (path.n >= sizeof name) {
        *ret_why = "the path is too long";
        return false;
    }
    memcpy(name, path.p, path.n);
    name[path.n] = '\0';
    if (!read_whole(name, &text, &size, ret_why))
        return false;
    if (size > 0 && text[size - 1] == '\n')
        size--;
    *ret_text = gh_arena_copy(arena, (gh_str){text, size});
    explicit_bzero(text, size);
    free(text);
    *ret_why = "out of memory";
    return ret_text->p != NULL;
}

typedef struct gh_texts {
    gh_config_source sources[2];
    char *memory[2];
    unsigned n;
} gh_texts;

static void add_text(gh_texts *t, const char *path, bool dotenv, bool must, gh_report *report)
{
    const char *why = NULL;
    size_t size = 0;
    if (!must && access(path, F_OK) != 0)
        return;
    if (!read_whole(path, &t->memory[t->n], &size, &why)) {
        gh_report_error(report, path, 0, 0, "can't be read: %s", why);
        return;
    }
    t->sources[t->n].kind = dotenv ? GH_SOURCE_DOTENV : GH_SOURCE_YAML;
    t->sources[t->n].name = path;
    t->sources[t->n].text = (gh_str){t->memory[t->n], size};
    t->n++;
}

static gh_config *load(const gh_serve_options *options, const gh_texts *texts, gh_report *report)
{
    gh_config_input input = {.sources = texts->sources,
                             .n_sources = texts->n,
                             .environment = (const char *const *)environ,
                             .upstream = options->upstream,
                             .listen = options->listen,
                             .admin_listen = options->admin_listen,
                             .openapi = options->openapi,
                             .read_file = read_secret};
    gh_config *config = gh_config_load(&input, report);
    if (config == NULL)
        return NULL;
    /* What only compiling finds out belongs to the same list of errors. */
    gh_policy *trial = gh_policy_compile(config, report);
    if (trial == NULL) {
        gh_config_free(config);
        return NULL;
    }
    gh_policy_unref(trial);
    return config;
}

gh_config *gh_serve_read_config(const gh_serve_options *options, gh_report *report)
{
    gh_texts texts = {.n = 0};
    if (options->config_file != NULL)
        add_text(&texts, options->config_file, false, true, report);
    add_text(&texts, options->env_file != NULL ? options->env_file : ".env", true, options->env_file != NULL,
             report);
    gh_config *config = report->errors == 0 ? load(options, &texts, report) : NULL;
    for (unsigned i = 0; i < texts.n; i++) {
        explicit_bzero(texts.memory[i], texts.sources[i].text.n);
        free(texts.memory[i]);
    }
    return config;
}
