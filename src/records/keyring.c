#include "records/keyring.h"

#include "base/crypto.h"

gh_str gh_keyring_generation_label(uint32_t id, char memory[GH_KEYRING_LABEL])
{
    gh_buf b = gh_buf_over(memory, GH_KEYRING_LABEL);
    gh_buf_printf(&b, "generation %u", (unsigned)id);
    return gh_buf_str(&b);
}

void gh_keyring_seal(gh_work *w, const uint8_t seal[GH_SEAL_KEY_SIZE], gh_str label, gh_str plain,
                     uint8_t *memory, gh_sealed *ret)
{
    *ret = (gh_sealed){.text = {NULL, 0}};
    if (plain.n > GH_KEYRING_PLAIN_MAX) {
        gh_sql_fail(w->sql, GH_SQL_MISUSE);
        return;
    }
    gh_random(ret->nonce, sizeof ret->nonce);
    gh_seal(seal, ret->nonce, label, plain, memory);
    ret->text = (gh_str){(const char *)memory, plain.n + GH_SEAL_EXTRA};
}

bool gh_keyring_unseal(gh_work *w, const uint8_t seal[GH_SEAL_KEY_SIZE], gh_str label,
                       const gh_sealed *sealed, gh_arena *arena, gh_str *ret)
{
    if (sealed->text.n < GH_SEAL_EXTRA)
        return false;
    uint8_t *plain = gh_arena_alloc(arena, sealed->text.n);
    if (plain == NULL) {
        gh_sql_fail(w->sql, GH_SQL_NO_MEMORY);
        return false;
    }
    if (!gh_open(seal, sealed->nonce, label, sealed->text, plain))
        return false;
    *ret = (gh_str){(char *)plain, sealed->text.n - GH_SEAL_EXTRA};
    return true;
}

bool gh_keyring_opens(const uint8_t seal[GH_SEAL_KEY_SIZE], gh_str label, const gh_sealed *sealed)
{
    uint8_t plain[GH_KEYRING_PLAIN_MAX];
    size_t n = sealed->text.n;
    if (n < GH_SEAL_EXTRA || n - GH_SEAL_EXTRA > sizeof plain)
        return false;
    bool opens = gh_open(seal, sealed->nonce, label, sealed->text, plain);
    gh_wipe(plain, n - GH_SEAL_EXTRA);
    return opens;
}

gh_str gh_keyring_naming_label(void)
{
    return GH_STR("naming");
}

/* Its name in the table `secret`, where others are, unsealed. */
static gh_str row_name(void)
{
    return GH_STR("sealed-naming");
}

bool gh_keyring_naming_read(gh_work *w, uint8_t memory[GH_KEYRING_NAMING_MAX], gh_sealed *ret)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_SECRET_GET);
    gh_bind_text(&q, row_name());
    bool found = gh_query_row(&q);
    if (found)
        gh_column_blob(&q, memory, GH_KEYRING_NAMING_MAX);
    gh_query_end(&q);
    if (!found || !gh_sql_ok(w->sql))
        return false;
    memcpy(ret->nonce, memory, sizeof ret->nonce);
    ret->text = gh_str_cut((gh_str){(const char *)memory, GH_KEYRING_NAMING_MAX}, sizeof ret->nonce,
                           GH_KEYRING_NAMING_MAX);
    return true;
}

void gh_keyring_naming_write(gh_work *w, enum gh_statement how, const gh_sealed *sealed)
{
    uint8_t whole[GH_KEYRING_NAMING_MAX];
    if (sealed->text.n != sizeof whole - sizeof sealed->nonce) {
        gh_sql_fail(w->sql, GH_SQL_MISUSE);
        return;
    }
    memcpy(whole, sealed->nonce, sizeof sealed->nonce);
    memcpy(whole + sizeof sealed->nonce, sealed->text.p, sealed->text.n);
    gh_query q = gh_query_of(w->sql, how);
    gh_bind_text(&q, row_name());
    gh_bind_blob(&q, whole, sizeof whole);
    gh_query_run(&q);
}
