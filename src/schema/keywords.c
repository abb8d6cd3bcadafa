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

const char *gh_schema_keyword_doubt(gh_str name, gh_arena *arena)
{
    char text[256];
    gh_buf out = gh_buf_over(text, sizeof text);
    if (name.n > 64 || gh_str_starts(name, GH_STR("x-")))
        return NULL;
    for (size_t i = 0; i < GH_COUNT(older); i++) {
        if (gh_str_eq(older[i].name, name))
            return older[i].why;
    }
    size_t i = closest(name);
    if (i == GH_COUNT(keywords))
        return NULL;
    gh_buf_lit(&out, "not a keyword; did you mean \"");
    gh_buf_put(&out, keywords[i].name);
    gh_buf_lit(&out, "\"? (Names of your own start with \"x-\".)");
    gh_str why = gh_arena_copy(arena, gh_buf_str(&out));
    return why.p == NULL ? "not a keyword" : why.p;
}
