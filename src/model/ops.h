/* The kinds of operations, what each asks and answers. Slices asked and answered live in the op's arena. Times are Unix
 * seconds, spans seconds. Hashes of secrets are gh_lookup's: the first 16 bytes of the keyed HMAC.
 *
 * All RECORDS operations are done one after the other and are on disk when they are answered: of any number of requests
 * for the last place of something exactly one gets it. What they change in memory (sessions, keys, devices,
 * revocations) is there for every loop before `finished` is called. */
#ifndef GH_MODEL_OPS_H
#define GH_MODEL_OPS_H

#include "model/lookup.h"
#include "model/op.h"

/* How many attempts there may be; counted at LOGIN_BEGIN (so that many at once can't all slip through). At success the
 * pair's are forgotten, and the others no longer count this one. Beyond `free` the wait doubles from 1 s up to
 * `window_s`; nobody is locked out for good. A device of the account counts for itself alone. */
typedef struct gh_attempt_limits {
    uint32_t per_account; /* MAX_AUTH_ATTEMPTS by account and address prefix, or by account and device */
    uint32_t per_address; /* by address prefix, whatever the account */
    uint32_t
        whole_account; /* by account, from wherever it was not signed in to of late: slows, never locks */
    uint32_t window_s; /* AUTH_ATTEMPT_TIMEOUT: after so long without one they are forgotten */
} gh_attempt_limits;

/* May this name be tried from there, and with what is the password to be compared? */
typedef struct gh_op_login_begin {
    gh_op op;
    gh_str name;                    /* as given: a user name or an e-mail address */
    gh_id user;                     /* instead of a name (change of password); 0: by name */
    gh_id device;                   /* proved; counts apart when it is this account's */
    uint8_t prefix[GH_SECRET_HASH]; /* keyed hash of the client's address prefix */
    gh_attempt_limits limits;
    /* OK (also for unknown and disabled: the answer must not tell) or SLOWED */
    gh_id found; /* 0: unknown */
    bool disabled;
    gh_str stored;            /* the password hash; absent: unknown, or has none: compare with the dummy */
    gh_str found_name, email; /* for the strength of a new password */
    uint64_t attempt;         /* for LOGIN_FINISH */
} gh_op_login_begin;

typedef struct gh_op_password_verify {
    gh_op op;
    gh_str stored; /* absent: compares with the dummy, never OK */
    gh_str password;
    /* OK or WRONG, BUSY */
    gh_str upgraded; /* with OK: a new hash to be stored; absent: the stored one will do */
} gh_op_password_verify;

typedef struct gh_op_password_create {
    gh_op op;
    gh_str password;
    gh_str name, email;  /* that it must not be made of */
    uint32_t min_length; /* code points */
    /* OK; WRONG: not strong enough, see why; BUSY */
    gh_str hash;
    const char *why;      /* a constant sentence for people */
    const char *why_code; /* "too_short", "too_long", "not_text", "common", "derived_from_user" */
} gh_op_password_create;

enum gh_session_kind {
    GH_SESSION_COOKIE, /* a browser's */
    GH_SESSION_TOKENS  /* a family of refresh tokens */
};

/* A session to be made. */
typedef struct gh_new_session {
    uint8_t kind;
    gh_id id;                     /* random, made by the asker */
    uint8_t hash[GH_SECRET_HASH]; /* of its secret number 0 */
    uint32_t generation;          /* of the keys that made it */
    gh_id device;                 /* proved; 0: none */
    uint64_t expires_s;           /* absolute end */
    uint32_t idle_s;              /* 0: none */
    uint32_t most;                /* sessions of one user at once; 0: no cap */
    bool end_oldest;              /* at the cap: ends the user's least used one; else CAP */
} gh_new_session;

typedef struct gh_op_login_finish {
    gh_op op;
    gh_id user; /* 0: unknown */
    bool
        right; /* the password fits; counts only with an attempt that was let through, and while it is the password */
    gh_str upgraded;  /* a new hash to be stored; absent: none */
    gh_str tried;     /* the name as given, for the audit trail */
    uint64_t attempt; /* of LOGIN_BEGIN; good once */
    bool unseen;      /* nobody compared the password: it was no attempt, and WRONG says no more than that */
    gh_new_session session;
    gh_id replaces; /* a session of this browser that ends with it (new id at login); 0: none */
    /* OK, WRONG (also for unknown), DISABLED (not told), CAP */
    gh_subject subject;
    gh_id bound;       /* the device that the session is bound to: his own or nobody's; 0: none */
    uint64_t cutoff_s; /* access tokens issued then or before are refused; 0: none */
} gh_op_login_finish;

typedef struct gh_user_record {
    gh_id id;
    gh_str name, email; /* absent: none */
    gh_str roles;       /* with a space between each */
    gh_str tier;        /* absent: none */
    bool disabled, has_password;
    uint64_t created_s, changed_s, last_login_s, password_s; /* 0: never */
    gh_str hash; /* of the password; only where it was asked for */
} gh_user_record;

