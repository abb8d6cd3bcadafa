/* Answers of Gatehouse's own endpoints: JSON (RFC 8259) and header lines.
 *
 * They are written into the memory of the last operation, which is wiped when the request is over, as they may hold
 * secrets; of an endpoint without operations, into the transaction's. Moments are RFC 3339 in UTC ("created_at"), spans
 * are seconds ("expires_in"); what is not there is null. */
#ifndef GH_IDENTITY_ANSWER_H
#define GH_IDENTITY_ANSWER_H

#include "model/ops.h"
#include "model/txn.h"

typedef struct gh_answer {
    gh_buf lines; /* header lines, each with CRLF; begins with Cache-Control: no-store */
    gh_buf body;
} gh_answer;

/* room: bytes of the body beyond what every small answer takes; see gh_answer_room(). */
gh_answer gh_answer_begin(gh_txn *txn, size_t room);
/* GH_STOP: the answer, or INTERNAL_ERROR when it did not fit. */
enum gh_judgement gh_answer_end(gh_txn *txn, unsigned status, const gh_answer *answer);
/* 204 with nothing else. */
enum gh_judgement gh_answer_empty(gh_txn *txn);
/* What a text takes at most as a JSON string. */
static inline size_t gh_answer_room(gh_str text)
{
    return 6 * text.n;
}

/* A list shows as much as this takes, and "more" says whether that was all: it has to fit into an operation's memory
 * beside what it is made of. */
enum { GH_ANSWER_ROOM_MOST = 2 << 20 };

/* The comma before what follows, where one is needed: for items of an array. */
void gh_item(gh_buf *out);
/* The member's name and colon; its value is up to the caller. */
void gh_member(gh_buf *out, const char *name);
/* absent: null */
void gh_member_text(gh_buf *out, const char *name, gh_str text);
/* empty: null */
void gh_member_word(gh_buf *out, const char *name, gh_str text);
/* A list with spaces between its words as an array; absent: null. */
void gh_member_words(gh_buf *out, const char *name, gh_str words);
/* 0: null */
void gh_member_id(gh_buf *out, const char *name, gh_id id);
/* Unix time; 0: null */
void gh_member_time(gh_buf *out, const char *name, uint64_t unix_s);
void gh_member_number(gh_buf *out, const char *name, uint64_t number);
void gh_member_bool(gh_buf *out, const char *name, bool value);

/* Unix time as RFC 3339 in UTC: "2026-11-28T12:31:07Z". Beyond the year 9999 as its last second. */
void gh_time_put(gh_buf *out, uint64_t unix_s);

/* "user": {id, username, roles, tier} */
void gh_member_user(gh_buf *out, const gh_subject *subject);
/* What gh_member_user() takes at most. */
enum { GH_MEMBER_USER_ROOM = 6 * (GH_USER_NAME_MAX + GH_ROLES_TEXT_MAX + GH_TIER_MAX) + 128 };

/* What is told of an API key, to its owner and to the operator, and what that takes at most. */
void gh_members_key(gh_buf *out, const gh_key_record *key);
size_t gh_members_key_room(const gh_key_record *key);

#endif
