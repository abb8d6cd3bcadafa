#include "edges/secrets/aws_request.h"

#include <time.h>

#include "base/buf.h"
#include "wire/json_text.h"
#include "wire/sigv4.h"

enum {
    CONNECT_MS = 2000,
    TOTAL_MS = 5000,
    BODY_MAX = 4096,
    ANSWER_MAX = 512 * 1024, /* a secret of 64 KiB with every byte escaped, and what is around it */
    URL_MAX = 400,
    WORK_MAX = 16 * 1024, /* the canonical request, with the session token */
    HEADERS = 6
};

static const gh_str service = GH_STR_INIT("secretsmanager");

gh_str gh_aws_region_of(gh_str id)
{
    gh_str part = {NULL, 0};
    if (!gh_str_starts(id, GH_STR("arn:")))
        return part;
    for (unsigned i = 0; i < 4; i++)
        if (!gh_str_next(&id, ':', &part))
            return (gh_str){NULL, 0};
    return part;
}

bool gh_aws_is_region(gh_str region)
{
    for (size_t i = 0; i < region.n; i++)
        if ((region.p[i] < 'a' || region.p[i] > 'z') && !gh_is_digit(region.p[i]) && region.p[i] != '-')
            return false;
    return region.n > 0 && region.n <= 64;
}

static void put_origin(const gh_aws_request *r, gh_buf *out)
{
    if (r->endpoint.n > 0) {
        gh_buf_put(out, r->endpoint);
        return;
    }
    gh_buf_lit(out, "https://secretsmanager.");
    gh_buf_put(out, r->region);
    gh_buf_lit(out, ".amazonaws.com");
    if (gh_str_starts(r->region, GH_STR("cn-")))
        gh_buf_lit(out, ".cn");
}

