"""Accounts: registration, /me, change of password, export and erasure; and what all endpoints have in common."""
import concurrent.futures
import itertools
import json

import pytest

from support import identity
from support.identity import OTHER_PASSWORD, PASSWORD, bearer, findings, name, problem, settings, without_ids


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse(settings(), upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


@pytest.fixture(scope="module")
def anne(people):
    return people.new()


# Registration.

def test_who_registers_can_sign_in(people):
    username = name()
    answer = people.register(username, mode="none")
    assert answer.status_code == 201
    assert "set-cookie" not in answer.headers and "no-store" in answer.headers["cache-control"]
    user = answer.json()["user"]
    assert answer.json() == {"user": {"id": user["id"], "username": username, "roles": ["user"], "tier": None}}
    login = people.post("/login", {"username": username, "password": PASSWORD, "mode": "token"})
    assert login.status_code == 200 and login.json()["user"] == user


def test_registration_signs_a_browser_in(people):
    browser = people.browser()
    answer = people.register(client=browser.http, mode="cookie")
    assert answer.status_code == 201 and set(answer.json()) == {"csrf_token", "expires_in", "user"}
    assert browser.me().json()["user"]["id"] == answer.json()["user"]["id"]


def test_registration_gives_tokens(people):
    answer = people.register(mode="token")
    assert answer.status_code == 201 and "set-cookie" not in answer.headers
    assert people.me(bearer(answer.json()["access_token"])).json()["user"]["id"] == answer.json()["user"]["id"]


def test_registration_is_by_cookie_when_nothing_is_said(people):
    answer = people.post("/register", {"username": name(), "password": PASSWORD})
    assert answer.status_code == 201 and "session" in identity.set_cookies(answer)


def test_a_name_is_taken_in_any_case(people, anne):
    problem(people.register(anne.name), 409, "name_taken")
    problem(people.register(anne.name.upper()), 409, "name_taken")


def test_an_address_is_taken_and_is_nobody_elses_name(people):
    people.new("has.address", email="Someone@Example.com")
    problem(people.register(email="someone@example.COM"), 409, "name_taken")
    problem(people.register("someone@example.com"), 409, "name_taken")
    people.new("mail@example.org")
    problem(people.register(email="mail@example.org"), 409, "name_taken")


def test_sign_in_by_address_or_name_in_any_case(people):
    person = people.new(email="Mixed.Case@Example.com")
    for username in (person.name.upper(), "mixed.case@example.com", "MIXED.CASE@EXAMPLE.COM"):
        answer = people.post("/login", {"username": username, "password": PASSWORD, "mode": "token"})
        assert answer.status_code == 200 and answer.json()["user"]["id"] == person.id


def test_nobody_gives_himself_rights(people):
    for more in ({"roles": ["admin"]}, {"role": "admin"}, {"tier": "enterprise"}, {"id": "0000000000001"}, {"disabled": False}):
        answer = people.register(**more)
        assert findings(answer) == {(f"#/{next(iter(more))}", "extra_forbidden")}


@pytest.mark.parametrize("password, kind", [
    ("fourteen chars", "password_too_short"),
    ("a" * 14, "password_too_short"),
    ("aaaaaaaaaaaaaaaaaaaa", "password_common"),
    ("passwordpassword", "password_common"),
    ("123456789012345678", "password_common"),
    ("qwertyuiopasdfghjkl", "password_common"),
    ("wolframhildesheim1", "password_derived"),
])
def test_weak_passwords_are_refused_with_the_reason(gateway, people, password, kind):
    answer = people.register("wolframhildesheim", password)
    assert findings(answer, "password_weak") == {("#/password", kind)}
    assert identity.query(gateway, "SELECT * FROM user WHERE name = 'wolframhildesheim'") == []


def test_length_counts_characters_and_any_character_will_do(people):
    person = people.new(password="äöü ŧëxt ☃ 曲 15")
    assert person.login().status_code == 200
    person = people.new(password="space  at the end \u00a0 ")
    assert person.login().status_code == 200
    problem(person.login(password="space  at the end \u00a0"), 401, "login_failed")


def test_a_password_that_is_no_text_is_refused(people):
    assert findings(people.register(password="a nul \0 in the middle"), "password_weak") == {("#/password", "password_not_text")}


def test_of_many_at_once_one_gets_the_name(people):
    username = name()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: people.register(username), range(8)))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 7


