/* One value into its field, by the type its row says. */
#include "config/load.h"

bool gh_value_is_list(const gh_setting *s)
{
    return s->type == GH_TYPE_TEXTS || s->type == GH_TYPE_CIDRS || s->type == GH_TYPE_NUMBERS ||
           s->type == GH_TYPE_RATES;
}

static bool is_null(const gh_node *node)
{
    if (!node->plain)
        return false;
    return node->text.n == 0 || gh_str_eq(node->text, GH_STR("~")) ||
           (!node->variable && gh_str_eq_nocase(node->text, GH_STR("null")));
}

bool gh_value_is_scalar(gh_load *l, const char *who, const gh_node *node)
{
    if (node->kind != GH_NODE_SCALAR) {
        gh_load_error(l, &node->place, "%s: must be one value, not a %s", who,
                      node->kind == GH_NODE_LIST ? "list" : "mapping");
        return false;
    }
    if (is_null(node)) {
        gh_load_error(l, &node->place, "%s: has no value; give one, or remove it to have the default", who);
        return false;
    }
    return true;
}

static bool set_switch(gh_load *l, const char *who, const gh_node *node, int *ret)
{
    static const struct {
        gh_str word;
        int value;
        bool variable;
    } words[] = {
        {GH_STR_INIT("on"), GH_ON, false},   {GH_STR_INIT("off"), GH_OFF, false},
        {GH_STR_INIT("true"), GH_ON, false}, {GH_STR_INIT("false"), GH_OFF, false},
        {GH_STR_INIT("yes"), GH_ON, false},  {GH_STR_INIT("no"), GH_OFF, false},
        {GH_STR_INIT("1"), GH_ON, true},     {GH_STR_INIT("0"), GH_OFF, true},
    };
    char quoted[GH_QUOTED_MAX];
    for (size_t i = 0; i < GH_COUNT(words); i++)
        if (gh_str_eq_nocase(node->text, words[i].word) && (node->variable || !words[i].variable)) {
            *ret = words[i].value;
            return true;
        }
    gh_load_error(l, &node->place, "%s: %s is neither on nor off", who, gh_quoted(node->text, quoted));
    return false;
}

/* YAML 1.1 reads off and no as false, and tools that rewrite a file write it so. */
static gh_str as_off(const gh_node *node)
{
    if (node->plain &&
        (gh_str_eq_nocase(node->text, GH_STR("off")) || gh_str_eq_nocase(node->text, GH_STR("no")) ||
         gh_str_eq_nocase(node->text, GH_STR("false"))))
        return GH_STR("off");
    return node->text;
}

static bool set_word(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, int *ret)
{
    gh_nearest nearest = gh_nearest_to(node->text);
    char list[256], quoted[GH_QUOTED_MAX], mean[GH_QUOTED_MAX];
    gh_buf words = gh_buf_over(list, sizeof list - 1);
    for (const gh_word *w = s->words; w->text != NULL; w++) {
        gh_str word = gh_str_of(w->text);
        if (gh_str_eq(node->text, word) || gh_str_eq(as_off(node), word)) {
            *ret = w->value;
            return true;
        }
        gh_nearest_offer(&nearest, word);
        gh_buf_printf(&words, "%s%s", words.n > 0 ? ", " : "", w->text);
    }
    list[words.n] = '\0';
    gh_load_error(l, &node->place, "%s: %s is not one of %s%s", who, gh_quoted(node->text, quoted), list,
                  gh_did_you_mean(gh_nearest_name(&nearest), mean));
    return false;
}

static bool read_number(const gh_setting *s, gh_str text, uint64_t *ret, const char **ret_why)
{
    uint64_t v;
    if (s->type == GH_TYPE_SIZE)
        return gh_value_size(text, ret, ret_why);
    if (s->type != GH_TYPE_DURATION) {
        *ret_why = "is not a whole number";
        return (text.n < 2 || text.p[0] != '0') && gh_str_u64(text, ret);
    }
    if (!gh_value_duration(text, s->bare_seconds, &v, ret_why))
        return false;
    *ret_why = "is not a whole number of seconds";
    if (s->unit == GH_UNIT_SECONDS && v % 1000 != 0)
        return false;
    *ret = s->unit == GH_UNIT_SECONDS ? v / 1000 : v;
    return true;
}

