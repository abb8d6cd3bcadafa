/* Host patterns: "PATTERN\nHOST". A canonical host is a pattern that matches itself; what a pattern covers
 * it matches. */
#include "base/buf.h"
#include "wire/host_pattern.h"

static void holds(bool condition)
{
    if (!condition)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pattern(const gh_host_pattern *p, gh_arena *arena)
{
    gh_host_pattern again;
    const char *why;
    char memory[300];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    if (p->kind == GH_HOST_BELOW)
        gh_buf_char(&text, '*');
    gh_buf_put(&text, p->text);
    holds(gh_buf_ok(&text) && gh_host_pattern_compile(gh_buf_str(&text), arena, &again, &why));
    holds(again.kind == p->kind && gh_str_eq(again.text, p->text));
    holds(gh_host_pattern_covers(p, &again));
    holds(p->kind != GH_HOST_BELOW || !gh_host_pattern_match(p, gh_str_cut(p->text, 1, p->text.n)));
}

static void check_host(const gh_host_pattern *p, bool compiled, gh_str host, gh_arena *arena)
{
    gh_host_pattern exact;
    const char *why;
    if (!gh_host_is_canonical(host))
        return;
    holds(gh_host_pattern_compile(host, arena, &exact, &why) && exact.kind == GH_HOST_EXACT);
    holds(gh_host_pattern_match(&exact, host));
    holds(!compiled || gh_host_pattern_match(p, host) == gh_host_pattern_covers(p, &exact));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str rest = {(const char *)data, size}, text = {NULL, 0};
    gh_host_pattern pattern;
    const char *why = NULL;
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 1 << 16);
    (void)gh_str_next(&rest, '\n', &text);
    bool compiled = gh_host_pattern_compile(text, &arena, &pattern, &why);
    if (compiled)
        check_pattern(&pattern, &arena);
    else
        holds(why != NULL);
    check_host(&pattern, compiled, rest, &arena);
    gh_arena_reset(&arena);
    return 0;
}
