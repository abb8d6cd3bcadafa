#include "identity/input.h"

#include "model/op.h"
#include "wire/decimal.h"

const gh_json *gh_body_member(const gh_txn *txn, const char *name)
{
    return txn->input_read ? gh_json_get(txn->input.body, gh_str_of(name)) : NULL;
}

gh_str gh_body_text(const gh_txn *txn, const char *name)
{
    const gh_json *member = gh_body_member(txn, name);
    return member != NULL && member->type == GH_JSON_STRING ? member->text : (gh_str){NULL, 0};
}

bool gh_body_true(const gh_txn *txn, const char *name)
{
    const gh_json *member = gh_body_member(txn, name);
    return member != NULL && member->type == GH_JSON_TRUE;
}

/* Numbers are kept as they were written, so it is searched for by comparing. */
uint64_t gh_body_number(const gh_txn *txn, const char *name, uint64_t most, uint64_t otherwise)
{
    const gh_json *member = gh_body_member(txn, name);
    uint64_t low = 0, high = most;
    if (member == NULL || member->type != GH_JSON_NUMBER)
        return otherwise;
    while (low < high) {
        char memory[24];
        gh_buf digits = gh_buf_over(memory, sizeof memory);
        uint64_t middle = low + (high - low) / 2;
        gh_buf_u64(&digits, middle);
        if (gh_decimal_compare(member->text, gh_buf_str(&digits)) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool gh_form_text(const gh_txn *txn, const char *name, gh_str *ret)
{
    const gh_json *member = gh_body_member(txn, name);
    if (member != NULL && member->type != GH_JSON_STRING)
        return false;
    *ret = member != NULL && member->text.n > 0 ? member->text : (gh_str){NULL, 0};
    return true;
}

bool gh_path_id(const gh_txn *txn, gh_id *ret)
{
    gh_path_params params;
    const gh_match *match = &txn->route->match;
    return match->n_paths == 1 && gh_path_pattern_match(&match->paths[0], txn->target.path, &params) &&
           params.n == 1 && gh_id_parse(params.values[0], ret);
}

bool gh_op_copy_name(gh_op *op, gh_str from, gh_str *ret)
{
    if (from.p == NULL) {
        *ret = from;
        return true;
    }
    char *to = gh_arena_alloc(&op->arena, from.n + 1);
    if (to == NULL)
        return false;
    for (size_t i = 0; i < from.n; i++)
        to[i] = gh_lower(from.p[i]);
    *ret = (gh_str){to, from.n};
    return true;
}

bool gh_op_copy_label(gh_op *op, gh_str from, gh_str *ret)
{
    size_t n = from.n;
    if (n > GH_LABEL_MOST)
        /* A byte 10xxxxxx goes on with a character of UTF-8. */
        for (n = GH_LABEL_MOST; n > 0 && ((unsigned char)from.p[n] & 0xC0) == 0x80;)
            n--;
    return gh_op_copy(op, from.p == NULL ? from : gh_str_cut(from, 0, n), ret);
}

bool gh_op_copy_words(gh_op *op, const gh_json *array, gh_str *ret)
{
    size_t size = 1;
    if (array == NULL || array->type != GH_JSON_ARRAY) {
        *ret = (gh_str){NULL, 0};
        return true;
    }
    for (const gh_json *item = array->first; item != NULL; item = item->next)
        size += item->text.n + 1;
    char *memory = gh_arena_alloc(&op->arena, size);
    if (memory == NULL)
        return false;
    gh_buf out = gh_buf_over(memory, size);
    for (const gh_json *item = array->first; item != NULL; item = item->next) {
        if (out.n > 0)
            gh_buf_char(&out, ' ');
        gh_buf_put(&out, item->text);
    }
    *ret = gh_buf_str(&out);
    return true;
}

gh_id gh_txn_new_id(const gh_txn *txn)
{
    uint8_t bytes[8];
    txn->world.random(txn->world.random_data, bytes, sizeof bytes);
    return gh_id_of_random(bytes);
}
