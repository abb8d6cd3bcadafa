/* Stored passwords: what is read keeps to the caps, and is the text it was read from. Nothing is hashed. */
#include "base/buf.h"
#include "fuzz.h"
#include "passwords/stored.h"

static void put_cost(const gh_password_stored *s, gh_str text, gh_buf *out)
{
    switch (s->family) {
    case GH_PASSWORD_ARGON2ID:
    case GH_PASSWORD_ARGON2I:
        gh_buf_printf(out, "v=19$m=%u,t=%u,p=%u$", s->memory_kib, s->cost, s->lanes);
        return;
    case GH_PASSWORD_BCRYPT:
        gh_buf_printf(out, "%02u$", s->cost);
        return;
    case GH_PASSWORD_BCRYPT_SHA256:
        if (!s->prehash_plain)
            gh_buf_printf(out, "v=2,t=2b,r=%u$", s->cost);
        else
            gh_buf_printf(out, "2%c,%u$", text.p[16], s->cost);
        return;
    case GH_PASSWORD_PBKDF2_SHA256:
    case GH_PASSWORD_PBKDF2_SHA512:
        gh_buf_printf(out, "%u$", s->cost);
        return;
    }
}

static void check_caps(const gh_password_stored *s)
{
    uint64_t work = (uint64_t)s->cost * s->memory_kib;
    bool bcrypt = s->family == GH_PASSWORD_BCRYPT || s->family == GH_PASSWORD_BCRYPT_SHA256;
    FUZZ_CHECK(s->cost > 0 && s->memory_kib <= GH_PASSWORD_CAP_KIB && s->lanes <= GH_PASSWORD_CAP_LANES);
    FUZZ_CHECK(work <= GH_PASSWORD_CAP_KIB_PASSES && s->cost <= GH_PASSWORD_CAP_PBKDF2);
    FUZZ_CHECK(!bcrypt || (s->cost >= 4 && s->cost <= GH_PASSWORD_CAP_BCRYPT && s->salt.n == 22));
    FUZZ_CHECK(gh_password_stored_memory(s) >= (size_t)s->memory_kib * 1024);
}

static void check_same(const gh_password_stored *s, gh_str text)
{
    char memory[GH_PASSWORD_STORED_MAX];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    bool crypt = s->family == GH_PASSWORD_BCRYPT;
    gh_buf_char(&out, '$');
    gh_buf_put(&out, crypt ? gh_str_cut(text, 1, 3) : gh_password_family_name(s->family));
    gh_buf_char(&out, '$');
    put_cost(s, text, &out);
    gh_buf_put(&out, s->salt);
    if (!crypt)
        gh_buf_char(&out, '$');
    gh_buf_put(&out, s->digest);
    FUZZ_CHECK(gh_buf_ok(&out) && gh_str_eq(gh_buf_str(&out), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str text = {(const char *)data, size}, name = {0};
    gh_password_stored s = {.cost = 7};
    enum gh_password_fault fault = (enum gh_password_fault)99, again = (enum gh_password_fault)99;
    bool read = gh_password_stored_read(text, &s, &fault);
    FUZZ_CHECK(gh_password_hash_known(text, &name, &again) == read && again == fault);
    if (!read) {
        FUZZ_CHECK(s.cost == 7 && name.p == NULL && gh_password_fault_text(fault).n > 0);
        return 0;
    }
    FUZZ_CHECK((int)fault == 99 && gh_str_eq(name, gh_password_family_name(s.family)));
    check_caps(&s);
    check_same(&s, text);
    return 0;
}
