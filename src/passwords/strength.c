#include "passwords/strength.h"

#include <zxcvbn.h>

#include "base/crypto.h"
#include "passwords/hash.h"
#include "passwords/words.h"
#include "text/utf8.h"

enum {
    PIECE = 32, /* code points libzxcvbn is asked for at a time */
    PIECES = 4,
    COLUMNS = 4,                     /* of a keyboard: 1qaz 2wsx */
    REST = GH_PASSWORD_LENGTH_FLOOR, /* what must be left of a password without the account's words */
};

/* log2 of 10^8 guesses: out of reach of who may only try by logging in, and with every guess an Argon2 of
 * 19 MiB days of work for who has the hashes. Four words of everyday language take 10^12 and more. */
static const double ENOUGH_BITS = 26.6;

/* What libzxcvbn's dictionaries lack of the list of common passwords in Debian's john-data, from eight characters. */
static const gh_str also_common[] = {
    GH_STR_INIT("bismillah"),  GH_STR_INIT("chouette"),  GH_STR_INIT("estrellita"),
    GH_STR_INIT("jesucristo"), GH_STR_INIT("mahalkita"), GH_STR_INIT("teiubesc"),
};

/* A folded password. */
typedef struct text {
    char p[GH_PASSWORD_MAX];
    size_t n;
} text;

/* The shortest unit of which the text is a repetition (the last one may be cut off); the text's length if there is
 * none. By the failure function of Knuth, Morris and Pratt. */
static size_t unit_of(const text *t)
{
    uint16_t border[GH_PASSWORD_MAX];
    size_t b = 0;
    border[0] = 0;
    for (size_t i = 1; i < t->n; i++) {
        while (b > 0 && t->p[i] != t->p[b])
            b = border[b - 1];
        if (t->p[i] == t->p[b])
            b++;
        border[i] = (uint16_t)b;
    }
    size_t unit = t->n - b;
    gh_wipe(border, sizeof border);
    return unit <= t->n / 2 ? unit : t->n;
}

static void look_at_matches(const ZxcMatch_t *matches, bool *ret_derived)
{
    for (const ZxcMatch_t *m = matches; m != NULL; m = m->Next) {
        unsigned type = (unsigned)m->Type & ~(unsigned)MULTIPLE_MATCH;
        if (type == USER_MATCH || type == USER_LEET_MATCH)
            *ret_derived = true;
    }
}

static double bits_of(gh_str piece, gh_password_words *words, bool *ret_derived)
{
    char copy[PIECE + 1];
    memcpy(copy, piece.p, piece.n);
    copy[piece.n] = '\0';
    ZxcMatch_t *matches = NULL;
    double bits = ZxcvbnMatch(copy, words->list, &matches);
    look_at_matches(matches, ret_derived);
    ZxcvbnFreeInfo(matches);
    gh_wipe(copy, sizeof copy);
    return bits;
}

/* The piece read as a table of `columns` columns, column by column: "1q2w3e" by two is "123qwe". */
static gh_str unweave(gh_str piece, size_t columns, char to[PIECE])
{
    size_t n = 0;
    for (size_t column = 0; column < columns; column++)
        for (size_t i = column; i < piece.n; i += columns)
            to[n++] = piece.p[i];
    return (gh_str){to, n};
}

static bool is_strong(gh_str piece, gh_password_words *words, bool *ret_derived)
{
    char woven[PIECE];
    bool strong = true;
    for (size_t columns = 1; strong && columns <= COLUMNS; columns++)
        strong = bits_of(unweave(piece, columns, woven), words, ret_derived) >= ENOUGH_BITS;
    gh_wipe(woven, sizeof woven);
    return strong;
}

static enum gh_password_weakness guessed(gh_str unit, gh_password_words *words)
{
    bool derived = false;
    for (size_t i = 0; i < PIECES && i * PIECE < unit.n; i++)
        if (is_strong(gh_str_cut(unit, i * PIECE, (i + 1) * PIECE), words, &derived))
            return GH_PASSWORD_FINE;
    return derived ? GH_PASSWORD_DERIVED_FROM_USER : GH_PASSWORD_COMMON;
}

