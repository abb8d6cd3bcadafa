/* Active HTML. What makes markup dangerous is an element that runs or loads something, or an attribute that does:
 * "a < b", Vec<String> and <b>bold</b> have neither. */
#include "text/danger_rules.h"

/* Attributes that may stand between a quote and an event, as in: " autofocus onfocus= */
enum { WORDS_BEHIND_QUOTE = 3 };

enum kind { PLAIN, OBJECT, EMBED, LINK, BASE, META, FRAME };

struct reader {
    gh_str s;
    enum kind kind;  /* of the tag */
    bool in_tag;     /* between "<name" and ">" */
    bool value;      /* behind "=": a quote opens a value */
    char quote;      /* that closes the value, or 0 */
    unsigned broken; /* words that may still come since a quote which may have ended a value; 0: none */
    bool css_known, css;
};

/* clang-format off */
static const struct element {
    gh_str name;
    enum kind kind;
} elements[] = {
    {GH_STR_INIT("object"), OBJECT}, {GH_STR_INIT("embed"), EMBED}, {GH_STR_INIT("link"), LINK},
    {GH_STR_INIT("base"), BASE},     {GH_STR_INIT("meta"), META},   {GH_STR_INIT("frame"), FRAME},
};

/* Attributes that make such an element load something. */
static const struct attribute {
    enum kind kind;
    gh_str name;
} attributes[] = {
    {OBJECT, GH_STR_INIT("data")}, {OBJECT, GH_STR_INIT("type")},     {OBJECT, GH_STR_INIT("classid")},
    {OBJECT, GH_STR_INIT("codebase")}, {OBJECT, GH_STR_INIT("code")}, {EMBED, GH_STR_INIT("src")},
    {EMBED, GH_STR_INIT("code")},  {EMBED, GH_STR_INIT("type")},      {LINK, GH_STR_INIT("href")},
    {LINK, GH_STR_INIT("rel")},    {BASE, GH_STR_INIT("href")},       {META, GH_STR_INIT("http-equiv")},
    {FRAME, GH_STR_INIT("src")},
};

/* English words that an attribute of an event never is. */
static const gh_str words[] = {
    GH_STR_INIT("once"), GH_STR_INIT("ones"), GH_STR_INIT("online"), GH_STR_INIT("only"), GH_STR_INIT("onset"),
    GH_STR_INIT("onsets"), GH_STR_INIT("onto"), GH_STR_INIT("onion"), GH_STR_INIT("onions"), GH_STR_INIT("ongoing"),
    GH_STR_INIT("onward"), GH_STR_INIT("onwards"), GH_STR_INIT("onboard"), GH_STR_INIT("onboarding"),
    GH_STR_INIT("onus"), GH_STR_INIT("onyx"), GH_STR_INIT("onsite"), GH_STR_INIT("onscreen"),
};

static const gh_str active_css[] = {
    GH_STR_INIT("expression("), GH_STR_INIT("-moz-binding"), GH_STR_INIT("behavior:"), GH_STR_INIT("@import"),
    GH_STR_INIT("javascript:"),
};
/* clang-format on */

static bool is_name(char c)
{
    return gh_danger_is_letter(c) || gh_is_digit(c) || c == '-' || c == ':' || c == '_';
}

static gh_str name_at(gh_str s, size_t i)
{
    size_t end = i;
    while (end < s.n && is_name(s.p[end]))
        end++;
    return gh_str_cut(s, i, end);
}

/* Is there any active style in the text? Looked for once, however many tags ask. */
static bool has_css(struct reader *r)
{
    for (size_t i = 0; !r->css_known && i < GH_COUNT(active_css); i++)
        if (memmem(r->s.p, r->s.n, active_css[i].p, active_css[i].n) != NULL)
            r->css = true;
    r->css_known = true;
    return r->css;
}

