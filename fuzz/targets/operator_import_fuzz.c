/* Lines of an import of accounts. What is read keeps what the header says of it; what is refused says why. */
#include "fuzz.h"
#include "operator/import.h"
#include "passwords/stored.h"

static const char *const names[] = {"user", "premium", "admin"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static gh_identity_policy policy;
    gh_str rest = {(const char *)data, size}, line;
    policy.n_roles = 0;
    for (size_t i = 0; i < GH_COUNT(names); i++)
        policy.roles[policy.n_roles++].name = gh_str_of(names[i]);
    policy.new_user_roles = GH_STR("user");
    while (gh_str_next(&rest, '\n', &line)) {
        char memory[GH_IMPORT_WHY];
        gh_buf why = gh_buf_over(memory, sizeof memory);
        gh_import_user u;
        gh_arena arena;
        gh_arena_init(&arena, NULL, 0, 1 << 20);
        if (gh_import_read(line, &policy, &arena, &u, &why)) {
            enum gh_password_fault fault;
            gh_str family;
            FUZZ_CHECK(u.name.n > 0 && u.name.n <= GH_USER_NAME_MAX && u.roles.n <= GH_ROLES_TEXT_MAX);
            FUZZ_CHECK(u.tier.n <= GH_TIER_MAX && u.created_s <= UINT64_C(253402300799));
            FUZZ_CHECK(u.hash.p == NULL || gh_password_hash_known(u.hash, &family, &fault));
            for (size_t i = 0; i < u.name.n; i++)
                FUZZ_CHECK(u.name.p[i] == gh_lower(u.name.p[i]) && u.name.p[i] > ' ');
        } else {
            FUZZ_CHECK(why.n > 0);
            for (size_t i = 0; i < why.n; i++) /* nothing that could move a cursor */
                FUZZ_CHECK((uint8_t)why.p[i] >= 0x20 && why.p[i] != 0x7f);
        }
        gh_arena_reset(&arena);
    }
    return 0;
}
