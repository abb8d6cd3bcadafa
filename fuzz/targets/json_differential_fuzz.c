/* The same text to this reader and to jansson: both take it or neither does, and what they read is the same.
 * A body that two readers understand in two ways is how a check is passed by.
 *
 * The legitimate differences, each left out below:
 *  - numbers that a double can't hold: jansson refuses them, Gatehouse keeps them as they were written;
 *  - U+0000 in a member name: jansson can't have it;
 *  - a NUL byte between tokens: jansson passes over it;
 *  - depth: 512 here, 2,048 in jansson. */
#include "fuzz.h"

#include <jansson.h>

#include "wire/json.h"

enum { ROOM = 1 << 16, CAP = 64 << 20, NUMBER = 400 };

static void compare(const gh_json *ours, const json_t *theirs);

static void compare_number(gh_str ours, const json_t *theirs)
{
    char text[NUMBER + 1];
    FUZZ_CHECK(json_is_real(theirs));
    if (ours.n > NUMBER)
        return;
    memcpy(text, ours.p, ours.n);
    text[ours.n] = '\0';
    double value = strtod(text, NULL);
    FUZZ_CHECK(!(value < json_real_value(theirs)) && !(value > json_real_value(theirs)));
}

static void compare_members(const gh_json *ours, const json_t *theirs)
{
    FUZZ_CHECK(json_is_object(theirs) && json_object_size(theirs) == ours->n);
    for (const gh_json *m = ours->first; m != NULL; m = m->next) {
        const json_t *other = json_object_getn(theirs, m->key.p, m->key.n);
        FUZZ_CHECK(other != NULL);
        compare(m, other);
    }
}

static void compare_items(const gh_json *ours, const json_t *theirs)
{
    size_t i = 0;
    FUZZ_CHECK(json_is_array(theirs) && json_array_size(theirs) == ours->n);
    for (const gh_json *item = ours->first; item != NULL; item = item->next)
        compare(item, json_array_get(theirs, i++));
}

static void compare(const gh_json *ours, const json_t *theirs)
{
    switch ((enum gh_json_type)ours->type) {
    case GH_JSON_NULL:
        FUZZ_CHECK(json_is_null(theirs));
        break;
    case GH_JSON_FALSE:
        FUZZ_CHECK(json_is_false(theirs));
        break;
    case GH_JSON_TRUE:
        FUZZ_CHECK(json_is_true(theirs));
        break;
    case GH_JSON_NUMBER:
        compare_number(ours->text, theirs);
        break;
    case GH_JSON_STRING:
        FUZZ_CHECK(json_is_string(theirs));
        FUZZ_CHECK(gh_str_eq(ours->text, (gh_str){json_string_value(theirs), json_string_length(theirs)}));
        break;
    case GH_JSON_ARRAY:
        compare_items(ours, theirs);
        break;
    case GH_JSON_OBJECT:
        compare_members(ours, theirs);
        break;
    }
}

static bool known_refusal(const json_error_t *e)
{
    enum json_error_code code = json_error_code(e);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const gh_json_limits limits = {
        .depth = GH_JSON_DEPTH_MAX, .values = SIZE_MAX, .number = SIZE_MAX, .exponent = SIZE_MAX};
    gh_json_error e;
    gh_arena arena;
    json_error_t their_error;
    if (size > ROOM)
        return 0;
    gh_arena_init(&arena, NULL, 0, CAP);
    const gh_json *ours = gh_json_read((gh_str){(const char *)data, size}, &limits, &arena, &e);
    json_t *theirs = json_loadb(
        (const char *)data, size,
        JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &their_error);
    if (ours != NULL && theirs != NULL)
        compare(ours, theirs);
    else if (ours != NULL && !known_refusal(&their_error)) {
        fprintf(stderr, "jansson: %s\n", their_error.text);
        FUZZ_CHECK(theirs != NULL);
    } else if (theirs != NULL && !e.too_large && memchr(data, '\0', size) == NULL) {
        fprintf(stderr, "refused at %zu: %s\n", e.at, e.why);
        FUZZ_CHECK(ours != NULL);
    }
    json_decref(theirs);
    gh_arena_reset(&arena);
    return 0;
}
