#include "text/hidden.h"

#include "text/decode.h"

enum {
    TAG_FIRST = 0xE0000,
    TAG_LAST = 0xE007F,
    TAG_CANCEL = TAG_LAST,
    BLACK_FLAG = 0x1F3F4,
    FLAG_TAGS_MAX = 7
};

static bool is_tag(uint32_t code)
{
    return code >= TAG_FIRST && code <= TAG_LAST;
}

/* Direction, and what is not shown at all. */
static bool is_hidden(uint32_t code)
{
    return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x206F) ||
           (code >= 0x2060 && code <= 0x2064) || (code >= 0xFFF9 && code <= 0xFFFB) || code == 0x200B ||
           code == 0xFEFF || is_tag(code);
}

/* Scripts that are written without spaces and use U+200B where a line may break: Thai, Lao, Myanmar, Khmer. */
static bool breaks_without_space(uint32_t code)
{
    return (code >= 0x0E00 && code < 0x0F00) || (code >= 0x1000 && code < 0x10A0) ||
           (code >= 0x1780 && code < 0x1800);
}

/* How many tag characters follow that spell a region behind a black flag (Unicode TR 51 annex C), the end tag
 * included; 0: that is not what follows. */
static unsigned flag_tags(gh_str rest)
{
    for (unsigned n = 1; rest.n > 0 && n <= FLAG_TAGS_MAX; n++) {
        uint32_t code = gh_text_next(&rest);
        if (code == TAG_CANCEL)
            return n > 1 ? n : 0;
        uint32_t letter = code - TAG_FIRST;
        if (!is_tag(code) || !((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9')))
            return 0;
    }
    return 0;
}

bool gh_hidden_next(gh_hidden *state, gh_str *rest, uint32_t *ret)
{
    uint32_t code = gh_text_next(rest);
    if (ret != NULL)
        *ret = code;
    if (state->tags > 0) {
        state->tags--;
        return false;
    }
    bool hidden = is_hidden(code);
    if (code == 0xFEFF && state->before == 0)
        hidden = false; /* a byte-order mark */
    if (code == 0x200B && breaks_without_space(state->before) && rest->n > 0) {
        gh_str ahead = *rest;
        hidden = !breaks_without_space(gh_text_next(&ahead));
    }
    if (code == BLACK_FLAG)
        state->tags = flag_tags(*rest);
    if (!hidden)
        state->before = code;
    return hidden;
}
