#include "controls/client_key.h"

#include "base/crypto.h"

uint64_t gh_client_key(const gh_txn *txn, enum gh_limit_scope scope, gh_str who)
{
    char text[128];
    gh_buf b = gh_buf_over(text, sizeof text);
    gh_buf_char(&b, (char)('0' + scope));
    if (who.n < sizeof text)
        gh_buf_put(&b, who);
    else {
        uint64_t long_one = gh_siphash64(txn->world.key, who.p, who.n);
        gh_buf_put(&b, (gh_str){(const char *)&long_one, sizeof long_one});
    }
    return gh_siphash64(txn->world.key, b.p, b.n);
}

uint64_t gh_client_key_of_ip(const gh_txn *txn, uint8_t prefix)
{
    gh_ip ip = txn->client.ip;
    if (ip.family == 6)
        ip = gh_ip_mask(&ip, prefix);
    char text[18] = {(char)ip.family, (char)(ip.family == 6 ? prefix : 0)};
    memcpy(text + 2, ip.bytes, 16);
    return gh_client_key(txn, GH_SCOPE_IP, (gh_str){text, sizeof text});
}

static uint64_t key_of_id(const gh_txn *txn, enum gh_limit_scope scope, gh_id id)
{
    return gh_client_key(txn, scope, (gh_str){(const char *)&id, sizeof id});
}

uint64_t gh_client_key_of_device(const gh_txn *txn)
{
    return key_of_id(txn, GH_SCOPE_DEVICE, txn->principal.device);
}

/* Of an outside issuer's: two of them may give the same name to two people. */
static uint64_t key_of_stranger(const gh_txn *txn, const gh_principal *who)
{
    char text[256];
    uint64_t issuer = gh_siphash64(txn->world.key, who->issuer.p, who->issuer.n);
    gh_buf b = gh_buf_over(text, sizeof text);
    gh_buf_put(&b, (gh_str){(const char *)&issuer, sizeof issuer});
    gh_buf_put(&b, who->name);
    return gh_client_key(txn, GH_SCOPE_USER, gh_buf_str(&b));
}

bool gh_client_key_of_principal(const gh_txn *txn, enum gh_limit_scope scope, uint64_t *ret)
{
    const gh_principal *who = &txn->principal;
    gh_id id = scope == GH_SCOPE_USER      ? who->user
               : scope == GH_SCOPE_SESSION ? who->session
               : scope == GH_SCOPE_API_KEY ? who->key
                                           : 0;
    if (id != 0)
        *ret = key_of_id(txn, scope, id);
    else if (scope == GH_SCOPE_USER && who->issuer.p != NULL)
        *ret = key_of_stranger(txn, who);
    else
        return false;
    return true;
}
