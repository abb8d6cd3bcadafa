#include "wire/decimal.h"

#include "base/buf.h"

/* Exponents are cut to this: beyond it no limit of a reader goes. */
static const int64_t exponent_max = INT64_C(1000000000000000000);

enum {
    SMALL = 18,         /* decimal digits whose number times ten still fits 64 bits */
    DIVISOR_MAX = 1000, /* significant digits of a divisor */
    LIMB_DIGITS = 9,
    LIMBS = DIVISOR_MAX / LIMB_DIGITS + 2
};
static const uint32_t limb_base = 1000000000;

/* 0.D1D2D3... times 10 to the power of `point`, D1 and the last digit not 0; no digits: zero. */
typedef struct decimal {
    gh_str whole, fraction; /* the digits as written, before and after the point, one behind the other */
    size_t from, to;        /* the significant ones among them */
    int64_t point;
    bool negative;
} decimal;

static size_t count_digits(gh_str s)
{
    size_t i = 0;
    while (i < s.n && gh_is_digit(s.p[i]))
        i++;
    return i;
}

/* Takes what is at the front: digits, perhaps none. */
static gh_str take_digits(gh_str *rest)
{
    size_t n = count_digits(*rest);
    gh_str digits = gh_str_cut(*rest, 0, n);
    *rest = gh_str_cut(*rest, n, rest->n);
    return digits;
}

static bool take(gh_str *rest, char c)
{
    if (rest->n == 0 || rest->p[0] != c)
        return false;
    *rest = gh_str_cut(*rest, 1, rest->n);
    return true;
}

static bool take_sign(gh_str *rest)
{
    bool negative = take(rest, '-');
    if (!negative)
        (void)take(rest, '+');
    return negative;
}

/* Parts of a number in the widest form: sign, digits, ".", digits, exponent. */
typedef struct parts {
    bool plus, negative, point, e;
    gh_str whole, fraction, exponent; /* exponent: with its sign */
} parts;

static bool split(gh_str text, parts *ret)
{
    *ret = (parts){.fraction = GH_STR("")};
    ret->negative = take(&text, '-');
    ret->plus = !ret->negative && take(&text, '+');
    ret->whole = take_digits(&text);
    ret->point = take(&text, '.');
    if (ret->point)
        ret->fraction = take_digits(&text);
    if (take(&text, 'e') || take(&text, 'E')) {
        ret->e = true;
        ret->exponent = text;
        (void)take_sign(&text);
        if (take_digits(&text).n == 0)
            return false;
    }
    return text.n == 0 && ret->whole.n + ret->fraction.n > 0;
}

static bool is_json(const parts *p)
{
    bool leading_zero = p->whole.n > 1 && p->whole.p[0] == '0';
    return !p->plus && p->whole.n > 0 && !leading_zero && p->point == (p->fraction.n > 0);
}

bool gh_decimal_valid(gh_str text)
{
    parts p;
    return split(text, &p) && is_json(&p);
}

static int64_t exponent_of(gh_str text)
{
    int64_t value = 0;
    bool negative = take_sign(&text);
    for (size_t i = 0; i < text.n; i++) {
        value = value * 10 + (text.p[i] - '0');
        if (value > exponent_max)
            value = exponent_max;
    }
    return negative ? -value : value;
}

static int digit_at(const decimal *d, size_t i)
{
    return (i < d->whole.n ? d->whole.p[i] : d->fraction.p[i - d->whole.n]) - '0';
}

static size_t digits_of(const decimal *d)
{
    return d->to - d->from;
}

/* What does not fit the grammar counts as 0. */
static decimal read_decimal(gh_str text)
{
    parts p;
    if (!split(text, &p))
        return (decimal){0};
    decimal d = {.whole = p.whole, .fraction = p.fraction, .to = p.whole.n + p.fraction.n};
    while (d.from < d.to && digit_at(&d, d.from) == 0)
        d.from++;
    while (d.from < d.to && digit_at(&d, d.to - 1) == 0)
        d.to--;
    if (d.from == d.to)
        return (decimal){0};
    d.negative = p.negative;
    d.point = exponent_of(p.exponent) + (int64_t)d.whole.n - (int64_t)d.from;
    return d;
}

static int compare_magnitude(const decimal *a, const decimal *b)
{
    size_t n = digits_of(a) < digits_of(b) ? digits_of(a) : digits_of(b);
    if (a->point != b->point)
        return a->point < b->point ? -1 : 1;
    for (size_t i = 0; i < n; i++) {
        int difference = digit_at(a, a->from + i) - digit_at(b, b->from + i);
        if (difference != 0)
            return difference;
    }
    return (digits_of(a) > n) - (digits_of(b) > n);
}

static int sign_of(const decimal *d)
{
    return digits_of(d) == 0 ? 0 : d->negative ? -1 : 1;
}

