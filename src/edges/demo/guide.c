#include "edges/demo/demo.h"

/* "unix:/path" is asked with an option of curl; a wildcard address is asked on loopback. */
static void put_curl(gh_buf *out, gh_str listen, const char *options, const char *path)
{
    if (gh_str_starts(listen, GH_STR("unix:"))) {
        gh_buf_printf(out, "    curl %s--unix-socket %.*s http://localhost%s\n", options, (int)(listen.n - 5),
                      listen.p + 5, path);
        return;
    }
    if (gh_str_starts(listen, GH_STR("0.0.0.0:")))
        gh_buf_printf(out, "    curl %shttp://127.0.0.1%.*s%s\n", options, (int)(listen.n - 7), listen.p + 7,
                      path);
    else
        gh_buf_printf(out, "    curl %shttp://%.*s%s\n", options, (int)listen.n, listen.p, path);
}

void gh_demo_guide(gh_str listen, uint64_t limit, gh_buf *out)
{
    gh_buf_lit(out, "\nThe demo: an API that shows what it receives, with Gatehouse in front of it.\n"
                    "Try these in another terminal:\n\n");
    gh_buf_lit(out, "  A request that is allowed; the answer is what reached the API\n");
    put_curl(out, listen, "", "/hello");
    gh_buf_lit(out, "\n  The headers Gatehouse adds to each answer, and what is left of the limit\n");
    put_curl(out, listen, "-s -o /dev/null -D - ", "/hello");
    gh_buf_lit(out,
               "\n  A browser asking whether a page of another origin may call the API (CORS preflight)\n");
    put_curl(out, listen,
             "-si -X OPTIONS -H 'Origin: http://localhost:3000' -H 'Access-Control-Request-Method: POST' ",
             "/hello");
    gh_buf_lit(out, "\n  The same for an origin that is not allowed: 403\n");
    put_curl(out, listen,
             "-si -X OPTIONS -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: POST' ",
             "/hello");
    gh_buf_lit(out, "\n  A host name that is not ours: 400\n");
    put_curl(out, listen, "-si -H 'Host: evil.example' ", "/hello");
    gh_buf_lit(out, "\n  Events as they come, one a second\n");
    put_curl(out, listen, "-sN ", "/stream");
    /* Last: after it everything else is refused for a minute. */
    gh_buf_printf(out,
                  "\n  Too many requests: %llu a minute are allowed here, then comes 429 with Retry-After\n",
                  (unsigned long long)limit);
    gh_buf_printf(out, "    for i in $(seq %llu); do\n  ", (unsigned long long)limit + 2);
    put_curl(out, listen, "-s -o /dev/null -w '%{http_code}\\n' ", "/hello");
    gh_buf_lit(out, "    done\n");
    gh_buf_lit(out, "\nCtrl-C ends it. For an API of your own: gatehouse serve http://127.0.0.1:8000\n\n");
}
