#include "schema/pattern_property.h"

#include "base/buf.h"
#include "schema/pattern_pcre2.h"
#include "text/utf8.h"

/* General_Category's values, and the properties that are either there or not. Names are exact, case included. */
static const struct name {
    const char *name, *alias;
} categories[] =
    {
        /* clang-format off */
    {"Cased_Letter", "LC"}, {"Close_Punctuation", "Pe"}, {"Connector_Punctuation", "Pc"}, {"Control", "Cc"},
    {"cntrl", "Cc"}, {"Currency_Symbol", "Sc"}, {"Dash_Punctuation", "Pd"}, {"Decimal_Number", "Nd"},
    {"digit", "Nd"}, {"Enclosing_Mark", "Me"}, {"Final_Punctuation", "Pf"}, {"Format", "Cf"},
    {"Initial_Punctuation", "Pi"}, {"Letter", "L"}, {"Letter_Number", "Nl"}, {"Line_Separator", "Zl"},
    {"Lowercase_Letter", "Ll"}, {"Mark", "M"}, {"Combining_Mark", "M"}, {"Math_Symbol", "Sm"},
    {"Modifier_Letter", "Lm"}, {"Modifier_Symbol", "Sk"}, {"Nonspacing_Mark", "Mn"}, {"Number", "N"},
    {"Open_Punctuation", "Ps"}, {"Other", "C"}, {"Other_Letter", "Lo"}, {"Other_Number", "No"},
    {"Other_Punctuation", "Po"}, {"Other_Symbol", "So"}, {"Paragraph_Separator", "Zp"}, {"Private_Use", "Co"},
    {"Punctuation", "P"}, {"punct", "P"}, {"Separator", "Z"}, {"Space_Separator", "Zs"},
    {"Spacing_Mark", "Mc"}, {"Surrogate", "Cs"}, {"Symbol", "S"}, {"Titlecase_Letter", "Lt"},
    {"Unassigned", "Cn"}, {"Uppercase_Letter", "Lu"},
        /* clang-format on */
},
  binaries[] = {
      /* clang-format off */
    {"ASCII", "ASCII"}, {"ASCII_Hex_Digit", "AHex"}, {"Alphabetic", "Alpha"}, {"Any", "Any"},
    {"Assigned", "Assigned"}, {"Bidi_Control", "Bidi_C"}, {"Bidi_Mirrored", "Bidi_M"},
    {"Case_Ignorable", "CI"}, {"Cased", "Cased"}, {"Changes_When_Casefolded", "CWCF"},
    {"Changes_When_Casemapped", "CWCM"}, {"Changes_When_Lowercased", "CWL"},
    {"Changes_When_Titlecased", "CWT"}, {"Changes_When_Uppercased", "CWU"}, {"Dash", "Dash"},
    {"Default_Ignorable_Code_Point", "DI"}, {"Deprecated", "Dep"}, {"Diacritic", "Dia"}, {"Emoji", "Emoji"},
    {"Emoji_Component", "EComp"}, {"Emoji_Modifier", "EMod"}, {"Emoji_Modifier_Base", "EBase"},
    {"Emoji_Presentation", "EPres"}, {"Extended_Pictographic", "ExtPict"}, {"Extender", "Ext"},
    {"Grapheme_Base", "Gr_Base"}, {"Grapheme_Extend", "Gr_Ext"}, {"Hex_Digit", "Hex"},
    {"IDS_Binary_Operator", "IDSB"}, {"IDS_Trinary_Operator", "IDST"}, {"ID_Continue", "IDC"},
    {"ID_Start", "IDS"}, {"Ideographic", "Ideo"}, {"Join_Control", "Join_C"},
    {"Logical_Order_Exception", "LOE"}, {"Lowercase", "Lower"}, {"Math", "Math"},
    {"Noncharacter_Code_Point", "NChar"}, {"Pattern_Syntax", "Pat_Syn"}, {"Pattern_White_Space", "Pat_WS"},
    {"Quotation_Mark", "QMark"}, {"Radical", "Radical"}, {"Regional_Indicator", "RI"},
    {"Sentence_Terminal", "STerm"}, {"Soft_Dotted", "SD"}, {"Terminal_Punctuation", "Term"},
    {"Unified_Ideograph", "UIdeo"}, {"Uppercase", "Upper"}, {"Variation_Selector", "VS"},
    {"White_Space", "space"}, {"XID_Continue", "XIDC"}, {"XID_Start", "XIDS"},
      /* clang-format on */
};

static const struct name *find_name(const struct name *names, size_t n, gh_str text)
{
    for (size_t i = 0; i < n; i++)
        if (gh_str_eq(text, gh_str_of(names[i].name)) || gh_str_eq(text, gh_str_of(names[i].alias)))
            return &names[i];
    return NULL;
}

/* A script's name as the Unicode database writes it: "Old_Italic", "Ital". PCRE2 knows which there are, but would
 * take any case and any separators. */
static bool has_shape_of_script(gh_str text)
{
    if (gh_str_eq(text, GH_STR("SignWriting")))
        return true;
    bool first = true;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
        if (c == '_' && !first)
            first = true;
        else if (first ? upper : lower)
            first = false;
        else
            return false;
    }
    return text.n > 0 && !first;
}

