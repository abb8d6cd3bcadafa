/* One call from texts to a configuration and a printed report. */
#ifndef GH_TEST_CONFIG_LOAD_HELPER_H
#define GH_TEST_CONFIG_LOAD_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"

typedef struct loaded {
    gh_config *config;
    gh_report report;
    char text[16384]; /* the printed report, NUL-terminated */
} loaded;

typedef struct given {
    const char *yaml, *yaml2, *dotenv;
    const char *environment[8];
    const char *upstream, *listen, *admin;
    gh_read_secret_fn *read_secret; /* NULL: read_known_secret */
    void *read_secret_data;
} given;

/* Knows one file. */
static inline bool read_known_secret(void *data, const gh_config *config, const gh_secret_reference *what,
                                     gh_arena *arena, gh_secret_text *ret)
{
    (void)data;
    (void)config;
    if (what->kind != GH_SECRET_FILE || !gh_str_eq(what->name, GH_STR("/run/secrets/key"))) {
        memcpy(ret->why, "No such file or directory", sizeof "No such file or directory");
        return false;
    }
    ret->text = gh_arena_copy(arena, GH_STR("1f2e3d4c5b6a79881f2e3d4c5b6a7988f0\n"));
    return ret->text.p != NULL;
}

static inline loaded *load_given(const given *g)
{
    static loaded result;
    gh_config_source sources[3];
    gh_str listen = gh_str_of(g->listen);
    gh_config_input in = {.sources = sources,
                          .environment = g->environment,
                          .upstream = gh_str_of(g->upstream),
                          .listen = {&listen, g->listen == NULL ? 0 : 1},
                          .admin_listen = gh_str_of(g->admin),
                          .read_secret = g->read_secret == NULL ? read_known_secret : g->read_secret,
                          .read_secret_data = g->read_secret_data};
    if (g->yaml != NULL)
        sources[in.n_sources++] = (gh_config_source){GH_SOURCE_YAML, "g.yaml", gh_str_of(g->yaml)};
    if (g->yaml2 != NULL)
        sources[in.n_sources++] = (gh_config_source){GH_SOURCE_YAML, "h.yaml", gh_str_of(g->yaml2)};
    if (g->dotenv != NULL)
        sources[in.n_sources++] = (gh_config_source){GH_SOURCE_DOTENV, ".env", gh_str_of(g->dotenv)};
    gh_report_init(&result.report);
    result.config = gh_config_load(&in, &result.report);
    gh_buf out = gh_buf_over(result.text, sizeof result.text - 1);
    gh_report_print(&result.report, &out);
    assert_true(gh_buf_ok(&out));
    result.text[out.n] = '\0';
    return &result;
}

static inline void unload(loaded *l)
{
    gh_config_free(l->config);
    gh_report_free(&l->report);
}

/* The whole report is `expected`, and there is a configuration only without errors. */
static inline void expect_report(const given *g, const char *expected)
{
    loaded *l = load_given(g);
    if (strcmp(l->text, expected) != 0)
        print_error("given: %s%s\n", g->yaml == NULL ? "" : g->yaml, g->dotenv == NULL ? "" : g->dotenv);
    assert_string_equal(l->text, expected);
    assert_true((l->config != NULL) == (strstr(expected, "error: ") == NULL));
    unload(l);
}

/* No error and no warning, but for the one that identity leaves paths open: most texts here have no routes. */
static inline void expect_nothing(const loaded *l)
{
    bool open = l->report.n == 1 && l->report.errors == 0 &&
                strstr(l->text, "identity.deny_by_default: on\n") != NULL;
    if (!open)
        assert_string_equal(l->text, "");
}

/* A configuration without errors or warnings; the caller unloads. */
static inline loaded *expect_clean(const given *g)
{
    loaded *l = load_given(g);
    expect_nothing(l);
    assert_non_null(l->config);
    return l;
}

static inline void expect_str(gh_str s, const char *expected)
{
    assert_int_equal(s.n, strlen(expected));
    assert_memory_equal(s.p == NULL ? "" : s.p, expected, s.n);
}

#endif