typedef struct gh_op_user_create {
    gh_op op;
    gh_str name, email, hash, roles, tier; /* hash absent: cannot log in by password. name: canonical */
    bool if_absent;                        /* an import: EXISTS is no event */
    bool disabled;                         /* from the start: an import of such a user */
    uint64_t created_s;                    /* of an import: when the account was made elsewhere; 0: now */
    bool with_session;                     /* register and log in at once */
    gh_new_session session;
    /* OK, EXISTS; WRONG: a name, address, role or tier that can't be */
    gh_user_record user;
    gh_subject subject;
    gh_id bound; /* the session's device; 0: none */
} gh_op_user_create;

typedef struct gh_op_user_get {
    gh_op op;
    gh_id id;    /* or */
    gh_str name; /* name or e-mail address */
    /* OK, NOT_FOUND */
    gh_user_record user;
    uint32_t sessions, keys, devices; /* how many */
} gh_op_user_get;

typedef struct gh_op_user_list {
    gh_op op;
    gh_str after;  /* names from behind this one; absent: from the first */
    uint32_t most; /* 1..1000 */
    bool with_hashes;
    /* OK */
    gh_user_record *users;
    uint32_t n;
    bool more;
} gh_op_user_list;

/* Changes what is given. A change of roles, tier or state is effective at once: sessions are updated, access tokens
 * issued before are refused. */
typedef struct gh_op_user_change {
    gh_op op;
    gh_id id;
    gh_str name;                 /* to find it by, when id is 0 */
    uint64_t attempt;            /* of the LOGIN_BEGIN whose password was right; 0: the operator needs none */
    bool set_disabled, disabled; /* disabling ends all sessions */
    gh_str hash;        /* a new password's; absent: as it is. Ends all other sessions and refresh tokens */
    gh_id keep_session; /* that stays at a change of password; 0: none, and all access tokens end too */
    gh_str add_role, remove_role, email;
    bool set_tier;
    gh_str tier; /* empty: none */
    /* OK, NOT_FOUND, EXISTS (e-mail address), CAP (roles); WRONG: a role, tier or address that can't be, or the
     * attempt's password or the actor's session is not the user's any more */
    gh_user_record user;
} gh_op_user_change;

/* All that is known of a user as one JSON object: the GDPR's access and portability. */
typedef struct gh_op_user_export {
    gh_op op;
    gh_id id;
    gh_str json; /* OK, NOT_FOUND. Of the events the newest, should there be too many: `events_complete` */
} gh_op_user_export;

/* Erases a user with sessions, devices and keys; the audit trail keeps the id without the person. */
typedef struct gh_op_user_erase {
    gh_op op;
    gh_id id;
    gh_str name;      /* when id is 0 */
    uint64_t attempt; /* as of USER_CHANGE */
    /* OK, NOT_FOUND, WRONG */
} gh_op_user_erase;

/* Rotates a session's secret: of a browser (cookie) or a refresh token. A browser's that has just been rotated stays. */
typedef struct gh_op_refresh {
    gh_op op;
    uint8_t kind; /* the session must be of this kind */
    gh_id session;
    uint32_t number;                   /* of the presented secret; its authenticity was checked */
    uint8_t hash[GH_SECRET_HASH];      /* of the presented secret */
    uint8_t next_hash[GH_SECRET_HASH]; /* of the successor that was made for it: number + 1 */
    uint32_t next_generation;          /* of the keys that made that one */
    gh_str next_sealed;                /* the successor, sealed with a key only the presented secret gives */
    uint32_t grace_s;
    gh_id device; /* proved; must be the session's when that has one */
    /* OK, NOT_FOUND, EXPIRED, REUSED, DISABLED; WRONG: not with the session's device, and nothing is ended */
    gh_str sealed; /* with OK: the successor to be handed out: next_sealed, or that of the first of several */
    bool repeated; /* it was handed out before */
    bool kept;     /* there is none: the presented secret goes on */
    gh_id bound;   /* the session's device, whatever was proved; 0: none */
    gh_id user;
    gh_subject subject;
    uint64_t cutoff_s; /* access tokens issued then or before are refused; 0: none */
    uint64_t expires_s, created_s;
} gh_op_refresh;

typedef struct gh_session_record {
    gh_id id, device;
    uint8_t kind;
    gh_ip address;     /* of the last use */
    gh_str user_agent; /* at login */
    gh_str device_name;
    uint64_t created_s, used_s, expires_s;
} gh_session_record;

typedef struct gh_op_session_list {
    gh_op op;
    gh_id user;
    uint64_t idle_s_cookie; /* those unused for longer are not shown; 0: all */
    gh_session_record *sessions;
    uint32_t n;
} gh_op_session_list;

