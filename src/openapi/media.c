/* Bodies: what types they may have, and their schemas. */
#include "openapi/load.h"

static const char media_fields[] = "schema example examples encoding";
static const char encoding_fields[] = "contentType headers style explode allowReserved";
static const char body_fields[] = "description content required";

/* "application/json; charset=utf-8" -> "application/json", also ranges; false: neither. */
static bool read_range(gh_oa_load *l, const gh_oa_at *at, gh_media *ret)
{
    char quoted[GH_OA_QUOTED_MAX];
    gh_str text = gh_str_trim(gh_str_cut(at->token, 0, gh_str_find(at->token, ';')));
    char *to = gh_arena_alloc(l->arena, text.n);
    if (to == NULL)
        return gh_oa_no_memory(l);
    for (size_t i = 0; i < text.n; i++)
        to[i] = gh_lower(text.p[i]);
    ret->range = (gh_str){to, text.n};
    ret->kind = GH_MEDIA_OPAQUE;
    gh_str type = gh_str_cut(ret->range, 0, gh_str_find(ret->range, '/'));
    gh_media_type media;
    if (gh_str_eq(ret->range, GH_STR("*/*")))
        return true;
    /* A range's kind is that of any one in it. */
    if (type.n + 2 == text.n && gh_str_ends(ret->range, GH_STR("/*"))) {
        ret->kind = gh_str_eq(type, GH_STR("text")) ? GH_MEDIA_TEXT : GH_MEDIA_OPAQUE;
        return true;
    }
    /* A document names no boundary. */
    if (gh_str_eq(ret->range, GH_STR("multipart/form-data"))) {
        ret->kind = GH_MEDIA_MULTIPART;
        return true;
    }
    if (!gh_media_type_parse(text, &media))
        return gh_oa_say(l, GH_OPENAPI_ERROR, at, "%s is no media type", gh_oa_quoted(at->token, quoted));
    ret->kind = media.kind;
    return true;
}

/* JSON, if all types of a list are. */
static bool is_json_list(gh_str list)
{
    gh_str part;
    bool json = list.n > 0;
    while (json && gh_str_next(&list, ',', &part)) {
        gh_media_type media;
        json = gh_media_type_parse(gh_str_trim(part), &media) && media.kind == GH_MEDIA_JSON;
    }
    return json;
}

static void read_encoding(gh_oa_load *l, const gh_oa_at *at, gh_encoding *ret)
{
    gh_oa_fields(l, at, encoding_fields);
    gh_str type = gh_oa_text(l, at, GH_STR("contentType"));
    *ret = (gh_encoding){.name = at->token, .type = type, .json = is_json_list(type)};
    gh_oa_style(l, at, GH_IN_BODY, &ret->style, &ret->explode);
    gh_oa_at headers = gh_oa_lit(at, "headers");
    if (headers.node != NULL)
        gh_oa_say_once(l, GH_OA_ONCE_PART_HEADERS, GH_OPENAPI_UNENFORCED, &headers,
                       "header fields of parts are not compared");
}

static void read_encodings(gh_oa_load *l, const gh_oa_at *at, gh_media *media)
{
    if (!gh_oa_is(l, at, GH_JSON_OBJECT) || at->node->n == 0)
        return;
    if (media->kind != GH_MEDIA_FORM && media->kind != GH_MEDIA_MULTIPART) {
        (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, at, "\"encoding\" has a meaning for forms only");
        return;
    }
    media->encodings = gh_arena_array(l->arena, at->node->n, sizeof *media->encodings);
    if (media->encodings == NULL) {
        (void)gh_oa_no_memory(l);
        return;
    }
    for (const gh_json *m = at->node->first; m != NULL; m = m->next) {
        gh_oa_at encoding = gh_oa_child(at, m, 0);
        if (gh_oa_is(l, &encoding, GH_JSON_OBJECT))
            read_encoding(l, &encoding, &media->encodings[media->n_encodings++]);
    }
}

static void read_media(gh_oa_load *l, const gh_oa_at *at, enum gh_schema_direction direction, gh_media *ret)
{
    char quoted[GH_OA_QUOTED_MAX];
    gh_oa_fields(l, at, media_fields);
    gh_oa_at schema = gh_oa_lit(at, "schema"), encoding = gh_oa_lit(at, "encoding");
    ret->schema = gh_oa_schema(l, &schema, direction);
    read_encodings(l, &encoding, ret);
    if (ret->kind == GH_MEDIA_OPAQUE && ret->schema != NULL && !gh_schema_is_true(ret->schema))
        (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, at,
                        "bodies of the type %s are not looked into: type and size only",
                        gh_oa_quoted(ret->range, quoted));
}

/* Types are compared without their parameters, so that two may be one: only the first counts. */
static void look_for_twins(gh_oa_load *l, const gh_oa_at *at, const gh_media *media, unsigned n)
{
    char quoted[GH_OA_QUOTED_MAX];
    for (unsigned i = 0; i < n; i++) {
        if (gh_str_eq(media[i].range, media[n].range)) {
            (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, at,
                            "the type %s is described above already, which is what counts",
                            gh_oa_quoted(media[n].range, quoted));
            return;
        }
    }
}

bool gh_oa_content(gh_oa_load *l, const gh_oa_at *content, enum gh_schema_direction direction,
                   gh_media **ret_media, unsigned *ret_n)
{
    *ret_n = 0;
    *ret_media = NULL;
    if (content->node == NULL)
        return true;
    if (!gh_oa_is(l, content, GH_JSON_OBJECT))
        return false;
    gh_media *media = gh_arena_array(l->arena, content->node->n, sizeof *media);
    if (media == NULL)
        return gh_oa_no_memory(l);
    for (const gh_json *m = content->node->first; m != NULL; m = m->next) {
        gh_oa_at at = gh_oa_child(content, m, 0);
        if (gh_oa_is_extension(m->key) || !gh_oa_is(l, &at, GH_JSON_OBJECT) ||
            !read_range(l, &at, &media[*ret_n]))
            continue;
        look_for_twins(l, &at, media, *ret_n);
        read_media(l, &at, direction, &media[(*ret_n)++]);
    }
    *ret_media = media;
    return true;
}

void gh_oa_request_body(gh_oa_load *l, const gh_oa_at *at, gh_operation *operation)
{
    gh_oa_at body;
    if (at->node == NULL || !gh_oa_follow(l, at, &body) || !gh_oa_is(l, &body, GH_JSON_OBJECT))
        return;
    gh_oa_fields(l, &body, body_fields);
    gh_oa_at content = gh_oa_lit(&body, "content");
    operation->body_declared = true;
    operation->body_required = gh_oa_flag(l, &body, GH_STR("required"), false);
    if (content.node == NULL)
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, &body, "has no \"content\"");
    else if (gh_oa_content(l, &content, GH_SCHEMA_REQUEST, &operation->media, &operation->n_media) &&
             operation->n_media == 0)
        (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, &content, "names no media type: any body passes");
}