static bool set_number(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, uint64_t *ret)
{
    char quoted[GH_QUOTED_MAX], lo[GH_QUOTED_MAX], hi[GH_QUOTED_MAX];
    const char *why;
    uint64_t v;
    if (!read_number(s, node->text, &v, &why)) {
        gh_load_error(l, &node->place, "%s: %s %s", who, gh_quoted(node->text, quoted), why);
        return false;
    }
    if ((v < s->min && !(s->zero && v == 0)) || v > s->max) {
        gh_value_show(s, s->min, lo);
        gh_value_show(s, s->max, hi);
        gh_load_error(l, &node->place, "%s: %s is out of range: it must be %s%s to %s%s", who,
                      gh_quoted(node->text, quoted), s->zero ? "0 or " : "", lo, hi,
                      s->unit == GH_UNIT_BYTES            ? " (bytes)"
                      : s->unit == GH_UNIT_BYTES_A_SECOND ? " (bytes a second)"
                                                          : "");
        return false;
    }
    *ret = v;
    return true;
}

static bool set_text(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, gh_str *ret)
{
    bool may_be_off = s->form == GH_FORM_HEADER_VALUE || s->form == GH_FORM_LISTEN_OR_OFF;
    gh_str text = may_be_off ? as_off(node) : node->text;
    char quoted[GH_QUOTED_MAX];
    const char *why;
    if (text.n < s->min || text.n > s->max) {
        gh_load_error(l, &node->place, "%s: must have %llu to %llu bytes, not %zu", who,
                      (unsigned long long)s->min, (unsigned long long)s->max, text.n);
        return false;
    }
    if (!gh_value_form(l, s, text, &text, &why)) {
        gh_load_error(l, &node->place, "%s: %s %s", who, gh_quoted(text, quoted), why);
        return false;
    }
    text = gh_arena_copy(&l->config->arena, text);
    if (text.p == NULL) {
        gh_load_no_memory(l);
        return false;
    }
    *ret = text;
    return true;
}

static bool set_by_type(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, void *base)
{
    void *field = (char *)base + s->at;
    switch (s->type) {
    case GH_TYPE_SWITCH:
        return set_switch(l, who, node, field);
    case GH_TYPE_WORD:
        return set_word(l, s, who, node, field);
    case GH_TYPE_NUMBER:
    case GH_TYPE_DURATION:
    case GH_TYPE_SIZE:
        return set_number(l, s, who, node, field);
    case GH_TYPE_TEXT:
        return set_text(l, s, who, node, field);
    case GH_TYPE_SECRET:
        return gh_secret_set(l, s, who, node, field);
    case GH_TYPE_TEXTS:
    case GH_TYPE_CIDRS:
    case GH_TYPE_NUMBERS:
    case GH_TYPE_RATES:
        return gh_value_set_list(l, s, who, node, base);
    case GH_TYPE_RATE:
        return gh_value_set_rate(l, who, node, field);
    case GH_TYPE_SCHEMA:
        return gh_value_set_schema(l, who, node, field);
    }
    return false;
}

bool gh_value_set(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, void *base)
{
    bool one = !gh_value_is_list(s) && s->type != GH_TYPE_SCHEMA && s->type != GH_TYPE_RATE;
    if (one && !gh_value_is_scalar(l, who, node))
        return false;
    if (!set_by_type(l, s, who, node, base))
        return false;
    gh_load_set_place(l, (char *)base + s->at, node->place);
    return true;
}

bool gh_value_set_text(gh_load *l, const gh_setting *s, const char *who, gh_named_value value, void *base)
{
    gh_node scalar = {
        .kind = GH_NODE_SCALAR, .plain = true, .variable = true, .text = value.value, .place = value.place};
    if (!gh_value_is_list(s))
        return gh_value_set(l, s, who, &scalar, base);
    gh_node *list = gh_value_split(l, &value);
    return list != NULL && gh_value_set(l, s, who, list, base);
}
