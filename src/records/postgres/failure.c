#include "records/postgres/failure.h"

#include <openssl/x509_vfy.h>

#include "libraries/libpq.h"

/* --- codes */

static bool is(const char *state, const char *code)
{
    return gh_str_eq(gh_str_of(state), gh_str_of(code));
}

static bool is_class(const char *state, const char *class)
{
    return gh_str_starts(gh_str_of(state), gh_str_of(class));
}

/* 57P01..57P03: shutting down, crashed, starting; 25006: it is a standby now; 25P03: we were silent for too long. */
bool gh_postgres_is_over(const char *state)
{
    return state != NULL && (is_class(state, "57P") || is(state, "25006") || is(state, "25P03"));
}

enum gh_sql_failure gh_postgres_failure_of(const char *state)
{
    static const struct {
        const char *class;
        enum gh_sql_failure failure;
    } classes[] = {
        {"40001", GH_SQL_CONFLICT},    {"40P01", GH_SQL_CONFLICT}, {"55P03", GH_SQL_CONFLICT},
        {"23", GH_SQL_CONSTRAINT},     {"53", GH_SQL_FULL},        {"58030", GH_SQL_FULL},
        {"28", GH_SQL_REFUSED},        {"42501", GH_SQL_REFUSED},  {"08P01", GH_SQL_MISUSE},
        {"08", GH_SQL_UNAVAILABLE},    {"57", GH_SQL_UNAVAILABLE}, {"25006", GH_SQL_UNAVAILABLE},
        {"25P03", GH_SQL_UNAVAILABLE}, {"22", GH_SQL_MISUSE},      {"42", GH_SQL_MISUSE},
        {"0A", GH_SQL_MISUSE},         {"26", GH_SQL_MISUSE},      {"XX001", GH_SQL_CORRUPT},
        {"XX002", GH_SQL_CORRUPT},
    };
    if (state == NULL)
        return GH_SQL_UNAVAILABLE;
    for (size_t i = 0; i < GH_COUNT(classes); i++)
        if (is_class(state, classes[i].class))
            return classes[i].failure;
    return GH_SQL_OTHER;
}

/* The server's own words may be in any language and encoding. */
static void put_clean(gh_buf *out, gh_str text)
{
    for (size_t i = 0; i < text.n && gh_buf_room(out) > 0; i++)
        gh_buf_char(out, text.p[i] >= ' ' && text.p[i] < 0x7f ? text.p[i] : text.p[i] == '\n' ? ' ' : '?');
}

void gh_postgres_put_result(gh_buf *out, const char *statement, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    gh_buf_printf(out, "%s: ", statement);
    if (text == NULL)
        text = PQresultErrorMessage(result);
    gh_str line = gh_str_trim(gh_str_cut(gh_str_of(text), 0, 160));
    if (state == NULL || !is_class(state, "22"))
        put_clean(out, line);
    else
        gh_buf_lit(out, "a value is not what its column takes");
    if (state != NULL)
        gh_buf_printf(out, " (%s)", state);
}

/* --- why connecting failed */

static bool has(gh_str message, const char *part)
{
    gh_str p = gh_str_of(part);
    return memmem(message.p, message.n, p.p, p.n) != NULL;
}

/* Of the verbose text "...: FATAL:  28P01: password authentication failed..." the code and the words behind it. The word
 * before the code is in the server's language. */
static bool find_state(gh_str message, char ret[6], gh_str *ret_text)
{
    for (size_t at = 0; at + 10 < message.n; at++) {
        const char *p = message.p + at;
        bool fits = p[0] == ':' && p[1] == ' ' && p[2] == ' ' && p[8] == ':' && p[9] == ' ';
        for (unsigned i = 3; fits && i < 8; i++)
            fits = gh_is_digit(p[i]) || (p[i] >= 'A' && p[i] <= 'Z');
        if (!fits)
            continue;
        memcpy(ret, p + 3, 5);
        ret[5] = '\0';
        gh_str rest = gh_str_cut(message, at + 10, message.n);
        *ret_text = gh_str_cut(rest, 0, gh_str_find(rest, '\n'));
        return true;
    }
    return false;
}

static enum gh_sql_failure explain_state(gh_buf *out, const char *state, gh_str text)
{
    put_clean(out, gh_str_cut(text, 0, 200));
    if (is(state, "28P01"))
        gh_buf_lit(
            out,
            ": is postgresql.password (POSTGRESQL_PASSWORD or POSTGRESQL_PASSWORD_FILE) the one of this user?");
    else if (is_class(state, "28") && has(text, "client certificate"))
        gh_buf_lit(out, ": set postgresql.cert_file and postgresql.key_file");
    else if (is_class(state, "28") && has(text, "pg_hba.conf"))
        gh_buf_lit(out, ": add a line for it there");
    else if (is_class(state, "28"))
        gh_buf_lit(out, ": is the user in postgresql.url (POSTGRESQL_URL) right?");
    else if (is(state, "3D000"))
        gh_buf_lit(out, ": is the database in postgresql.url (POSTGRESQL_URL) right, and has it been made?");
    else if (is(state, "42501"))
        gh_buf_lit(out, ": GRANT CONNECT on the database to this user");
    else if (is(state, "53300"))
        gh_buf_lit(out, ": raise max_connections, or lower postgresql.connections");
    gh_buf_printf(out, " (%s)", state);
    enum gh_sql_failure failure = gh_postgres_failure_of(state);
    bool stays = failure == GH_SQL_REFUSED || is(state, "3D000");
    return stays ? GH_SQL_REFUSED : failure == GH_SQL_MISUSE ? GH_SQL_MISUSE : GH_SQL_UNAVAILABLE;
}

