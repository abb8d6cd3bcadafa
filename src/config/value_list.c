/* Values that are lists: texts, CIDR blocks, numbers, rates. */
#include "config/load.h"

enum { PREFIX_MIN = 16, PREFIX_MAX = 128, ITEM_BYTES_MAX = 1024, RATE_REQUESTS_MAX = 1000000 };
#define RATE_WINDOW_MIN 1000u
#define RATE_WINDOW_MAX (31u * 86400000u)

static bool add_part(gh_load *l, gh_node *list, gh_str part)
{
    gh_node *item = gh_arena_new(&l->scratch, gh_node);
    if (item == NULL) {
        gh_load_no_memory(l);
        return false;
    }
    *item = (gh_node){
        .kind = GH_NODE_SCALAR, .plain = true, .variable = true, .text = part, .place = list->place};
    if (list->last == NULL)
        list->first = item;
    else
        list->last->next = item;
    list->last = item;
    list->n++;
    return true;
}

static gh_str without_quotes(gh_str s)
{
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        return gh_str_cut(s, 1, s.n - 1);
    return s;
}

/* "a, b", or ["a", "b"] as frameworks that read the same .env want it. "[::1]" is no such list. */
gh_node *gh_value_split(gh_load *l, const gh_named_value *value)
{
    gh_str rest = gh_str_trim(value->value), part;
    gh_node *list = gh_arena_new(&l->scratch, gh_node);
    if (list == NULL) {
        gh_load_no_memory(l);
        return NULL;
    }
    list->kind = GH_NODE_LIST;
    list->place = value->place;
    bool brackets = gh_str_starts(rest, GH_STR("[\"")) || gh_str_starts(rest, GH_STR("['")) ||
                    gh_str_eq(rest, GH_STR("[]"));
    if (brackets && gh_str_ends(rest, GH_STR("]")))
        rest = gh_str_cut(rest, 1, rest.n - 1);
    while (gh_str_next(&rest, ',', &part)) {
        part = gh_str_trim(part);
        if (brackets)
            part = without_quotes(part);
        if (part.n > 0 && !add_part(l, list, part))
            return NULL;
    }
    return list;
}

static bool texts_item(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, void *ret)
{
    char quoted[GH_QUOTED_MAX];
    const char *why;
    gh_str text;
    if (!gh_value_is_scalar(l, who, node))
        return false;
    if (node->text.n > ITEM_BYTES_MAX) {
        gh_load_error(l, &node->place, "%s: must have at most %d bytes, not %zu", who, ITEM_BYTES_MAX,
                      node->text.n);
        return false;
    }
    if (s->form == GH_FORM_SERVER && gh_str_find(node->text, '@') < node->text.n) {
        /* not shown: reports are printed and logged */
        gh_load_error(l, &node->place, "%s: holds a user name or a password, which are not sent; remove them",
                      who);
        return false;
    }
    if (!gh_value_form(l, s, node->text, &text, &why)) {
        gh_load_error(l, &node->place, "%s: %s %s", who, gh_quoted(node->text, quoted), why);
        return false;
    }
    text = gh_arena_copy(&l->config->arena, text);
    if (text.p == NULL)
        gh_load_no_memory(l);
    *(gh_str *)ret = text;
    return text.p != NULL;
}

static bool cidrs_item(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, void *ret)
{
    char quoted[GH_QUOTED_MAX];
    const char *why = "";
    gh_cidr cidr;
    (void)s;
    if (!gh_value_is_scalar(l, who, node))
        return false;
    if (!gh_cidr_parse(node->text, &cidr, &why)) {
        gh_load_error(l, &node->place, "%s: %s is not an address or CIDR block: %s", who,
                      gh_quoted(node->text, quoted), why);
        return false;
    }
    if (cidr.prefix == 0) {
        gh_load_error(l, &node->place, "%s: %s is every address there is; name the networks that are meant",
                      who, gh_quoted(node->text, quoted));
        return false;
    }
    *(gh_cidr *)ret = cidr;
    return true;
}

