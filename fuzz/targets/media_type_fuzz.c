/* Content-Type: what was read is written in one plain way and read again the same. */
#include "fuzz.h"

#include "base/buf.h"
#include "wire/media_type.h"

static bool is_same(const gh_media_type *a, const gh_media_type *b)
{
    return gh_str_eq(gh_media_type_name(a), gh_media_type_name(b)) && a->kind == b->kind &&
           gh_str_eq(gh_str_of(a->charset), gh_str_of(b->charset)) && a->boundary_size == b->boundary_size &&
           gh_str_eq(gh_str_of(a->boundary), gh_str_of(b->boundary));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_media_type type, again;
    if (!gh_media_type_parse((gh_str){(const char *)data, size}, &type))
        return 0;
    FUZZ_CHECK(strlen(type.name) == type.name_size && strlen(type.boundary) == type.boundary_size);
    FUZZ_CHECK(gh_media_range_takes(gh_media_type_name(&type), gh_media_type_name(&type)));
    FUZZ_CHECK(gh_media_range_takes(GH_STR("*/*"), gh_media_type_name(&type)));
    char memory[512];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_buf_put(&out, gh_media_type_name(&type));
    if (type.charset[0] != '\0')
        gh_buf_printf(&out, "; charset=\"%s\"", type.charset);
    if (type.boundary_size > 0)
        gh_buf_printf(&out, "; boundary=\"%s\"", type.boundary);
    FUZZ_CHECK(gh_buf_ok(&out) && gh_media_type_parse(gh_buf_str(&out), &again));
    FUZZ_CHECK(is_same(&type, &again));
    return 0;
}
