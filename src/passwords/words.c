#include "passwords/words.h"

#include "base/crypto.h"
#include "passwords/hash.h"
#include "text/utf8.h"

enum {
    LEAST = 3,     /* characters of a word */
    TAKEN_OUT = 4, /* characters of a word that is taken out: shorter ones are in many other words */
    NEAR = 2,      /* edits */
    NEAR_LEAST = 6 /* characters of a word that something can be near to */
};

size_t gh_password_fold(gh_str text, bool lower, char *to, size_t cap)
{
    size_t n = 0;
    while (text.n > 0 && n < cap) {
        uint32_t c = gh_utf8_next(&text);
        char byte = (char)(c < 0x80 ? c : 0x80 | (c & 0x7f));
        to[n++] = lower ? gh_lower(byte) : byte;
    }
    return n;
}

static void add_word(gh_password_words *words, gh_str folded)
{
    gh_str word = gh_str_cut(folded, 0, GH_PASSWORD_WORD_MAX);
    if (word.n < LEAST || words->n == GH_PASSWORD_WORDS_MAX)
        return;
    for (size_t i = 0; i < words->n; i++)
        if (gh_str_eq(gh_str_of(words->text[i]), word))
            return;
    char *to = words->text[words->n];
    memcpy(to, word.p, word.n);
    to[word.n] = '\0';
    words->list[words->n++] = to;
    words->list[words->n] = NULL;
}

static bool is_separator(char c)
{
    return (c & 0x80) == 0 && !gh_is_digit(c) && !(c >= 'a' && c <= 'z');
}

void gh_password_words_add(gh_password_words *words, gh_str text)
{
    char folded[256];
    if (gh_utf8_valid(text) < text.n || gh_str_find(text, '\0') < text.n)
        return;
    gh_str all = {folded, gh_password_fold(text, true, folded, sizeof folded)};
    add_word(words, all);
    size_t from = 0;
    for (size_t i = 0; i <= all.n; i++) {
        if (i < all.n && !is_separator(all.p[i]))
            continue;
        add_word(words, gh_str_cut(all, from, i));
        from = i + 1;
    }
}

/* Takes every occurrence of the word out of the text. */
static size_t take_out(char *text, size_t n, gh_str word)
{
    size_t kept = 0;
    for (size_t i = 0; i < n;) {
        if (gh_str_starts((gh_str){text + i, n - i}, word))
            i += word.n;
        else
            text[kept++] = text[i++];
    }
    return kept;
}

/* The longest first: the whole name before its parts. */
static size_t left_without(const gh_password_words *words, char *text, size_t n)
{
    for (size_t length = GH_PASSWORD_WORD_MAX; length >= TAKEN_OUT; length--)
        for (size_t i = 0; i < words->n; i++)
            if (strlen(words->text[i]) == length)
                n = take_out(text, n, gh_str_of(words->text[i]));
    return n;
}

bool gh_password_made_of_words(const gh_password_words *words, gh_str folded, size_t enough)
{
    for (size_t i = 0; i < words->n; i++) {
        gh_str word = gh_str_of(words->text[i]);
        if (word.n >= NEAR_LEAST && gh_str_distance(word, folded, NEAR) <= NEAR)
            return true;
    }
    char rest[GH_PASSWORD_MAX];
    gh_str text = gh_str_cut(folded, 0, sizeof rest);
    memcpy(rest, text.p, text.n);
    size_t left = left_without(words, rest, text.n);
    gh_wipe(rest, text.n);
    return left < text.n && left < enough;
}
