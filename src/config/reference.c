/* The reference of all settings, from their rows. */
#include "config/load.h"

enum { PIECE_MAX = 4096 };

static const char *form_word(const gh_setting *s)
{
    switch (s->form) {
    case GH_FORM_ANY:
        return "text";
    case GH_FORM_NAME:
        return "name";
    case GH_FORM_METHOD:
        return "method";
    case GH_FORM_HEADER_NAME:
        return "header name";
    case GH_FORM_HEADER_VALUE:
        return "header value, or off";
    case GH_FORM_LISTEN:
        return "address";
    case GH_FORM_LISTEN_OR_OFF:
        return "address, or off";
    case GH_FORM_SERVER:
        return "server";
    case GH_FORM_HOST:
        return "host";
    case GH_FORM_ORIGIN:
        return "origin";
    case GH_FORM_PATH_PATTERN:
        return "path pattern";
    case GH_FORM_PATH:
    case GH_FORM_PREFIX:
        return "path";
    case GH_FORM_DOCUMENT:
        return "file, or upstream:/path";
    case GH_FORM_MEDIA_RANGE:
        return "media type";
    case GH_FORM_DANGER:
        return "check";
    case GH_FORM_FIELD:
        return "field";
    case GH_FORM_BODY_FIELD:
        return "body field";
    case GH_FORM_GRANT:
    case GH_FORM_PERMISSION:
        return "permission";
    case GH_FORM_SCOPE:
        return "scope";
    case GH_FORM_PROOF:
        return "proof";
    case GH_FORM_JWKS:
        return "file, or https://...";
    case GH_FORM_ENDPOINT:
        return "https://host:port";
    }
    return "text";
}

static void put_words(gh_buf *out, const gh_setting *s)
{
    for (const gh_word *w = s->words; w->text != NULL; w++)
        gh_buf_printf(out, "%s%s", w == s->words ? "" : w[1].text == NULL ? " or " : ", ", w->text);
}

static void put_range(gh_buf *out, const gh_setting *s, const char *what)
{
    char lo[GH_QUOTED_MAX], hi[GH_QUOTED_MAX];
    gh_value_show(s, s->min, lo);
    gh_value_show(s, s->max, hi);
    gh_buf_printf(out, "%s, %s%s to %s", what, s->zero ? "0 or " : "", lo, hi);
}

static void put_count(gh_buf *out, const gh_setting *s, const char *what)
{
    gh_buf_printf(out, "list of %s", what);
    if (s->min > 0)
        gh_buf_printf(out, ", %llu or more", (unsigned long long)s->min);
}

/* "duration, 100ms to 1h" */
static void put_type(gh_buf *out, const gh_setting *s)
{
    char plural[64];
    gh_buf form = gh_buf_over(plural, sizeof plural);
    gh_buf_printf(&form, "%s%s", form_word(s),
                  gh_str_ends(gh_str_of(form_word(s)), GH_STR("s")) ? "es" : "s");
    gh_buf_char(&form, '\0');
    switch (s->type) {
    case GH_TYPE_SWITCH:
        gh_buf_lit(out, "on or off");
        break;
    case GH_TYPE_WORD:
        put_words(out, s);
        break;
    case GH_TYPE_NUMBER:
        put_range(out, s, "number");
        break;
    case GH_TYPE_DURATION:
        put_range(out, s, s->bare_seconds ? "duration or number of seconds" : "duration");
        break;
    case GH_TYPE_SIZE:
        put_range(out, s, s->unit == GH_UNIT_BYTES ? "size" : "size a second");
        break;
    case GH_TYPE_TEXT:
        gh_buf_put(out, gh_str_of(form_word(s)));
        break;
    case GH_TYPE_SECRET:
        gh_buf_printf(out, "secret, %llu to %llu bytes", (unsigned long long)s->min,
                      (unsigned long long)s->max);
        break;
    case GH_TYPE_TEXTS:
        put_count(out, s, s->form == GH_FORM_LISTEN ? "addresses" : plural);
        break;
    case GH_TYPE_CIDRS:
        put_count(out, s, "addresses or CIDR blocks");
        break;
    case GH_TYPE_NUMBERS:
        put_count(out, s, "numbers");
        break;
    case GH_TYPE_RATES:
        put_count(out, s, "limits");
        break;
    case GH_TYPE_RATE:
        gh_buf_lit(out, "limit");
        break;
    case GH_TYPE_SCHEMA:
        gh_buf_lit(out, "JSON Schema");
        break;
    }
}

