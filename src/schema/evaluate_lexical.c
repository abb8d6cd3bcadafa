#include "schema/evaluate.h"
#include "wire/decimal.h"

/* Texts of forms and parameters stand for a value of the type that the schema asks for. Where it allows several,
 * each is tried; where it says nothing, the text must pass as a text, and as a number too if it can be one. */

enum { READINGS_MAX = 4, NUMBER_ROOM = 64, NUMBER_MAX = 1000 };

typedef struct readings {
    gh_json items[READINGS_MAX];
    unsigned n;
    char room[NUMBER_ROOM];
} readings;

/* RFC-less custom of forms and of Pydantic: which words are true and false. */
static bool is_word(gh_str text, bool *ret)
{
    static const struct {
        gh_str word;
        bool value;
    } words[] = {
        {GH_STR_INIT("true"), true}, {GH_STR_INIT("false"), false}, {GH_STR_INIT("1"), true},
        {GH_STR_INIT("0"), false},   {GH_STR_INIT("on"), true},     {GH_STR_INIT("off"), false},
        {GH_STR_INIT("yes"), true},  {GH_STR_INIT("no"), false},    {GH_STR_INIT("t"), true},
        {GH_STR_INIT("f"), false},   {GH_STR_INIT("y"), true},      {GH_STR_INIT("n"), false},
    };
    for (size_t i = 0; i < GH_COUNT(words); i++) {
        if (gh_str_eq_nocase(words[i].word, text)) {
            *ret = words[i].value;
            return true;
        }
    }
    return false;
}

static void add(readings *to, const gh_json *v, enum gh_json_type type, gh_str text)
{
    gh_json *item = &to->items[to->n++];
    *item = *v;
    item->type = (uint8_t)type;
    item->lexical = false;
    item->text = text;
}

static void add_number(gh_schema_run *r, readings *to, const gh_json *v)
{
    gh_str number;
    size_t size = v->text.n + 8;
    char *room = to->room;
    if (v->text.n > NUMBER_MAX)
        return;
    if (size > NUMBER_ROOM && (room = gh_arena_alloc(r->scratch, size)) == NULL) {
        (void)gh_schema_stop(r, GH_SCHEMA_MEMORY);
        return;
    }
    if (gh_decimal_from_lexical(v->text, room, size > NUMBER_ROOM ? size : NUMBER_ROOM, &number))
        add(to, v, GH_JSON_NUMBER, number);
}

/* "7", not "7.0" or "7e0": a JSON number may be an integer however it is written, but what reads parameters takes
 * digits only. */
static bool whole(gh_str text)
{
    return gh_str_find(text, '.') == text.n && gh_str_find(text, 'e') == text.n &&
           gh_str_find(text, 'E') == text.n;
}

/* The number comes first: what is wrong is told of the first. */
static void read_text(gh_schema_run *r, const gh_json *v, unsigned types, readings *ret)
{
    bool truth;
    ret->n = 0;
    bool integers_only = (types & GH_TYPE_BIT_NUMBER) == 0;
    if ((types & (GH_TYPE_BIT_INTEGER | GH_TYPE_BIT_NUMBER)) != 0 && (!integers_only || whole(v->text)))
        add_number(r, ret, v);
    if ((types & GH_TYPE_BIT_BOOLEAN) != 0 && is_word(v->text, &truth))
        add(ret, v, truth ? GH_JSON_TRUE : GH_JSON_FALSE, v->text);
    if ((types & GH_TYPE_BIT_NULL) != 0 && (v->text.n == 0 || gh_str_eq_nocase(v->text, GH_STR("null"))))
        add(ret, v, GH_JSON_NULL, v->text);
    if ((types & GH_TYPE_BIT_STRING) != 0)
        add(ret, v, GH_JSON_STRING, v->text);
}

/* Could it be a number that is not read for its length? */
static bool is_long_number(gh_str text)
{
    size_t i = 0;
    while (text.n > NUMBER_MAX && i < text.n && gh_str_find(GH_STR("0123456789+-.eE"), text.p[i]) < 15)
        i++;
    return text.n > NUMBER_MAX && i == text.n;
}

static bool eval_untyped(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at)
{
    readings as;
    /* As a text alone it would pass where the number must not. */
    if (is_long_number(v->text) && s->kind != GH_SCHEMA_TRUE)
        return gh_schema_stop(r, GH_SCHEMA_TOO_COSTLY);
    bool valid = true;
    read_text(r, v, GH_TYPE_BIT_NUMBER | GH_TYPE_BIT_STRING, &as);
    for (unsigned i = as.n; i > 0 && valid; i--)
        valid = gh_schema_eval(r, s, &as.items[i - 1], at, NULL);
    return valid && r->stopped == GH_SCHEMA_VALID;
}

/* No reading is valid: told by what is wrong with the first. */
static bool none_fits(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at)
{
    if (r->findings == NULL)
        return false;
    unsigned n = r->findings->n, omitted = r->findings->omitted;
    r->certain = true;
    (void)gh_schema_eval(r, s, v, at, NULL);
    if (r->findings->n > n || r->findings->omitted > omitted)
        return false;
    return gh_schema_fault_surely(r, GH_FAULT_ANY_OF, at);
}

bool gh_schema_eval_lexical(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at)
{
    readings as;
    const gh_schema *seen = s->alias != NULL ? s->alias : s;
    if (v->file) {
        readings file = {.n = 0};
        add(&file, v, GH_JSON_STRING, v->text);
        return gh_schema_eval(r, s, &file.items[0], at, NULL);
    }
    if (seen->seen_types == GH_TYPE_BITS_ALL)
        return eval_untyped(r, s, v, at);
    read_text(r, v, seen->seen_types, &as);
    for (unsigned i = 0; as.n > 1 && i < as.n; i++) {
        if (gh_schema_eval_quietly(r, s, &as.items[i], at, NULL))
            return true;
    }
    if (r->stopped != GH_SCHEMA_VALID)
        return false;
    if (as.n == 0)
        return gh_schema_type_fault(r, seen->seen_types, seen->type_limit, at, true);
    if (as.n == 1)
        return gh_schema_eval(r, s, &as.items[0], at, NULL);
    return none_fits(r, s, &as.items[0], at);
}
