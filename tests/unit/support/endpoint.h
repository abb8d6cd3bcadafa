/* One request to an endpoint of Gatehouse's own, from the stage BODY on: the policy is compiled from settings, who asks
 * is set by hand, operations and lookups are answered from a script. What came in with the body is overwritten when the
 * first step has asked, as an edge may do. */
#ifndef GH_TEST_SUPPORT_ENDPOINT_H
#define GH_TEST_SUPPORT_ENDPOINT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "config/compile.h"
#include "core/answer.h"
#include "model/endpoint.h"
#include "model/op.h"
#include "model/ops.h"

enum { ENDPOINT_NOW = 1764333067, ENDPOINT_TEXT = 1 << 16, ENDPOINT_BODY = 1 << 22, ENDPOINT_SCRIPT_MAX = 8 };
#define ENDPOINT_PASSWORD "correct horse \"battery\" staple"

/* How one operation is answered; fill may be NULL. */
typedef struct endpoint_op {
    enum gh_op_kind kind;
    enum gh_op_status status;
    void (*fill)(gh_op *op);
} endpoint_op;

typedef struct endpoint {
    gh_report report;
    gh_config *config;
    gh_policy *policy;
    gh_world world;
    uint64_t drawn; /* random bytes so far */

    /* of the next requests */
    gh_principal principal;
    gh_credentials credentials;
    const char *cookie; /* the Cookie field; NULL: none */
    endpoint_op script[ENDPOINT_SCRIPT_MAX];
    unsigned n_script, at;
    unsigned lookups_before; /* how many the stages before have asked */
    enum gh_lookup_answer looked;
    void (*look)(gh_lookup *lookup); /* fills in what is answered; NULL: nothing */

    gh_arena arena, scratch;
    gh_field fields[3];
    gh_request request;
    gh_txn txn; /* of the last request, with its operations */
    bool begun;
    char in[ENDPOINT_TEXT];
    char lines[ENDPOINT_TEXT]; /* of our own answer, NUL-terminated */
    char body[ENDPOINT_BODY];
    char verdict[64];
    gh_arena json_arena;
    const gh_json *json; /* the body, read; NULL: none */
} endpoint;

/* more: lines of YAML below `identity:`, each with two spaces before it. */
endpoint *endpoint_new(const char *more);
/* The same with signing keys. */
endpoint *endpoint_new_ring(const char *more, const gh_identity_ring_key *ring, unsigned n);
void endpoint_free(endpoint *e);

/* Nobody, or the user 7 "ada" with roles "user beta" and tier "gold". */
void endpoint_as(endpoint *e, enum gh_proof proof);
/* What all of this user's subjects say. */
void endpoint_subject(gh_subject *ret);
void endpoint_script(endpoint *e, const endpoint_op *ops, unsigned n);

/* path: with the prefix. body: JSON when it begins with "{", else a form; NULL: none. Returns "answer 200" or the
 * reason's error name. Every answer is checked: JSON where there is a body, and Cache-Control. */
const char *endpoint_request(endpoint *e, const char *method, const char *path, const char *body);
/* The problem document of the last request, a refusal, into body. */
void endpoint_problem(endpoint *e);

/* The member at a JSON Pointer of the answer; a text's, a number's or a word's (true, null) characters. */
const char *endpoint_member(endpoint *e, const char *pointer);
void expect_member(endpoint *e, const char *pointer, const char *value);
/* Whole text of the body. */
void expect_body(endpoint *e, const char *body);
void expect_lines(endpoint *e, const char *lines);
/* Nowhere in the answer. */
void expect_absent(endpoint *e, const char *text);

/* Between two marks of a text, where both are. */
gh_str endpoint_between(const char *text, const char *from, const char *to);

int endpoint_set_up(void **state); /* endpoint_new("") */
int endpoint_tear_down(void **state);
#define ENDPOINT_TEST(name) cmocka_unit_test_setup_teardown(name, endpoint_set_up, endpoint_tear_down)

#define LAST_OP(e, type) ((type *)(void *)(e)->txn.ops[(e)->txn.n_ops - 1])
#define OP_AT(e, i, type) ((type *)(void *)(e)->txn.ops[i])
#define expect_text(text, literal) assert_true(gh_str_eq((text), gh_str_of(literal)))

#endif