static bool numbers_item(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, void *ret)
{
    char quoted[GH_QUOTED_MAX];
    uint64_t v;
    (void)s;
    if (!gh_value_is_scalar(l, who, node))
        return false;
    if (!gh_str_u64(node->text, &v) || v < PREFIX_MIN || v > PREFIX_MAX) {
        gh_load_error(l, &node->place, "%s: %s is not a number of %d to %d", who,
                      gh_quoted(node->text, quoted), PREFIX_MIN, PREFIX_MAX);
        return false;
    }
    *(uint64_t *)ret = v;
    return true;
}

static bool rate_requests(gh_load *l, const char *who, const gh_node *node, gh_str text, uint64_t *ret)
{
    char quoted[GH_QUOTED_MAX];
    if (gh_str_u64(text, ret) && *ret >= 1 && *ret <= RATE_REQUESTS_MAX)
        return true;
    gh_load_error(l, &node->place, "%s: %s is not a number of requests of 1 to %d", who,
                  gh_quoted(text, quoted), RATE_REQUESTS_MAX);
    return false;
}

static bool rate_window(gh_load *l, const char *who, const gh_node *node, gh_str text, uint64_t *ret)
{
    static const struct {
        gh_str word;
        uint64_t ms;
    } words[] = {{GH_STR_INIT("second"), 1000},
                 {GH_STR_INIT("minute"), 60000},
                 {GH_STR_INIT("hour"), 3600000},
                 {GH_STR_INIT("day"), 86400000}};
    char quoted[GH_QUOTED_MAX];
    const char *why;
    for (size_t i = 0; i < GH_COUNT(words); i++)
        if (gh_str_eq(text, words[i].word)) {
            *ret = words[i].ms;
            return true;
        }
    if (!gh_value_duration(text, node->kind == GH_NODE_MAP, ret, &why)) {
        gh_load_error(
            l, &node->place,
            "%s: %s is not a window: write second, minute, hour, day or a duration, as in 100/minute or "
            "10/5m",
            who, gh_quoted(text, quoted));
        return false;
    }
    if (*ret >= RATE_WINDOW_MIN && *ret <= RATE_WINDOW_MAX)
        return true;
    gh_load_error(l, &node->place, "%s: a window of %s is out of range: it must be 1s to 31d", who,
                  gh_quoted(text, quoted));
    return false;
}

static bool rate_from_map(gh_load *l, const char *who, const gh_node *node, gh_rate *ret)
{
    const gh_node *requests = NULL, *window = NULL;
    char quoted[GH_QUOTED_MAX], mean[GH_QUOTED_MAX];
    for (const gh_node *c = node->first; c != NULL; c = c->next) {
        gh_nearest nearest = gh_nearest_to(c->key);
        gh_nearest_offer(&nearest, GH_STR("requests"));
        gh_nearest_offer(&nearest, GH_STR("window"));
        if (gh_str_eq(c->key, GH_STR("requests"))) {
            requests = c;
        } else if (gh_str_eq(c->key, GH_STR("window"))) {
            window = c;
        } else {
            gh_load_error(l, &c->key_place, "%s: a limit has no %s%s", who, gh_quoted(c->key, quoted),
                          gh_did_you_mean(gh_nearest_name(&nearest), mean));
            return false;
        }
    }
    if (requests == NULL || window == NULL) {
        gh_load_error(l, &node->place,
                      "%s: a limit needs requests and window, as in {requests: 10, window: 5m}", who);
        return false;
    }
    gh_node map_window = *window;
    map_window.kind = GH_NODE_MAP; /* a bare number is seconds here, as in rate_limits.default.window */
    gh_rate rate = {0};
    if (!gh_value_is_scalar(l, who, requests) || !gh_value_is_scalar(l, who, window) ||
        !rate_requests(l, who, requests, requests->text, &rate.requests) ||
        !rate_window(l, who, &map_window, window->text, &rate.window_ms))
        return false;
    *ret = rate;
    return true;
}