def test_registration_can_be_closed(gatehouse, upstream):
    gateway = gatehouse(settings({"registration": "closed"}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    problem(people.register(), 403, "registration_closed")
    assert identity.query(gateway, "SELECT count(*) FROM user") == [(0,)]


def test_new_accounts_have_the_roles_and_tier_of_the_configuration(gatehouse, upstream):
    gateway = gatehouse(settings({"new_user_roles": ["premium", "moderator"], "new_user_tier": "gold",
                                  "password": {"min_length": 8}}), upstream=upstream, env=identity.ENV)
    person = identity.People(gateway).new(password="x7! kqz9")
    user = person.people.me(person.bearer()).json()["user"]
    assert user["roles"] == ["premium", "moderator"] and user["tier"] == "gold"


# Who am I?

def test_me_says_who_one_is_and_what_one_may(people, anne):
    tokens = anne.tokens()
    body = people.me(bearer(tokens["access_token"])).json()
    assert body["user"] == {"id": anne.id, "username": anne.name, "roles": ["user"], "tier": None, "issuer": None}
    assert body["proof"] == "token" and body["scopes"] is None and body["api_key"] is None and body["device"] is None
    assert set(body["permissions"]) == {"content:read", "content:create", "content:update", "content:delete", "profile:read",
                                        "profile:update", "keys:manage", "sessions:manage", "devices:manage"}
    assert body["session"] == identity.jwt_parts(tokens["access_token"])[1]["sid"]


def test_me_by_each_proof(people, anne):
    assert anne.browser().me().json()["proof"] == "session"
    key = anne.api_key()
    me = people.me({"X-API-Key": key["key"]}).json()
    assert me["proof"] == "api_key" and me["api_key"] == key["id"] and me["session"] is None


def test_me_of_nobody(people):
    problem(people.me(), 401, "credentials_required")


# The change of a password.

def test_a_new_password_takes_the_place_of_the_old(people):
    person = people.new()
    answer = people.post("/password", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}, headers=person.bearer())
    assert answer.status_code == 204 and answer.content == b""
    problem(person.login(), 401, "login_failed")
    assert person.login(password=OTHER_PASSWORD).status_code == 200


def test_a_new_password_ends_the_other_sessions_and_not_this_one(people):
    person = people.new()
    here, elsewhere, tokens = person.browser(), person.browser(), person.tokens()
    answer = here.at("POST", "/password", json={"current_password": PASSWORD, "new_password": OTHER_PASSWORD})
    assert answer.status_code == 204
    assert here.me().status_code == 200
    problem(elsewhere.me(), 401, "session_invalid")
    problem(people.me(bearer(tokens["access_token"])), 401, "token_revoked")
    problem(people.post("/refresh", {"refresh_token": tokens["refresh_token"]}), 401, "refresh_invalid")


def test_a_new_password_needs_the_old_one(people):
    person = people.new()
    headers = person.bearer()
    problem(people.post("/password", {"current_password": "wrong", "new_password": OTHER_PASSWORD}, headers=headers),
            401, "login_failed")
    assert people.me(headers).status_code == 200
    assert person.login().status_code == 200


def test_guessing_the_old_password_is_slowed_as_guessing_at_the_door(people):
    person = people.new()
    headers = person.bearer()
    answers = [people.post("/password", {"current_password": f"guess {i}", "new_password": OTHER_PASSWORD}, headers=headers)
               for i in range(12)]  # the waits double: no machine is slow enough for all of them
    assert [a.status_code for a in answers[:5]] == [401] * 5
    slowed = [a for a in answers[5:] if a.status_code == 429]
    assert slowed and all(int(a.headers["retry-after"]) >= 1 for a in slowed)


def test_a_new_password_must_be_strong(people):
    person = people.new("ludwigvanbeet")
    headers = person.bearer()
    for password, kind in (("short", "password_too_short"), ("passwordpassword", "password_common"),
                           ("ludwigvanbeet 1", "password_derived")):
        answer = people.post("/password", {"current_password": PASSWORD, "new_password": password}, headers=headers)
        assert findings(answer, "password_weak") == {("#/new_password", kind)}
    assert person.login().status_code == 200


def test_a_new_password_is_set_by_who_is_signed_in_alone(people, anne):
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    problem(people.post("/password", body), 401, "credentials_required")
    problem(people.post("/password", body, headers={"X-API-Key": anne.api_key()["key"]}), 403, "proof_not_accepted")
    assert anne.login().status_code == 200


def test_of_two_changes_at_once_the_old_password_is_good_for_one(people):
    person = people.new()
    tokens = [person.bearer() for _ in range(4)]

    def change(i):
        return people.post("/password", {"current_password": PASSWORD, "new_password": f"new word of turn {i} kwx"},
                           headers=tokens[i]).status_code
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(change, range(4)))
    assert statuses.count(204) >= 1
    assert sum(person.login(password=f"new word of turn {i} kwx").status_code == 200 for i in range(4)) == 1