static bool is_unverified(gh_str message)
{
    return has(message, "certificate verify failed");
}

bool gh_postgres_is_unseen(const gh_postgres_attempt *a, const char *message)
{
    return is_unverified(gh_str_of(message)) && a->verdict.error == 0;
}

static void explain_certificate(gh_buf *out, const gh_postgres_attempt *a)
{
    const gh_postgres_verdict *v = &a->verdict;
    const char *whose = v->depth == 0 ? "the server's certificate" : "a CA certificate above the server's";
    if (v->error == X509_V_ERR_CERT_HAS_EXPIRED)
        gh_buf_printf(out, "%s expired%s%s: renew it", whose, v->until[0] == '\0' ? "" : " on ", v->until);
    else if (v->error == X509_V_ERR_CERT_NOT_YET_VALID)
        gh_buf_printf(out, "%s is not valid yet: is this machine's clock right?", whose);
    else if (v->error == 0)
        gh_buf_printf(
            out,
            "the server's certificate is not accepted: is it signed by a CA in %s, and has it not expired?",
            a->plan->root);
    else
        gh_buf_printf(
            out,
            "the server's certificate is not signed by a CA in %s (%s): give its CA as postgresql.ca_file",
            a->plan->root, X509_verify_cert_error_string(v->error));
}

/* libpq's own texts. `what` in their place, or behind them where `shown`. */
typedef struct known {
    const char *part, *what;
    enum gh_sql_failure failure;
    bool shown;
} known;
/* clang-format off */
static const known texts[] = {
    {"does not match host name", "connect by a name that is in it", GH_SQL_REFUSED, true},
    {"does not support SSL", "the server has no TLS, and sslmode demands it: set ssl=on there; or, where the network is safe, write sslmode=disable in postgresql.url", GH_SQL_REFUSED, false},
    {"no password supplied", "the server wants a password, and there is none: set postgresql.password (POSTGRESQL_PASSWORD or POSTGRESQL_PASSWORD_FILE)", GH_SQL_REFUSED, false},
    {"alert unknown ca", "the server does not know the CA of postgresql.cert_file", GH_SQL_REFUSED, false},
    {"alert certificate expired", "the server says that postgresql.cert_file has expired", GH_SQL_REFUSED, false},
    {"alert certificate required", "the server wants a certificate: set postgresql.cert_file and postgresql.key_file", GH_SQL_REFUSED, false},
    {"alert bad certificate", "the server does not accept postgresql.cert_file", GH_SQL_REFUSED, false},
    {"Connection refused", "nobody listens there: is PostgreSQL running, and is the port right?", GH_SQL_UNAVAILABLE, false},
    {"No route to host", "there is no route to it", GH_SQL_UNAVAILABLE, false},
    {"Network is unreachable", "there is no network to it", GH_SQL_UNAVAILABLE, false},
    {"session is read-only", "it is a standby, or takes no writes: name the primary in postgresql.url", GH_SQL_UNAVAILABLE, false},
    {"hot standby mode", "it is a standby: name the primary in postgresql.url", GH_SQL_UNAVAILABLE, false},
    {"server closed the connection unexpectedly", "it closed the connection: is that PostgreSQL? Its log may say why", GH_SQL_UNAVAILABLE, false},
    {"certificate file", "look at it", GH_SQL_MISUSE, true},
    {"key file", "look at it", GH_SQL_MISUSE, true},
};
/* clang-format on */

static void put_line(gh_buf *out, gh_str message)
{
    size_t at = 0;
    for (size_t i = 0; i + 9 < message.n && at == 0; i++)
        if (gh_str_starts(gh_str_cut(message, i, message.n), GH_STR(" failed: ")))
            at = i + 9;
    gh_str line = gh_str_cut(message, at, message.n);
    put_clean(out, gh_str_cut(line, 0, gh_str_find(line, '\n')));
}

static enum gh_sql_failure explain_own(gh_buf *out, const gh_postgres_attempt *a, gh_str message)
{
    if (is_unverified(message)) {
        explain_certificate(out, a);
        return GH_SQL_REFUSED;
    }
    if (a->host->socket && has(message, "No such file or directory")) {
        gh_buf_lit(out,
                   "there is no such unix socket: is PostgreSQL running, and are folder and port right?");
        return GH_SQL_UNAVAILABLE;
    }
    for (size_t i = 0; i < GH_COUNT(texts); i++) {
        if (!has(message, texts[i].part))
            continue;
        if (texts[i].shown) {
            put_line(out, message);
            gh_buf_lit(out, ": ");
        }
        gh_buf_put(out, gh_str_of(texts[i].what));
        return texts[i].failure;
    }
    put_line(out, message);
    return GH_SQL_UNAVAILABLE;
}

enum gh_sql_failure gh_postgres_explain(gh_buf *out, const gh_postgres_attempt *a, const char *message)
{
    char state[6];
    gh_str text, whole = gh_str_of(message);
    if (a->late) {
        if (a->connected)
            gh_buf_printf(
                out, "it took the connection and then said nothing within %u ms: it hangs, or is overloaded",
                a->server->timeout_ms);
        else
            gh_buf_printf(out, "no answer within %u ms: is it up, and does no firewall stand between?",
                          a->server->timeout_ms);
        return GH_SQL_UNAVAILABLE;
    }
    if (find_state(whole, state, &text))
        return explain_state(out, state, text);
    return explain_own(out, a, whole);
}
