/* The client's address: the first byte picks the source and the peer, then each line is a field, its
 * first byte the field's name. What a trusted proxy did not say never gets out. */
#include "wire/forwarded.h"

static void holds(bool condition)
{
    if (!condition)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_FIELDS = 16 };

static const gh_cidr trusted[] = {
    {{.family = 4, .bytes = {10}}, 8},
    {{.family = 6, .bytes = {0xfd}}, 8},
};

static unsigned read_fields(gh_str rest, gh_field *fields)
{
    static const uint16_t ids[] = {GH_FIELD_X_FORWARDED_FOR,   GH_FIELD_FORWARDED,        GH_FIELD_X_REAL_IP,
                                   GH_FIELD_X_FORWARDED_PROTO, GH_FIELD_X_FORWARDED_HOST, GH_FIELD_UNKNOWN};
    unsigned n = 0;
    gh_str line;
    while (n < MAX_FIELDS && gh_str_next(&rest, '\n', &line)) {
        uint16_t id = ids[line.n > 0 ? (uint8_t)line.p[0] % GH_COUNT(ids) : 0];
        fields[n++] = (gh_field){.value = gh_str_trim(gh_str_cut(line, 1, line.n)), .id = id};
    }
    return n;
}

static void check_chain(const gh_client_address *a, enum gh_address_source source, const gh_ip *peer)
{
    holds(a->n_chain <= GH_FORWARDED_CHAIN_MAX && a->ignored == (a->why != NULL));
    holds(gh_ip_eq(&a->ip, a->n_chain == 0 ? peer : &a->chain[0]));
    holds(gh_str_eq(a->source, GH_STR("peer")) == (a->n_chain == 0));
    holds(a->n_chain <= 1 || source != GH_ADDRESS_X_REAL_IP);
    for (unsigned i = 1; i < a->n_chain; i++)
        holds(gh_cidr_any(trusted, GH_COUNT(trusted), &a->chain[i]));
    if (gh_cidr_any(trusted, GH_COUNT(trusted), peer))
        return;
    holds(a->n_chain == 0 && !a->secure_known && a->host.p == NULL);
}

/* The next gateway, trusting the same, must find the same client in what this one writes. */
static void check_written(const gh_client_address *a, enum gh_address_source source, const gh_ip *peer)
{
    char memory[4096];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_field field = {.id = GH_FIELD_X_FORWARDED_FOR};
    if (source == GH_ADDRESS_FORWARDED) {
        field.id = GH_FIELD_FORWARDED;
        gh_forwarded_put_rfc7239(&out, a, peer, GH_STR("http"), a->host);
    } else {
        source = GH_ADDRESS_X_FORWARDED_FOR;
        gh_forwarded_put_xff(&out, a, peer);
    }
    holds(gh_buf_ok(&out));
    for (size_t i = 0; i < out.n; i++)
        holds(out.p[i] >= ' ' && out.p[i] < 0x7f);
    field.value = gh_buf_str(&out);
    gh_client_address again;
    gh_forwarded_rules rules = {trusted, GH_COUNT(trusted), source};
    gh_ip here = {.family = 4, .bytes = {10, 9, 9, 9}};
    gh_client_address_find(&rules, &here, &field, 1, &again);
    holds(gh_ip_eq(&a->ip, &again.ip) && !again.ignored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    gh_field fields[MAX_FIELDS];
    unsigned n = read_fields((gh_str){(const char *)data + 1, size - 1}, fields);
    enum gh_address_source source = (enum gh_address_source)(data[0] & 3);
    gh_ip peer = {.family = 4, .bytes = {data[0] & 4 ? 9 : 10, 0, 0, 1}};
    gh_forwarded_rules rules = {trusted, GH_COUNT(trusted), source};
    gh_client_address a;
    gh_client_address_find(&rules, &peer, fields, n, &a);
    check_chain(&a, source, &peer);
    check_written(&a, source, &peer);
    return 0;
}
