/* Answers of upstreams beside what their OpenAPI document says: compared and reported, never altered or held up. A
 * copy of the body is kept while it passes, and looked at when all of it has been sent. */
#include <stdio.h>

#include "contract/check.h"
#include "edges/proxy/proxy.h"

enum { SAY_EVERY_MS = 1000, POINTER_SHOWN = 128 };

/* At most one line a second and worker: an upstream that has drifted does so with every answer. */
static void say(gh_exchange *x, const char *what, gh_str more)
{
    gh_worker *w = x->client->worker;
    uint64_t now = uv_now(&w->loop);
    gh_str id = gh_str_cut(x->txn.operation->id, 0, POINTER_SHOWN);
    x->txn.reports |= GH_REPORT_RESPONSE;
    if (w->drift_said != 0 && now - w->drift_said < SAY_EVERY_MS) {
        w->drift_unsaid++;
        return;
    }
    char unsaid[64] = "";
    if (w->drift_unsaid > 0)
        (void)snprintf(unsaid, sizeof unsaid, "; %llu like it were not logged",
                       (unsigned long long)w->drift_unsaid);
    gh_log_event(w->lane, GH_LEVEL_WARNING, "contract_drift", "%.*s answered %u: %s%.*s%s", (int)id.n, id.p,
                 x->status, what, (int)more.n, more.p, unsaid);
    w->drift_said = now;
    w->drift_unsaid = 0;
}

static gh_str value_of(const gh_h1_head *head, enum gh_field_id id)
{
    unsigned at = gh_fields_find(head->fields, head->n_fields, id, 0);
    return at < head->n_fields ? head->fields[at].value : (gh_str){NULL, 0};
}

static void skip(gh_exchange *x)
{
    gh_metric_add(x->client->worker->metrics, GH_METRIC_CONTRACT_SKIPPED, 1);
    gh_drift_free(x);
}

static bool comparable(const gh_exchange *x, const gh_h1_head *head)
{
    gh_str coding = value_of(head, GH_FIELD_CONTENT_ENCODING);
    bool plain = coding.p == NULL || gh_str_eq_nocase(coding, GH_STR("identity"));
    return plain &&
           (head->framing != GH_FRAMING_LENGTH || head->content_length <= x->txn.policy->input.max_body);
}

void gh_drift_head(gh_exchange *x, const gh_h1_head *head)
{
    const gh_media *media = NULL;
    gh_str type = value_of(head, GH_FIELD_CONTENT_TYPE);
    switch (gh_check_response_head(x->txn.operation, head->status, type, &media)) {
    case GH_DRIFT_STATUS:
        say(x, "this status is not declared", GH_STR(""));
        return;
    case GH_DRIFT_MEDIA_TYPE:
        say(x, "this Content-Type is not declared: ", gh_str_cut(type, 0, POINTER_SHOWN));
        return;
    case GH_DRIFT_NONE:
    case GH_DRIFT_BODY:
        break;
    }
    if (media == NULL || head->framing == GH_FRAMING_NONE)
        return;
    if (comparable(x, head))
        x->answer_media = media;
    else
        skip(x);
}

void gh_drift_copy(gh_exchange *x, gh_str data)
{
    gh_held *h = &x->copy;
    uint64_t most = x->txn.policy->input.max_body;
    if (data.n > most - h->size || !gh_held_grow(x, h, h->size + data.n, most)) {
        skip(x);
        return;
    }
    if (data.n > 0)
        memcpy(h->data + h->size, data.p, data.n);
    h->size += data.n;
}

static void compare(gh_exchange *x, gh_arena *scratch)
{
    gh_finding first;
    gh_findings findings = {&first, 0, 1, 0};
    gh_str body = {x->copy.data != NULL ? x->copy.data : "", x->copy.size};
    if (gh_check_response_body(x->answer_media, body, &x->txn.policy->input.limits, scratch, &findings) ==
        GH_DRIFT_NONE)
        return;
    char memory[2 * POINTER_SHOWN + 64];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    if (findings.n > 0) {
        gh_buf_put(&b, gh_str_cut(first.pointer, 0, POINTER_SHOWN));
        gh_buf_lit(&b, ": ");
        gh_buf_put(&b, gh_finding_type(&first));
    }
    if (findings.omitted > 0)
        gh_buf_printf(&b, " (and %u more)", findings.omitted);
    say(x, "its body is not what is declared: ", gh_buf_str(&b));
}

void gh_drift_end(gh_exchange *x)
{
    gh_scratch_open(x);
    compare(x, &x->client->worker->scratch);
    gh_arena_reset(&x->client->worker->scratch);
    gh_drift_free(x);
}

void gh_drift_free(gh_exchange *x)
{
    x->answer_media = NULL;
    gh_held_free(x, &x->copy);
}
