#include "config/report.h"

#include <stdarg.h>
#include <stdio.h>

/* Past this many nobody reads on; the rest is counted only. */
enum { ITEMS_MAX = 500, REPORT_BYTES_MAX = 4 << 20, TEXT_MAX = 1024 };

void gh_report_init(gh_report *r)
{
    *r = (gh_report){0};
    gh_arena_init(&r->arena, NULL, 0, REPORT_BYTES_MAX);
}

void gh_report_free(gh_report *r)
{
    gh_arena_reset(&r->arena);
    *r = (gh_report){.arena = r->arena};
}

static bool has_room(gh_report *r)
{
    unsigned cap = r->cap == 0 ? 16 : r->cap * 2;
    if (r->n >= ITEMS_MAX)
        return false;
    if (r->n < r->cap)
        return true;
    gh_report_item *items = gh_arena_array(&r->arena, cap, sizeof *items);
    if (items == NULL)
        return false;
    if (r->n > 0)
        memcpy(items, r->items, r->n * sizeof *items);
    r->items = items;
    r->cap = cap;
    return true;
}

GH_PRINTF(2, 0) static void add(gh_report *r, const char *fmt, va_list args, gh_report_item item)
{
    char text[TEXT_MAX];
    if (!item.warning)
        r->errors++;
    if (!has_room(r))
        return;
    int n = vsnprintf(text, sizeof text, fmt, args);
    if (n < 0)
        return;
    size_t size = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    item.text = gh_arena_copy(&r->arena, (gh_str){text, size});
    /* The report may outlive whoever named the file. */
    if (item.file != NULL)
        item.file = gh_arena_copy(&r->arena, gh_str_of(item.file)).p;
    if (item.text.p != NULL)
        r->items[r->n++] = item;
}

void gh_report_error(gh_report *r, const char *file, unsigned line, unsigned column, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(r, fmt, args, (gh_report_item){false, file, line, column, {NULL, 0}});
    va_end(args);
}

void gh_report_warning(gh_report *r, const char *file, unsigned line, unsigned column, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(r, fmt, args, (gh_report_item){true, file, line, column, {NULL, 0}});
    va_end(args);
}

void gh_report_print(const gh_report *r, gh_buf *out)
{
    unsigned shown = 0;
    for (unsigned i = 0; i < r->n; i++) {
        const gh_report_item *item = &r->items[i];
        if (item->file != NULL) {
            gh_buf_put(out, gh_str_of(item->file));
            if (item->line > 0)
                gh_buf_printf(out, ":%u", item->line);
            if (item->line > 0 && item->column > 0)
                gh_buf_printf(out, ":%u", item->column);
            gh_buf_lit(out, ": ");
        }
        shown += !item->warning;
        gh_buf_put(out, item->warning ? GH_STR("warning: ") : GH_STR("error: "));
        gh_buf_put(out, item->text);
        gh_buf_char(out, '\n');
    }
    if (r->errors > shown)
        gh_buf_printf(out, "error: and %u more errors, which are not shown\n", r->errors - shown);
}
