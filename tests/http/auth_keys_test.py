"""API keys: shown once, kept hashed, narrowed, limited to networks, rolled over, revoked."""
import concurrent.futures
import time

import pytest
from support import identity
from support.identity import bearer, problem, settings

ROUTES = {"routes": [{"name": "members", "path": "/members", "require": {"user": True}},
                     {"name": "writers", "path": "/write", "require": {"permissions": ["content:create"]}},
                     {"name": "readers", "path": "/read", "require": {"permissions": ["content:read"]}},
                     {"name": "browsers", "path": "/page", "require": {"proofs": ["session"]}}]}


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    config = settings({"api_keys": {"max_per_user": 3, "max_lifetime": "90d"}}, **ROUTES,
                      client_address={"trusted_proxies": ["127.0.0.1/32"], "source": "x-forwarded-for"})
    return shared_gatehouse(config, upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


def use(people, key, path="/members", **headers):
    return people.http.get(path, headers={"X-API-Key": key, **headers})


def test_by_either_field(people):
    key = people.new().api_key()["key"]
    assert use(people, key).status_code == 200
    assert people.http.get("/members", headers=bearer(key)).status_code == 200


def test_shown_once(people):
    person = people.new()
    made = person.api_key()
    listed = people.get("/keys", headers=person.bearer())
    assert listed.status_code == 200
    (row,) = listed.json()["keys"]
    assert "key" not in row and made["key"] not in listed.text
    assert row["id"] == made["id"] and made["key"].startswith(row["start"]) and len(row["start"]) < 20


@pytest.mark.parametrize("change", [lambda k: k[:-1] + ("0" if k[-1] != "0" else "1"), lambda k: k[:-1], lambda k: k + "0",
                                    lambda k: k[:20] + ("0" if k[20] != "0" else "1") + k[21:], str.upper,
                                    lambda k: k.replace("ghk_", "ghx_")],
                         ids=["end", "short", "long", "middle", "upper case", "prefix"])
def test_a_changed_key_is_none(people, change):
    key = people.new().api_key()["key"]
    problem(use(people, change(key)), 401, "api_key_invalid")


def test_two_credentials_at_once(people):
    person = people.new()
    key = person.api_key()["key"]
    problem(use(people, key, **person.bearer()), 400, "credentials_conflict")
    both = [("X-API-Key", key), ("X-API-Key", key)]
    problem(people.http.get("/members", headers=both), 400, "credentials_conflict")


def test_scopes_narrow(people):
    person = people.new()
    reader = person.api_key(scopes=["content:read"])["key"]
    assert use(people, reader, "/read").status_code == 200
    refused = use(people, reader, "/write")
    assert refused.status_code == 403 and refused.json()["error"] in ("permission_required", "insufficient_scope")
    everything = person.api_key()["key"]
    assert use(people, everything, "/write").status_code == 200


def test_a_scope_that_one_does_not_have(people):
    person = people.new()
    answer = people.post("/keys", {"name": "x", "scopes": ["users:manage"]}, headers=person.bearer())
    assert answer.status_code == 403, answer.text
    assert 'scope="users:manage"' in answer.headers["WWW-Authenticate"]


def test_a_key_makes_no_keys_and_changes_no_account(people):
    person = people.new()
    key = {"X-API-Key": person.api_key()["key"]}
    for method, path, body in (("POST", "/keys", {"name": "x"}), ("GET", "/keys", None), ("GET", "/sessions", None),
                               ("POST", "/password", {"current_password": person.password, "new_password": identity.OTHER_PASSWORD}),
                               ("DELETE", "/account", {"password": person.password}), ("GET", "/account", None)):
        answer = people.http.request(method, people.at(path), json=body, headers=key)
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"


def test_not_where_only_sessions_are_taken(people):
    problem(use(people, people.new().api_key()["key"], "/page"), 403, "proof_not_accepted")


def test_only_from_its_networks(people):
    key = people.new().api_key(networks=["192.0.2.0/24", "2001:db8::/32"])["key"]
    assert use(people, key, **{"X-Forwarded-For": "192.0.2.77"}).status_code == 200
    assert use(people, key, **{"X-Forwarded-For": "2001:db8::9"}).status_code == 200
    problem(use(people, key, **{"X-Forwarded-For": "198.51.100.1"}), 403, "api_key_address")
    problem(use(people, key[:-1] + "x", **{"X-Forwarded-For": "198.51.100.1"}), 401, "api_key_invalid")


@pytest.mark.parametrize("body, pointer", [({"networks": ["192.0.2.0/33"]}, "networks"), ({"networks": ["x"]}, "networks"),
                                           ({"expires_in": 1}, "expires_in"), ({"expires_in": 91 * 86400}, "expires_in"),
                                           ({"scopes": [""]}, "scopes"), ({"more": 1}, "more")], ids=str)
def test_what_is_not_right_is_named(people, body, pointer):
    answer = people.post("/keys", {"name": "x", **body}, headers=people.new().bearer())
    problem(answer, 422, "validation_error")
    assert pointer in answer.text


def test_longest_life(people):
    made = people.new().api_key()
    assert made["expires_at"] is not None, "max_lifetime bounds a key that asks for none"


def test_a_roll_over_has_an_overlap(people):
    person = people.new()
    old = person.api_key(scopes=["content:read"])
    new = person.api_key(rolls=old["id"], overlap=60)
    assert new["scopes"] == ["content:read"], "what is not said is as before"
    assert use(people, old["key"]).status_code == 200 and use(people, new["key"]).status_code == 200
    at_once = person.api_key(rolls=new["id"], overlap=0)
    problem(use(people, new["key"]), 401, "api_key_invalid")
    assert use(people, at_once["key"]).status_code == 200


def test_revoked_at_once_and_after_a_restart(gatehouse, upstream):
    gateway = gatehouse(settings(**ROUTES), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    kept, gone = person.api_key(), person.api_key()
    assert people.delete(f"/keys/{gone['id']}", headers=person.bearer()).status_code == 204
    problem(use(people, gone["key"]), 401, "api_key_invalid")
    gateway.process.kill()
    gateway.process.wait()
    again = gatehouse(settings(**ROUTES), upstream=upstream, env=identity.ENV, folder=gateway.folder)
    people = identity.People(again)
    problem(use(people, gone["key"]), 401, "api_key_invalid")
    assert use(people, kept["key"]).status_code == 200


def test_other_people_s_keys_are_not_there(people):
    ada, bob = people.new(), people.new()
    key = ada.api_key()
    problem(people.delete(f"/keys/{key['id']}", headers=bob.bearer()), 404, "not_found")
    problem(people.post("/keys", {"name": "x", "rolls": key["id"]}, headers=bob.bearer()), 404, "not_found")
    assert use(people, key["key"]).status_code == 200


def test_the_last_place_goes_to_one(people):
    person = people.new()
    headers = person.bearer()
    for _ in range(2):
        person.api_key(headers=headers)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: people.post("/keys", {"name": "x"}, headers=headers), range(8)))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 7
    assert {a.json()["error"] for a in answers if a.status_code == 409} == {"too_many_keys"}


def test_last_use_is_told(people):
    person = people.new()
    key = person.api_key()
    use(people, key["key"])
    (row,) = people.get("/keys", headers=person.bearer()).json()["keys"]
    assert row["last_used_at"] is None or row["last_used_at"].startswith(time.strftime("%Y-", time.gmtime()))


def test_nothing_of_it_is_in_the_folder(gateway, people):
    person = people.new()
    key, tokens, browser = person.api_key()["key"], person.tokens(), person.browser()
    secrets = [key, tokens["refresh_token"], tokens["access_token"], browser.session, person.password]
    for file in (gateway.folder / "gatehouse-data").iterdir():
        data = file.read_bytes() if file.is_file() else b""
        for secret in secrets:
            assert secret.encode() not in data and secret[-24:].encode() not in data, file.name
    said = gateway.output()
    assert not any(secret in said for secret in secrets)
