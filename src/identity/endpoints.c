#include "identity/endpoints.h"

#include "identity/outcome.h"
#include "identity/reauth.h"
#include "identity/steps.h"

/* Members that occur in several bodies. A password's length is judged with its strength, so that one place says it. */
#define PASSWORD "{\"type\":\"string\",\"minLength\":1,\"maxLength\":1024}"
#define OBJECT(members) "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" members "}}"
#define OBJECT_WITH(required, members)                                            \
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[" required \
    "],\"properties\":{" members "}}"
#define ID "{\"type\":\"string\",\"minLength\":13,\"maxLength\":13}"
/* RFC 6749 section 3.3, but for what needs escapes in JSON. */
#define SCOPE "{\"type\":\"string\",\"pattern\":\"^[!#-\\\\[\\\\]-~]{1,64}$\"}"

/* Parameters that are not known are not looked at (RFC 6749 section 3.2); the steps say what is wrong with the others,
 * in the words of the RFC. */
#define ANY_FORM "{\"type\":\"object\"}"

const gh_endpoint gh_endpoints[] = {
    {
        .name = "register",
        .method = "POST",
        .path = "/register",
        .schema = OBJECT_WITH("\"username\",\"password\"",
                              "\"username\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9_.@+-]{3,64}$\"},"
                              "\"password\":" PASSWORD ","
                              "\"email\":{\"type\":\"string\",\"format\":\"email\",\"maxLength\":254},"
                              "\"mode\":{\"enum\":[\"cookie\",\"token\",\"none\"]}"),
        .right = GH_RIGHT_ANYONE,
        .csrf_by_origin = true,
        .does = "makes an account and signs in",
        .steps = {{gh_ask_register_password, gh_judge_register_password},
                  {gh_ask_register_user, gh_judge_register_user}},
    },
    {
        .name = "login",
        .method = "POST",
        .path = "/login",
        .schema = OBJECT_WITH("\"username\",\"password\"",
                              "\"username\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":254},"
                              "\"password\":" PASSWORD ","
                              "\"mode\":{\"enum\":[\"cookie\",\"token\"]}"),
        .right = GH_RIGHT_ANYONE,
        .csrf_by_origin = true,
        .does = "signs in by name and password",
        .steps = {{gh_ask_login_begin, gh_op_judge},
                  {gh_ask_login_verify, NULL},
                  {gh_ask_login_finish, gh_judge_login_finish}},
    },
    {
        .name = "logout",
        .method = "POST",
        .path = "/logout",
        .schema = OBJECT("\"all\":{\"type\":\"boolean\"}"),
        .body_optional = true,
        .right = GH_RIGHT_ANYONE,
        .does = "ends this session, or all of one's sessions",
        .steps = {{gh_ask_logout, gh_judge_logout}},
    },
    {
        .name = "refresh",
        .method = "POST",
        .path = "/refresh",
        .schema = OBJECT("\"refresh_token\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":256}"),
        .body_optional = true,
        .right = GH_RIGHT_ANYONE,
        .csrf_by_origin = true,
        .does = "gives new tokens for a refresh token, or a new cookie for the session's",
        .steps = {{gh_ask_refresh, gh_judge_refresh}},
    },
    {
        .name = "password",
        .method = "POST",
        .path = "/password",
        .schema = OBJECT_WITH("\"current_password\",\"new_password\"",
                              "\"current_password\":" PASSWORD ",\"new_password\":" PASSWORD),
        .right = GH_RIGHT_SIGNED_IN,
        .does = "changes one's password and ends one's other sessions",
        .steps = {{gh_ask_password_begin, gh_op_judge},
                  {gh_reauth_ask_verify, NULL},
                  {gh_ask_password_new, gh_judge_password_new},
                  {gh_ask_password_change, gh_judge_password_change}},
    },
    {
        .name = "me",
        .method = "GET",
        .path = "/me",
        .right = GH_RIGHT_USER,
        .does = "says who one is and what one may",
        .steps = {{gh_ask_me, NULL}},
    },
    {
        .name = "csrf",
        .method = "GET",
        .path = "/csrf",
        .right = GH_RIGHT_ANYONE,
        .does = "gives a page its CSRF token",
        .steps = {{gh_ask_csrf, NULL}},
    },
    {
        .name = "sessions",
        .method = "GET",
        .path = "/sessions",
        .right = GH_RIGHT_SIGNED_IN,
        .does = "lists one's sessions",
        .steps = {{gh_ask_sessions_list, gh_judge_sessions_list}},
    },
    {
        .name = "sessions_end_others",
        .method = "DELETE",
        .path = "/sessions",
        .right = GH_RIGHT_SIGNED_IN,
        .does = "ends all of one's sessions but this one",
        .steps = {{gh_ask_sessions_end_others, gh_judge_sessions_end_others}},
    },
    {
        .name = "sessions_end",
        .method = "DELETE",
        .path = "/sessions/{id}",
        .right = GH_RIGHT_SIGNED_IN,
        .does = "ends one of one's sessions",
        .steps = {{gh_ask_sessions_end, gh_judge_sessions_end}},
    },
    {
        .name = "devices_begin",
        .method = "POST",
        .path = "/devices",
        /* The body is there even if it is empty: what any page's form can send begins no registration. */
        .schema = OBJECT("\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":64}"),
        .right = GH_RIGHT_ANYONE,
        .does = "begins to register a device",
        .steps = {{gh_ask_devices_begin, gh_judge_devices_begin}},
    },
    {
        .name = "devices_confirm",
        .method = "POST",
        .path = "/devices/{id}",
        .schema = OBJECT_WITH("\"device_token\"",
                              "\"device_token\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":256}"),
        .right = GH_RIGHT_ANYONE,
        .does = "confirms a device by its token",
        .steps = {{gh_ask_devices_confirm, gh_judge_devices_confirm}},
    },
    {
        .name = "devices",
        .method = "GET",
        .path = "/devices",
        .right = GH_RIGHT_SIGNED_IN,
        .does = "lists one's devices",
        .steps = {{gh_ask_devices_list, gh_judge_devices_list}},
    },
    {
        .name = "devices_end",
        .method = "DELETE",
        .path = "/devices/{id}",
        .right = GH_RIGHT_ANYONE,
        .does = "removes a device and ends its sessions",
        .steps = {{gh_ask_devices_end, gh_judge_devices_end}},
    },
    {
        .name = "keys_create",
        .method = "POST",
        .path = "/keys",
        .schema = OBJECT_WITH(
            "\"name\"",
            "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":64},"
            "\"scopes\":{\"type\":\"array\",\"items\":" SCOPE
            ",\"minItems\":1,\"maxItems\":32,\"uniqueItems\":true},"
            "\"tier\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9_-]{1,32}$\"},"
            "\"expires_in\":{\"type\":\"integer\",\"minimum\":60,\"maximum\":3153600000},"
            "\"networks\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":43},"
            "\"minItems\":1,\"maxItems\":16},"
            "\"rolls\":" ID ",\"overlap\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":2592000}"),
        .right = GH_RIGHT_SIGNED_IN,
        .does = "makes an API key, or one in place of another",
        .steps = {{gh_ask_keys_create, gh_judge_keys_create}},
    },
    {
        .name = "keys",
        .method = "GET",
        .path = "/keys",
        .right = GH_RIGHT_SIGNED_IN,
        .does = "lists one's API keys",
        .steps = {{gh_ask_keys_list, gh_judge_keys_list}},
    },
    {
        .name = "keys_end",
        .method = "DELETE",
        .path = "/keys/{id}",
        .right = GH_RIGHT_SIGNED_IN,
        .does = "revokes an API key",
        .steps = {{gh_ask_keys_end, gh_judge_keys_end}},
    },
    {
        .name = "jwks",
        .method = "GET",
        .path = "/.well-known/jwks.json",
        .rooted = true,
        .right = GH_RIGHT_ANYONE,
        .does = "shows the public keys that tokens are verified with",
        .steps = {{gh_ask_jwks, NULL}},
    },
    {
        .name = "introspect",
        .method = "POST",
        .path = "/introspect",
        .schema = ANY_FORM,
        .body_optional = true, /* the step misses the token in it, in the RFC's words */
        .form = true,
        .right = GH_RIGHT_INTROSPECT,
        .does = "says of a token whether it is good, and whose it is (RFC 7662)",
        .steps = {{gh_ask_introspect, gh_judge_introspect}},
    },
    {
        .name = "revoke",
        .method = "POST",
        .path = "/revoke",
        .schema = ANY_FORM,
        .body_optional = true,
        .form = true,
        .right = GH_RIGHT_ANYONE,
        .verifies = true,
        .does = "revokes a token, which is its own proof (RFC 7009)",
        .steps = {{gh_ask_revoke, gh_judge_revoke}, {gh_ask_revoke_key, gh_judge_revoke_key}},
    },
    {
        .name = "account",
        .method = "GET",
        .path = "/account",
        .right = GH_RIGHT_SIGNED_IN,
        .does = "gives everything that is known of one",
        .steps = {{gh_ask_account_export, gh_judge_account_export}},
    },
    {
        .name = "account_erase",
        .method = "DELETE",
        .path = "/account",
        .schema = OBJECT_WITH("\"password\"", "\"password\":" PASSWORD),
        .right = GH_RIGHT_SIGNED_IN,
        .does = "erases one's account, for one's password",
        .steps = {{gh_ask_account_begin, gh_op_judge},
                  {gh_reauth_ask_verify, NULL},
                  {gh_ask_account_erase, gh_judge_account_erase}},
    },
};

const unsigned gh_endpoints_n = GH_COUNT(gh_endpoints);
_Static_assert(GH_COUNT(gh_endpoints) <= GH_ENDPOINTS_MAX, "room for every endpoint");
