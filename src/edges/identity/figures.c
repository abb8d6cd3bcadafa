#include "edges/identity/figures.h"

static void put(gh_buf *out, const char *name, const char *kind, const char *help, uint64_t value)
{
    gh_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, kind, name,
                  (unsigned long long)value);
}

static void put_roster(gh_roster *roster, gh_buf *out)
{
    gh_roster_stats r;
    gh_roster_read_stats(roster, &r);
    put(out, "gatehouse_sessions", "gauge", "Sessions and token families that are in force.", r.sessions);
    put(out, "gatehouse_api_keys", "gauge", "API keys that are in force.", r.keys);
    put(out, "gatehouse_devices", "gauge", "Devices that are registered.", r.devices);
    put(out, "gatehouse_revocations", "gauge", "Tokens and sessions whose end is remembered.", r.revocations);
    put(out, "gatehouse_roster_bytes", "gauge", "Memory for sessions, keys, devices and their users.",
        r.bytes);
}

static void put_records(gh_records *records, gh_buf *out)
{
    gh_records_stats r;
    gh_records_read_stats(records, &r);
    put(out, "gatehouse_records_operations_total", "counter", "Operations on the records.", r.operations);
    put(out, "gatehouse_records_transactions_total", "counter", "Transactions that wrote them to disk.",
        r.transactions);
    put(out, "gatehouse_records_failures_total", "counter", "Transactions that failed.", r.failures);
    put(out, "gatehouse_records_queued", "gauge", "Operations that wait for the records.", r.queued);
    put(out, "gatehouse_records_bytes", "gauge", "Size of the records' file.", r.file_bytes);
    if (!r.shared)
        return;
    put(out, "gatehouse_audit_spool_lines", "gauge", "Lines of the audit trail that wait on disk.",
        r.spool_lines);
    put(out, "gatehouse_audit_dropped_total", "counter", "Lines of the audit trail that were lost.",
        r.dropped);
}

static void put_passwords(const gh_password_pool *pool, gh_buf *out)
{
    gh_password_pool_figures p = gh_password_pool_read(pool);
    put(out, "gatehouse_passwords_running", "gauge", "Passwords being hashed.", p.running);
    put(out, "gatehouse_passwords_queued", "gauge", "Passwords that wait to be hashed.", p.queued);
    put(out, "gatehouse_passwords_done_total", "counter", "Passwords hashed or compared.", p.done);
    put(out, "gatehouse_passwords_refused_total", "counter", "Passwords refused because the queue was full.",
        p.refused);
}

void gh_identity_metrics(const gh_identity_service *s, gh_buf *out)
{
    if (s->records == NULL)
        return;
    put_roster(s->roster, out);
    put_records(s->records, out);
    if (s->passwords.pool != NULL)
        put_passwords(s->passwords.pool, out);
}