# Export and erasure.

def test_the_export_has_everything_and_no_secret(people):
    person = people.new(email="export@example.com")
    headers = person.bearer()
    browser = person.browser()
    key = person.api_key(headers, name="my key", scopes=["content:read"], networks=["192.0.2.0/24"])
    device = person.device(headers, "my phone")
    answer = people.get("/account", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="account.json"'
    assert "no-store" in answer.headers["cache-control"]
    body = answer.json()
    assert body["user"]["id"] == person.id and body["user"]["email"] == "export@example.com"
    assert {s["kind"] for s in body["sessions"]} == {"cookie", "token"}
    assert [(k["id"], k["name"], k["networks"]) for k in body["api_keys"]] == [(key["id"], "my key", "192.0.2.0/24")]
    assert [(d["id"], d["name"]) for d in body["devices"]] == [(device["id"], "my phone")]
    assert {"register", "auth_attempt", "key_create", "device_begin", "device_confirm"} <= {e["event"] for e in body["events"]}
    for secret in (PASSWORD, browser.session, key["key"], device["device_token"], "$argon2"):
        assert secret not in answer.text


def test_erasure_removes_the_person_and_all_access(gateway, people):
    person = people.new("erased.person", email="erased@example.com")
    tokens, browser = person.tokens(), person.browser()
    headers = bearer(tokens["access_token"])
    key = person.api_key(headers)
    device = person.device(headers)
    problem(people.delete("/account", {"password": "not this"}, headers=headers), 401, "login_failed")
    answer = browser.at("DELETE", "/account", json={"password": PASSWORD})
    assert answer.status_code == 204
    assert {n: v[1]["max-age"] for n, v in identity.set_cookies(answer).items()} == {"session": "0", "csrf": "0", "device": "0"}
    assert people.me(headers).status_code == 401
    problem(people.me({"X-API-Key": key["key"]}), 401, "api_key_invalid")
    problem(people.post("/refresh", {"refresh_token": tokens["refresh_token"]}), 401, "refresh_invalid")
    dump = "\n".join(map(str, itertools.chain.from_iterable(
        identity.query(gateway, f"SELECT * FROM {table}") for table in
        ("user", "session", "api_key", "device", "known_place", "attempt", "login"))))
    assert "erased" not in dump and key["start"] not in dump and device["id"] not in dump
    assert identity.query(gateway, "SELECT count(*) FROM audit WHERE name = 'erased.person'") == [(0,)]
    problem(person.login(), 401, "login_failed")
    assert people.register("erased.person", email="erased@example.com").status_code == 201, "the name is free again"


def test_erasure_is_for_who_is_signed_in(people, anne):
    problem(people.delete("/account", {"password": PASSWORD}), 401, "credentials_required")
    problem(people.delete("/account", {"password": PASSWORD}, headers={"X-API-Key": anne.api_key()["key"]}),
            403, "proof_not_accepted")
    assert findings(people.delete("/account", {}, headers=anne.bearer())) == {("#/password", "missing")}
    assert anne.login().status_code == 200


# What is sent is checked, each member of each body.

LONG = "x" * 1025
GOOD = {"username": "somebody.new", "password": PASSWORD}
KEY = {"name": "k"}
VIOLATIONS = [
    ("/register", {}, {("#/username", "missing"), ("#/password", "missing")}),
    ("/register", {**GOOD, "username": "ab"}, {("#/username", "string_pattern_mismatch")}),
    ("/register", {**GOOD, "username": "a" * 65}, {("#/username", "string_pattern_mismatch")}),
    ("/register", {**GOOD, "username": "with space"}, {("#/username", "string_pattern_mismatch")}),
    ("/register", {**GOOD, "username": "line\nbreak"}, {("#/username", "string_pattern_mismatch")}),
    ("/register", {**GOOD, "username": "ünïcode"}, {("#/username", "string_pattern_mismatch")}),
    ("/register", {**GOOD, "username": 12345}, {("#/username", "string_type")}),
    ("/register", {**GOOD, "username": None}, {("#/username", "string_type")}),
    ("/register", {**GOOD, "username": ["somebody"]}, {("#/username", "string_type")}),
    ("/register", {**GOOD, "password": ""}, {("#/password", "string_too_short")}),
    ("/register", {**GOOD, "password": LONG}, {("#/password", "string_too_long")}),
    ("/register", {**GOOD, "password": {}}, {("#/password", "string_type")}),
    ("/register", {**GOOD, "email": "no address"}, {("#/email", "format_error")}),
    ("/register", {**GOOD, "mode": "session"}, {("#/mode", "enum")}),
    ("/login", {}, {("#/username", "missing"), ("#/password", "missing")}),
    ("/login", {**GOOD, "username": ""}, {("#/username", "string_too_short")}),
    ("/login", {**GOOD, "username": "x" * 255}, {("#/username", "string_too_long")}),
    ("/login", {**GOOD, "mode": "none"}, {("#/mode", "enum")}),
    ("/login", {**GOOD, "remember": True}, {("#/remember", "extra_forbidden")}),
    ("/logout", {"all": "yes"}, {("#/all", "bool_type")}),
    ("/logout", {"everything": True}, {("#/everything", "extra_forbidden")}),
    ("/refresh", {"refresh_token": ""}, {("#/refresh_token", "string_too_short")}),
    ("/refresh", {"refresh_token": "x" * 257}, {("#/refresh_token", "string_too_long")}),
    ("/refresh", {"token": "x"}, {("#/token", "extra_forbidden")}),
    ("/password", {}, {("#/current_password", "missing"), ("#/new_password", "missing")}),
    ("/password", {"current_password": "x", "new_password": LONG}, {("#/new_password", "string_too_long")}),
    ("/devices", {"name": ""}, {("#/name", "string_too_short")}),
    ("/devices", {"name": "x" * 65}, {("#/name", "string_too_long")}),
    ("/devices", {"id": "x"}, {("#/id", "extra_forbidden")}),
    ("/devices/0000000000001", {}, {("#/device_token", "missing")}),
    ("/devices/0000000000001", {"device_token": "x" * 257}, {("#/device_token", "string_too_long")}),
    ("/keys", {}, {("#/name", "missing")}),
    ("/keys", {"name": "x" * 65}, {("#/name", "string_too_long")}),
    ("/keys", {**KEY, "scopes": []}, {("#/scopes", "too_short")}),
    ("/keys", {**KEY, "scopes": ["two words"]}, {("#/scopes/0", "string_pattern_mismatch")}),
    ("/keys", {**KEY, "scopes": ["a", "a"]}, {("#/scopes", "unique_items")}),
    ("/keys", {**KEY, "scopes": "content:read"}, {("#/scopes", "list_type")}),
    ("/keys", {**KEY, "scopes": ["s%d" % i for i in range(33)]}, {("#/scopes", "too_long")}),
    ("/keys", {**KEY, "tier": "no tier"}, {("#/tier", "string_pattern_mismatch")}),
    ("/keys", {**KEY, "expires_in": 59}, {("#/expires_in", "greater_than_equal")}),
    ("/keys", {**KEY, "expires_in": 3153600001}, {("#/expires_in", "less_than_equal")}),
    ("/keys", {**KEY, "expires_in": 60.5}, {("#/expires_in", "int_type")}),
    ("/keys", {**KEY, "expires_in": "60"}, {("#/expires_in", "int_type")}),
    ("/keys", {**KEY, "networks": []}, {("#/networks", "too_short")}),
    ("/keys", {**KEY, "networks": ["192.0.2.1", "nowhere"]}, {("#/networks/1", "format_error")}),
    ("/keys", {**KEY, "networks": ["10.0.0.0/33"]}, {("#/networks/0", "format_error")}),
    ("/keys", {**KEY, "rolls": "short"}, {("#/rolls", "string_too_short")}),
    ("/keys", {**KEY, "overlap": -1}, {("#/overlap", "greater_than_equal")}),
    ("/keys", {**KEY, "overlap": 2592001}, {("#/overlap", "less_than_equal")}),
]


def test_each_member_of_each_body_is_checked(people):
    headers, wrong = people.new().bearer(), []
    for path, body, expected in VIOLATIONS:
        got = findings(people.post(path, body, headers=headers))
        if got != expected:
            wrong.append((path, body, got))
    assert not wrong
    assert people.get("/keys", headers=headers).json()["keys"] == []


@pytest.mark.parametrize("body, kind", [
    (b"{", "json_invalid"), (b"[]", "dict_type"), (b'"text"', "dict_type"), (b"null", "dict_type"),
    (b'{"username": "abc", "username": "abd", "password": "x"}', "json_invalid"),
    (b'{"username": "a\xff\xfe", "password": "x"}', "json_invalid"), (b"", "missing"), (b"[" * 5000, "json_invalid"),
])
def test_bodies_that_are_no_object(people, body, kind):
    answer = people.http.post(people.at("/login"), content=body, headers={"Content-Type": "application/json"})
    assert findings(answer) == {("#", kind)}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                          "application/json; charset=utf-16", "application/xml", None])
