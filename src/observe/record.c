#include <stdint.h>
#include <time.h>

#include "observe/line.h"

enum { ACCESS, EVENT };
enum text_id {
#define X(member, longest) TEXT_##member,
    GH_ACCESS_TEXTS(X)
#undef X
        TEXT_COUNT
};

typedef struct access_head { /* the texts follow in their order */
    uint32_t kind;
    uint32_t status;
    uint64_t wall_us, bytes_in, bytes_out, duration_us, upstream_us;
    gh_ip client, peer;
    uint16_t lengths[TEXT_COUNT];
} access_head;

typedef struct event_head { /* name and text follow */
    uint32_t kind;
    uint32_t level;
    uint64_t wall_us;
    uint32_t name_n, text_n;
} event_head;

#define X(member, longest) +(longest)
_Static_assert(sizeof(access_head) + (0 GH_ACCESS_TEXTS(X)) <= GH_RECORD_MAX, "a whole record fits");
_Static_assert(6 * (0 GH_ACCESS_TEXTS(X)) + 1024 <= GH_LINE_MAX, "a whole line fits");
#undef X

static size_t kept(gh_str s, size_t longest)
{
    return s.n > longest ? longest : s.n;
}

static char *put_text(char *to, gh_str s, size_t longest)
{
    size_t n = kept(s, longest);
    if (n > 0)
        memcpy(to, s.p, n);
    if (s.n > longest)
        memcpy(to + n - 3, "...", 3);
    return to + n;
}

size_t gh_record_access_size(const gh_access_record *record)
{
    size_t n = sizeof(access_head);
#define X(member, longest) n += kept(record->member, longest);
    GH_ACCESS_TEXTS(X)
#undef X
    return n;
}

void gh_record_put_access(char *to, const gh_access_record *record)
{
    access_head head = {.kind = ACCESS,
                        .status = record->status,
                        .wall_us = record->wall_us,
                        .bytes_in = record->bytes_in,
                        .bytes_out = record->bytes_out,
                        .duration_us = record->duration_us,
                        .upstream_us = record->upstream_us,
                        .client = record->client,
                        .peer = record->peer};
#define X(member, longest) head.lengths[TEXT_##member] = (uint16_t)kept(record->member, longest);
    GH_ACCESS_TEXTS(X)
#undef X
    memcpy(to, &head, sizeof head);
    to += sizeof head;
#define X(member, longest) to = put_text(to, record->member, longest);
    GH_ACCESS_TEXTS(X)
#undef X
}

size_t gh_record_event_size(const gh_event *event)
{
    return sizeof(event_head) + kept(event->name, 64) + kept(event->text, GH_EVENT_TEXT_MAX);
}

void gh_record_put_event(char *to, const gh_event *event)
{
    event_head head = {.kind = EVENT,
                       .level = (uint32_t)event->level,
                       .wall_us = event->wall_us,
                       .name_n = (uint32_t)kept(event->name, 64),
                       .text_n = (uint32_t)kept(event->text, GH_EVENT_TEXT_MAX)};
    memcpy(to, &head, sizeof head);
    to = put_text(to + sizeof head, event->name, 64);
    (void)put_text(to, event->text, GH_EVENT_TEXT_MAX);
}

static void read_access(gh_str bytes, gh_access_record *ret)
{
    access_head head;
    memcpy(&head, bytes.p, sizeof head);
    *ret = (gh_access_record){.wall_us = head.wall_us,
                              .client = head.client,
                              .peer = head.peer,
                              .status = head.status,
                              .bytes_in = head.bytes_in,
                              .bytes_out = head.bytes_out,
                              .duration_us = head.duration_us,
                              .upstream_us = head.upstream_us};
    const char *at = bytes.p + sizeof head;
#define X(member, longest)                                   \
    ret->member = (gh_str){at, head.lengths[TEXT_##member]}; \
    at += head.lengths[TEXT_##member];
    GH_ACCESS_TEXTS(X)
#undef X
}

void gh_record_read(gh_str bytes, gh_record *ret)
{
    uint32_t kind;
    memcpy(&kind, bytes.p, sizeof kind);
    *ret = (gh_record){.is_access = kind == ACCESS};
    if (kind == ACCESS) {
        read_access(bytes, &ret->access);
        return;
    }
    event_head head;
    memcpy(&head, bytes.p, sizeof head);
    const char *at = bytes.p + sizeof head;
    ret->event = (gh_event){.wall_us = head.wall_us,
                            .level = (enum gh_log_level)head.level,
                            .name = {at, head.name_n},
                            .text = {at + head.name_n, head.text_n}};
}

void gh_line_time(gh_line_clock *clock, uint64_t wall_us, gh_buf *out)
{
    uint64_t second = wall_us / 1000000;
    if (second != clock->second || clock->text[0] == '\0') {
        time_t t = (time_t)second;
        struct tm parts;
        if (gmtime_r(&t, &parts) == NULL ||
            strftime(clock->text, sizeof clock->text, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
            memcpy(clock->text, "0000-00-00T00:00:00", sizeof clock->text);
        clock->second = second;
    }
    unsigned ms = (unsigned)(wall_us / 1000 % 1000);
    char fraction[4] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10)};
    gh_buf_put(out, (gh_str){clock->text, 19});
    gh_buf_put(out, (gh_str){fraction, sizeof fraction});
}

gh_str gh_log_level_name(enum gh_log_level level)
{
    switch (level) {
    case GH_LEVEL_INFO:
        return GH_STR("info");
    case GH_LEVEL_WARNING:
        return GH_STR("warning");
    case GH_LEVEL_ERROR:
        return GH_STR("error");
    }
    return GH_STR("unknown");
}