/* Writes what PCRE2 calls it. False: there is no such property. */
static bool translate(gh_str text, gh_buf *out)
{
    size_t equals = gh_str_find(text, '=');
    gh_str name = gh_str_cut(text, 0, equals), value = gh_str_cut(text, equals + 1, text.n);
    const struct name *found = NULL;
    if (equals == text.n || gh_str_eq(name, GH_STR("General_Category")) || gh_str_eq(name, GH_STR("gc"))) {
        found = find_name(categories, GH_COUNT(categories), equals == text.n ? name : value);
        if (found != NULL) {
            bool cased = strcmp(found->alias, "LC") == 0;
            gh_buf_printf(out, "\\p{%s}", cased ? "L&" : found->alias);
        } else if (equals == text.n) {
            found = find_name(binaries, GH_COUNT(binaries), name);
            if (found != NULL && strcmp(found->name, "Assigned") == 0)
                gh_buf_lit(out, "\\P{Cn}");
            else if (found != NULL)
                gh_buf_printf(out, "\\p{%s}", found->name);
        }
        return found != NULL;
    }
    bool extensions = gh_str_eq(name, GH_STR("Script_Extensions")) || gh_str_eq(name, GH_STR("scx"));
    if (!extensions && !gh_str_eq(name, GH_STR("Script")) && !gh_str_eq(name, GH_STR("sc")))
        return false;
    if (!has_shape_of_script(value))
        return false;
    gh_buf_printf(out, "\\p{%s:%.*s}", extensions ? "scx" : "sc", (int)value.n, value.p);
    return true;
}

enum { CHUNK = 4096 };

typedef struct scan {
    pcre2_code *code;
    pcre2_match_data *data;
    gh_range_set *set;
    gh_arena *arena;
    char *text; /* of a chunk */
} scan;

/* Adds what of the code points from `first` on, less than `end`, has the property. */
static bool scan_chunk(scan *s, uint32_t first, uint32_t end)
{
    size_t n = 0, at = 0;
    for (uint32_t c = first; c < end; c++)
        if (c < 0xd800 || c > 0xdfff)
            n += gh_utf8_put(s->text + n, c);
    while (at < n &&
           pcre2_match(s->code, (PCRE2_SPTR)s->text, n, at, PCRE2_NO_UTF_CHECK, s->data, NULL) > 0) {
        const PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->data);
        const char *start = s->text + found[0], *last = s->text + found[1] - 1;
        while (((uint8_t)*last & 0xc0) == 0x80)
            last--;
        at = found[1];
        uint32_t from = gh_code_point_next(&start, s->text + n), to = gh_code_point_next(&last, s->text + n);
        if (!gh_range_set_add(s->set, from, to, s->arena))
            return false;
    }
    return true;
}

/* Planes 4 to 13 and most of 14 have no characters: what holds for one code point there holds for all but the two
 * noncharacters at each plane's end, which have a chunk of their own as every end of a plane has. */
static bool scan_all(scan *s)
{
    for (uint32_t first = 0; first <= GH_CODE_POINT_MAX;) {
        bool barren = (first >= 0x40000 && first < 0xe0000) || first >= 0xe1000;
        size_t before = s->set->n;
        uint32_t end = first + CHUNK;
        if (!barren) {
            if (!scan_chunk(s, first, end))
                return false;
        } else {
            end = (first & 0xffff) == 0xfffe ? first + 2 : (first | 0xffff) - 1;
            if (!scan_chunk(s, first, first + 1))
                return false;
            if (s->set->n > before)
                s->set->items[s->set->n - 1].to = end - 1;
        }
        first = end;
    }
    return true;
}

static bool scan_init(scan *s, gh_str pattern, enum gh_property_result *ret)
{
    int error;
    PCRE2_SIZE at;
    *ret = GH_PROPERTY_NO_MEMORY;
    pcre2_general_context *general = gh_pcre2_over(s->arena);
    pcre2_compile_context *context = general == NULL ? NULL : pcre2_compile_context_create(general);
    s->data = general == NULL ? NULL : pcre2_match_data_create(1, general);
    s->text = gh_arena_alloc(s->arena, (size_t)CHUNK * 4);
    if (context == NULL || s->data == NULL || s->text == NULL)
        return false;
    s->code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, PCRE2_UTF, &error, &at, context);
    if (s->code == NULL && error != PCRE2_ERROR_HEAP_FAILED)
        *ret = GH_PROPERTY_UNKNOWN;
    return s->code != NULL;
}

enum gh_property_result gh_property_find(gh_str text, gh_range_set *ret, gh_arena *arena)
{
    char memory[96];
    gh_buf pattern = gh_buf_over(memory, sizeof memory);
    if (text.n > 64 || !translate(text, &pattern))
        return GH_PROPERTY_UNKNOWN;
    gh_buf_char(&pattern, '+');
    if (!gh_buf_ok(&pattern))
        return GH_PROPERTY_UNKNOWN;
    scan s = {.set = ret, .arena = arena};
    enum gh_property_result result;
    if (!scan_init(&s, gh_buf_str(&pattern), &result))
        return result;
    if (ret == NULL)
        return GH_PROPERTY_FOUND;
    return scan_all(&s) && gh_range_set_tidy(ret, arena) ? GH_PROPERTY_FOUND : GH_PROPERTY_NO_MEMORY;
}
