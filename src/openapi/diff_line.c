/* The lines of a comparison. */
#include "openapi/diff.h"
#include "text/utf8.h"
#include "wire/json_text.h"

enum { LINE_MAX = 1024, STEPS_SHOWN = 64, POINTS_SHOWN = 40, VALUE_MAX = 2048 };

static void put_steps(gh_buf *out, const gh_oa_step *step)
{
    const gh_oa_step *chain[STEPS_SHOWN];
    unsigned n = 0;
    for (; step != NULL && n < STEPS_SHOWN; step = step->up)
        chain[n++] = step;
    if (n > 0)
        gh_buf_char(out, ' ');
    if (step != NULL)
        gh_buf_lit(out, "...");
    while (n-- > 0) {
        gh_buf_char(out, '/');
        gh_json_escape(out, gh_utf8_first(chain[n]->token, POINTS_SHOWN));
    }
}

static bool has_room(gh_oa_diff *d)
{
    if (d->n_lines < d->cap_lines)
        return true;
    unsigned cap = d->cap_lines == 0 ? 64 : d->cap_lines * 2;
    void **lines = gh_arena_array(d->arena, cap, sizeof *lines);
    if (lines == NULL)
        return false;
    if (d->n_lines > 0)
        memcpy(lines, d->lines, d->n_lines * sizeof *lines);
    d->lines = lines;
    d->cap_lines = cap;
    return true;
}

static bool is_breaking(const gh_oa_diff *d, enum gh_oa_effect effect)
{
    return effect == GH_OA_BREAKING || effect == (d->response ? GH_OA_WIDER : GH_OA_NARROWER);
}

void gh_oa_add_line(gh_oa_diff *d, const gh_oa_step *step, enum gh_oa_effect effect, const gh_buf *text)
{
    char memory[LINE_MAX + 512];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    if (d->n_lines == GH_OA_LINES_MAX) {
        d->cut = true;
        return;
    }
    gh_buf_put(&b, gh_str_cut(d->operation, 0, LINE_MAX / 4));
    if (d->operation.n > 0)
        gh_buf_lit(&b, ": ");
    gh_buf_put(&b, gh_str_cut(d->part, 0, LINE_MAX / 4));
    put_steps(&b, step);
    if (d->part.n > 0 || step != NULL)
        gh_buf_lit(&b, ": ");
    gh_buf_put(&b, gh_buf_str(text));
    if (is_breaking(d, effect))
        gh_buf_lit(&b, " (breaking)");
    gh_str *line = gh_arena_new(d->arena, gh_str);
    if (line == NULL || !has_room(d) || (*line = gh_arena_copy(d->arena, gh_buf_str(&b))).p == NULL) {
        d->no_memory = true;
        return;
    }
    d->lines[d->n_lines++] = line;
    d->breaking += is_breaking(d, effect);
}

static const char *cut(gh_buf *b, char memory[GH_OA_SHOWN_MAX])
{
    enum { ENOUGH = GH_OA_SHOWN_MAX - 4 };
    gh_str text = gh_buf_str(b);
    bool whole = !b->overflow && text.n <= ENOUGH;
    /* What is cut ends before a character, not in one. */
    gh_str shown = gh_str_cut(text, 0, ENOUGH);
    shown.n = gh_utf8_valid(shown);
    gh_buf out = gh_buf_over(memory, GH_OA_SHOWN_MAX - 1);
    gh_buf_put(&out, shown);
    if (!whole)
        gh_buf_lit(&out, "...");
    memory[out.n] = '\0';
    return memory;
}

const char *gh_oa_show(const gh_json *value, char memory[GH_OA_SHOWN_MAX])
{
    char text[VALUE_MAX];
    gh_buf b = gh_buf_over(text, sizeof text);
    if (value == NULL)
        gh_buf_lit(&b, "none");
    else
        gh_json_write(&b, value);
    return cut(&b, memory);
}

const char *gh_oa_show_text(gh_str text, char memory[GH_OA_SHOWN_MAX])
{
    char quoted[VALUE_MAX];
    gh_buf b = gh_buf_over(quoted, sizeof quoted);
    gh_json_string(&b, gh_utf8_first(text, POINTS_SHOWN));
    return cut(&b, memory);
}
