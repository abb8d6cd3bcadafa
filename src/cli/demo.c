#include "edges/demo/demo.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/serve.h"

enum { DEMO_LIMIT = 10 };

/* What makes the demo worth a look: a limit that is soon reached, and CORS. What the user has set stays. */
static void set_environment(void)
{
    static const char *const rows[][2] = {
        {"RATE_LIMIT_PER_MINUTE", "10"},
        {"CORS_ENABLED", "true"},
        {"ALLOWED_ORIGINS", "http://localhost:3000"},
    };
    _Static_assert(DEMO_LIMIT == 10, "as in the table");
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        (void)setenv(rows[i][0], rows[i][1], 0);
}

static void print_guide(const gh_serve_options *options)
{
    char text[4096];
    uint64_t limit;
    gh_buf out = gh_buf_over(text, sizeof text);
    if (!gh_str_u64(gh_str_of(getenv("RATE_LIMIT_PER_MINUTE")), &limit))
        limit = DEMO_LIMIT;
    gh_demo_guide(options->listen.n > 0 ? options->listen.items[0] : GH_STR("127.0.0.1:8080"), limit, &out);
    (void)fwrite(out.p, 1, out.n, stdout);
    (void)fflush(stdout);
}

int gh_cmd_demo(const gh_cli_args *args)
{
    gh_cli_listen listen;
    gh_serve_options options;
    const char *why;
    unsigned port;
    char upstream[48];
    gh_buf b = gh_buf_over(upstream, sizeof upstream);
    gh_cli_read_serve(args, &listen, &options);
    options.config_file =
        gh_cli_value(args, "config", 0); /* not the working directory's: it is of another API */
    options.demo = true;
    gh_demo *demo = gh_demo_start(&port, &why);
    if (demo == NULL) {
        (void)fprintf(stderr, "gatehouse: the demo's API could not start: %s\n", why);
        return GH_EXIT_FAILED;
    }
    gh_buf_printf(&b, "http://127.0.0.1:%u", port);
    options.upstream = gh_buf_str(&b);
    set_environment();
    print_guide(&options);
    int status = gh_serve_run(&options);
    gh_demo_stop(demo);
    return status;
}