static bool is_listed(const gh_password_blocklist *list, gh_str folded)
{
    for (size_t i = 0; i < GH_COUNT(also_common); i++)
        if (gh_str_eq(folded, also_common[i]))
            return true;
    return list != NULL && gh_password_blocklist_has(list, folded);
}

static enum gh_password_weakness weakness_of(const text *t, const gh_password_policy *policy,
                                             gh_password_words *words)
{
    text lower = {.n = t->n};
    for (size_t i = 0; i < t->n; i++)
        lower.p[i] = gh_lower(t->p[i]);
    gh_str all = {lower.p, lower.n};
    size_t unit = unit_of(t);
    enum gh_password_weakness weakness = GH_PASSWORD_FINE;
    if (gh_password_made_of_words(words, all, REST))
        weakness = GH_PASSWORD_DERIVED_FROM_USER;
    else if (is_listed(policy->blocklist, all) || is_listed(policy->blocklist, gh_str_cut(all, 0, unit)))
        weakness = GH_PASSWORD_COMMON;
    else
        weakness = guessed((gh_str){t->p, unit}, words);
    gh_wipe(&lower, sizeof lower);
    return weakness;
}

/* The whole address, its local part, and the parts of both. */
static void collect(gh_password_words *words, const gh_password_user *user)
{
    gh_password_words_add(words, user->name);
    gh_password_words_add(words, gh_str_cut(user->email, 0, gh_str_find(user->email, '@')));
    gh_password_words_add(words, user->email);
    gh_password_words_add(words, user->site);
}

static unsigned least_length(const gh_password_policy *policy)
{
    return policy->min_length < GH_PASSWORD_LENGTH_FLOOR ? (unsigned)GH_PASSWORD_LENGTH_FLOOR
                                                         : policy->min_length;
}

enum gh_password_weakness gh_password_strength(gh_str password, const gh_password_policy *policy,
                                               const gh_password_user *user)
{
    if (password.n > GH_PASSWORD_MAX)
        return GH_PASSWORD_TOO_LONG;
    if (gh_utf8_valid(password) < password.n || gh_str_find(password, '\0') < password.n)
        return GH_PASSWORD_NOT_TEXT;
    if (gh_utf8_count(password) < least_length(policy))
        return GH_PASSWORD_TOO_SHORT;
    text t;
    t.n = gh_password_fold(password, false, t.p, sizeof t.p);
    gh_password_words words = {0};
    collect(&words, user);
    enum gh_password_weakness weakness = weakness_of(&t, policy, &words);
    gh_wipe(&t, sizeof t);
    return weakness;
}

gh_str gh_password_weakness_name(enum gh_password_weakness weakness)
{
    switch (weakness) {
    case GH_PASSWORD_FINE:
        return GH_STR("");
    case GH_PASSWORD_TOO_SHORT:
        return GH_STR("too_short");
    case GH_PASSWORD_TOO_LONG:
        return GH_STR("too_long");
    case GH_PASSWORD_NOT_TEXT:
        return GH_STR("not_text");
    case GH_PASSWORD_COMMON:
        return GH_STR("common");
    case GH_PASSWORD_DERIVED_FROM_USER:
        return GH_STR("derived_from_user");
    }
    return GH_STR("");
}

void gh_password_weakness_say(enum gh_password_weakness weakness, const gh_password_policy *policy,
                              gh_buf *out)
{
    switch (weakness) {
    case GH_PASSWORD_FINE:
        return;
    case GH_PASSWORD_TOO_SHORT:
        gh_buf_printf(out, "Choose a longer password: at least %u characters.", least_length(policy));
        return;
    case GH_PASSWORD_TOO_LONG:
        gh_buf_printf(out, "Choose a shorter password: at most %d bytes.", (int)GH_PASSWORD_MAX);
        return;
    case GH_PASSWORD_NOT_TEXT:
        gh_buf_lit(out, "Choose a password of characters that can be typed.");
        return;
    case GH_PASSWORD_COMMON:
        gh_buf_lit(
            out,
            "Choose a password that is harder to guess: several words that don't belong together do well.");
        return;
    case GH_PASSWORD_DERIVED_FROM_USER:
        gh_buf_lit(
            out,
            "Choose a password that is not made of your name, your address or the name of this service.");
        return;
    }
}
