#include "operator/table.h"

#include "base/id.h"
#include "identity/answer.h"
#include "operator/moment.h"
#include "text/hidden.h"
#include "text/utf8.h"
#include "wire/json_text.h"

enum { GAP = 2, ESCAPED = 6 };

struct gh_table_row {
    gh_table_row *next;
    unsigned n;
    gh_str cells[GH_TABLE_COLUMNS_MAX];
};

/* One code point, or one byte that belongs to none. */
static gh_str first_piece(gh_str rest)
{
    gh_str piece = gh_utf8_first(gh_str_cut(rest, 0, gh_utf8_valid(gh_str_cut(rest, 0, 4))), 1);
    return piece.n > 0 ? piece : gh_str_cut(rest, 0, 1);
}

gh_str gh_shown(gh_arena *arena, gh_str text)
{
    size_t size;
    gh_hidden state = {0};
    if (__builtin_mul_overflow(text.n, ESCAPED * 2, &size))
        return (gh_str){NULL, 0};
    char *memory = gh_arena_alloc(arena, size + 1);
    gh_buf out = gh_buf_over(memory, memory == NULL ? 0 : size);
    while (memory != NULL && text.n > 0) {
        gh_str piece = first_piece(text), seen = piece;
        if (gh_hidden_next(&state, &seen, NULL)) {
            char quoted[ESCAPED * 4];
            gh_buf ascii = gh_buf_over(quoted, sizeof quoted);
            gh_json_string_ascii(&ascii, piece);
            gh_buf_put(&out, gh_str_cut(gh_buf_str(&ascii), 1, ascii.n - 1)); /* without its quotes */
        } else if (gh_str_eq(piece, GH_STR("\"")) || gh_str_eq(piece, GH_STR("\\"))) {
            gh_buf_put(&out, piece); /* only a JSON string needs these escaped */
        } else {
            gh_json_escape(&out, piece);
        }
        text = gh_str_cut(text, piece.n, text.n);
    }
    return gh_buf_str(&out);
}

gh_table gh_table_of(gh_arena *arena, const char *const *heads, unsigned n)
{
    gh_table table = {.arena = arena, .columns = n};
    for (unsigned i = 0; heads != NULL && i < n; i++)
        gh_table_cell(&table, gh_str_of(heads[i]));
    return table;
}

void gh_table_cell(gh_table *table, gh_str text)
{
    if (table->open == NULL) {
        gh_table_row *row = gh_arena_new(table->arena, gh_table_row);
        if (row == NULL) {
            table->no_memory = true;
            return;
        }
        *(table->last == NULL ? &table->first : &table->last->next) = row;
        table->last = table->open = row;
    }
    gh_str shown = text.n == 0 ? GH_STR("-") : gh_shown(table->arena, text);
    table->no_memory |= shown.p == NULL;
    table->open->cells[table->open->n++] = shown;
    if (table->open->n == table->columns)
        table->open = NULL;
}

void gh_table_time(gh_table *table, uint64_t unix_s)
{
    char memory[GH_MOMENT_TEXT];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    if (unix_s != 0)
        gh_time_put(&b, unix_s);
    gh_table_cell(table, gh_buf_str(&b));
}

void gh_table_id(gh_table *table, uint64_t id)
{
    char memory[GH_ID_TEXT];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    if (id != 0)
        gh_id_put(&b, id);
    gh_table_cell(table, gh_buf_str(&b));
}

void gh_table_number(gh_table *table, uint64_t number)
{
    char memory[24];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    gh_buf_u64(&b, number);
    gh_table_cell(table, gh_buf_str(&b));
}

static size_t width_of(gh_str cell)
{
    return gh_utf8_count(cell);
}

void gh_table_put(const gh_table *table, gh_text *out)
{
    size_t widths[GH_TABLE_COLUMNS_MAX] = {0};
    for (const gh_table_row *row = table->first; row != NULL; row = row->next)
        for (unsigned i = 0; i < row->n; i++)
            if (width_of(row->cells[i]) > widths[i])
                widths[i] = width_of(row->cells[i]);
    for (const gh_table_row *row = table->first; row != NULL; row = row->next) {
        for (unsigned i = 0; i < row->n; i++) {
            gh_text_put(out, row->cells[i]);
            if (i + 1 == row->n)
                break;
            for (size_t k = width_of(row->cells[i]); k < widths[i] + GAP; k++)
                gh_text_lit(out, " ");
        }
        gh_text_lit(out, "\n");
    }
    if (table->no_memory)
        out->b.overflow = true;
}
