/* Numbers with units: durations and sizes. */
#include "config/load.h"

static const struct {
    gh_str word;
    uint64_t ms;
} durations[] = {
    {GH_STR_INIT("ms"), 1},      {GH_STR_INIT("s"), 1000},    {GH_STR_INIT("m"), 60000},
    {GH_STR_INIT("min"), 60000}, {GH_STR_INIT("h"), 3600000}, {GH_STR_INIT("d"), 86400000},
};

static const struct {
    gh_str word;
    uint64_t bytes;
} sizes[] = {
    {GH_STR_INIT(""), 1},           {GH_STR_INIT("B"), 1},          {GH_STR_INIT("KiB"), 1u << 10},
    {GH_STR_INIT("MiB"), 1u << 20}, {GH_STR_INIT("GiB"), 1u << 30}, {GH_STR_INIT("TiB"), 1ull << 40},
    {GH_STR_INIT("KB"), 1000u},     {GH_STR_INIT("MB"), 1000000u},  {GH_STR_INIT("GB"), 1000000000u},
    {GH_STR_INIT("kB"), 1000u},
};

/* "16 KiB" into 16 and "KiB". */
static bool split(gh_str text, uint64_t *ret_number, gh_str *ret_word)
{
    size_t n = 0;
    while (n < text.n && gh_is_digit(text.p[n]))
        n++;
    if (n > 1 && text.p[0] == '0')
        return false; /* octal to some, decimal to others */
    *ret_word = gh_str_trim(gh_str_cut(text, n, text.n));
    return gh_str_u64(gh_str_cut(text, 0, n), ret_number);
}

bool gh_value_duration(gh_str text, bool bare_seconds, uint64_t *ret_ms, const char **ret_why)
{
    uint64_t number;
    gh_str word;
    *ret_why = "is not a duration: write a whole number and ms, s, m, h or d, as in 500ms, 30s, 5m, 1h";
    if (!split(text, &number, &word))
        return false;
    if (word.n == 0 && (number == 0 || bare_seconds))
        word = GH_STR("s");
    if (word.n == 0) {
        *ret_why = "has no unit: write ms, s, m, h or d behind the number, as in 500ms, 30s, 5m, 1h";
        return false;
    }
    for (size_t i = 0; i < GH_COUNT(durations); i++) {
        uint64_t ms;
        if (!gh_str_eq(word, durations[i].word))
            continue;
        if (__builtin_mul_overflow(number, durations[i].ms, &ms))
            ms = UINT64_MAX; /* every range refuses it */
        *ret_ms = ms;
        return true;
    }
    return false;
}

bool gh_value_size(gh_str text, uint64_t *ret_bytes, const char **ret_why)
{
    uint64_t number;
    gh_str word;
    *ret_why =
        "is not a size: write a whole number of bytes, or one with KiB, MiB, GiB, KB, MB or GB, as in 16KiB";
    if (!split(text, &number, &word))
        return false;
    for (size_t i = 0; i < GH_COUNT(sizes); i++) {
        uint64_t bytes;
        if (!gh_str_eq(word, sizes[i].word))
            continue;
        if (__builtin_mul_overflow(number, sizes[i].bytes, &bytes))
            bytes = UINT64_MAX;
        *ret_bytes = bytes;
        return true;
    }
    return false;
}

static void show_duration(gh_buf *out, uint64_t ms)
{
    static const struct {
        const char *word;
        uint64_t ms;
    } shown[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
    for (size_t i = 0; i < GH_COUNT(shown); i++)
        if (ms > 0 && ms % shown[i].ms == 0) {
            gh_buf_u64(out, ms / shown[i].ms);
            gh_buf_put(out, gh_str_of(shown[i].word));
            return;
        }
    gh_buf_u64(out, ms);
    if (ms > 0)
        gh_buf_lit(out, "ms");
}

static void show_size(gh_buf *out, uint64_t bytes)
{
    static const char *const words[] = {"", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    while (i + 1 < GH_COUNT(words) && bytes > 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        i++;
    }
    gh_buf_u64(out, bytes);
    gh_buf_put(out, gh_str_of(words[i]));
}

void gh_value_show(const gh_setting *s, uint64_t value, char ret[GH_QUOTED_MAX])
{
    gh_buf out = gh_buf_over(ret, GH_QUOTED_MAX - 1);
    switch (s->unit) {
    case GH_UNIT_MS:
        show_duration(&out, value);
        break;
    case GH_UNIT_SECONDS:
        show_duration(&out, value * 1000);
        break;
    case GH_UNIT_BYTES:
    case GH_UNIT_BYTES_A_SECOND:
        show_size(&out, value);
        break;
    case GH_UNIT_NONE:
        gh_buf_u64(&out, value);
        break;
    }
    ret[out.n] = '\0';
}
