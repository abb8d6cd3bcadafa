/* Header injection: a line break and behind it what looks like a header field or a status line.
 *
 * Lines that begin with "Note: " or "Location: Berlin" are how people write, so a break that was typed counts only
 * before names that nobody but a program uses, or names whose value looks like a program's; before the latter
 * ("Location: https://...") a lone line feed, as in a note, only when the next line is a field too. One that was
 * written as an escape (%0d%0a) counts before any name. */
#include "text/danger_rules.h"
#include "text/decode.h"

enum { NAME_MAX = 64 };

/* What a value must look like for the name to count. */
enum value { ANY, URL, HOST, PAIR, LINK, CREDENTIAL, CONNECTION, ENCODING, REFRESH };

/* clang-format off */
static const struct header {
    gh_str name; /* ends with "-": all names that begin so */
    enum value value;
} headers[] = {
    {GH_STR_INIT("set-cookie"), ANY},     {GH_STR_INIT("set-cookie2"), ANY},    {GH_STR_INIT("content-"), ANY},
    {GH_STR_INIT("transfer-encoding"), ANY}, {GH_STR_INIT("access-control-"), ANY}, {GH_STR_INIT("x-"), ANY},
    {GH_STR_INIT("www-authenticate"), ANY}, {GH_STR_INIT("proxy-"), ANY},       {GH_STR_INIT("sec-"), ANY},
    {GH_STR_INIT("cache-control"), ANY},  {GH_STR_INIT("strict-transport-security"), ANY},
    {GH_STR_INIT("clear-site-data"), ANY}, {GH_STR_INIT("if-none-match"), ANY}, {GH_STR_INIT("if-modified-since"), ANY},
    {GH_STR_INIT("accept-"), ANY},        {GH_STR_INIT("user-agent"), ANY},     {GH_STR_INIT("last-modified"), ANY},
    {GH_STR_INIT("retry-after"), ANY},    {GH_STR_INIT("keep-alive"), ANY},     {GH_STR_INIT("cross-origin-"), ANY},
    {GH_STR_INIT("location"), URL},       {GH_STR_INIT("origin"), URL},         {GH_STR_INIT("referer"), URL},
    {GH_STR_INIT("host"), HOST},          {GH_STR_INIT("cookie"), PAIR},        {GH_STR_INIT("link"), LINK},
    {GH_STR_INIT("authorization"), CREDENTIAL}, {GH_STR_INIT("connection"), CONNECTION},
    {GH_STR_INIT("upgrade"), CONNECTION}, {GH_STR_INIT("te"), ENCODING},        {GH_STR_INIT("refresh"), REFRESH},
};

/* "X-ray: normal" is no header field. */
static const gh_str x_words[] = {
    GH_STR_INIT("x-ray"), GH_STR_INIT("x-rays"), GH_STR_INIT("x-axis"), GH_STR_INIT("x-men"), GH_STR_INIT("x-mas"),
    GH_STR_INIT("x-factor"), GH_STR_INIT("x-height"), GH_STR_INIT("x-coordinate"), GH_STR_INIT("x-coord"),
    GH_STR_INIT("x-offset"), GH_STR_INIT("x-position"), GH_STR_INIT("x-direction"), GH_STR_INIT("x-value"),
    GH_STR_INIT("x-values"), GH_STR_INIT("x-intercept"), GH_STR_INIT("x-chromosome"), GH_STR_INIT("x-large"),
};
/* clang-format on */

static bool is_token(char c)
{
    return gh_danger_is_letter(c) || gh_is_digit(c) || c == '-' || c == '_';
}

static bool is_one_of(gh_str value, const gh_str *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (gh_str_starts(value, words[i]))
            return true;
    return false;
}

/* A name with a dot in it, or an address, and nothing else on the line: "example.com", "10.0.0.1:80". */
static bool is_host(gh_str value)
{
    size_t at = 0, dots = 0;
    while (at < value.n && (is_token(value.p[at]) || value.p[at] == '.' || value.p[at] == ':'))
        dots += value.p[at++] == '.';
    return dots > 0 && value.p[at - 1] != '.' && (at == value.n || value.p[at] < ' ');
}

static bool is_pair(gh_str value)
{
    size_t at = 0;
    while (at < value.n && is_token(value.p[at]))
        at++;
    return at > 0 && at < value.n && value.p[at] == '=';
}

