#include "base/ip.h"
#include "observe/line.h"
#include "wire/json_text.h"

static void put_key(gh_buf *out, gh_str key)
{
    gh_buf_lit(out, ",\"");
    gh_buf_put(out, key);
    gh_buf_lit(out, "\":");
}

static void put_text(gh_buf *out, gh_str key, gh_str value)
{
    if (value.n == 0)
        return;
    put_key(out, key);
    gh_json_string_ascii(out, value);
}

static void put_ip(gh_buf *out, gh_str key, const gh_ip *ip)
{
    if (ip->family == 0)
        return;
    put_key(out, key);
    gh_buf_char(out, '"');
    gh_ip_format(ip, out);
    gh_buf_char(out, '"');
}

static void put_number(gh_buf *out, gh_str key, uint64_t value)
{
    if (value == 0)
        return;
    put_key(out, key);
    gh_buf_u64(out, value);
}

/* Microseconds as milliseconds with three decimals. */
static void put_ms(gh_buf *out, gh_str key, uint64_t us)
{
    if (us == 0)
        return;
    unsigned rest = (unsigned)(us % 1000);
    char fraction[4] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
    put_key(out, key);
    gh_buf_u64(out, us / 1000);
    gh_buf_put(out, (gh_str){fraction, sizeof fraction});
}

static void put_access(const gh_access_record *r, gh_buf *out)
{
    gh_buf_lit(out, ",\"type\":\"access\"");
    put_text(out, GH_STR("id"), r->decision);
    put_ip(out, GH_STR("client"), &r->client);
    put_ip(out, GH_STR("peer"), &r->peer);
    put_text(out, GH_STR("source"), r->client_source);
    put_text(out, GH_STR("method"), r->method);
    put_text(out, GH_STR("host"), r->host);
    put_text(out, GH_STR("path"), r->path);
    put_text(out, GH_STR("route"), r->route);
    put_number(out, GH_STR("status"), r->status);
    put_text(out, GH_STR("user"), r->user);
    put_text(out, GH_STR("auth"), r->auth);
    put_text(out, GH_STR("reason"), r->reason);
    put_text(out, GH_STR("rule"), r->rule);
    put_text(out, GH_STR("observed"), r->observed);
    put_text(out, GH_STR("reports"), r->reports);
    put_text(out, GH_STR("what"), r->what);
    put_number(out, GH_STR("bytes_in"), r->bytes_in);
    put_number(out, GH_STR("bytes_out"), r->bytes_out);
    put_ms(out, GH_STR("duration_ms"), r->duration_us);
    put_text(out, GH_STR("upstream"), r->upstream);
    put_text(out, GH_STR("server"), r->server);
    put_ms(out, GH_STR("upstream_ms"), r->upstream_us);
    put_text(out, GH_STR("user_agent"), r->user_agent);
    put_text(out, GH_STR("detail"), r->detail);
}

void gh_line_json(gh_line_clock *clock, const gh_record *record, gh_buf *out)
{
    gh_buf_lit(out, "{\"time\":\"");
    gh_line_time(clock, record->is_access ? record->access.wall_us : record->event.wall_us, out);
    gh_buf_lit(out, "Z\"");
    if (record->is_access) {
        put_access(&record->access, out);
    } else {
        gh_buf_lit(out, ",\"type\":\"event\"");
        put_text(out, GH_STR("level"), gh_log_level_name(record->event.level));
        put_text(out, GH_STR("event"), record->event.name);
        put_text(out, GH_STR("text"), record->event.text);
    }
    gh_buf_lit(out, "}\n");
}
