#include "records/api_key.h"

void gh_key_read(gh_query *q, gh_arena *arena, gh_key_row *ret)
{
    gh_key_row row = {0};
    row.record.id = gh_column_u64(q);
    row.record.user = gh_column_u64(q);
    row.record.user_name = gh_column_text(q, arena);
    gh_column_blob(q, row.hash, sizeof row.hash);
    row.record.name = gh_column_text(q, arena);
    row.record.start = gh_column_text(q, arena);
    row.record.scopes = gh_column_text(q, arena);
    row.record.tier = gh_column_text(q, arena);
    row.record.networks = gh_column_text(q, arena);
    row.record.created_s = gh_column_u64(q);
    row.record.used_s = gh_column_u64(q);
    row.record.expires_s = gh_column_u64(q);
    row.record.replaced_by = gh_column_u64(q);
    row.record.generation = (uint32_t)gh_column_u64(q);
    *ret = row;
}

bool gh_key_networks(gh_arena *arena, gh_str text, const gh_cidr **ret, unsigned *ret_n)
{
    const char *why;
    unsigned n = 0;
    gh_str rest = text, part;
    if (text.n == 0) {
        *ret = NULL;
        *ret_n = 0;
        return true;
    }
    gh_cidr *list =
        text.n > GH_KEY_NETWORKS_TEXT ? NULL : gh_arena_array(arena, GH_KEY_NETWORKS_MAX, sizeof *list);
    if (list == NULL)
        return false;
    while (gh_str_next(&rest, ' ', &part))
        if (n == GH_KEY_NETWORKS_MAX || !gh_cidr_parse(part, &list[n++], &why))
            return false;
    *ret = list;
    *ret_n = n;
    return true;
}

bool gh_key_for_roster(gh_arena *arena, const gh_key_row *row, gh_roster_key *ret)
{
    gh_roster_key key = {.id = row->record.id,
                         .user = row->record.user,
                         .scopes = row->record.scopes,
                         .tier = row->record.tier,
                         .expires_s = row->record.expires_s};
    memcpy(key.hash, row->hash, sizeof key.hash);
    if (!gh_key_networks(arena, row->record.networks, &key.networks, &key.n_networks))
        return false;
    *ret = key;
    return true;
}