static void put_names(gh_buf *out, const gh_setting *s, const char *quote)
{
    char name[GH_SETTING_NAME_MAX];
    /* The familiar names first: those are what people have in their files. */
    for (unsigned i = 1; gh_setting_name(s, i, name); i++) {
        gh_buf_printf(out, "%s%s%s, ", quote, name, quote);
        if (s->type == GH_TYPE_SECRET)
            gh_buf_printf(out, "%s%s_FILE%s, ", quote, name, quote);
    }
    if (!gh_setting_name(s, 0, name))
        return;
    gh_buf_printf(out, "%s%s%s", quote, name, quote);
    if (s->type == GH_TYPE_SECRET)
        gh_buf_printf(out, ", %s%s_FILE%s", quote, name, quote);
}

static const char *preset_of(const gh_setting *s)
{
    return s->preset != NULL ? s->preset : s->required ? "required" : "not set";
}

/* "|" would end a cell, and "*" begin emphasis. */
static void put_cell(gh_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|' || *text == '*')
            gh_buf_char(out, '\\');
        gh_buf_char(out, *text);
    }
}

static void put_markdown(gh_buf *out, const gh_setting *s)
{
    gh_buf_printf(out, "| `%s` | ", s->path);
    put_cell(out, s->about);
    gh_buf_lit(out, " | ");
    put_type(out, s);
    if (s->preset == NULL)
        gh_buf_printf(out, " | %s | ", preset_of(s));
    else
        gh_buf_printf(out, " | `%s` | ", s->preset);
    put_names(out, s, "`");
    gh_buf_printf(out, " | %s |\n", s->restart ? "restart" : "reload");
}

static void put_text(gh_buf *out, const gh_setting *s)
{
    gh_buf_printf(out, "%s\n    %s\n    ", s->path, s->about);
    put_type(out, s);
    gh_buf_printf(out, "; default: %s\n", preset_of(s));
    if (gh_setting_in_environment(s)) {
        gh_buf_lit(out, "    environment: ");
        put_names(out, s, "");
        gh_buf_char(out, '\n');
    }
    gh_buf_printf(out, "    a change needs a %s\n\n", s->restart ? "restart" : "reload");
}

/* "rate_limits.rules[]" of "rate_limits.rules[].scope"; "server" of "server.workers". */
static gh_str section_of(const gh_setting *s)
{
    gh_str path = gh_str_of(s->path);
    const gh_part_row *part = gh_part_row_of(s->part);
    if (s->part == GH_PART_TIER)
        part = gh_part_row_of(GH_PART_RULE);
    if (s->part == GH_PART_CLAIM)
        part = gh_part_row_of(GH_PART_ROUTE);
    if (part != NULL)
        return gh_str_of(part->path);
    size_t dot = gh_str_find(path, '.');
    return dot == path.n ? GH_STR("Top level") : gh_str_cut(path, 0, dot);
}

static void put_heading(gh_buf *out, gh_str section, bool first)
{
    bool name = gh_str_find(section, ' ') == section.n;
    const char *quote = name ? "`" : "";
    gh_buf_printf(out, "%s### %s%.*s%s\n\n", first ? "" : "\n", quote, (int)section.n, section.p, quote);
    gh_buf_lit(out, "| Setting | What it does | Value | Default | Environment | A change needs |\n"
                    "|---|---|---|---|---|---|\n");
}

void gh_settings_reference(enum gh_reference_format format, gh_reference_write *write, void *data)
{
    char piece[PIECE_MAX];
    const gh_setting *s;
    gh_str section = {NULL, 0};
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++) {
        gh_buf out = gh_buf_over(piece, sizeof piece);
        if (format == GH_REFERENCE_MARKDOWN) {
            if (!gh_str_eq(section, section_of(s)))
                put_heading(&out, section_of(s), i == 0);
            section = section_of(s);
            put_markdown(&out, s);
        } else {
            put_text(&out, s);
        }
        write(data, gh_buf_str(&out));
    }
}
