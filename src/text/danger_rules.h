/* The rules behind dangerous.h, one function a check. */
#ifndef GH_TEXT_DANGER_RULES_H
#define GH_TEXT_DANGER_RULES_H

#include "text/dangerous.h"

enum { GH_DANGER_LAYERS = 2 };

/* gh_danger_find() that undoes at most so many layers of escapes: 0 looks at the text as it is. */
enum gh_danger gh_danger_find_in_layers(gh_str text, gh_danger_set checks, size_t max_length, unsigned layers,
                                        gh_arena *scratch);

/* gh_danger_find() without the look beforehand (danger_scan.h): every rule reads every view. For tests, which hold
 * that it finds the same. */
enum gh_danger gh_danger_find_slowly(gh_str text, gh_danger_set checks, size_t max_length, gh_arena *scratch);

/* One way to look at a text: as it is, or with one or two layers of escapes undone (decode.h). */
typedef struct gh_danger_view {
    gh_str text;          /* bytes; UTF-8 only where `layers` is 0 */
    gh_str folded;        /* the same by gh_text_fold() */
    gh_str written;       /* the text as it came, folded */
    unsigned layers;      /* of escapes undone */
    uint32_t seen;        /* kinds of bytes in `text` (danger_scan.h) */
    uint32_t seen_folded; /* in `folded` */
    size_t max_length;    /* for TOO_LONG */
} gh_danger_view;

/* Each is linear in the size of the view and allocates nothing. */
bool gh_danger_html(const gh_danger_view *view);
bool gh_danger_scheme(const gh_danger_view *view);
bool gh_danger_sql(const gh_danger_view *view);
bool gh_danger_path(const gh_danger_view *view);
bool gh_danger_break(const gh_danger_view *view);
bool gh_danger_control(const gh_danger_view *view);
bool gh_danger_bidi(const gh_danger_view *view);

enum { GH_SCHEME_DATA_MAX = 256 };

/* Where the scheme `word` (lower case) that ends at the colon begins, in any case and with what browsers pass over
 * in between; SIZE_MAX: it is another. Never looks over an earlier colon, so a call for each colon is linear. */
size_t gh_scheme_start(gh_str s, size_t colon, gh_str word);
/* Is it data:[<media type>][;parameters],<data> (RFC 2397), with the comma in the GH_SCHEME_DATA_MAX bytes behind
 * the colon? "data:" in prose has no comma right after a media type. */
bool gh_scheme_is_data(gh_str s, size_t start, size_t colon);

/* White space as markup and URLs have it, and what decode.h makes of line breaks. */
static inline bool gh_danger_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool gh_danger_is_letter(char c)
{
    return gh_lower(c) >= 'a' && gh_lower(c) <= 'z';
}

static inline bool gh_danger_is_word(char c)
{
    return gh_danger_is_letter(c) || gh_is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Does s have `part` at i? */
static inline bool gh_danger_at(gh_str s, size_t i, gh_str part)
{
    return i <= s.n && s.n - i >= part.n && gh_str_starts(gh_str_cut(s, i, s.n), part);
}

#endif
