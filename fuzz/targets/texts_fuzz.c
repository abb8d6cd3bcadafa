/* Rewriting the texts of a body: "KIND" and the body. What comes out is read as the form it came in, has as many
 * texts, and none of them has a sign of markup left. */
#include "fuzz.h"

#include "contract/texts.h"
#include "wire/field.h"

static const gh_input_limits limits = {.json = {.depth = 16, .values = 1000, .number = 100, .exponent = 100},
                                       .pairs = 100,
                                       .parts = {.parts = 16, .head = 512, .name = 64}};

static bool read_body(gh_str type, gh_str body, gh_arena *arena, gh_input *ret)
{
    gh_finding items[4];
    gh_findings findings = {.items = items, .max = 4};
    gh_field field = {GH_STR("content-type"), type, GH_FIELD_CONTENT_TYPE};
    gh_request request = {.fields = &field, .n_fields = 1};
    gh_input_source source = {.request = &request, .has_body = true, .body = body};
    return gh_input_read(&source, NULL, &limits, arena, &findings, ret) == GH_INPUT_OK && ret->body != NULL;
}

struct seen {
    unsigned n;
    bool rewritten;
};

static bool look(void *data, uint8_t in, gh_str name, gh_str pointer, gh_str text)
{
    struct seen *seen = data;
    FUZZ_CHECK(in == GH_IN_BODY && name.p == NULL && pointer.p == NULL);
    for (size_t i = 0; seen->rewritten && i < text.n; i++)
        FUZZ_CHECK(text.p[i] != '<' && text.p[i] != '>' && text.p[i] != '"' && text.p[i] != '\'');
    seen->n++;
    return true;
}

static unsigned count(const gh_input *input, gh_field_path *path, bool rewritten, gh_arena *arena)
{
    gh_request none = {.n_fields = 0};
    gh_input_source source = {.request = &none};
    gh_text_choice choice = {path, 1, false};
    struct seen seen = {0, rewritten};
    FUZZ_CHECK(gh_texts_walk(&source, input, &choice, arena, look, &seen) == GH_TEXTS_ALL);
    return seen.n;
}

static void check(gh_str type, gh_str body, gh_arena *arena)
{
    gh_rewrite rule = {.how = GH_REWRITE_TEXT, .max_length = 100};
    gh_input input, again;
    const char *why;
    bool changed;
    gh_str out;
    /* Texts of "/a" alone: names of members are texts of "*", and stay as they are. */
    FUZZ_CHECK(gh_field_path_parse(GH_STR("/a"), arena, &rule.field, &why));
    if (!read_body(type, body, arena, &input))
        return;
    unsigned n = count(&input, &rule.field, false, arena);
    FUZZ_CHECK(gh_texts_rewrite(&input, &rule, 1, arena, &out, &changed));
    if (!changed)
        return;
    FUZZ_CHECK(read_body(type, out, arena, &again));
    FUZZ_CHECK(count(&again, &rule.field, false, arena) == n);
    rule.how = GH_REWRITE_FILENAME;
    FUZZ_CHECK(gh_texts_rewrite(&again, &rule, 1, arena, &out, &changed));
    if (changed)
        FUZZ_CHECK(read_body(type, out, arena, &again));
    if (again.body->type == GH_JSON_OBJECT) {
        const gh_json *a = gh_json_lit(again.body, "a");
        if (a != NULL && a->type == GH_JSON_STRING && !a->file)
            FUZZ_CHECK(count(&again, &rule.field, true, arena) >= 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"application/json", "application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=b", "text/plain"};
    gh_arena arena;
    if (size == 0)
        return 0;
    gh_arena_init(&arena, NULL, 0, 1 << 22);
    check(gh_str_of(types[data[0] & 3]), (gh_str){(const char *)data + 1, size - 1}, &arena);
    gh_arena_reset(&arena);
    return 0;
}
