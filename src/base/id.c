#include "base/id.h"

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* One more than the value of a digit; 0: none. Ids are no secrets; keys are looked up by keyed hash, so a table will
 * do. */
static const uint8_t places[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['g'] = 17, ['h'] = 18, ['j'] = 19, ['k'] = 20, ['m'] = 21, ['n'] = 22, ['p'] = 23, ['q'] = 24,
    ['r'] = 25, ['s'] = 26, ['t'] = 27, ['v'] = 28, ['w'] = 29, ['x'] = 30, ['y'] = 31, ['z'] = 32};

/* The value, or a number with bits above the lower five. */
static unsigned value_of(char c)
{
    return places[(unsigned char)c] - 1u;
}

static bool all_are_digits(gh_str text)
{
    unsigned all = 0;
    for (size_t i = 0; i < text.n; i++)
        all |= value_of(text.p[i]);
    return all < 32;
}

void gh_id_put(gh_buf *out, gh_id id)
{
    char text[GH_ID_TEXT];
    for (unsigned i = GH_ID_TEXT; i-- > 0; id >>= 5)
        text[i] = digits[id & 31];
    gh_buf_put(out, (gh_str){text, sizeof text});
}

bool gh_id_parse(gh_str text, gh_id *ret)
{
    gh_id id = 0;
    if (text.n != GH_ID_TEXT || value_of(text.p[0]) > 7 || !all_are_digits(text))
        return false;
    for (size_t i = 0; i < text.n; i++)
        id = id << 5 | value_of(text.p[i]);
    if (id == 0)
        return false;
    *ret = id;
    return true;
}

gh_id gh_id_of_random(const uint8_t bytes[8])
{
    gh_id id = 0;
    for (unsigned i = 0; i < 8; i++)
        id = id << 8 | bytes[i];
    id &= UINT64_MAX >> 1;
    return id != 0 ? id : 1;
}

void gh_base32_put(gh_buf *out, const uint8_t *bytes, size_t n)
{
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < n; i++) {
        held = held << 8 | bytes[i];
        for (bits += 8; bits >= 5; bits -= 5)
            gh_buf_char(out, digits[held >> (bits - 5) & 31]);
        held &= (1u << bits) - 1;
    }
    if (bits > 0)
        gh_buf_char(out, digits[held << (5 - bits) & 31]);
}

bool gh_base32_read(gh_str text, uint8_t *ret, size_t n)
{
    unsigned held = 0, bits = 0;
    size_t at = 0;
    if (text.n != (n * 8 + 4) / 5 || !all_are_digits(text))
        return false;
    if (n % 5 != 0 && (value_of(text.p[text.n - 1]) & ((1u << (text.n * 5 - n * 8)) - 1)) != 0)
        return false;
    for (size_t i = 0; i < text.n && at < n; i++) {
        held = held << 5 | value_of(text.p[i]);
        bits += 5;
        if (bits < 8)
            continue;
        bits -= 8;
        ret[at++] = (uint8_t)(held >> bits);
        held &= (1u << bits) - 1;
    }
    return at == n;
}
