/* Sanitising: what the header promises holds for any bytes, and the room it asks for is enough. */
#include "fuzz.h"

#include <gatehouse/sanitize.h>

#include "text/danger_rules.h"
#include "text/hidden.h"
#include "text/utf8.h"

enum { SHOWN = 1 << GH_DANGER_SCRIPT | 1 << GH_DANGER_SCRIPT_URL };

static bool holds_nocase(gh_str s, gh_str part)
{
    for (size_t i = 0; part.n <= s.n && i <= s.n - part.n; i++)
        if (gh_str_eq_nocase(gh_str_cut(s, i, i + part.n), part))
            return true;
    return false;
}

static void check_characters(gh_str s)
{
    gh_hidden state = {0};
    uint32_t code;
    FUZZ_CHECK(gh_utf8_valid(s) == s.n);
    while (s.n > 0) {
        FUZZ_CHECK(!gh_hidden_next(&state, &s, &code) && code != 0xFEFF);
        FUZZ_CHECK((code >= ' ' && !(code >= 0x7F && code < 0xA0)) || code == '\t' || code == '\n' ||
                   code == '\r');
    }
}

/* The text as a page shows it. */
static gh_str unescape(gh_str s, char *to)
{
    static const struct {
        gh_str reference;
        char c;
    } references[] = {{GH_STR_INIT("&amp;"), '&'},
                      {GH_STR_INIT("&lt;"), '<'},
                      {GH_STR_INIT("&gt;"), '>'},
                      {GH_STR_INIT("&quot;"), '"'},
                      {GH_STR_INIT("&#x27;"), '\''}};
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        size_t k = 0;
        FUZZ_CHECK(s.p[i] != '<' && s.p[i] != '>' && s.p[i] != '"' && s.p[i] != '\'');
        if (s.p[i] != '&') {
            to[n++] = s.p[i++];
            continue;
        }
        while (k < GH_COUNT(references) && !gh_str_starts(gh_str_cut(s, i, s.n), references[k].reference))
            k++;
        FUZZ_CHECK(k < GH_COUNT(references));
        to[n++] = references[k].c;
        i += references[k].reference.n;
    }
    return (gh_str){to, n};
}

static void check_text(gh_str in, size_t max_length)
{
    size_t size = 6 * in.n + 5;
    char *to = malloc(size), *plain = malloc(size), *again = malloc(6 * size + 5);
    if (to == NULL || plain == NULL || again == NULL)
        abort();
    size_t n = gh_sanitize_text(in, max_length, to, size);
    FUZZ_CHECK(n < size && to[n] == '\0');
    gh_str out = {to, n}, shown = unescape(out, plain);
    FUZZ_CHECK(gh_utf8_count(shown) <= max_length);
    check_characters(out);
    FUZZ_CHECK(!holds_nocase(shown, GH_STR("<script")) && !holds_nocase(shown, GH_STR("</script")));
    FUZZ_CHECK(!holds_nocase(shown, GH_STR("javascript:")) && !holds_nocase(shown, GH_STR("vbscript:")));
    size_t n_again = gh_sanitize_text(shown, max_length, again, 6 * size + 5);
    FUZZ_CHECK(gh_str_eq((gh_str){again, n_again}, out)); /* of what is shown nothing more goes */
    for (size_t small = 0; small < n + 2 && small < 40; small++)
        FUZZ_CHECK(gh_sanitize_text(in, max_length, again, small) == GH_SANITIZE_NO_ROOM || small > n);
    free(to);
    free(plain);
    free(again);
}

static void check_filename(gh_str in)
{
    char to[256], again[256], small[8];
    size_t n = gh_sanitize_filename(in, to, sizeof to);
    FUZZ_CHECK(n != GH_SANITIZE_NO_ROOM && n > 0 && n <= 255 && to[n] == '\0');
    gh_str out = {to, n};
    check_characters(out);
    for (size_t i = 0; i < n; i++)
        FUZZ_CHECK((unsigned char)to[i] >= ' ' && memchr("<>:\"/\\|?*", to[i], 9) == NULL);
    FUZZ_CHECK(memmem(to, n, "..", 2) == NULL && to[0] != '.' && to[n - 1] != '.' && to[0] != ' ' &&
               to[n - 1] != ' ');
    FUZZ_CHECK(gh_sanitize_filename(out, again, sizeof again) == n && memcmp(to, again, n) == 0);
    size_t n_small = gh_sanitize_filename(in, small, sizeof small);
    FUZZ_CHECK(n_small == GH_SANITIZE_NO_ROOM || (n_small == n && memcmp(to, small, n) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str in = {(const char *)data, size};
    check_text(in, size > 0 && data[0] % 2 == 0 ? SIZE_MAX : 100);
    check_filename(in);
    return 0;
}
