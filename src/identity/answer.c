#include "identity/answer.h"

#include "model/op.h"
#include "wire/json_text.h"

/* Two session cookies and a device's take some 600 bytes. */
enum { LINES_ROOM = 1536, BODY_ROOM = 1024 };

static gh_buf room_in(gh_arena *arena, size_t size)
{
    char *memory = gh_arena_alloc(arena, size);
    return gh_buf_over(memory, memory == NULL ? 0 : size);
}

gh_answer gh_answer_begin(gh_txn *txn, size_t room)
{
    gh_arena *arena = txn->n_ops > 0 ? &txn->ops[txn->n_ops - 1]->arena : txn->arena;
    gh_answer answer = {.lines = room_in(arena, LINES_ROOM), .body = room_in(arena, BODY_ROOM + room)};
    gh_buf_lit(&answer.lines, "Cache-Control: no-store\r\n");
    return answer;
}

enum gh_judgement gh_answer_end(gh_txn *txn, unsigned status, const gh_answer *answer)
{
    if (!gh_buf_ok(&answer->lines) || !gh_buf_ok(&answer->body))
        return gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR, "no memory for an answer");
    txn->own.lines = gh_buf_str(&answer->lines);
    return gh_txn_answer(txn, status, answer->body.n > 0 ? gh_buf_str(&answer->body) : (gh_str){NULL, 0});
}

enum gh_judgement gh_answer_empty(gh_txn *txn)
{
    gh_answer answer = gh_answer_begin(txn, 0);
    return gh_answer_end(txn, 204, &answer);
}

void gh_item(gh_buf *out)
{
    if (out->n > 0 && memchr("{[:", out->p[out->n - 1], 3) == NULL)
        gh_buf_char(out, ',');
}

void gh_member(gh_buf *out, const char *name)
{
    gh_item(out);
    gh_json_string(out, gh_str_of(name));
    gh_buf_char(out, ':');
}

void gh_member_text(gh_buf *out, const char *name, gh_str text)
{
    gh_member(out, name);
    if (text.p == NULL)
        gh_buf_lit(out, "null");
    else
        gh_json_string(out, text);
}

void gh_member_word(gh_buf *out, const char *name, gh_str text)
{
    gh_member_text(out, name, text.n > 0 ? text : (gh_str){NULL, 0});
}

void gh_member_words(gh_buf *out, const char *name, gh_str words)
{
    gh_str word;
    gh_member(out, name);
    if (words.p == NULL) {
        gh_buf_lit(out, "null");
        return;
    }
    gh_buf_char(out, '[');
    while (gh_str_next(&words, ' ', &word)) {
        if (word.n == 0)
            continue;
        gh_item(out);
        gh_json_string(out, word);
    }
    gh_buf_char(out, ']');
}

void gh_member_id(gh_buf *out, const char *name, gh_id id)
{
    char memory[GH_ID_TEXT];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    gh_id_put(&text, id);
    gh_member_text(out, name, id != 0 ? gh_buf_str(&text) : (gh_str){NULL, 0});
}

void gh_member_time(gh_buf *out, const char *name, uint64_t unix_s)
{
    gh_member(out, name);
    if (unix_s == 0) {
        gh_buf_lit(out, "null");
        return;
    }
    gh_buf_char(out, '"');
    gh_time_put(out, unix_s);
    gh_buf_char(out, '"');
}

void gh_member_number(gh_buf *out, const char *name, uint64_t number)
{
    gh_member(out, name);
    gh_buf_u64(out, number);
}

void gh_member_bool(gh_buf *out, const char *name, bool value)
{
    gh_member(out, name);
    gh_buf_put(out, value ? GH_STR("true") : GH_STR("false"));
}

/* 9999-12-31T23:59:59Z: RFC 3339 has no later moment. */
static const uint64_t last_moment = UINT64_C(253402300799);

/* The calendar day, counted from 1 March of the year 0, so that a leap day is a year's last one. */
void gh_time_put(gh_buf *out, uint64_t unix_s)
{
    enum { DAY_S = 86400, ERA_DAYS = 146097, TO_1970 = 719468 };
    if (unix_s > last_moment)
        unix_s = last_moment;
    unsigned second = (unsigned)(unix_s % DAY_S);
    unsigned days = (unsigned)(unix_s / DAY_S) + TO_1970;
    unsigned era = days / ERA_DAYS, of_era = days % ERA_DAYS;
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned from_march = (5 * of_year + 2) / 153;
    unsigned day = of_year - (153 * from_march + 2) / 5 + 1;
    unsigned month = from_march < 10 ? from_march + 3 : from_march - 9;
    year += era * 400 + (month <= 2);
    gh_buf_printf(out, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, month, day, second / 3600, second / 60 % 60,
                  second % 60);
}

void gh_member_user(gh_buf *out, const gh_subject *subject)
{
    gh_member(out, "user");
    gh_buf_char(out, '{');
    gh_member_id(out, "id", subject->user);
    gh_member_text(out, "username", GH_SHORT_STR(subject->name));
    gh_member_words(out, "roles", GH_SHORT_STR(subject->roles));
    gh_member_word(out, "tier", GH_SHORT_STR(subject->tier));
    gh_buf_char(out, '}');
}

void gh_members_key(gh_buf *out, const gh_key_record *key)
{
    gh_member_id(out, "id", key->id);
    gh_member_text(out, "name", key->name);
    gh_member_text(out, "start", key->start);
    gh_member_words(out, "scopes", key->scopes);
    gh_member_word(out, "tier", key->tier);
    gh_member_words(out, "networks", key->networks);
    gh_member_time(out, "created_at", key->created_s);
    gh_member_time(out, "last_used_at", key->used_s);
    gh_member_time(out, "expires_at", key->expires_s);
    gh_member_id(out, "replaced_by", key->replaced_by);
}

size_t gh_members_key_room(const gh_key_record *key)
{
    return 512 + gh_answer_room(key->name) + gh_answer_room(key->start) + gh_answer_room(key->scopes) +
           gh_answer_room(key->tier) + gh_answer_room(key->networks);
}
