#include "wire/structured.h"

/* What it takes to write a String (section 3.3.3). */
enum form {
    FORM_NONE,   /* it cannot be one */
    FORM_PLAIN,  /* as it is */
    FORM_ESCAPED /* with backslashes */
};

static enum form form_of(gh_str text)
{
    enum form form = FORM_PLAIN;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c < ' ' || c >= 0x7f)
            return FORM_NONE;
        if (c == '"' || c == '\\')
            form = FORM_ESCAPED;
    }
    return form;
}

static bool is_alpha(char c)
{
    return gh_lower(c) >= 'a' && gh_lower(c) <= 'z';
}

bool gh_sf_is_string(gh_str text)
{
    return form_of(text) != FORM_NONE;
}

/* Section 3.1.2: key = ( lcalpha / "*" ) *( lcalpha / DIGIT / "_" / "-" / "." / "*" ) */
static bool is_key(gh_str key)
{
    for (size_t i = 0; i < key.n; i++) {
        char c = key.p[i];
        bool first = (c >= 'a' && c <= 'z') || c == '*';
        if (!first && (i == 0 || !(gh_is_digit(c) || c == '_' || c == '-' || c == '.')))
            return false;
    }
    return key.n > 0;
}

/* Section 3.3.4: token = ( ALPHA / "*" ) *( tchar / ":" / "/" ) */
static bool is_token(gh_str token)
{
    static const char others[] = "!#$%&'*+-.^_`|~:/";
    for (size_t i = 0; i < token.n; i++) {
        char c = token.p[i];
        if (is_alpha(c) || c == '*')
            continue;
        if (i == 0 || !(gh_is_digit(c) || memchr(others, c, sizeof others - 1) != NULL))
            return false;
    }
    return token.n > 0;
}

static bool is_integer(int64_t value)
{
    return value >= -GH_SF_INTEGER_MAX && value <= GH_SF_INTEGER_MAX;
}

static void put_escaped(gh_buf *out, gh_str text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '"' && text.p[i] != '\\')
            continue;
        gh_buf_put(out, gh_str_cut(text, from, i));
        gh_buf_char(out, '\\');
        from = i;
    }
    gh_buf_put(out, gh_str_cut(text, from, text.n));
}

static void put_string(gh_buf *out, gh_str text, enum form form)
{
    gh_buf_char(out, '"');
    if (form == FORM_PLAIN)
        gh_buf_put(out, text);
    else
        put_escaped(out, text);
    gh_buf_char(out, '"');
}

static void put_integer(gh_buf *out, int64_t value)
{
    if (value < 0)
        gh_buf_char(out, '-');
    gh_buf_u64(out, (uint64_t)(value < 0 ? -value : value));
}

static void put_key(gh_buf *out, gh_str key)
{
    gh_buf_char(out, ';');
    gh_buf_put(out, key);
    gh_buf_char(out, '=');
}

bool gh_sf_member_string(gh_buf *out, size_t start, gh_str text)
{
    enum form form = form_of(text);
    if (form == FORM_NONE)
        return false;
    if (out->n != start)
        gh_buf_lit(out, ", ");
    put_string(out, text, form);
    return true;
}

bool gh_sf_string(gh_buf *out, gh_str text)
{
    enum form form = form_of(text);
    if (form == FORM_NONE)
        return false;
    put_string(out, text, form);
    return true;
}

bool gh_sf_integer(gh_buf *out, int64_t value)
{
    if (!is_integer(value))
        return false;
    put_integer(out, value);
    return true;
}

bool gh_sf_token(gh_buf *out, gh_str token)
{
    if (!is_token(token))
        return false;
    gh_buf_put(out, token);
    return true;
}

/* Base64 with padding (RFC 4648 section 4) between colons. */
void gh_sf_bytes(gh_buf *out, gh_str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    gh_buf_char(out, ':');
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
        uint32_t word = 0;
        for (size_t k = 0; k < 3; k++)
            word = word << 8 | (k < n ? (uint8_t)bytes.p[i + k] : 0u);
        char four[4] = {digits[word >> 18], digits[word >> 12 & 63], n > 1 ? digits[word >> 6 & 63] : '=',
                        n > 2 ? digits[word & 63] : '='};
        gh_buf_put(out, (gh_str){four, sizeof four});
    }
    gh_buf_char(out, ':');
}

bool gh_sf_param_string(gh_buf *out, gh_str key, gh_str text)
{
    enum form form = form_of(text);
    if (!is_key(key) || form == FORM_NONE)
        return false;
    put_key(out, key);
    put_string(out, text, form);
    return true;
}

bool gh_sf_param_integer(gh_buf *out, gh_str key, int64_t value)
{
    if (!is_key(key) || !is_integer(value))
        return false;
    put_key(out, key);
    put_integer(out, value);
    return true;
}

bool gh_sf_param_token(gh_buf *out, gh_str key, gh_str token)
{
    if (!is_key(key) || !is_token(token))
        return false;
    put_key(out, key);
    gh_buf_put(out, token);
    return true;
}

bool gh_sf_param_bytes(gh_buf *out, gh_str key, gh_str bytes)
{
    if (!is_key(key))
        return false;
    put_key(out, key);
    gh_sf_bytes(out, bytes);
    return true;
}