/* value: from behind the colon and white space to the end of the text. */
static bool fits(enum value kind, gh_str value)
{
    static const gh_str urls[] = {GH_STR_INIT("http:"), GH_STR_INIT("https:"),      GH_STR_INIT("//"),
                                  GH_STR_INIT("/"),     GH_STR_INIT("javascript:"), GH_STR_INIT("data:")};
    static const gh_str credentials[] = {GH_STR_INIT("basic "), GH_STR_INIT("bearer "),
                                         GH_STR_INIT("digest ")};
    static const gh_str connections[] = {GH_STR_INIT("close"), GH_STR_INIT("keep-alive"),
                                         GH_STR_INIT("upgrade"), GH_STR_INIT("websocket"),
                                         GH_STR_INIT("h2c")};
    static const gh_str encodings[] = {GH_STR_INIT("trailers"), GH_STR_INIT("chunked"), GH_STR_INIT("gzip")};
    switch (kind) {
    case ANY:
        return true;
    case URL:
        return is_one_of(value, urls, GH_COUNT(urls));
    case HOST:
        return is_host(value);
    case PAIR:
        return is_pair(value);
    case LINK:
        return value.n > 0 && value.p[0] == '<';
    case CREDENTIAL:
        return is_one_of(value, credentials, GH_COUNT(credentials));
    case CONNECTION:
        return is_one_of(value, connections, GH_COUNT(connections));
    case ENCODING:
        return is_one_of(value, encodings, GH_COUNT(encodings));
    case REFRESH:
        return value.n > 1 && gh_is_digit(value.p[0]) && memchr(";,0123456789", value.p[1], 12) != NULL;
    }
    return false;
}

static bool is_x_word(gh_str name)
{
    for (size_t i = 0; i < GH_COUNT(x_words); i++)
        if (gh_str_eq(name, x_words[i]))
            return true;
    return false;
}

/* How sure is it that a name and a value are a header field? */
enum sure { NOT, PERHAPS, SURE };

static enum sure is_header(gh_str name, gh_str value)
{
    if (is_x_word(name))
        return NOT;
    for (size_t i = 0; i < GH_COUNT(headers); i++) {
        gh_str known = headers[i].name;
        bool prefix = known.p[known.n - 1] == '-';
        if (prefix ? name.n > known.n && gh_str_starts(name, known) : gh_str_eq(name, known))
            return !fits(headers[i].value, value) ? NOT : headers[i].value == ANY ? SURE : PERHAPS;
    }
    return NOT;
}

/* "http/1.1 200" */
static bool is_status_line(gh_str s)
{
    if (!gh_str_starts(s, GH_STR("http/")))
        return false;
    size_t at = sizeof "http/" - 1;
    while (at < s.n && at < 8 && (gh_is_digit(s.p[at]) || s.p[at] == '.'))
        at++;
    return s.n - at >= 4 && s.p[at] == ' ' && gh_is_digit(s.p[at + 1]) && gh_is_digit(s.p[at + 2]) &&
           gh_is_digit(s.p[at + 3]);
}

/* The line that begins at i. */
static enum sure is_field(gh_str s, size_t i, bool escaped)
{
    gh_str line = gh_str_cut(s, i, s.n);
    size_t size = 0;
    while (size < line.n && size < NAME_MAX && is_token(line.p[size]))
        size++;
    gh_str name = gh_str_cut(line, 0, size);
    size_t colon = size;
    while (colon < line.n && colon < size + 4 && (line.p[colon] == ' ' || line.p[colon] == '\t'))
        colon++;
    if (name.n == 0)
        return NOT;
    if (colon == line.n || line.p[colon] != ':')
        return is_status_line(line) ? SURE : NOT;
    size_t value = colon + 1;
    while (value < line.n && value < colon + 16 && (line.p[value] == ' ' || line.p[value] == '\t'))
        value++;
    return escaped ? SURE : is_header(name, gh_str_cut(line, value, line.n));
}

/* Behind a break; noted: it was a line feed that was typed, and nothing else. */
static bool is_injected(gh_str s, size_t i, bool escaped, bool noted)
{
    enum sure sure = is_field(s, i, escaped);
    if (sure != PERHAPS || !noted)
        return sure != NOT;
    size_t end = i + gh_str_find(gh_str_cut(s, i, s.n), '\n');
    return end < s.n && is_field(s, end + 1, false) != NOT;
}

/* The size of a line break at i, 0: none. U+560A and U+560D lose their upper half where UTF-16 is cut to bytes. */
static size_t break_at(gh_str s, size_t i)
{
    switch (s.p[i]) {
    case '\n':
    case '\r':
    case GH_DECODED_LF:
    case GH_DECODED_CR:
        return 1;
    case '\xe5':
        return gh_danger_at(s, i, GH_STR("\xe5\x98\x8a")) || gh_danger_at(s, i, GH_STR("\xe5\x98\x8d")) ? 3
                                                                                                        : 0;
    default:
        return 0;
    }
}

bool gh_danger_break(const gh_danger_view *view)
{
    gh_str s = view->folded;
    bool in_break = false, escaped = false, noted = true;
    for (size_t i = 0; i < s.n;) {
        char c = s.p[i];
        bool this_escaped = c == GH_DECODED_LF || c == GH_DECODED_CR;
        size_t size = this_escaped && view->layers == 0 ? 0 : break_at(s, i);
        if (size == 0) {
            if (in_break && is_injected(s, i, escaped, noted))
                return true;
            in_break = escaped = false;
            noted = true;
            i++;
            continue;
        }
        escaped = escaped || this_escaped;
        noted = noted && c == '\n';
        in_break = true;
        i += size;
    }
    return false;
}
