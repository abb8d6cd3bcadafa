#include "wire/h1_body.h"

#include "wire/chars.h"

enum {
    SIZE_DIGITS_MAX = 15, /* below 2^60: no sum of it with anything overflows */
    EXTENSION_MAX = 256,  /* bytes of one chunk's extensions */
    TRAILER_MAX = 4096    /* bytes of the whole trailer section */
};

/* The order matters: from EXT_NAME_FIRST to EXT_QUOTE_END are extensions, from TRAILER_LINE on trailers. */
enum state {
    SIZE_FIRST,
    SIZE,
    EXT_NAME_FIRST,
    EXT_NAME,
    EXT_VALUE_FIRST,
    EXT_VALUE,
    EXT_QUOTED,
    EXT_ESCAPED,
    EXT_QUOTE_END,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_LINE,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    END,
    BAD
};

void gh_chunked_init(gh_chunked *c)
{
    *c = (gh_chunked){.state = SIZE_FIRST};
}

/* What may follow a whole size, extension name or extension value. */
static enum state after_item(char ch)
{
    if (ch == ';')
        return EXT_NAME_FIRST;
    return ch == '\r' ? SIZE_LF : BAD;
}

static enum state size_step(gh_chunked *c, char ch)
{
    int v = gh_hex_value(ch);
    if (v < 0)
        return c->digits > 0 ? after_item(ch) : BAD;
    if (c->digits == SIZE_DIGITS_MAX)
        return BAD;
    c->digits++;
    c->left = c->left << 4 | (unsigned)v;
    return SIZE;
}

/* chunk-ext = *( ";" token [ "=" ( token / quoted-string ) ] ), without the "bad" white space that RFC 9112
 * section 7.1.1 would have us take: no sender needs it. */
static enum state extension_step(enum state s, char ch)
{
    bool token = gh_token_lower[(unsigned char)ch] != 0;
    if (s == EXT_NAME_FIRST)
        return token ? EXT_NAME : BAD;
    if (s == EXT_NAME && ch == '=')
        return EXT_VALUE_FIRST;
    if (s == EXT_NAME || s == EXT_VALUE)
        return token ? s : after_item(ch);
    if (s == EXT_VALUE_FIRST)
        return ch == '"' ? EXT_QUOTED : token ? EXT_VALUE : BAD;
    if (s == EXT_QUOTED && ch == '"')
        return EXT_QUOTE_END;
    if (s == EXT_QUOTED && ch == '\\')
        return EXT_ESCAPED;
    if (s == EXT_QUOTED)
        return gh_char_is(ch, GH_CHAR_QUOTED) ? s : BAD;
    if (s == EXT_ESCAPED)
        return ch == ' ' || gh_char_is(ch, GH_CHAR_VISIBLE) ? EXT_QUOTED : BAD;
    return after_item(ch); /* EXT_QUOTE_END */
}

static enum state trailer_step(enum state s, char ch)
{
    bool token = gh_token_lower[(unsigned char)ch] != 0;
    if (s == TRAILER_LINE && ch == '\r')
        return END_LF;
    if (s == TRAILER_LINE)
        return token ? TRAILER_NAME : BAD;
    if (s == TRAILER_NAME && ch == ':')
        return TRAILER_VALUE;
    if (s == TRAILER_NAME)
        return token ? s : BAD;
    if (s == TRAILER_VALUE && ch == '\r')
        return TRAILER_LF;
    if (s == TRAILER_VALUE)
        return gh_char_is(ch, GH_CHAR_VALUE) ? s : BAD;
    if (ch != '\n')
        return BAD;
    return s == TRAILER_LF ? TRAILER_LINE : END;
}

/* A bound on what is read but not passed on, so that a peer can't feed it for ever. */
static enum state counted(gh_chunked *c, unsigned max, enum state next)
{
    if (c->overhead >= max)
        return BAD;
    c->overhead++;
    return next;
}

static enum state begin_chunk(gh_chunked *c)
{
    c->digits = 0;
    c->overhead = 0;
    return c->left > 0 ? DATA : TRAILER_LINE;
}

static enum state step(gh_chunked *c, char ch)
{
    enum state s = (enum state)c->state;
    if (s <= SIZE)
        return size_step(c, ch);
    if (s <= EXT_QUOTE_END)
        return counted(c, EXTENSION_MAX, extension_step(s, ch));
    if (s == SIZE_LF)
        return ch == '\n' ? begin_chunk(c) : BAD;
    if (s == DATA_CR)
        return ch == '\r' ? DATA_LF : BAD;
    if (s == DATA_LF)
        return ch == '\n' ? SIZE_FIRST : BAD;
    return counted(c, TRAILER_MAX, trailer_step(s, ch));
}

static gh_str take_data(gh_chunked *c, gh_str *in)
{
    size_t n = in->n < c->left ? in->n : (size_t)c->left;
    gh_str data = gh_str_cut(*in, 0, n);
    *in = gh_str_cut(*in, n, in->n);
    c->left -= n;
    if (c->left == 0)
        c->state = DATA_CR;
    return data;
}

enum gh_chunk_result gh_chunked_next(gh_chunked *c, gh_str *in, gh_str *ret_data)
{
    while (c->state != END && c->state != BAD) {
        if (in->n == 0)
            return GH_CHUNK_MORE;
        if (c->state == DATA) {
            *ret_data = take_data(c, in);
            return GH_CHUNK_DATA;
        }
        c->state = (uint8_t)step(c, in->p[0]);
        *in = gh_str_cut(*in, 1, in->n);
    }
    return c->state == END ? GH_CHUNK_END : GH_CHUNK_BAD;
}

void gh_chunked_put(gh_buf *out, gh_str data)
{
    static const char digits[] = "0123456789abcdef";
    char size[18];
    size_t at = sizeof size;
    if (data.n == 0)
        return;
    size[--at] = '\n';
    size[--at] = '\r';
    for (size_t v = data.n; v > 0; v >>= 4)
        size[--at] = digits[v & 15];
    /* All or nothing: half a chunk must not be sent when the room ends. */
    size_t head = sizeof size - at;
    if (gh_buf_room(out) < head + 2 || gh_buf_room(out) - head - 2 < data.n) {
        out->overflow = true;
        return;
    }
    gh_buf_put(out, (gh_str){size + at, head});
    gh_buf_put(out, data);
    gh_buf_lit(out, "\r\n");
}

void gh_chunked_put_end(gh_buf *out)
{
    gh_buf_lit(out, "0\r\n\r\n");
}