bool gh_value_set_rate(gh_load *l, const char *who, const gh_node *node, gh_rate *ret)
{
    char quoted[GH_QUOTED_MAX];
    gh_rate rate = {0};
    if (node->kind == GH_NODE_MAP)
        return rate_from_map(l, who, node, ret);
    if (!gh_value_is_scalar(l, who, node))
        return false;
    size_t slash = gh_str_find(node->text, '/');
    if (slash == node->text.n) {
        gh_load_error(l, &node->place,
                      "%s: %s is not a limit: write 100/minute, 10/5m or {requests: 10, window: 5m}", who,
                      gh_quoted(node->text, quoted));
        return false;
    }
    gh_str requests = gh_str_trim(gh_str_cut(node->text, 0, slash));
    gh_str window = gh_str_trim(gh_str_cut(node->text, slash + 1, node->text.n));
    if (!rate_requests(l, who, node, requests, &rate.requests) ||
        !rate_window(l, who, node, window, &rate.window_ms))
        return false;
    *ret = rate;
    return true;
}

static bool rates_item(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, void *ret)
{
    (void)s;
    return gh_value_set_rate(l, who, node, ret);
}

typedef bool item_fn(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, void *ret);

static bool read_items(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, item_fn *read,
                       size_t size, void **ret)
{
    char *items = gh_arena_array(&l->config->arena, node->n == 0 ? 1 : node->n, size), *at = items;
    bool good = true;
    if (items == NULL) {
        gh_load_no_memory(l);
        return false;
    }
    for (const gh_node *c = node->first; c != NULL; c = c->next, at += size) {
        /* Each form of list has its reader. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
        good = read(l, s, who, c, at) && good;
        gh_load_set_place(l, at, c->place);
    }
    *ret = items;
    return good;
}

static bool check_count(gh_load *l, const gh_setting *s, const char *who, const gh_node *node)
{
    if (node->kind == GH_NODE_SCALAR && node->plain && node->text.n == 0) {
        gh_load_error(l, &node->place,
                      "%s: has no value; write [] for none, or remove it to have the default", who);
        return false;
    }
    if (node->kind != GH_NODE_LIST) {
        gh_load_error(l, &node->place, "%s: must be a list: write [...], or one \"- \" line for each item",
                      who);
        return false;
    }
    if (node->n < s->min || node->n > s->max) {
        gh_load_error(l, &node->place, "%s: must have %llu to %llu items, not %u", who,
                      (unsigned long long)s->min, (unsigned long long)s->max, node->n);
        return false;
    }
    return true;
}

bool gh_value_set_list(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, void *base)
{
    static const struct {
        item_fn *read;
        size_t size;
    } kinds[] = {[GH_TYPE_TEXTS] = {texts_item, sizeof(gh_str)},
                 [GH_TYPE_CIDRS] = {cidrs_item, sizeof(gh_cidr)},
                 [GH_TYPE_NUMBERS] = {numbers_item, sizeof(uint64_t)},
                 [GH_TYPE_RATES] = {rates_item, sizeof(gh_rate)}};
    void *field = (char *)base + s->at, *items;
    if (!check_count(l, s, who, node) ||
        !read_items(l, s, who, node, kinds[s->type].read, kinds[s->type].size, &items))
        return false;
    if (s->type == GH_TYPE_TEXTS) {
        *(gh_str_list *)field = (gh_str_list){items, node->n};
    } else if (s->type == GH_TYPE_CIDRS) {
        *(gh_cidr_list *)field = (gh_cidr_list){items, node->n};
    } else if (s->type == GH_TYPE_RATES) {
        *(gh_rate_list *)field = (gh_rate_list){items, node->n};
    } else {
        *(uint64_t **)field = items;
        *(unsigned *)(void *)((char *)base + s->count_at) = node->n;
    }
    return true;
}
