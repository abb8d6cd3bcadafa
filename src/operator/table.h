/* Lines with columns that stand below each other, for people. What others have chosen (names, user agents) is escaped,
 * so that it can't move a terminal's cursor or reorder what stands around it. */
#ifndef GH_OPERATOR_TABLE_H
#define GH_OPERATOR_TABLE_H

#include "base/arena.h"
#include "operator/text.h"

enum { GH_TABLE_COLUMNS_MAX = 10 };

typedef struct gh_table_row gh_table_row;

typedef struct gh_table {
    gh_arena *arena;
    unsigned columns;
    gh_table_row *first, *last, *open; /* open: the row that is being filled */
    bool no_memory;
} gh_table;

/* heads: "NAME", "ROLES", ... as the first row; NULL: none. Everything lives in the
 * arena. */
gh_table gh_table_of(gh_arena *arena, const char *const *heads, unsigned n);
/* The next cell, from the left; absent and empty: "-". */
void gh_table_cell(gh_table *table, gh_str text);
/* Unix time as RFC 3339; 0: "-". */
void gh_table_time(gh_table *table, uint64_t unix_s);
void gh_table_number(gh_table *table, uint64_t number);
void gh_table_id(gh_table *table, uint64_t id); /* 0: "-" */
void gh_table_put(const gh_table *table, gh_text *out);

/* The text as it may be shown on a terminal, in the arena; absent: no memory. */
gh_str gh_shown(gh_arena *arena, gh_str text);

#endif
