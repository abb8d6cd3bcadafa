#include "core/answer.h"

#include "core/answer_findings.h"
#include "wire/json_text.h"
#include "wire/problem.h"

/* A number of seconds to wait for answers that mean "later" and know no better. */
enum { RETRY_SECONDS = 5 };

/* Room behind the findings: for their number, brackets, and the members of FastAPI's shape. */
enum { ROOM_BEHIND = 512 };

/* Do answers with this reason list what is wrong? */
static bool lists_findings(enum gh_reason reason)
{
    return reason == GH_REASON_VALIDATION_ERROR || reason == GH_REASON_DANGEROUS_CONTENT ||
           reason == GH_REASON_PASSWORD_WEAK;
}

static uint64_t retry_after(const gh_txn *txn)
{
    if (txn->verdict.retry_after > 0)
        return txn->verdict.retry_after;
    return txn->verdict.status == 503 ? RETRY_SECONDS : 0;
}

/* Stands where the decision id will be: as long, and no text of ours has it. */
static const gh_str id_place = GH_STR_INIT("########################");

static bool prepare_one(gh_policy *policy, enum gh_reason id)
{
    char memory[2048];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    const gh_reason_row *reason = gh_reason_of(id);
    unsigned status = lists_findings(id) && policy->input.status != 0 ? policy->input.status : reason->status;
    gh_problem problem = {
        .type = id == GH_REASON_RATE_LIMIT_EXCEEDED
                    ? GH_STR("https://iana.org/assignments/http-problem-types#quota-exceeded")
                    : GH_STR("about:blank"),
        .title = gh_status_phrase(status),
        .status = status,
        .detail = reason->message,
        .instance = GH_STR("urn:gatehouse:decision:########################"),
        .error = reason->error,
        .message = reason->message,
        .retry_after = -1,
    };
    gh_problem_put(&text, &problem);
    const char *at = gh_buf_ok(&text) ? memmem(text.p, text.n, id_place.p, id_place.n) : NULL;
    if (at == NULL)
        return false;
    size_t before = (size_t)(at - text.p), after = before + id_place.n;
    gh_problem_text *to = &policy->problems[id];
    to->before = gh_arena_copy(&policy->arena, gh_str_cut(gh_buf_str(&text), 0, before));
    to->after = gh_arena_copy(&policy->arena, gh_str_cut(gh_buf_str(&text), after, text.n - 1));
    return to->before.p != NULL && to->after.p != NULL;
}

bool gh_answer_prepare(gh_policy *policy)
{
    for (unsigned i = 0; i < GH_REASON_COUNT; i++)
        if (!prepare_one(policy, (enum gh_reason)i))
            return false;
    return true;
}

static void put_omitted(gh_buf *body, const gh_findings *findings, unsigned written)
{
    unsigned omitted = findings->omitted + (findings->n - written);
    if (omitted == 0)
        return;
    gh_buf_lit(body, ",\"errors_omitted\":");
    gh_buf_u64(body, omitted);
}

static void put_errors(const gh_txn *txn, gh_buf *body)
{
    gh_buf_lit(body, ",\"errors\":[");
    unsigned written = gh_findings_put_problem(body, ROOM_BEHIND, &txn->findings);
    gh_buf_char(body, ']');
    put_omitted(body, &txn->findings, written);
}

/* The body that FastAPI's clients know, with our own names beside `detail`. */
static void put_fastapi(gh_txn *txn, gh_buf *body)
{
    const gh_reason_row *reason = gh_reason_of(txn->verdict.reason);
    gh_buf_lit(body, "{\"detail\":[");
    unsigned written =
        gh_findings_put_fastapi(body, ROOM_BEHIND, &txn->findings, txn->input_read ? txn->input.body : NULL);
    gh_buf_lit(body, "],\"error\":");
    gh_json_string(body, reason->error);
    gh_buf_lit(body, ",\"message\":");
    gh_json_string(body, reason->message);
    gh_buf_lit(body, ",\"instance\":\"urn:gatehouse:decision:");
    gh_buf_put(body, gh_txn_id(txn));
    gh_buf_char(body, '"');
    put_omitted(body, &txn->findings, written);
    gh_buf_char(body, '}');
}

static void put_problem(gh_txn *txn, uint64_t retry, gh_buf *body)
{
    const gh_problem_text *text = &txn->policy->problems[txn->verdict.reason];
    gh_buf_put(body, text->before);
    gh_buf_put(body, gh_txn_id(txn));
    gh_buf_put(body, text->after);
    if (retry > 0) {
        gh_buf_lit(body, ",\"retry_after\":");
        gh_buf_u64(body, retry);
    }
    if (txn->verdict.reason == GH_REASON_RATE_LIMIT_EXCEEDED && txn->verdict.limit.p != NULL) {
        gh_buf_lit(body, ",\"violated-policies\":[");
        gh_json_string(body, txn->verdict.limit);
        gh_buf_char(body, ']');
    }
    if (lists_findings(txn->verdict.reason))
        put_errors(txn, body);
    gh_buf_char(body, '}');
}

/* An endpoint's answer; a preflight's has neither. */
static void put_own(const gh_txn *txn, gh_buf *lines)
{
    if (txn->own.type.p != NULL) {
        gh_buf_lit(lines, "Content-Type: ");
        gh_buf_put(lines, txn->own.type);
        gh_buf_lit(lines, "\r\n");
    }
    gh_buf_put(lines, txn->own.lines);
}

void gh_answer_write(gh_txn *txn, gh_buf *lines, gh_buf *body)
{
    gh_reply reply = {.status = txn->verdict.status, .out = lines};
    if (txn->verdict.outcome == GH_OUTCOME_REFUSE) {
        uint64_t retry = retry_after(txn);
        bool fastapi = txn->policy->input.fastapi && lists_findings(txn->verdict.reason);
        gh_buf_put(lines, fastapi ? GH_STR("Content-Type: application/json\r\n")
                                  : GH_STR("Content-Type: application/problem+json\r\n"));
        gh_buf_lit(lines, "Cache-Control: no-store\r\n");
        gh_buf_put(lines, txn->own.lines);
        if (retry > 0) {
            gh_buf_lit(lines, "Retry-After: ");
            gh_buf_u64(lines, retry);
            gh_buf_lit(lines, "\r\n");
        }
        if (fastapi)
            put_fastapi(txn, body);
        else
            put_problem(txn, retry, body);
    }
    if (txn->verdict.outcome == GH_OUTCOME_ANSWER)
        put_own(txn, lines);
    gh_engine_reply(txn, &reply);
}
