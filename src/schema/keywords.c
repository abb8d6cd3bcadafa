#include "schema/keywords.h"

static const struct {
    gh_str name;
    enum gh_schema_shape shape;
} keywords[] = {
#define X(id, name, shape) {GH_STR_INIT(name), GH_SHAPE_##shape},
    GH_SCHEMA_KEYWORDS(X)
#undef X
};

/* Keywords of drafts 3 to 2019-09 that decided what is valid. */
static const struct {
    gh_str name;
    const char *why;
} older[] = {
    {GH_STR_INIT("additionalItems"),
     "\"additionalItems\" is of an older draft: use \"items\" after \"prefixItems\""},
    {GH_STR_INIT("dependencies"),
     "\"dependencies\" is of an older draft: use \"dependentRequired\" or \"dependentSchemas\""},
    {GH_STR_INIT("$recursiveRef"), "\"$recursiveRef\" is of an older draft: use \"$dynamicRef\""},
    {GH_STR_INIT("$recursiveAnchor"), "\"$recursiveAnchor\" is of an older draft: use \"$dynamicAnchor\""},
    {GH_STR_INIT("divisibleBy"), "\"divisibleBy\" is of an older draft: use \"multipleOf\""},
    {GH_STR_INIT("disallow"), "\"disallow\" is of an older draft: use \"not\""},
    {GH_STR_INIT("extends"), "\"extends\" is of an older draft: use \"allOf\""},
};

static const char not_known[] = "not a keyword of JSON Schema (names of your own start with \"x-\")";

/* Looked up only at load: a comparison of lengths is quick enough. */
enum gh_schema_keyword gh_schema_keyword_find(gh_str name)
{
    for (size_t i = 0; i < GH_COUNT(keywords); i++) {
        if (gh_str_eq(keywords[i].name, name))
            return (enum gh_schema_keyword)i;
    }
    return GH_KEYWORD_COUNT;
}

enum gh_schema_shape gh_schema_keyword_shape(enum gh_schema_keyword keyword)
{
    return keywords[keyword].shape;
}

gh_str gh_schema_keyword_name(enum gh_schema_keyword keyword)
{
    return keywords[keyword].name;
}

/* How many letters may be wrong: short words have too many neighbours ("note" is none of "not"). */
static unsigned tolerance(gh_str keyword)
{
    return keyword.n <= 3 ? 0 : keyword.n <= 5 ? 1 : keyword.n < 16 ? 2 : 3;
}

/* The keyword of one that decides what is valid which is closest; COUNT: none is close. */
static size_t closest(gh_str name)
{
    size_t best = GH_COUNT(keywords);
    unsigned least = UINT32_MAX;
    for (size_t i = 0; i < GH_COUNT(keywords); i++) {
        unsigned most = tolerance(keywords[i].name);
        unsigned distance = gh_str_distance(name, keywords[i].name, most);
        if (keywords[i].shape != GH_SHAPE_NOTE && distance <= most && distance < least) {
            best = i;
            least = distance;
        }
    }
    return best;
}

/* What other libraries call it. */
static const struct {
    gh_str name, keyword;
} elsewhere[] = {
    {GH_STR_INIT("regex"), GH_STR_INIT("pattern")},
    {GH_STR_INIT("regexp"), GH_STR_INIT("pattern")},
    {GH_STR_INIT("optional"), GH_STR_INIT("required")},
    {GH_STR_INIT("len"), GH_STR_INIT("maxLength")},
    {GH_STR_INIT("length"), GH_STR_INIT("maxLength")},
    {GH_STR_INIT("size"), GH_STR_INIT("maxLength")},
    {GH_STR_INIT("values"), GH_STR_INIT("enum")},
    {GH_STR_INIT("choices"), GH_STR_INIT("enum")},
    {GH_STR_INIT("property"), GH_STR_INIT("properties")},
    {GH_STR_INIT("props"), GH_STR_INIT("properties")},
    {GH_STR_INIT("fields"), GH_STR_INIT("properties")},
    {GH_STR_INIT("gt"), GH_STR_INIT("exclusiveMinimum")},
    {GH_STR_INIT("ge"), GH_STR_INIT("minimum")},
    {GH_STR_INIT("lt"), GH_STR_INIT("exclusiveMaximum")},
    {GH_STR_INIT("le"), GH_STR_INIT("maximum")},
    {GH_STR_INIT("id"), GH_STR_INIT("$id")},
    {GH_STR_INIT("defs"), GH_STR_INIT("$defs")},
    {GH_STR_INIT("schema"), GH_STR_INIT("$schema")},
};

/* The keyword that was most likely meant, where nothing unknown passes: a guess more or less does no harm. Absent:
 * nothing is near. */
static gh_str likely(gh_str name)
{
    size_t best = GH_COUNT(keywords);
    unsigned least = UINT32_MAX;
    for (size_t i = 0; i < GH_COUNT(elsewhere); i++) {
        if (gh_str_eq(elsewhere[i].name, name))
            return elsewhere[i].keyword;
    }
    for (size_t i = 0; i < GH_COUNT(keywords); i++) {
        unsigned most = (unsigned)(keywords[i].name.n + 1) / 3;
        unsigned distance = gh_str_distance(name, keywords[i].name, most);
        if (distance <= most && distance < least) {
            best = i;
            least = distance;
        }
    }
    for (size_t i = 0; i < GH_COUNT(keywords) && least > 1 && name.n > 2; i++) {
        if (gh_str_starts(keywords[i].name, name))
            return keywords[i].name;
    }
    return best == GH_COUNT(keywords) ? (gh_str){NULL, 0} : keywords[best].name;
}

const char *gh_schema_keyword_doubt(gh_str name, bool known_only, gh_arena *arena)
{
    char text[256];
    gh_buf out = gh_buf_over(text, sizeof text);
    if (gh_str_starts(name, GH_STR("x-")))
        return NULL;
    if (name.n > 64)
        return known_only ? not_known : NULL;
    for (size_t i = 0; i < GH_COUNT(older); i++) {
        if (gh_str_eq(older[i].name, name))
            return older[i].why;
    }
    size_t i = closest(name);
    gh_str meant = i < GH_COUNT(keywords) ? keywords[i].name : known_only ? likely(name) : (gh_str){NULL, 0};
    if (meant.p == NULL)
        return known_only ? not_known : NULL;
    gh_buf_lit(&out, "not a keyword; did you mean \"");
    gh_buf_put(&out, meant);
    gh_buf_lit(&out, "\"? (Names of your own start with \"x-\".)");
    gh_str why = gh_arena_copy(arena, gh_buf_str(&out));
    return why.p == NULL ? "not a keyword" : why.p;
}
