/* What is said about a document, and where. */
#include "openapi/load.h"
#include "text/utf8.h"
#include "wire/json_text.h"

enum { POINTER_MAX = 4096, QUOTED_POINTS = 60 };

gh_oa_at gh_oa_member(const gh_oa_at *up, gh_str name)
{
    return (gh_oa_at){.node = gh_json_get(up->node, name), .up = up, .token = name};
}

gh_oa_at gh_oa_child(const gh_oa_at *up, const gh_json *child, unsigned index)
{
    return (gh_oa_at){.node = child, .up = up, .token = child->key, .index = index};
}

const char *gh_oa_quoted(gh_str name, char memory[GH_OA_QUOTED_MAX])
{
    gh_str head = gh_utf8_first(name, QUOTED_POINTS);
    gh_buf b = gh_buf_over(memory, GH_OA_QUOTED_MAX - 1);
    gh_json_string(&b, head);
    if (head.n < name.n)
        gh_buf_lit(&b, "...");
    memory[b.n] = '\0';
    return memory;
}

/* From the document's root down; the depth is that of the document. */
static void put_pointer(gh_buf *out, const gh_oa_at *at)
{
    if (at == NULL)
        return;
    if (at->up == NULL) {
        gh_buf_put(out, at->token);
        return;
    }
    put_pointer(out, at->up);
    if (at->token.p != NULL)
        gh_json_pointer_put(out, at->token);
    else
        gh_buf_printf(out, "/%u", at->index);
}

/* Of what is there: of a member that is missing, of the object. */
static uint32_t offset_of(const gh_oa_at *at)
{
    while (at != NULL && at->node == NULL)
        at = at->up;
    return at == NULL ? 0 : at->node->at;
}

bool gh_oa_no_memory(gh_oa_load *l)
{
    l->no_memory = true;
    return false;
}

static bool has_room(gh_oa_load *l)
{
    gh_openapi *o = l->ret;
    if (o->n_messages < l->cap_messages)
        return true;
    unsigned cap = l->cap_messages == 0 ? 16 : l->cap_messages * 2;
    gh_openapi_message *messages = gh_arena_array(l->arena, cap, sizeof *messages);
    if (messages == NULL)
        return gh_oa_no_memory(l);
    if (o->n_messages > 0)
        memcpy(messages, o->messages, o->n_messages * sizeof *messages);
    o->messages = messages;
    l->cap_messages = cap;
    return true;
}

static bool is_said(const gh_openapi *o, const gh_openapi_message *m)
{
    for (unsigned i = 0; i < o->n_messages; i++) {
        const gh_openapi_message *old = &o->messages[i];
        if (old->level == m->level && old->at == m->at && gh_str_eq(old->text, m->text) &&
            gh_str_eq(old->pointer, m->pointer))
            return true;
    }
    return false;
}

/* `m`'s texts are copied. */
static void add(gh_oa_load *l, gh_openapi_message m)
{
    bool error = m.level == GH_OPENAPI_ERROR;
    if (is_said(l->ret, &m))
        return;
    if (error ? l->n_errors == GH_OA_ERRORS_MAX : l->n_others == GH_OA_MESSAGES_MAX) {
        l->errors_omitted += error;
        l->others_omitted += !error;
        return;
    }
    if (!has_room(l))
        return;
    m.pointer = gh_arena_copy(l->arena, m.pointer);
    m.text = gh_arena_copy(l->arena, m.text);
    if (m.pointer.p == NULL || m.text.p == NULL) {
        (void)gh_oa_no_memory(l);
        return;
    }
    l->ret->messages[l->ret->n_messages++] = m;
    l->n_errors += error;
    l->n_others += !error;
}

gh_buf *gh_oa_draft(gh_oa_load *l)
{
    l->draft = gh_buf_over(l->draft_text, sizeof l->draft_text);
    return &l->draft;
}

bool gh_oa_put(gh_oa_load *l, enum gh_openapi_level level, const gh_oa_at *at)
{
    char pointer[POINTER_MAX];
    gh_buf p = gh_buf_over(pointer, sizeof pointer);
    put_pointer(&p, at);
    add(l,
        (gh_openapi_message){
            .level = level, .pointer = gh_buf_str(&p), .text = gh_buf_str(&l->draft), .at = offset_of(at)});
    return false;
}

void gh_oa_say_once(gh_oa_load *l, enum gh_oa_once what, enum gh_openapi_level level, const gh_oa_at *at,
                    const char *text)
{
    uint32_t bit = UINT32_C(1) << what;
    if ((l->said & bit) == 0)
        (void)gh_oa_say(l, level, at, "%s", text);
    l->said |= bit;
}

void gh_oa_say_omitted(gh_oa_load *l)
{
    const gh_oa_at root = {.node = l->ret->document, .token = GH_STR_INIT("")};
    if (l->errors_omitted > 0 && l->n_errors == GH_OA_ERRORS_MAX) {
        l->n_errors--; /* room for one more */
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, &root, "and more errors, which are not shown");
    }
    if (l->others_omitted > 0) {
        l->n_others--;
        (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, &root, "and more that is not enforced, which is not shown");
    }
}