def test_bodies_of_other_types(people, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    answer = people.http.post(people.at("/login"), content=json.dumps(GOOD).encode(), headers=headers)
    problem(answer, 415, "unsupported_media_type")
    assert answer.headers["accept"] == "application/json"


def test_bodies_that_are_too_large_or_compressed(people):
    problem(people.post("/login", {**GOOD, "username": "x" * 100000}), 413, "body_too_large")
    answer = people.http.post(people.at("/login"), json=GOOD, headers={"Content-Encoding": "gzip"})
    problem(answer, 415, "unsupported_content_coding")


def test_endpoints_without_a_body_take_none(people, anne):
    answer = people.http.request("GET", people.at("/me"), json={}, headers=anne.bearer())
    problem(answer, 400, "body_not_expected")


# Methods, paths, switches, prefix.

METHODS = {"/register": "POST", "/login": "POST", "/logout": "POST", "/refresh": "POST", "/password": "POST", "/me": "GET, HEAD",
           "/csrf": "GET, HEAD", "/sessions": "GET, HEAD, DELETE", "/sessions/0000000000001": "DELETE",
           "/devices": "GET, HEAD, POST", "/devices/0000000000001": "POST, DELETE", "/keys": "GET, HEAD, POST",
           "/keys/0000000000001": "DELETE", "/introspect": "POST", "/revoke": "POST", "/account": "GET, HEAD, DELETE",
           "/.well-known/jwks.json": "GET, HEAD"}


@pytest.mark.parametrize("path", METHODS)
def test_wrong_methods(people, upstream, path):
    before = len(upstream.requests)
    allowed = METHODS[path].split(", ")
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(allowed):
        answer = people.http.request(method, people.at(path))
        problem(answer, 405, "undeclared_method")
        assert sorted(answer.headers["allow"].split(", ")) == sorted(allowed)
    assert len(upstream.requests) == before


@pytest.mark.parametrize("path", ["/api/auth", "/api/auth/", "/api/auth/admin", "/api/auth/me/", "/api/auth/me/x",
                                  "/api/auth/sessions/a/b", "/api/auth/me;x=1", "/api/auth/%6De/x", "/x/../api/auth/users",
                                  "/api/./auth/users", "/%61pi/auth/users", "//api/auth/users", "/api//auth/users"])
def test_nothing_below_the_prefix_is_forwarded(gateway, upstream, path):
    before = len(upstream.requests)
    answer = gateway.exchange(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert answer.status == 404 and answer.json()["error"] == "route_not_found"
    assert len(upstream.requests) == before


def test_paths_beside_the_prefix_are_forwarded(gateway, upstream):
    before = len(upstream.requests)
    for path in ("/api/authors", "/api/auth2", "/.well-known/security.txt", "/api"):
        assert gateway.get(path).status_code == 200
    assert len(upstream.requests) == before + 4


SWITCHES = {"register": [("POST", "/register")], "login": [("POST", "/login")], "logout": [("POST", "/logout")],
            "refresh": [("POST", "/refresh")], "password": [("POST", "/password")], "me": [("GET", "/me")],
            "csrf": [("GET", "/csrf")], "sessions": [("GET", "/sessions"), ("DELETE", "/sessions/0000000000001")],
            "devices": [("GET", "/devices"), ("POST", "/devices/0000000000001")],
            "keys": [("POST", "/keys"), ("DELETE", "/keys/0000000000001")], "introspect": [("POST", "/introspect")],
            "revoke": [("POST", "/revoke")], "account": [("GET", "/account"), ("DELETE", "/account")],
            "jwks": [("GET", "/.well-known/jwks.json")]}


def test_each_endpoint_can_be_switched_off(gatehouse, upstream):
    """Below the prefix there is nothing then; the key set's path outside of it is the upstream's again."""
    off = gatehouse(settings({"endpoints": dict.fromkeys(SWITCHES, False)}), upstream=upstream, env=identity.ENV)
    people = identity.People(off)
    before = len(upstream.requests)
    for switch, rows in SWITCHES.items():
        for method, path in rows:
            answer = people.http.request(method, people.at(path))
            if switch != "jwks":
                problem(answer, 404, "route_not_found")
            else:
                assert answer.status_code == 200 and answer.text == "ok"
    assert len(upstream.requests) == before + 1


def test_one_switched_off_leaves_the_others(gatehouse, upstream):
    gateway = gatehouse(settings({"endpoints": {"register": False, "keys": False}}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    problem(people.register(), 404, "route_not_found")
    problem(people.get("/keys"), 404, "route_not_found")
    problem(people.post("/login", GOOD), 401, "login_failed")
    problem(people.me(), 401, "credentials_required")


def test_another_prefix(gatehouse, upstream):
    gateway = gatehouse(settings({"prefix": "/who/is"}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway, "/who/is")
    person = people.new()
    assert people.me(person.bearer()).status_code == 200
    problem(people.get("/nothing"), 404, "route_not_found")
    before = len(upstream.requests)
    assert gateway.get("/api/auth/me").text == "ok" and len(upstream.requests) == before + 1
    assert people.get("/.well-known/jwks.json").status_code == 200


def test_without_identity_the_paths_are_the_upstreams(gatehouse, upstream):
    gateway = gatehouse({}, upstream=upstream)
    before = len(upstream.requests)
    assert gateway.get("/api/auth/me").text == "ok" and gateway.get("/.well-known/jwks.json").text == "ok"
    assert len(upstream.requests) == before + 2
    assert not identity.data_folder(gateway).exists()


def test_a_route_of_the_configuration_does_not_hide_an_endpoint(gatehouse, upstream):
    gateway = gatehouse(settings(routes=[{"name": "all", "path": "/**", "require": {"user": True}}]), upstream=upstream,
                        env=identity.ENV)
    person = identity.People(gateway).new()
    assert person.login().status_code == 200
    problem(gateway.get("/echo"), 401, "credentials_required")


# Whose are these? Ids of others, ids of nobody and no ids at all.

@pytest.mark.parametrize("path", ["/sessions/{}", "/keys/{}", "/devices/{}"])
def test_ids_of_others_are_as_those_of_nobody(people, anne, path):
    other = people.new()
    tokens = other.tokens()
    headers = bearer(tokens["access_token"])
    ids = {"/sessions/{}": identity.jwt_parts(tokens["access_token"])[1]["sid"], "/keys/{}": other.api_key(headers)["id"],
           "/devices/{}": other.device(headers)["id"]}
    mine = anne.bearer()
    answers = [people.delete(path.format(i), headers=mine) for i in (ids[path], "0123456789abc", "x", "0" * 13, "%30" * 13)]
    for answer in answers:
        problem(answer, 404, "not_found")
    assert len({without_ids(a)[0] for a in answers}) == 1 and len({without_ids(a)[2] for a in answers}) == 1
    assert people.me(headers).status_code == 200
    assert people.delete(path.format(ids[path]), headers=headers).status_code == 204