int gh_decimal_compare(gh_str a, gh_str b)
{
    decimal x = read_decimal(a), y = read_decimal(b);
    int sx = sign_of(&x), sy = sign_of(&y);
    if (sx != sy || sx == 0)
        return sx - sy;
    return sx * compare_magnitude(&x, &y);
}

bool gh_decimal_integer(gh_str a)
{
    decimal d = read_decimal(a);
    return digits_of(&d) == 0 || d.point >= (int64_t)digits_of(&d);
}

/* The i-th digit of a whole number that begins with the digits of d; zeros behind them. */
static unsigned dividend_digit(const decimal *d, size_t i)
{
    return i < digits_of(d) ? (unsigned)digit_at(d, d->from + i) : 0;
}

static bool divides_small(const decimal *b, const decimal *a, size_t length)
{
    uint64_t divisor = 0, rest = 0;
    for (size_t i = b->from; i < b->to; i++)
        divisor = divisor * 10 + (unsigned)digit_at(b, i);
    if (divisor <= 1)
        return true;
    for (size_t i = 0; i < length; i++)
        rest = (rest * 10 + dividend_digit(a, i)) % divisor;
    return rest == 0;
}

/* Whole numbers of many digits, the lowest limb first. */
typedef struct big {
    uint32_t limb[LIMBS];
} big;

static void big_push(big *x, size_t limbs, unsigned digit)
{
    uint64_t carry = digit;
    for (size_t i = 0; i < limbs; i++) {
        uint64_t v = (uint64_t)x->limb[i] * 10 + carry;
        x->limb[i] = (uint32_t)(v % limb_base);
        carry = v / limb_base;
    }
}

static bool big_less(const big *x, const big *y, size_t limbs)
{
    for (size_t i = limbs; i-- > 0;) {
        if (x->limb[i] != y->limb[i])
            return x->limb[i] < y->limb[i];
    }
    return false;
}

static void big_subtract(big *x, const big *y, size_t limbs)
{
    uint32_t borrow = 0;
    for (size_t i = 0; i < limbs; i++) {
        uint32_t take_away = y->limb[i] + borrow;
        borrow = x->limb[i] < take_away;
        x->limb[i] += (borrow ? limb_base : 0) - take_away;
    }
}

static bool divides_big(const decimal *b, const decimal *a, size_t length)
{
    big divisor = {0}, rest = {0};
    size_t limbs = digits_of(b) / LIMB_DIGITS + 2; /* one more digit than the divisor has room */
    for (size_t i = b->from; i < b->to; i++)
        big_push(&divisor, limbs, (unsigned)digit_at(b, i));
    for (size_t i = 0; i < length; i++) {
        big_push(&rest, limbs, dividend_digit(a, i));
        while (!big_less(&rest, &divisor, limbs))
            big_subtract(&rest, &divisor, limbs);
    }
    for (size_t i = 0; i < limbs; i++) {
        if (rest.limb[i] != 0)
            return false;
    }
    return true;
}

/* With a = A * 10^i and b = B * 10^j, A and B whole and not divisible by 10: does B divide A * 10^(i-j)? For
 * i < j it can't, as then 10 would divide A. Of the factors 2 and 5 that 10^(i-j) brings, B can use no more
 * than it has: less than four a digit; so more zeros than that change nothing, however large the exponent. */
bool gh_decimal_multiple(gh_str a, gh_str b)
{
    decimal x = read_decimal(a), y = read_decimal(b);
    if (sign_of(&x) == 0)
        return true;
    if (sign_of(&y) <= 0 || digits_of(&y) > DIVISOR_MAX)
        return false;
    int64_t zeros = (x.point - (int64_t)digits_of(&x)) - (y.point - (int64_t)digits_of(&y));
    if (zeros < 0)
        return false;
    size_t enough = 4 * digits_of(&y);
    size_t length = digits_of(&x) + ((uint64_t)zeros < enough ? (size_t)zeros : enough);
    return digits_of(&y) <= SMALL ? divides_small(&y, &x, length) : divides_big(&y, &x, length);
}

bool gh_decimal_from_lexical(gh_str text, char *to, size_t size, gh_str *ret)
{
    parts p;
    *ret = text;
    if (!split(text, &p))
        return false;
    if (is_json(&p))
        return true;
    gh_buf out = gh_buf_over(to, size);
    size_t zeros = 0;
    while (zeros + 1 < p.whole.n && p.whole.p[zeros] == '0')
        zeros++;
    if (p.negative)
        gh_buf_char(&out, '-');
    gh_buf_put(&out, p.whole.n == 0 ? GH_STR("0") : gh_str_cut(p.whole, zeros, p.whole.n));
    if (p.fraction.n > 0) {
        gh_buf_char(&out, '.');
        gh_buf_put(&out, p.fraction);
    }
    if (p.e) {
        gh_buf_char(&out, 'e');
        gh_buf_put(&out, p.exponent);
    }
    *ret = gh_buf_str(&out);
    return gh_buf_ok(&out);
}
