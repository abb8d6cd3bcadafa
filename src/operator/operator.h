/* The operator's commands on identity: users, API keys, sessions, tokens, signing keys. Done here and nowhere else; they
 * come from the admin socket of a running server (edges/admin/socket.h), or from the program itself when none runs.
 *
 * Each takes the records' thread some moments and may hash a password: never on a loop. */
#ifndef GH_OPERATOR_OPERATOR_H
#define GH_OPERATOR_OPERATOR_H

#include "base/signing.h"
#include "model/policy.h"
#include "operator/options.h"
#include "operator/status.h"
#include "operator/text.h"
#include "passwords/hash.h"
#include "passwords/strength.h"
#include "records/records.h"

/* On what they work. Any number of threads may use one; everything in it must outlive the call. */
typedef struct gh_operator {
    gh_records *records;     /* NULL: a running server without identity, which has a status and no more */
    gh_roster *roster;       /* for `token inspect`; NULL: not at hand */
    const gh_policy *policy; /* identity.enabled; with its keys */
    gh_password_params password;
    gh_password_policy strength;
    enum gh_signing_alg algorithm;    /* of new signing keys; HS256: there are none */
    uint32_t settle_s;                /* how long other nodes may take to know new keys; 0: there are none */
    uint64_t (*now_s)(void);          /* Unix time */
    void (*ring_changed)(void *data); /* after `key rotate`, on the caller's thread; NULL: nobody need know */
    void (*look)(void *data,
                 gh_status *ret); /* for `status`, on the caller's thread; NULL: no server is running */
    void *data;
} gh_operator;

enum {
    GH_OPERATOR_WORDS_MAX = GH_CLI_VALUES_MAX + 2,
    GH_OPERATOR_INPUT_MAX = 4 << 20, /* bytes of `input` */
    GH_OPERATOR_OUTPUT_MAX = 48 << 20
};

/* argv: the words behind "gatehouse", without -c and --env-file. input: the password, token or lines that the command
 * takes; absent: none. Nothing is kept. */
typedef struct gh_operator_request {
    const gh_str *argv;
    unsigned argc;
    gh_str input;
} gh_operator_request;

/* The exit status. out, err: what is to be printed. */
int gh_operator_run(const gh_operator *with, const gh_operator_request *request, gh_text *out, gh_text *err);

/* The table, for help and for reading arguments. */
enum { GH_OPERATOR_N_COMMANDS = 21 };
extern const gh_cli_command gh_operator_commands[GH_OPERATOR_N_COMMANDS];

#endif
