#include "schema/evaluate.h"
#include "text/utf8.h"
#include "wire/decimal.h"

/* A number of the instance, read once for all bounds. */
typedef struct number {
    gh_str text;
    int64_t value;
    bool small;
} number;

static int compare(const number *n, const gh_schema_bound *b)
{
    if (n->small && b->small)
        return (n->value > b->value) - (n->value < b->value);
    return gh_decimal_compare(n->text, b->text);
}

static bool is_multiple(const number *n, const gh_schema_bound *b)
{
    if (n->small && b->small)
        return n->value % b->value == 0;
    return gh_decimal_multiple(n->text, b->text);
}

bool gh_schema_eval_number(gh_schema_run *r, const gh_schema_numbers *n, const gh_json *v,
                           const gh_schema_spot *at)
{
    number x = {.text = v->text};
    bool valid = true;
    x.small = gh_schema_small(v->text, &x.value);
    if (!x.small && !gh_schema_pay(r, v->text.n / 16))
        return false;
    if (n->minimum.text.p != NULL && compare(&x, &n->minimum) < 0)
        valid = gh_schema_fault(r, GH_FAULT_MINIMUM, at, n->minimum.text);
    if (n->maximum.text.p != NULL && compare(&x, &n->maximum) > 0)
        valid = gh_schema_fault(r, GH_FAULT_MAXIMUM, at, n->maximum.text);
    if (n->exclusive_minimum.text.p != NULL && compare(&x, &n->exclusive_minimum) <= 0)
        valid = gh_schema_fault(r, GH_FAULT_EXCLUSIVE_MINIMUM, at, n->exclusive_minimum.text);
    if (n->exclusive_maximum.text.p != NULL && compare(&x, &n->exclusive_maximum) >= 0)
        valid = gh_schema_fault(r, GH_FAULT_EXCLUSIVE_MAXIMUM, at, n->exclusive_maximum.text);
    if (n->multiple_of.text.p != NULL && !is_multiple(&x, &n->multiple_of))
        valid = gh_schema_fault(r, GH_FAULT_MULTIPLE_OF, at, n->multiple_of.text);
    if (n->format != NULL && !n->format(v->text))
        valid = gh_schema_fault(r, GH_FAULT_FORMAT, at, n->format_name);
    return valid;
}

/* Code points are counted only where the number of bytes does not answer it: each has 1 to 4. */
static bool length_fits(gh_schema_run *r, const gh_schema_texts *t, const gh_json *v,
                        const gh_schema_spot *at)
{
    size_t most = v->text.n, least = v->file ? most : (most + 3) / 4;
    bool too_short = t->min.text.p != NULL && most < t->min.value;
    bool too_long = t->max.text.p != NULL && least > t->max.value;
    bool open = (t->min.text.p != NULL && !too_short && least < t->min.value) ||
                (t->max.text.p != NULL && !too_long && most > t->max.value);
    if (open) {
        size_t n = gh_utf8_count(v->text);
        too_short = t->min.text.p != NULL && n < t->min.value;
        too_long = t->max.text.p != NULL && n > t->max.value;
    }
    if (too_short)
        return gh_schema_fault(r, GH_FAULT_MIN_LENGTH, at, t->min.text);
    return !too_long || gh_schema_fault(r, GH_FAULT_MAX_LENGTH, at, t->max.text);
}

static bool pattern_fits(gh_schema_run *r, const gh_schema_texts *t, const gh_json *v,
                         const gh_schema_spot *at)
{
    enum { SHOWN = 200 };
    switch (gh_pattern_match(t->pattern, v->text, r->scratch)) {
    case GH_MATCH_YES:
        return true;
    case GH_MATCH_TOO_COSTLY:
        return gh_schema_stop(r, GH_SCHEMA_TOO_COSTLY);
    case GH_MATCH_NO:
        break;
    }
    gh_str shown = t->pattern_text.n > SHOWN ? gh_utf8_first(t->pattern_text, SHOWN / 4) : t->pattern_text;
    return gh_schema_fault(r, GH_FAULT_PATTERN, at, shown);
}

/* A text that is too long is not looked at further. */
bool gh_schema_eval_text(gh_schema_run *r, const gh_schema_texts *t, const gh_json *v,
                         const gh_schema_spot *at)
{
    if (!gh_schema_pay(r, v->text.n / 64) || !length_fits(r, t, v, at))
        return false;
    if (v->file)
        return true;
    bool valid = true;
    if (t->pattern != NULL)
        valid = gh_schema_pay(r, 1 + v->text.n / 16) && pattern_fits(r, t, v, at);
    if (t->format != NULL && (valid || r->findings != NULL) && !t->format(v->text))
        valid = gh_schema_fault(r, GH_FAULT_FORMAT, at, t->format_name);
    return valid;
}
