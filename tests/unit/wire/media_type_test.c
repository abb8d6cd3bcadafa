/* Content-Type, and what of it is refused because readers take it differently. */
#include "unit.h"

#include "wire/media_type.h"

static const struct good {
    gh_str text;
    const char *name;
    enum gh_media_kind kind;
    const char *charset, *boundary;
} goods[] = {
    {S("application/json"), "application/json", GH_MEDIA_JSON, "", ""},
    {S("Application/JSON"), "application/json", GH_MEDIA_JSON, "", ""},
    {S(" text/json\t"), "text/json", GH_MEDIA_JSON, "", ""},
    {S("application/problem+json; charset=UTF-8"), "application/problem+json", GH_MEDIA_JSON, "utf-8", ""},
    {S("application/json;charset=\"utf-8\""), "application/json", GH_MEDIA_JSON, "utf-8", ""},
    {S("application/json \t;  profile=\"a\\\"b;c\" ; v=1"), "application/json", GH_MEDIA_JSON, "", ""},
    {S("application/json;"), "application/json", GH_MEDIA_JSON, "", ""},
    {S("application/json;;v=1; "), "application/json", GH_MEDIA_JSON, "", ""},
    {S("application/jsonp"), "application/jsonp", GH_MEDIA_OPAQUE, "", ""},
    {S("application/json-seq"), "application/json-seq", GH_MEDIA_OPAQUE, "", ""},
    {S("application/x-www-form-urlencoded"), "application/x-www-form-urlencoded", GH_MEDIA_FORM, "", ""},
    {S("multipart/form-data; boundary=a"), "multipart/form-data", GH_MEDIA_MULTIPART, "", "a"},
    {S("multipart/form-data"), "multipart/form-data", GH_MEDIA_MULTIPART, "", ""},
    {S("multipart/form-data; boundary=\"a b(c)=?\"; x=y"), "multipart/form-data", GH_MEDIA_MULTIPART, "",
     "a b(c)=?"},
    {S("multipart/form-data; BOUNDARY=0123456789012345678901234567890123456789012345678901234567890123456789"),
     "multipart/form-data", GH_MEDIA_MULTIPART, "",
     "0123456789012345678901234567890123456789012345678901234567890123456789"},
    {S("multipart/mixed; boundary=b"), "multipart/mixed", GH_MEDIA_OPAQUE, "", "b"},
    {S("text/plain; charset=iso-8859-1"), "text/plain", GH_MEDIA_TEXT, "iso-8859-1", ""},
    {S("image/png; boundary=\"\""), "image/png", GH_MEDIA_OPAQUE, "", ""},
    {S("*/*"), "*/*", GH_MEDIA_OPAQUE, "", ""},
};

static void reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(goods); i++) {
        unit_row(i, goods[i].text);
        char *copy = unit_copy(goods[i].text);
        gh_media_type type;
        assert_true(gh_media_type_parse((gh_str){copy, goods[i].text.n}, &type));
        free(copy);
        assert_string_equal(type.name, goods[i].name);
        assert_true(gh_str_eq(gh_media_type_name(&type), gh_str_of(goods[i].name)));
        assert_int_equal(type.kind, goods[i].kind);
        assert_string_equal(type.charset, goods[i].charset);
        assert_string_equal(type.boundary, goods[i].boundary);
        assert_int_equal(type.boundary_size, strlen(goods[i].boundary));
    }
}

static void refuses(void **state)
{
    (void)state;
    static const gh_str bads[] = {
        S(""),
        S("application"),
        S("application/"),
        S("/json"),
        S("application/json/x"),
        S("application /json"),
        S("application/ json"),
        S("application/json, text/html"),
        S("application/json,text/html"),
        S("application/json x"),
        S("application/json; charset"),
        S("application/json; charset="),
        S("application/json; charset =utf-8"),
        S("application/json; charset= utf-8"),
        S("application/json; charset=\"\""),
        S("application/json; charset=\"utf-8"),
        S("application/json; charset=\"utf-8\\"),
        S("application/json; charset=\"utf\\-8\""),
        S("application/json; charset=utf-8; charset=utf-16"),
        S("application/json; charset=utf-8; Charset=utf-8"),
        S("application/json; charset='utf-8'"),
        S("application/json; charset=\"utf-8 \""),
        S("application/json; charset=a2345678901234567890123456789012"),
        S("application/json; a=\"\x01\""),
        S("application/json; a=\"\\\x01\""),
        S("application/json; a=\"b\"c"),
        S("application/json\0"),
        S("application/js\xc3\xb6n"),
        S("application/json; =a"),
        S("multipart/form-data; boundary=a; boundary=b"),
        S("multipart/form-data; boundary=a; boundary=a"),
        S("multipart/form-data; boundary=a; x=1; Boundary=\"b\""),
        S("multipart/form-data; boundary="),
        S("multipart/form-data; boundary=\"\""),
        S("multipart/form-data; boundary=\"a \""),
        S("multipart/form-data; boundary=a b"),
        S("multipart/form-data; boundary=a/b"),
        S("multipart/form-data; boundary=\"a\\b\""),
        S("multipart/form-data; boundary=\"a*\""),
        S("multipart/form-data; boundary=a*"),
        S("multipart/form-data; boundary=\"a\r\nb\""),
        S("multipart/form-data; boundary=a,"),
        S("multipart/form-data; "
          "boundary=01234567890123456789012345678901234567890123456789012345678901234567890"),
        S("a/b;a=1;b=1;c=1;d=1;e=1;f=1;g=1;h=1;i=1;j=1;k=1;l=1;m=1;n=1;o=1;p=1;q=1"),
    };
    for (size_t i = 0; i < GH_COUNT(bads); i++) {
        unit_row(i, bads[i]);
        char *copy = unit_copy(bads[i]);
        gh_media_type type = {.name_size = 99};
        assert_false(gh_media_type_parse((gh_str){copy, bads[i].n}, &type));
        assert_int_equal(type.name_size, 99);
        free(copy);
    }
}

static void bounds_the_name(void **state)
{
    (void)state;
    char text[GH_MEDIA_NAME_MAX + 1];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i == 3 ? '/' : 'a';
    gh_media_type type;
    assert_true(gh_media_type_parse((gh_str){text, GH_MEDIA_NAME_MAX}, &type));
    assert_int_equal(type.name_size, GH_MEDIA_NAME_MAX);
    assert_false(gh_media_type_parse((gh_str){text, sizeof text}, &type));
}

static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *range, *name;
        bool takes;
    } rows[] = {
        {"application/json", "application/json", true},
        {"application/json; charset=utf-8", "application/json", true},
        {"application/json", "application/jsonp", false},
        {"application/json", "application/jso", false},
        {"image/*", "image/png", true},
        {"image/*", "imagex/png", false},
        {"image/*", "image", false},
        {"image/* ;q=1", "image/png", true},
        {"*/*", "a/b", true},
        {"*", "a/b", false},
        {"", "a/b", false},
        {"application/*+json", "application/a+json", false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        if (gh_media_range_takes(gh_str_of(rows[i].range), gh_str_of(rows[i].name)) != rows[i].takes)
            fail_msg("%s and %s", rows[i].range, rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(bounds_the_name),
        cmocka_unit_test(ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
