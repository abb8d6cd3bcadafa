#include "schema/finding.h"

static const struct {
    gh_str keyword, type;
    gh_str text; /* "%": the limit */
} faults[] = {
#define FAULT(id, keyword, type, text) {GH_STR_INIT(keyword), GH_STR_INIT(type), GH_STR_INIT(text)},
#include "schema/faults.def"
#undef FAULT
};

gh_str gh_finding_keyword(const gh_finding *finding)
{
    return faults[finding->fault].keyword;
}

gh_str gh_finding_type(const gh_finding *finding)
{
    return faults[finding->fault].type;
}

/* What follows the limit, in the singular where the limit is 1: "at least 1 item". */
static void put_rest(gh_buf *out, gh_str rest, gh_str limit)
{
    size_t end = rest.n;
    for (size_t i = 1; i <= rest.n; i++) {
        if (i == rest.n || rest.p[i] == ' ') {
            end = i;
            break;
        }
    }
    bool one = gh_str_eq(limit, GH_STR("1")) && end > 2 && rest.p[0] == ' ' && rest.p[end - 1] == 's';
    gh_buf_put(out, gh_str_cut(rest, 0, one ? end - 1 : end));
    gh_buf_put(out, gh_str_cut(rest, end, rest.n));
}

void gh_finding_message(gh_buf *out, const gh_finding *finding)
{
    gh_str text = faults[finding->fault].text;
    size_t mark = gh_str_find(text, '%');
    gh_buf_put(out, gh_str_cut(text, 0, mark));
    if (mark == text.n)
        return;
    gh_buf_put(out, finding->limit);
    put_rest(out, gh_str_cut(text, mark + 1, text.n), finding->limit);
}

gh_str gh_in_name(enum gh_in in)
{
    static const gh_str names[] = {
        [GH_IN_BODY] = GH_STR_INIT("body"),     [GH_IN_QUERY] = GH_STR_INIT("query"),
        [GH_IN_PATH] = GH_STR_INIT("path"),     [GH_IN_HEADER] = GH_STR_INIT("header"),
        [GH_IN_COOKIE] = GH_STR_INIT("cookie"),
    };
    return names[in];
}