typedef struct gh_op_session_end {
    gh_op op;
    gh_id user;       /* whose: others' are NOT_FOUND; 0: anybody's (the operator) */
    gh_id session;    /* 0: all of the user's */
    gh_id but;        /* with all: this one stays; 0: none */
    uint32_t token_s; /* how long access tokens live: so long their end is remembered */
    /* OK, NOT_FOUND (one session) */
    uint32_t ended; /* how many */
} gh_op_session_end;

/* RFC 7009: an access token by its jti; a refresh token's family by SESSION_END. */
typedef struct gh_op_token_revoke {
    gh_op op;
    uint64_t jti;       /* its keyed hash */
    uint64_t expires_s; /* from then on it is refused anyway: its expiry and the leeway */
} gh_op_token_revoke;

typedef struct gh_device_record {
    gh_id id;
    gh_str name;
    bool confirmed;
    uint64_t created_s, used_s, expires_s; /* expires: of one not confirmed */
} gh_device_record;

typedef struct gh_op_device_begin {
    gh_op op;
    gh_id user; /* 0: anonymous */
    gh_id id;   /* random, made by the asker */
    uint8_t hash[GH_SECRET_HASH];
    uint32_t generation; /* of the keys that made its token */
    gh_str name;         /* for people, at most 64 bytes; absent: none */
    uint32_t timeout_s;  /* DEVICE_REGISTRATION_TIMEOUT */
    uint32_t
        most; /* MAX_DEVICES_PER_USER, those not yet confirmed count; anonymous: per address prefix. 0: none */
    uint8_t prefix[GH_SECRET_HASH];
    /* OK, CAP, NOT_FOUND (user) */
} gh_op_device_begin;

typedef struct gh_op_device_confirm {
    gh_op op;
    gh_id user; /* 0: anonymous */
    gh_id id;
    uint8_t hash[GH_SECRET_HASH];
    /* OK (also when it was confirmed before), NOT_FOUND, EXPIRED, WRONG */
} gh_op_device_confirm;

typedef struct gh_op_device_list {
    gh_op op;
    gh_id user;
    gh_device_record *devices;
    uint32_t n;
} gh_op_device_list;

typedef struct gh_op_device_end { /* ends its sessions too */
    gh_op op;
    gh_id user; /* 0: anonymous, which only the device itself may */
    gh_id id;
    uint32_t token_s;
    /* OK, NOT_FOUND */
} gh_op_device_end;

typedef struct gh_key_record {
    gh_id id, user;
    gh_str user_name;
    gh_str name;                           /* for people */
    gh_str start;                          /* the first characters of the key, to tell it by: "ghk_0abc" */
    gh_str scopes;                         /* with a space between each; absent: not narrowed */
    gh_str tier;                           /* absent: the user's */
    gh_str networks;                       /* CIDRs with a space between each; absent: all */
    uint64_t created_s, used_s, expires_s; /* expires 0: never */
    gh_id replaced_by;                     /* by a roll-over; 0: no */
    uint32_t generation;                   /* of the keys that made it */
} gh_key_record;

typedef struct gh_op_key_create {
    gh_op op;
    gh_id user;
    gh_str user_name; /* when user is 0; absent, with `rolls`: whoever has that key (the operator) */
    gh_id id;         /* random, made by the asker */
    uint8_t hash[GH_SECRET_HASH];
    uint32_t generation; /* of the keys that made it */
    gh_str name, start, scopes, tier, networks;
    uint64_t expires_s; /* 0: never */
    uint32_t most;      /* of one user; 0: none. Of those that live on after a roll-over as many again */
    gh_id
        rolls; /* takes this key's place; that one ends after overlap_s. What is absent (0) is as that one's */
    uint32_t overlap_s;
    /* OK, CAP, NOT_FOUND (user, or key that is rolled), DISABLED; WRONG: scopes, tier or networks that can't be */
    gh_key_record key;
} gh_op_key_create;

typedef struct gh_op_key_list {
    gh_op op;
    gh_id user;       /* 0: of all users (the operator) */
    gh_str user_name; /* when user is 0; absent: all */
    /* OK, NOT_FOUND (user) */
    gh_key_record *keys;
    uint32_t n;
} gh_op_key_list;

typedef struct gh_op_key_end {
    gh_op op;
    gh_id user; /* whose: others' are NOT_FOUND; 0: anybody's */
    gh_id id;
    /* OK, NOT_FOUND */
} gh_op_key_end;

/* A line of the audit trail that belongs to no other operation. */
typedef struct gh_op_audit {
    gh_op op;
    gh_str event; /* "csrf_refused" */
    gh_id user;
    gh_str detail; /* JSON object or absent */
} gh_op_audit;

/* OK: the roster has everything that was committed, on whatever node, before this was submitted. Where the records are this
 * process's own that is always so. */
typedef struct gh_op_catch_up {
    gh_op op;
} gh_op_catch_up;

#endif
