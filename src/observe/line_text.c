#include "base/ip.h"
#include "observe/line.h"

/* Printable ASCII as it is; every other byte, and the backslash itself, as \xNN: what a client sends
 * can neither break a line nor speak to a terminal. */
static void put_safe(gh_buf *out, gh_str text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t byte = (uint8_t)text.p[i];
        if (byte >= 0x20 && byte < 0x7f && byte != '\\')
            continue;
        gh_buf_put(out, gh_str_cut(text, from, i));
        gh_buf_lit(out, "\\x");
        gh_buf_hex(out, &byte, 1);
        from = i + 1;
    }
    gh_buf_put(out, gh_str_cut(text, from, text.n));
}

/* The same as a word: a space inside would look like the next one. */
static void put_word(gh_buf *out, gh_str text)
{
    gh_str part;
    for (bool first = true; gh_str_next(&text, ' ', &part); first = false) {
        if (!first)
            gh_buf_lit(out, "\\x20");
        put_safe(out, part);
    }
}

static void put_pair(gh_buf *out, gh_str key, gh_str value)
{
    if (value.n == 0)
        return;
    gh_buf_char(out, ' ');
    gh_buf_put(out, key);
    gh_buf_char(out, '=');
    put_word(out, value);
}

static void put_quoted(gh_buf *out, gh_str key, gh_str value)
{
    if (value.n == 0)
        return;
    gh_buf_char(out, ' ');
    gh_buf_put(out, key);
    gh_buf_lit(out, "=\"");
    gh_str part;
    for (bool first = true; gh_str_next(&value, '"', &part); first = false) {
        if (!first)
            gh_buf_lit(out, "\\x22");
        put_safe(out, part);
    }
    gh_buf_char(out, '"');
}

/* 850us, 12.3ms, 4.5s */
static void put_duration(gh_buf *out, uint64_t us)
{
    if (us < 1000) {
        gh_buf_u64(out, us);
        gh_buf_lit(out, "us");
        return;
    }
    uint64_t tenths = us < 1000000 ? us / 100 : us / 100000;
    gh_buf_u64(out, tenths / 10);
    gh_buf_char(out, '.');
    gh_buf_u64(out, tenths % 10);
    gh_buf_put(out, us < 1000000 ? GH_STR("ms") : GH_STR("s"));
}

static gh_str status_colour(unsigned status)
{
    if (status >= 500)
        return GH_STR("\x1b[31m");
    if (status >= 400)
        return GH_STR("\x1b[33m");
    return GH_STR("\x1b[32m");
}

static void put_coloured(gh_buf *out, bool colour, gh_str start, gh_str text)
{
    if (colour)
        gh_buf_put(out, start);
    gh_buf_put(out, text);
    if (colour)
        gh_buf_lit(out, "\x1b[0m");
}

static void put_status(gh_buf *out, bool colour, unsigned status)
{
    char digits[12];
    gh_buf text = gh_buf_over(digits, sizeof digits);
    gh_buf_u64(&text, status);
    put_coloured(out, colour, status_colour(status), status == 0 ? GH_STR("left") : gh_buf_str(&text));
}

static void put_access(const gh_access_record *r, bool colour, gh_buf *out)
{
    gh_buf_char(out, ' ');
    put_status(out, colour, r->status);
    gh_buf_char(out, ' ');
    put_word(out, r->method.n > 0 ? r->method : GH_STR("-"));
    gh_buf_char(out, ' ');
    put_word(out, r->host);
    put_word(out, r->path.n > 0 ? r->path : GH_STR("-"));
    gh_buf_char(out, ' ');
    put_duration(out, r->duration_us);
    if (r->client.family != 0) {
        gh_buf_lit(out, " from ");
        gh_ip_format(&r->client, out);
    }
    put_pair(out, GH_STR("user"), r->user);
    put_pair(out, GH_STR("auth"), r->auth);
    put_pair(out, GH_STR("reason"), r->reason);
    put_pair(out, GH_STR("rule"), r->rule);
    put_pair(out, GH_STR("observed"), r->observed);
    put_pair(out, GH_STR("reports"), r->reports);
    put_pair(out, GH_STR("route"), r->route);
    put_pair(out, GH_STR("upstream"), r->upstream);
    put_pair(out, GH_STR("server"), r->server);
    if (r->upstream_us > 0) {
        gh_buf_lit(out, " upstream_time=");
        put_duration(out, r->upstream_us);
    }
    put_pair(out, GH_STR("id"), r->decision);
    put_quoted(out, GH_STR("what"), r->what);
    put_quoted(out, GH_STR("detail"), r->detail);
    put_quoted(out, GH_STR("user_agent"), r->user_agent);
}

static void put_event(const gh_event *event, bool colour, gh_buf *out)
{
    static const gh_str starts[] = {GH_STR_INIT("\x1b[36m"), GH_STR_INIT("\x1b[33m"),
                                    GH_STR_INIT("\x1b[31m")};
    gh_buf_char(out, ' ');
    put_coloured(out, colour, starts[event->level <= GH_LEVEL_ERROR ? event->level : GH_LEVEL_ERROR],
                 gh_log_level_name(event->level));
    gh_buf_char(out, ' ');
    put_word(out, event->name);
    gh_buf_lit(out, ": ");
    put_safe(out, event->text);
}

void gh_line_text(gh_line_clock *clock, const gh_record *record, bool colour, gh_buf *out)
{
    gh_line_time(clock, record->is_access ? record->access.wall_us : record->event.wall_us, out);
    gh_buf_char(out, 'Z');
    if (record->is_access)
        put_access(&record->access, colour, out);
    else
        put_event(&record->event, colour, out);
    gh_buf_char(out, '\n');
}
