/* What an operation works with, and the parts of several operations.
 *
 * An operation runs in a savepoint of a transaction. It looks at the database alone, so operations of one transaction
 * see each other; what it changes in memory it adds to the effects. It returns its status; when the database failed
 * (gh_sql_ok) all of it is undone and the status is UNAVAILABLE, whatever it returned. */
#ifndef GH_RECORDS_WORK_H
#define GH_RECORDS_WORK_H

#include "base/hash.h"
#include "model/ops.h"
#include "records/effects.h"
#include "records/statement.h"

typedef struct gh_work gh_work;
struct gh_work {
    gh_sql *sql;
    gh_effects effects;
    gh_roster *roster;        /* NULL: none */
    gh_arena *arena;          /* of the operation's outputs */
    const gh_op_actor *actor; /* who does it */
    uint64_t now_s;
    uint32_t
        access_s; /* for how long an access token made now, or before, may be taken; read by gh_work_access_s() */
    /* Where others make tokens, too: has access_s as this transaction sees it. NULL: nobody else does. */
    void (*look)(gh_work *w);
    uint8_t naming[GH_SIPHASH_KEY_SIZE]; /* for the hashes of names that are tried */
    bool scrub;                          /* somebody was erased: the write-ahead log is to be emptied, too */
};

/* As gh_effects_add(); without memory the operation has failed, and what is returned goes nowhere. */
gh_effect *gh_work_effect(gh_work *w, enum gh_effect_kind kind);

uint32_t gh_work_access_s(gh_work *w);

enum {
    GH_LEEWAY_S = 300 /* so long after its end a token may be taken: the largest identity.token.leeway */
};
enum { GH_EMAIL_MAX = 254, GH_LABEL_MAX = 64 /* bytes of names that people give to devices and keys */ };
enum { GH_EVENT_MAX = 31, GH_USER_AGENT_MAX = 256 /* bytes, in the audit trail */ };

/* --- users (account.c) */

typedef struct gh_account {
    gh_user_record record;
    gh_str hash;
    uint64_t password_n;        /* changes with the password */
    uint64_t cutoff_s, until_s; /* access tokens issued by cutoff_s are refused; of interest until then */
} gh_account;

/* The columns of USER_BY_ID and its like. Texts are copied into w->arena. */
void gh_account_read(gh_query *q, gh_arena *arena, gh_account *ret);
/* By id, or by name or e-mail address when that is 0. *ret is zeroed when there is none. */
GH_MUST_CHECK bool gh_account_find(gh_work *w, gh_id id, gh_str name, gh_account *ret);
gh_subject gh_account_subject(const gh_account *a);
/* The roster learns what the account is now. Comes before its first session, key or device. */
void gh_account_effect(gh_work *w, const gh_account *a);
/* Access tokens issued until now are refused. */
void gh_account_cut_off(gh_work *w, gh_account *a);
/* In lower case (ASCII), at most `most` bytes, in the arena. Absent when it is absent, empty or longer. */
gh_str gh_canonical(gh_work *w, gh_str text, size_t most);

/* --- sessions (session.c) */

typedef struct gh_session_row {
    gh_roster_session s;
    uint32_t number, idle_s;
} gh_session_row;

/* The first 13 columns of SESSION_BY_ID and its like; `sealed`, `user_agent` and the device's name follow. */
void gh_session_read(gh_query *q, gh_session_row *ret);
/* When it was used last, as far as anybody knows. */
uint64_t gh_session_used(const gh_work *w, const gh_session_row *row);
bool gh_session_over(const gh_work *w, const gh_session_row *row);
/* OK, or CAP. The account must be there and not disabled; its effect is added too. `replaces`: a session that ends with
 * it and does not count; 0: none. *ret_bound: the device that it is bound to; 0: none. */
enum gh_op_status gh_session_add(gh_work *w, const gh_account *a, const gh_new_session *new_session,
                                 gh_id replaces, gh_id *ret_bound);
/* Ends it; its access tokens are refused for token_s more, and never shorter than they can live. */
void gh_session_end(gh_work *w, gh_id session, uint32_t token_s);
/* All of the user's but one (0: all). Returns how many. */
uint32_t gh_sessions_end(gh_work *w, gh_id user, gh_id but, uint32_t token_s);

/* --- the audit trail (audit.c) */

typedef struct gh_event {
    const char *event;
    gh_id user;    /* whom it is about; 0: nobody known */
    gh_str name;   /* that was tried and is nobody's; absent: none */
    gh_str detail; /* JSON object, or absent */
} gh_event;
void gh_audit(gh_work *w, const gh_event *event);
void gh_audit_by(gh_work *w, const gh_op_actor *actor, const gh_event *event);
/* With the id of a session, device or key as detail. */
void gh_audit_thing(gh_work *w, const char *event, gh_id user, const char *what, gh_id id);

/* --- the operations: op_*.c */
#define GH_WORK_OP(name) enum gh_op_status gh_do_##name(gh_work *w, gh_op *op)
GH_WORK_OP(login_begin);
GH_WORK_OP(login_finish);
GH_WORK_OP(user_create);
GH_WORK_OP(user_get);
GH_WORK_OP(user_list);
GH_WORK_OP(user_change);
GH_WORK_OP(user_export);
GH_WORK_OP(user_erase);
GH_WORK_OP(refresh);
GH_WORK_OP(session_list);
GH_WORK_OP(session_end);
GH_WORK_OP(token_revoke);
GH_WORK_OP(device_begin);
GH_WORK_OP(device_confirm);
GH_WORK_OP(device_list);
GH_WORK_OP(device_end);
GH_WORK_OP(key_create);
GH_WORK_OP(key_list);
GH_WORK_OP(key_end);
GH_WORK_OP(audit);
GH_WORK_OP(catch_up);

/* Runs the operation of this kind; the executor's others are UNAVAILABLE. */
enum gh_op_status gh_work_run(gh_work *w, gh_op *op);
/* Zeroes what it answers. */
void gh_work_clear_answer(gh_op *op);

#endif
