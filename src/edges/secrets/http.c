#include "edges/secrets/http.h"

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "libraries/libcurl.h"

/* --- one exchange --- */

typedef struct exchange {
    const gh_secret_http *request;
    gh_buf received;
    char error[CURL_ERROR_SIZE];
} exchange;

/* libcurl sets the types. NOLINTNEXTLINE(readability-non-const-parameter) */
static size_t take(char *data, size_t size, size_t n, void *to)
{
    exchange *e = to;
    (void)size; /* always 1 */
    gh_buf_put(&e->received, (gh_str){data, n});
    return gh_buf_ok(&e->received) ? n : 0;
}

static int stopped(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const exchange *e = data;
    (void)a, (void)b, (void)c, (void)d;
    return e->request->stop != NULL && atomic_load(e->request->stop);
}

/* What was decrypted is wiped when libcurl has taken it. */
static CURLcode prepare_tls(CURL *curl, void *context, void *data)
{
    (void)curl, (void)data;
    (void)SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
    return CURLE_OK;
}

#define SET(option, value) (curl_easy_setopt(curl, option, value) == CURLE_OK)

static bool set_limits(CURL *curl, exchange *e)
{
    const gh_secret_http *r = e->request;
    const char *scheme = strncmp(r->url, "https:", 6) == 0 ? "https" : "http";
    return SET(CURLOPT_PROTOCOLS_STR, scheme) && SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_PROXY, "") &&
           SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_ms) &&
           SET(CURLOPT_TIMEOUT_MS, (long)r->total_ms) && SET(CURLOPT_XFERINFOFUNCTION, stopped) &&
           SET(CURLOPT_XFERINFODATA, e) && SET(CURLOPT_NOPROGRESS, 0L) && SET(CURLOPT_FRESH_CONNECT, 1L) &&
           SET(CURLOPT_FORBID_REUSE, 1L) && SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}

static bool set_tls(CURL *curl, const gh_secret_http *r)
{
    if (r->ca_file != NULL && !(SET(CURLOPT_CAINFO, r->ca_file) && SET(CURLOPT_CAPATH, NULL)))
        return false;
    return SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           SET(CURLOPT_SSL_CTX_FUNCTION, prepare_tls) && SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

static bool set_request(CURL *curl, exchange *e, struct curl_slist *headers)
{
    const gh_secret_http *r = e->request;
    bool good = SET(CURLOPT_URL, r->url) && SET(CURLOPT_USERAGENT, "gatehouse") &&
                SET(CURLOPT_HTTPHEADER, headers) && SET(CURLOPT_WRITEFUNCTION, take) &&
                SET(CURLOPT_WRITEDATA, e) && SET(CURLOPT_ERRORBUFFER, e->error);
    if (r->body.p != NULL)
        good = good && SET(CURLOPT_POSTFIELDS, r->body.p) && SET(CURLOPT_POSTFIELDSIZE, (long)r->body.n);
    return good && SET(CURLOPT_CUSTOMREQUEST, r->method);
}

static bool add_headers(const gh_secret_http *r, struct curl_slist **list)
{
    for (unsigned i = 0; i < r->n_headers; i++) {
        struct curl_slist *longer = curl_slist_append(*list, r->headers[i]);
        if (longer == NULL)
            return false;
        *list = longer;
    }
    return true;
}

static void say(char why[GH_SECRET_HTTP_WHY], const char *text)
{
    gh_buf b = gh_buf_over(why, GH_SECRET_HTTP_WHY - 1);
    gh_buf_put(&b, gh_str_cut(gh_str_of(text), 0, GH_SECRET_HTTP_WHY - 1));
    why[b.n] = '\0';
}

bool gh_secret_http_do(const gh_secret_http *request, gh_arena *arena, gh_secret_http_answer *ret,
                       char why[GH_SECRET_HTTP_WHY])
{
    exchange e = {.request = request};
    struct curl_slist *headers = NULL;
    long status = 0;
    if (!gh_libcurl_load(why))
        return false;
    char *memory = gh_arena_alloc(arena, request->max);
    CURL *curl = memory == NULL ? NULL : curl_easy_init();
    CURLcode code = CURLE_OUT_OF_MEMORY;
    e.received = gh_buf_over(memory, memory == NULL ? 0 : request->max);
    if (curl != NULL && add_headers(request, &headers) && set_request(curl, &e, headers) &&
        set_limits(curl, &e) && set_tls(curl, request))
        code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (!gh_buf_ok(&e.received))
        say(why, "its answer is too large");
    else if (code != CURLE_OK)
        say(why, e.error[0] != '\0' ? e.error : curl_easy_strerror(code));
    else if (status < 100 || status > 999)
        say(why, "its answer has no status");
    if (code != CURLE_OK || status < 100 || status > 999)
        return false;
    *ret = (gh_secret_http_answer){(unsigned)status, gh_buf_str(&e.received)};
    return true;
}