/* "20150830T123600Z" */
static bool put_time(uint64_t now_s, gh_buf *out)
{
    struct tm t;
    time_t now = (time_t)now_s;
    if (gmtime_r(&now, &t) == NULL)
        return false;
    gh_buf_printf(out, "%04d%02d%02dT%02d%02d%02dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                  t.tm_min, t.tm_sec);
    return gh_buf_ok(out);
}

static void put_body(const gh_aws_request *r, gh_buf *out)
{
    gh_buf_lit(out, "{\"SecretId\":");
    gh_json_string(out, r->id);
    gh_buf_lit(out, ",\"VersionStage\":");
    gh_buf_put(out, r->previous ? GH_STR("\"AWSPREVIOUS\"}") : GH_STR("\"AWSCURRENT\"}"));
}

static gh_buf room(gh_arena *arena, size_t size)
{
    char *memory = gh_arena_alloc(arena, size);
    return gh_buf_over(memory, memory == NULL ? 0 : size);
}

/* Everything that is sent, as text: lines holds what libcurl is given. */
typedef struct outgoing {
    gh_buf url, body, time;
    gh_sigv4_header headers[HEADERS];
    unsigned n_headers;
    const char *lines[HEADERS + 1];
} outgoing;

static bool put_line(gh_arena *arena, const gh_sigv4_header *h, const char **ret)
{
    gh_buf line = room(arena, h->name.n + h->value.n + 3);
    gh_buf_put(&line, h->name);
    gh_buf_lit(&line, ": ");
    gh_buf_put(&line, h->value);
    gh_buf_char(&line, '\0');
    *ret = line.p;
    return gh_buf_ok(&line);
}

static bool sign(const gh_aws_request *r, const gh_aws_credentials *with, outgoing *o, gh_arena *arena)
{
    const gh_sigv4_request request = {.method = GH_STR("POST"),
                                      .path = GH_STR("/"),
                                      .headers = o->headers,
                                      .n_headers = o->n_headers,
                                      .body = gh_buf_str(&o->body)};
    const gh_sigv4_signer signer = {with->access_key_id, with->secret_access_key, r->region, service,
                                    gh_buf_str(&o->time)};
    gh_buf work = room(arena, WORK_MAX), value = room(arena, 1024);
    if (!gh_sigv4_authorization(&request, &signer, &work, &value))
        return false;
    const gh_sigv4_header authorization = {GH_STR("Authorization"), gh_buf_str(&value)};
    return put_line(arena, &authorization, &o->lines[o->n_headers]);
}

static bool prepare(const gh_aws_request *r, const gh_aws_credentials *with, gh_arena *arena, outgoing *o)
{
    *o = (outgoing){
        .url = room(arena, URL_MAX), .body = room(arena, BODY_MAX), .time = room(arena, GH_SIGV4_TIME_SIZE)};
    put_origin(r, &o->url);
    gh_str origin = gh_buf_str(&o->url);
    gh_str host = gh_str_cut(origin, gh_str_find(origin, '/') + 2, origin.n);
    gh_buf_lit(&o->url, "/");
    gh_buf_char(&o->url, '\0');
    put_body(r, &o->body);
    if (!put_time(r->now_s, &o->time) || !gh_buf_ok(&o->url) || !gh_buf_ok(&o->body))
        return false;
    const gh_sigv4_header headers[HEADERS] = {
        {GH_STR("Host"), host},
        {GH_STR("Content-Type"), GH_STR("application/x-amz-json-1.1")},
        {GH_STR("X-Amz-Date"), gh_buf_str(&o->time)},
        {GH_STR("X-Amz-Target"), GH_STR("secretsmanager.GetSecretValue")},
        {GH_STR("X-Amz-Security-Token"), with->session_token},
    };
    o->n_headers = with->session_token.n > 0 ? 5 : 4;
    memcpy(o->headers, headers, sizeof headers);
    for (unsigned i = 0; i < o->n_headers; i++)
        if (!put_line(arena, &o->headers[i], &o->lines[i]))
            return false;
    return sign(r, with, o, arena);
}

/* What the errors of the service mean ("GetSecretValue" and "Common Error Types" of its API Reference). */
static const struct error_row {
    const char *name;
    enum gh_aws_result result;
    const char *hint;
} errors[] = {
    {"ResourceNotFoundException", GH_AWS_REFUSED, "there is no such secret in this region"},
    {"AccessDeniedException", GH_AWS_REFUSED,
     "these credentials may not read it: they need secretsmanager:GetSecretValue"},
    {"DecryptionFailure", GH_AWS_REFUSED, "these credentials may not use its KMS key: they need kms:Decrypt"},
    {"InvalidRequestException", GH_AWS_REFUSED, "the secret is marked for deletion, or not to be read now"},
    {"InvalidParameterException", GH_AWS_REFUSED, "its name is none"},
    {"ValidationException", GH_AWS_REFUSED, "its name is none"},
    {"ExpiredTokenException", GH_AWS_STRANGER, "the credentials have expired"},
    {"ExpiredToken", GH_AWS_STRANGER, "the credentials have expired"},
    {"RequestExpired", GH_AWS_STRANGER, "the time it was signed at is too far off: is the clock right?"},
    {"UnrecognizedClientException", GH_AWS_STRANGER, "the access key or its session token is not known"},
    {"InvalidClientTokenId", GH_AWS_STRANGER, "the access key is not known"},
    {"MissingAuthenticationTokenException", GH_AWS_STRANGER, "the credentials were not taken"},
    {"IncompleteSignatureException", GH_AWS_STRANGER, "the credentials were not taken"},
    {"InvalidSignatureException", GH_AWS_STRANGER,
     "the signature was not taken: are the secret access key, the region and the clock right?"},
    {"SignatureDoesNotMatch", GH_AWS_STRANGER,
     "the signature was not taken: are the secret access key, the region and the clock right?"},
    {"ThrottlingException", GH_AWS_AGAIN, "too many requests"},
    {"Throttling", GH_AWS_AGAIN, "too many requests"},
    {"TooManyRequestsException", GH_AWS_AGAIN, "too many requests"},
    {"RequestLimitExceeded", GH_AWS_AGAIN, "too many requests"},
    {"InternalServiceError", GH_AWS_AGAIN, "an error of its own"},
    {"InternalFailure", GH_AWS_AGAIN, "an error of its own"},
    {"ServiceUnavailable", GH_AWS_AGAIN, "an error of its own"},
};

static enum gh_aws_result refusal(const gh_secret_http_answer *answer, gh_str name,
                                  char why[GH_SECRET_HTTP_WHY])
{
    gh_buf w = gh_buf_over(why, GH_SECRET_HTTP_WHY - 1);
    const struct error_row *row = NULL;
    for (size_t i = 0; i < GH_COUNT(errors) && row == NULL; i++)
        if (gh_str_eq(name, gh_str_of(errors[i].name)))
            row = &errors[i];
    gh_buf_printf(&w, "AWS answers with status %u%s%.*s", answer->status, name.n > 0 ? " " : "", (int)name.n,
                  name.p);
    if (row != NULL)
        gh_buf_printf(&w, ": %s", row->hint);
    why[w.n] = '\0';
    if (row != NULL)
        return row->result;
    return answer->status >= 500 || answer->status == 429 ? GH_AWS_AGAIN : GH_AWS_REFUSED;
}

static enum gh_aws_result refuse(enum gh_aws_result result, const char *text, char why[GH_SECRET_HTTP_WHY])
{
    gh_buf w = gh_buf_over(why, GH_SECRET_HTTP_WHY - 1);
    gh_buf_put(&w, gh_str_of(text));
    why[w.n] = '\0';
    return result;
}

enum gh_aws_result gh_aws_get_secret(const gh_aws_request *request, const gh_aws_credentials *with,
                                     gh_arena *arena, gh_aws_value *ret, char why[GH_SECRET_HTTP_WHY])
{
    outgoing o;
    gh_secret_http_answer answer = {0};
    const char *reason = NULL;
    gh_buf ca = room(arena, request->ca_file.n + 1);
    gh_buf_put(&ca, request->ca_file);
    gh_buf_char(&ca, '\0');
    if (!prepare(request, with, arena, &o) || !gh_buf_ok(&ca))
        return refuse(GH_AWS_REFUSED, "the request can't be written: a name is too long, or out of memory",
                      why);
    const gh_secret_http http = {.method = "POST",
                                 .url = o.url.p,
                                 .headers = o.lines,
                                 .n_headers = o.n_headers + 1,
                                 .body = gh_buf_str(&o.body),
                                 .ca_file = request->ca_file.n > 0 ? ca.p : NULL,
                                 .max = ANSWER_MAX,
                                 .connect_ms = CONNECT_MS,
                                 .total_ms = TOTAL_MS,
                                 .stop = request->stop};
    if (!gh_secret_http_do(&http, arena, &answer, why))
        return GH_AWS_UNREACHED;
    if (answer.status == 200)
        return gh_aws_read_value(answer.body, arena, ret, &reason) ? GH_AWS_VALUE
                                                                   : refuse(GH_AWS_REFUSED, reason, why);
    gh_str name = gh_aws_read_error(answer.body, arena);
    if (request->previous && gh_str_eq(name, GH_STR("ResourceNotFoundException"))) {
        *ret = (gh_aws_value){.binary = false};
        return GH_AWS_VALUE;
    }
    return refusal(&answer, name, why);
}