static bool is_active_element(struct reader *r, gh_str name, bool end)
{
    if (gh_str_eq(name, GH_STR("script")) || gh_str_ends(name, GH_STR(":script")))
        return true;
    if (end)
        return false;
    return gh_str_eq(name, GH_STR("iframe")) || gh_str_eq(name, GH_STR("frameset")) ||
           gh_str_eq(name, GH_STR("applet")) || (gh_str_eq(name, GH_STR("style")) && has_css(r));
}

/* At "<": does an active element begin? */
static bool begin_tag(struct reader *r, size_t i)
{
    bool end = gh_danger_at(r->s, i + 1, GH_STR("/"));
    size_t at = i + 1 + end;
    if (gh_danger_at(r->s, at, GH_STR("!--#")) && at + 4 < r->s.n && gh_danger_is_letter(r->s.p[at + 4]))
        return true; /* a directive of server-side includes */
    if (at >= r->s.n || !gh_danger_is_letter(r->s.p[at]))
        return false;
    gh_str name = name_at(r->s, at);
    if (is_active_element(r, name, end))
        return true;
    r->in_tag = true;
    r->quote = '\0';
    r->value = false;
    r->kind = PLAIN;
    for (size_t k = 0; k < GH_COUNT(elements); k++)
        if (gh_str_eq(name, elements[k].name))
            r->kind = elements[k].kind;
    return false;
}

static bool is_event(gh_str name)
{
    if (name.n < 4 || !gh_str_starts(name, GH_STR("on")))
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!gh_danger_is_letter(name.p[i]))
            return false;
    for (size_t i = 0; i < GH_COUNT(words); i++)
        if (gh_str_eq(name, words[i]))
            return false;
    return true;
}

/* Does an active attribute begin at i, where one may? */
static bool is_active_attribute(struct reader *r, size_t i)
{
    gh_str name = name_at(r->s, i);
    size_t at = i + name.n;
    while (at < r->s.n && gh_danger_is_space(r->s.p[at]))
        at++;
    if (at == r->s.n || r->s.p[at] != '=')
        return false;
    if (is_event(name))
        return true;
    if (!r->in_tag)
        return false;
    if (gh_str_eq(name, GH_STR("srcdoc")) || (gh_str_eq(name, GH_STR("style")) && has_css(r)))
        return true;
    for (size_t k = 0; k < GH_COUNT(attributes); k++)
        if (attributes[k].kind == r->kind && gh_str_eq(name, attributes[k].name))
            return true;
    return false;
}

static bool separates(char c)
{
    return c == '/' || c == '"' || c == '\'' || c == '`' || (c >= 0 && c <= ' ');
}

/* Where inside or outside of a tag and its values is the reader after `before` and c? */
static void pass(struct reader *r, char before, char c)
{
    bool is_quote = c == '"' || c == '\'' || c == '`';
    if (is_quote)
        r->broken = WORDS_BEHIND_QUOTE;
    else if (r->broken > 0 && gh_danger_is_space(c))
        r->broken -= !gh_danger_is_space(before);
    else if (!is_name(c) && c != '/' && c != '=')
        r->broken = 0;
    if (!r->in_tag)
        return;
    if (r->quote != '\0') {
        r->quote = c == r->quote ? '\0' : r->quote;
    } else if (is_quote && r->value) {
        r->quote = c;
        r->value = false;
    } else if (c == '>') {
        r->in_tag = false;
    } else if (!gh_danger_is_space(c)) {
        r->value = c == '=';
    }
}

bool gh_danger_html(const gh_danger_view *view)
{
    struct reader r = {.s = view->folded};
    for (size_t i = 0; i < r.s.n; i++) {
        char c = r.s.p[i];
        if (c == '<' && begin_tag(&r, i))
            return true;
        /* Outside of a tag an attribute counts behind a quote: it may break out of a value. */
        if (i > 0 && gh_danger_is_letter(c) && separates(r.s.p[i - 1]) && (r.in_tag || r.broken > 0) &&
            is_active_attribute(&r, i))
            return true;
        pass(&r, i > 0 ? r.s.p[i - 1] : ' ', c);
    }
    return false;
}
