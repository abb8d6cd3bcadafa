/* A cheap look at a view before the rules: what can they possibly find in it? Never false where a rule would find
 * something; what ordinary texts have makes it false nearly always. Each is linear and allocates nothing. */
#ifndef GH_TEXT_DANGER_SCAN_H
#define GH_TEXT_DANGER_SCAN_H

#include "text/danger_rules.h"

/* Which kinds of bytes a text has. */
enum {
    GH_SEEN_ESCAPE = 1 << 0, /* % & and the backslash */
    GH_SEEN_QUOTE = 1 << 1,  /* ' " ` */
    GH_SEEN_LESS = 1 << 2,
    GH_SEEN_EQUALS = 1 << 3,
    GH_SEEN_COLON = 1 << 4,
    GH_SEEN_DOT = 1 << 5,
    GH_SEEN_SLASH = 1 << 6, /* both kinds */
    GH_SEEN_BREAK = 1 << 7, /* also what decode.h makes of one, and the lead byte of U+560A */
    GH_SEEN_CONTROL = 1 << 8,
    GH_SEEN_NUL = 1 << 9,
    GH_SEEN_UPPER = 1 << 10,
    GH_SEEN_HIGH = 1 << 11,   /* not ASCII */
    GH_SEEN_C2 = 1 << 12,     /* the lead byte of C1 controls */
    GH_SEEN_MARK = 1 << 13,   /* lead bytes of U+0300 and above */
    GH_SEEN_HIDING = 1 << 14, /* lead bytes of what hidden.h looks for */
    GH_SEEN_HASH = 1 << 15,
    GH_SEEN_DASH = 1 << 16,
    GH_SEEN_ALL = (1 << 17) - 1
};

uint32_t gh_danger_seen(gh_str s);
/* Does `second` follow `first` anywhere? */
bool gh_danger_has_pair(gh_str s, char first, char second);

bool gh_danger_may_html(const gh_danger_view *view);
bool gh_danger_may_scheme(const gh_danger_view *view);
bool gh_danger_may_sql(const gh_danger_view *view); /* sql_scan.c */
bool gh_danger_may_path(const gh_danger_view *view);
bool gh_danger_may_break(const gh_danger_view *view);
bool gh_danger_may_control(const gh_danger_view *view);
bool gh_danger_may_bidi(const gh_danger_view *view);
bool gh_danger_may_not_normal(const gh_danger_view *view);
bool gh_danger_may_too_long(const gh_danger_view *view);

#endif
