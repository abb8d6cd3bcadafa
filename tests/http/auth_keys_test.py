"""API keys: shown once, narrow, rolled over, revoked at once; the secret is nowhere but with its holder."""
import binascii
import concurrent.futures

import pytest

from support import identity
from support.identity import bearer, problem, settings
from support.message import get
from support.timing import eventually

BEHIND_PROXY = {"client_address": {"trusted_proxies": ["127.0.0.1/32"], "source": "x-forwarded-for"}}
ROUTES = {"routes": [{"name": "read", "path": "/read", "require": {"permissions": ["content:read"]}},
                     {"name": "write", "path": "/write", "require": {"permissions": ["content:create"]}},
                     {"name": "members", "path": "/members", "require": {"user": True}},
                     {"name": "browsers", "path": "/page", "require": {"proofs": ["session"]}}]}


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def config():
    return settings({"session": {"max_per_user": 0}}, **ROUTES, **BEHIND_PROXY)


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream, config):
    return shared_gatehouse(config, upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


@pytest.fixture
def person(people):
    return people.new()


def by_key(key, **more):
    return {"X-API-Key": key if isinstance(key, str) else key["key"], **more}


def create(people, headers, **body):
    return people.post("/keys", {"name": "a key", **body}, headers=headers)


# Made.

def test_a_key_is_made_and_lets_its_user_in(people, person):
    answer = create(people, person.bearer(), name="deploy")
    assert answer.status_code == 201 and "no-store" in answer.headers["cache-control"]
    key = answer.json()
    assert set(key) == {"key", "id", "name", "start", "scopes", "tier", "networks", "created_at", "last_used_at", "expires_at", "replaced_by"}
    assert key["name"] == "deploy" and key["scopes"] is key["tier"] is key["networks"] is key["expires_at"] is key["last_used_at"] is None
    assert key["key"].startswith(key["start"]) and key["start"].startswith("ghk_") and len(key["start"]) == 16
    me = people.me(by_key(key)).json()
    assert me["user"]["id"] == person.id and me["api_key"] == key["id"] and me["scopes"] is None


@pytest.mark.parametrize("fields", [[("X-API-Key", "{}")], [("x-api-key", "{}")], [("Authorization", "Bearer {}")],
                                    [("authorization", "bearer {}")]])
def test_ways_to_send_a_key(gateway, people, person, fields):
    key = person.api_key()["key"]
    answer = gateway.exchange(get("/members", [(n, v.format(key)) for n, v in fields]))
    assert answer.status == 200


def test_a_key_elsewhere_is_not_taken(people, person):
    key = person.api_key()["key"]
    for path, headers in ((f"/members?api_key={key}", {}), (f"/members?x-api-key={key}", {}), ("/members", {"Cookie": f"api_key={key}"}),
                          ("/members", {"Authorization": f"ApiKey {key}"}), ("/members", {"Authorization": key}),
                          ("/members", {"Cookie": f"session={key}"}), ("/members", {"X-Api-Key-Id": key}), ("/members", {"X_API_Key": key})):
        problem(people.http.get(path, headers=headers), 401, "credentials_required")


def test_keys_are_shown_once(people, person):
    headers = person.bearer()
    made = [person.api_key(headers, name=n) for n in ("one", "two")]
    answer = people.get("/keys", headers=headers)
    assert answer.json()["more"] is False
    listed = answer.json()["keys"]
    assert {k["id"]: k["name"] for k in listed} == {k["id"]: k["name"] for k in made}
    assert all("key" not in k for k in listed)
    for key in made:
        assert key["key"] not in answer.text and key["key"][16:] not in answer.text
        assert key["key"] not in people.get("/account", headers=headers).text


def test_keys_are_nowhere_on_disk(gateway, person):
    key = person.api_key()["key"]
    assert identity.on_disk(gateway, key) == [] and identity.on_disk(gateway, key[17:60]) == []
    [(kept,)] = identity.query(gateway, "SELECT hash_of_key FROM api_key WHERE start = ?", key[:16])
    assert type(kept) is bytes and len(kept) == 16


def test_keys_are_random_and_have_a_shape(person):
    headers = person.bearer()
    keys = [person.api_key(headers)["key"] for _ in range(4)]
    assert len({k[:16] for k in keys}) == len({k[17:] for k in keys}) == 4
    assert all(len(k) == 75 and set(k[4:]) <= set("0123456789abcdefghjkmnpqrstvwxyz") for k in keys)


def test_a_prefix_of_ones_own(gatehouse, upstream):
    gateway = gatehouse(settings({"api_keys": {"prefix": "acme"}}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    key = people.new().api_key()
    assert key["key"].startswith("acme_") and key["start"].startswith("acme_")
    assert people.me(bearer(key["key"])).json()["proof"] == "api_key"


def test_two_credentials_at_once(people, person):
    key = person.api_key()["key"]
    problem(people.http.get("/members", headers=by_key(key, **person.bearer())), 400, "credentials_conflict")
    problem(people.http.get("/members", headers=[("X-API-Key", key), ("X-API-Key", key)]), 400, "credentials_conflict")


def test_not_where_only_sessions_are_taken(people, person):
    problem(people.http.get("/page", headers=by_key(person.api_key())), 403, "proof_not_accepted")


# Wrong ones.

def test_keys_that_are_none(people, person):
    key = person.api_key()["key"]
    other = people.new().api_key()["key"]
    wrong = ["", "x", "ghk", "ghk_", "ghk_" + "0" * 71, key[:-1], key + "0", key.upper(), "GHK" + key[3:], key[4:], "ghx" + key[3:],
             key[:17] + other[17:], other[:17] + key[17:], " ".join(key), key.replace("_", "-"), "x" * 4000]
    wrong += [key[:i] + ("0" if key[i] != "0" else "1") + key[i + 1:] for i in (4, 10, 16, 17, 40, 67, 68, 74)]
    for text in wrong:
        answer = people.me(by_key(text))
        problem(answer, 401, "api_key_invalid")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert people.me(by_key(key)).status_code == 200


def test_a_forged_checksum_is_no_key(people, person):
    """The checksum finds slips of the pen, and lets nobody in: whoever makes one up is refused by the look-up."""
    key = person.api_key()["key"]
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    body = key[:20] + ("0" if key[20] != "0" else "1") + key[21:68]
    value = binascii.crc32(body.encode()).to_bytes(4, "big")
    bits = int.from_bytes(value, "big") << 3
    check = "".join(digits[bits >> shift & 31] for shift in range(30, -1, -5))
    whole = int.from_bytes(binascii.crc32(key[:68].encode()).to_bytes(4, "big"), "big") << 3
    assert "".join(digits[whole >> shift & 31] for shift in range(30, -1, -5)) == key[68:], "the test knows how it is made"
    problem(people.me(by_key(body + check)), 401, "api_key_invalid")


# Narrow.

def test_scopes_narrow_a_key(people, person):
    key = person.api_key(scopes=["content:read", "profile:read"])
    assert key["scopes"] == ["content:read", "profile:read"]
    me = people.me(by_key(key)).json()
    assert me["scopes"] == ["content:read", "profile:read"] and me["permissions"] == ["content:read", "profile:read"]
    assert people.http.get("/read", headers=by_key(key)).status_code == 200
    answer = people.http.get("/write", headers=by_key(key))
    problem(answer, 403, "insufficient_scope")
    assert 'scope="content:create"' in answer.headers["www-authenticate"]


def test_a_key_can_do_no_more_than_its_maker(gateway, people, person):
    headers = person.bearer()
    for scopes in (["users:manage"], ["content:read", "audit:read"], ["unknown"], ["*"], ["admin"]):
        problem(create(people, headers, scopes=scopes), 403, "insufficient_scope")
    problem(create(people, headers, tier="enterprise"), 403, "permission_required")
    assert people.get("/keys", headers=headers).json()["keys"] == []
    narrow = identity.operator(gateway, "token", "mint", "--user", person.name, "--scope", "content:read")
    problem(create(people, bearer(narrow)), 403, "proof_not_accepted")


def test_a_key_loses_what_its_user_loses(gateway, people, person):
    identity.operator(gateway, "user", "role", person.name, "+moderator")
    key = person.api_key(scopes=["content:moderate", "content:read"])
    assert "content:moderate" in people.me(by_key(key)).json()["permissions"]
    identity.operator(gateway, "user", "role", person.name, "-moderator")
    assert people.me(by_key(key)).json()["permissions"] == ["content:read"]


def test_a_tier_of_its_own_by_who_may(gateway, people, person):
    identity.operator(gateway, "user", "role", person.name, "+admin")
    key = person.api_key(tier="enterprise")
    assert key["tier"] == "enterprise" and people.me(by_key(key)).json()["user"]["tier"] == "enterprise"
    assert people.me(person.bearer()).json()["user"]["tier"] is None


@pytest.mark.parametrize("networks, address, status", [
    (["192.0.2.0/24"], "192.0.2.77", 200), (["192.0.2.0/24"], "192.0.3.1", 403), (["192.0.2.7"], "192.0.2.7", 200),
    (["192.0.2.7"], "192.0.2.8", 403), (["192.0.2.0/24", "2001:db8::/32"], "2001:db8:1::1", 200), (["2001:db8::/32"], "2001:db9::1", 403),
    (["192.0.2.0/24"], "::ffff:192.0.2.1", 200), (["0.0.0.0/0"], "198.51.100.1", 200), (["10.0.0.0/8"], "127.0.0.1", 403)])
def test_addresses_a_key_may_come_from(people, person, networks, address, status):
    key = person.api_key(networks=networks)
    answer = people.http.get("/members", headers=by_key(key, **{"X-Forwarded-For": address}))
    assert answer.status_code == status
    assert status == 200 or problem(answer, 403, "api_key_address")


def test_an_address_that_a_client_writes_counts_for_nothing(gatehouse, upstream):
    """Without a trusted proxy the address is the connection's."""
    gateway = gatehouse(settings(**ROUTES), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    key = people.new().api_key(networks=["192.0.2.0/24"])
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"):
        problem(people.http.get("/members", headers=by_key(key, **{name: "192.0.2.1"})), 403, "api_key_address")


def test_a_key_acts_for_no_person(people, person):
    """It is given to programs: it makes no keys, ends no sessions, sets no password, erases nobody."""
    key = person.api_key()
    for method, path, body in (("GET", "/keys", None), ("POST", "/keys", {"name": "k"}), ("DELETE", f"/keys/{key['id']}", None),
                               ("GET", "/sessions", None), ("DELETE", "/sessions", None), ("GET", "/devices", None),
                               ("POST", "/devices", {}), ("GET", "/account", None), ("POST", "/logout", {"all": True}),
                               ("DELETE", "/account", {"password": identity.PASSWORD}),
                               ("POST", "/password", {"current_password": identity.PASSWORD, "new_password": identity.OTHER_PASSWORD})):
        problem(people.http.request(method, people.at(path), json=body, headers=by_key(key)), 403, "proof_not_accepted")
    assert people.me(by_key(key)).status_code == 200


# Their end.

def test_a_revoked_key_is_refused_at_once(people, person):
    headers = person.bearer()
    key, other = person.api_key(headers), person.api_key(headers)
    assert people.me(by_key(key)).status_code == 200
    assert people.delete(f"/keys/{key['id']}", headers=headers).status_code == 204
    problem(people.me(by_key(key)), 401, "api_key_invalid")
    problem(people.delete(f"/keys/{key['id']}", headers=headers), 404, "not_found")
    assert people.me(by_key(other)).status_code == 200
    assert [k["id"] for k in people.get("/keys", headers=headers).json()["keys"]] == [other["id"]]


def test_a_key_expires(gatehouse, upstream, config):
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    key, other = person.api_key(expires_in=3600), person.api_key(expires_in=3600)
    assert people.me(by_key(key)).json()["expires_at"] == key["expires_at"] is not None
    gateway = identity.restarted(gatehouse, gateway, config, lambda g: identity.change(
        g, "UPDATE api_key SET expires_s = ? WHERE start = ?", identity.now() - 1, key["start"]), upstream=upstream)
    people = identity.People(gateway)
    problem(people.me(by_key(key)), 401, "api_key_invalid")
    assert people.me(by_key(other)).status_code == 200
    headers = bearer(people.post("/login", {"username": person.name, "password": identity.PASSWORD, "mode": "token"}).json()["access_token"])
    assert [k["id"] for k in people.get("/keys", headers=headers).json()["keys"]] == [other["id"]]


def test_the_longest_life(gatehouse, upstream):
    gateway = gatehouse(settings({"api_keys": {"max_lifetime": "2h"}}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    headers = people.new().bearer()
    answer = create(people, headers, expires_in=7201)
    assert identity.findings(answer) == {("#/expires_in", "less_than_equal")}
    before = identity.now()
    create(people, headers, expires_in=60)
    create(people, headers)
    lives = [e - before for (e,) in identity.query(gateway, "SELECT expires_s FROM api_key ORDER BY expires_s")]
    assert 60 <= lives[0] <= 70 and 7200 <= lives[1] <= 7210, "without a word: as long as may be"


def test_keys_and_their_ends_outlive_a_restart_and_a_kill(gatehouse, upstream, config):
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    headers = person.bearer()
    kept, ended = person.api_key(headers, scopes=["content:read"], networks=["127.0.0.0/8"]), person.api_key(headers)
    assert people.delete(f"/keys/{ended['id']}", headers=headers).status_code == 204
    for kill in (True, False):
        gateway = identity.restarted(gatehouse, gateway, config, kill=kill, upstream=upstream)
        people = identity.People(gateway)
        me = people.me(by_key(kept))
        assert me.status_code == 200 and me.json()["permissions"] == ["content:read"]
        problem(people.me(by_key(kept, **{"X-Forwarded-For": "192.0.2.1"})), 403, "api_key_address")
        problem(people.me(by_key(ended)), 401, "api_key_invalid")


# Rolled over.

def test_a_key_is_rolled_over(people, person):
    headers = person.bearer()
    old = person.api_key(headers, scopes=["content:read"], networks=["127.0.0.0/8"])
    answer = create(people, headers, name="the new one", rolls=old["id"], overlap=3600)
    assert answer.status_code == 201
    new = answer.json()
    assert new["scopes"] == ["content:read"] and new["networks"] == ["127.0.0.0/8"], "what is not said is as before"
    for key in (old, new):
        assert people.me(by_key(key)).json()["permissions"] == ["content:read"]
    listed = {k["id"]: k for k in people.get("/keys", headers=headers).json()["keys"]}
    assert listed[old["id"]]["replaced_by"] == new["id"] and listed[old["id"]]["expires_at"] is not None
    assert listed[new["id"]]["replaced_by"] is None and listed[new["id"]]["expires_at"] is None
    problem(create(people, headers, rolls=old["id"]), 404, "not_found")


def test_a_roll_over_without_overlap_ends_the_old_one_at_once(people, person):
    headers = person.bearer()
    old = person.api_key(headers)
    new = create(people, headers, rolls=old["id"], overlap=0).json()
    problem(people.me(by_key(old)), 401, "api_key_invalid")
    assert people.me(by_key(new)).status_code == 200


def test_after_the_overlap_the_old_one_is_over(gatehouse, upstream, config):
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    headers = people.new().bearer()
    old = create(people, headers).json()
    new = create(people, headers, rolls=old["id"], overlap=2).json()
    assert people.me(by_key(new)).status_code == 200
    eventually(lambda: people.me(by_key(old)).status_code == 401, "the end of the overlap")
    assert people.me(by_key(new)).status_code == 200


def test_nobody_rolls_somebody_elses_key(people, person):
    others = people.new().api_key()
    for rolls in (others["id"], "0123456789abc", "z" * 13):
        problem(create(people, person.bearer(), rolls=rolls), 404, "not_found")
    assert people.me(by_key(others)).status_code == 200


# How many, and when used.

def test_as_many_as_may_be(gatehouse, upstream):
    gateway = gatehouse(settings({"api_keys": {"max_per_user": 2}}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    headers = people.new().bearer()
    first = create(people, headers).json()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(lambda _: create(people, headers).status_code, range(8)))
    assert statuses == [201] + [409] * 7, "one winner for the last place"
    problem(create(people, headers), 409, "too_many_keys")
    assert create(people, headers, rolls=first["id"]).status_code == 201, "a roll-over takes no place"
    listed = people.get("/keys", headers=headers).json()["keys"]
    people.delete(f"/keys/{[k for k in listed if not k['replaced_by']][0]['id']}", headers=headers)
    assert create(people, headers).status_code == 201
    assert create(people, people.new().bearer()).status_code == 201


def test_the_last_use_is_written_down(gatehouse, upstream, config):
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    headers = person.bearer()
    used, unused = person.api_key(headers), person.api_key(headers)
    assert people.me(by_key(used)).status_code == 200
    problem(people.me(by_key(unused["key"][:-1])), 401, "api_key_invalid")
    gateway.stop()
    rows = dict(identity.query(gateway, "SELECT start, used_s FROM api_key"))
    assert rows[used["start"]] >= identity.now() - 60 and rows[unused["start"]] == 0
    gateway = gatehouse(config, upstream=upstream, folder=gateway.folder, env=identity.ENV)
    people = identity.People(gateway)
    listed = {k["id"]: k["last_used_at"] for k in people.get("/keys", headers=headers).json()["keys"]}
    assert listed[used["id"]] is not None and listed[unused["id"]] is None


def test_keys_of_the_operator(gateway, people, person):
    text = identity.operator(gateway, "key", "create", person.name, "--name", "by the operator", "--scope", "content:read").splitlines()[-1]
    assert people.me(by_key(text)).json()["permissions"] == ["content:read"]
    [key] = people.get("/keys", headers=person.bearer()).json()["keys"]
    identity.operator(gateway, "key", "revoke", key["id"])
    problem(people.me(by_key(text)), 401, "api_key_invalid")


@pytest.mark.parametrize("name", ["ünïcödé", "\u2028", "a\tb", '"quotes"', "😀" * 16, "</script>"])
def test_names_are_for_people(people, person, name):
    headers = person.bearer()
    assert create(people, headers, name=name).json()["name"] == name
    assert [k["name"] for k in people.get("/keys", headers=headers).json()["keys"]] == [name]
