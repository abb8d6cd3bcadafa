/* What is wrong with a configuration: every error found, not only the first. */
#ifndef GH_CONFIG_REPORT_H
#define GH_CONFIG_REPORT_H

#include "base/arena.h"
#include "base/buf.h"

typedef struct gh_report_item {
    bool warning;
    const char *file; /* NULL when it has no place */
    unsigned line, column;
    gh_str text; /* what, and what to do */
} gh_report_item;

typedef struct gh_report {
    gh_arena arena;
    gh_report_item *items;
    unsigned n, cap;
    unsigned errors;
} gh_report;

void gh_report_init(gh_report *r);
void gh_report_free(gh_report *r);
void gh_report_error(gh_report *r, const char *file, unsigned line, unsigned column, const char *fmt, ...)
    GH_PRINTF(5, 6);
void gh_report_warning(gh_report *r, const char *file, unsigned line, unsigned column, const char *fmt, ...)
    GH_PRINTF(5, 6);
/* One line an item: "gatehouse.yaml:3:5: error: ...". */
void gh_report_print(const gh_report *r, gh_buf *out);

#endif
