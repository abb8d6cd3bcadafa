"""Rate limits by who asks: user, session, API key, device and tier; who passes without; and nothing secret in a log."""
import json

import pytest

from support import identity
from support.identity import OTHER_PASSWORD, PASSWORD, bearer, problem, settings
from support.message import get

BEHIND_PROXY = {"client_address": {"trusted_proxies": ["127.0.0.1/32"], "source": "x-forwarded-for"}}


def rule(path, scope, limits=("3/hour",), **more):
    return {"name": path.strip("/"), "paths": [path], "scope": scope, "limits": list(limits), **more}


TIERS = {"premium": {"limits": ["5/hour"]}, "enterprise": {"limits": ["7/hour"]}}
RULES = [rule("/user", "user"), rule("/session", "session"), rule("/key", "api_key"), rule("/device", "device"),
         rule("/ip", "ip"), rule("/tiers", "user", tiers=TIERS), rule("/weighty", "user", ["10/hour"], weight=4),
         {"name": "both_user", "paths": ["/both"], "scope": "user", "limits": ["4/hour"]},
         {"name": "both_ip", "paths": ["/both"], "scope": "ip", "limits": ["2/hour"]},
         {"name": "login", "paths": ["/api/auth/csrf"], "scope": "ip", "limits": ["2/hour"]}]
ROLES = {"user": ["content:read"], "internal": ["limits:bypass"], "keeper": ["tiers:manage", "role:user"]}


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    config = settings({"roles": ROLES, "devices": {"anonymous": True, "anonymous_per_address": 1000}, "session": {"max_per_user": 0}},
                      rate_limits={"rules": RULES, "default_tier": "free"}, **BEHIND_PROXY)
    return shared_gatehouse(config, upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


ADDRESSES = ({"X-Forwarded-For": f"198.51.{a}.{b}"} for a in range(100, 200) for b in range(1, 255))


@pytest.fixture
def here():
    """An address nobody else comes from."""
    return next(ADDRESSES)


def statuses(people, path, headers, n):
    return [people.http.get(path, headers=headers).status_code for _ in range(n)]


def passes(people, path, headers, n):
    """So many pass, and no more."""
    assert statuses(people, path, headers, n + 1) == [200] * n + [429]


def test_by_user_whatever_the_proof_and_address(people, here):
    person = people.new()
    proofs = [person.bearer(), {"Cookie": f"session={person.browser().session}"}, {"X-API-Key": person.api_key()["key"]}, person.bearer()]
    answers = [people.http.get("/user", headers={**headers, **next(ADDRESSES)}).status_code for headers in proofs]
    assert answers == [200, 200, 200, 429]
    passes(people, "/user", people.new().bearer(), 3)


def test_by_session(people):
    person = people.new()
    one, two, tokens = person.browser(), person.browser(), person.tokens()
    for headers in ({"Cookie": f"session={one.session}"}, {"Cookie": f"session={two.session}"}):
        passes(people, "/session", headers, 3)
    assert statuses(people, "/session", bearer(tokens["access_token"]), 2) == [200] * 2
    fresh = people.post("/refresh", {"refresh_token": tokens["refresh_token"]}).json()["access_token"]
    assert statuses(people, "/session", bearer(fresh), 2) == [200, 429], "new tokens are the same session's"


def test_a_refreshed_cookie_is_the_same_session(people):
    browser = people.new().browser()
    assert statuses(people, "/session", {"Cookie": f"session={browser.session}"}, 2) == [200] * 2
    browser.http.post("/api/auth/refresh", headers={"Sec-Fetch-Site": "same-origin"})
    assert statuses(people, "/session", {"Cookie": f"session={browser.session}"}, 2) == [200, 429]


def test_by_key(people):
    person = people.new()
    one, two = person.api_key(), person.api_key()
    for key in (one, two):
        passes(people, "/key", {"X-API-Key": key["key"]}, 3)


@pytest.mark.parametrize("path", ["/user", "/session", "/key"])
def test_who_is_nobody_is_counted_by_address(people, path):
    here, there = next(ADDRESSES), next(ADDRESSES)
    passes(people, path, here, 3)
    passes(people, path, there, 3)
    made_up = {**here, "Cookie": "session=ghs_" + "A" * 80}
    assert statuses(people, path, made_up, 1) == [429], "a made-up session is nobody's"


def test_an_address_and_a_user_do_not_share_a_count(people, here):
    headers = {**people.new().bearer(), **here}
    passes(people, "/user", headers, 3)
    passes(people, "/user", here, 3)


@pytest.mark.parametrize("path", ["/session", "/key"])
def test_another_proof_than_what_is_counted_is_counted_by_address(people, path, here):
    """A key has no session and a session no key: what can't be counted by it is counted by where it comes from."""
    person = people.new()
    other = {"X-API-Key": person.api_key()["key"]} if path == "/session" else person.bearer()
    passes(people, path, {**other, **here}, 3)
    assert statuses(people, path, {**other, **next(ADDRESSES)}, 1) == [200]


def test_by_device(people, here):
    one, two = people.device(), people.device()
    problem(people.http.get("/device"), 400, "device_id_required")
    assert people.http.get("/device").json()["message"] == "Device ID required"
    for device in (one, two):
        passes(people, "/device", {"X-Device-Token": device["device_token"]}, 3)
    for headers in ({"X-Device-ID": one["id"]}, {"X-Device-ID": "x"}, {"X-Device-Token": "ghd_" + "A" * 80},
                    {"X-Device-Token": people.device(confirm=False)["device_token"]}, people.new().bearer()):
        problem(people.http.get("/device", headers=headers), 400, "device_id_required")
    answer = people.gateway.exchange(get("/device", [("X-Device-Token", one["device_token"]), ("X-Device-Token", two["device_token"])]))
    assert answer.status == 400, "two are none"


# Tiers.

def test_tiers_of_users(gateway, people):
    person = people.new()
    session = {"Cookie": f"session={person.browser().session}"}
    assert people.http.get("/tiers", headers=session).headers["ratelimit-policy"] == '"tiers";q=3;w=3600'
    identity.operator(gateway, "user", "tier", person.name, "premium")
    answer = people.http.get("/tiers", headers=session)
    assert answer.status_code == 200 and answer.headers["ratelimit-policy"] == '"tiers";q=5;w=3600'
    fresh = people.new()
    identity.operator(gateway, "user", "tier", fresh.name, "enterprise")
    passes(people, "/tiers", fresh.bearer(), 7)


def test_tiers_that_no_rule_knows_are_as_none(gateway, people):
    person = people.new()
    identity.operator(gateway, "user", "tier", person.name, "platinum")
    passes(people, "/tiers", person.bearer(), 3)


def test_a_tier_of_a_key_comes_before_its_users(gateway, people):
    person = people.new()
    identity.operator(gateway, "user", "role", person.name, "+keeper")
    key = person.api_key(tier="premium")
    assert people.http.get("/tiers", headers={"X-API-Key": key["key"]}).headers["ratelimit-policy"] == '"tiers";q=5;w=3600'
    assert people.http.get("/tiers", headers=person.bearer()).headers["ratelimit-policy"] == '"tiers";q=3;w=3600'


def test_a_tier_that_a_client_writes_counts_for_nothing(people):
    for name in ("X-Gatehouse-Tier", "X-Tier", "X-User-Tier", "Tier"):
        answer = people.http.get("/tiers", headers={**people.new().bearer(), name: "enterprise"})
        assert answer.headers["ratelimit-policy"] == '"tiers";q=3;w=3600'


# Passing without.

def test_who_may_pass_without_limits(gateway, people, here):
    person = people.new()
    key = {"X-API-Key": person.api_key()["key"]}
    narrow = {"X-API-Key": person.api_key(scopes=["content:read"])["key"]}
    passes(people, "/user", key, 3)
    identity.operator(gateway, "user", "role", person.name, "+internal")
    answer = people.http.get("/user", headers=key)
    assert answer.status_code == 200 and "ratelimit" not in answer.headers
    assert statuses(people, "/user", key, 10) == [200] * 10
    assert people.http.get("/device", headers=key).status_code == 200, "nothing is counted, so nothing is asked for"
    assert statuses(people, "/user", narrow, 1) == [429], "a key of some scopes has not got it"
    identity.operator(gateway, "user", "role", person.name, "-internal")
    assert statuses(people, "/user", key, 1) == [429]


def test_the_permission_is_not_in_a_star_that_nobody_named(people, gateway):
    """Nobody of the five roles out of the box passes without limits by chance."""
    person = people.new()
    assert "limits:bypass" not in people.me(person.bearer()).json()["permissions"]


# Several at once, and refusals of others.

def test_user_and_address_are_one_decision(people):
    """What one rule refuses the other does not charge."""
    one, two, here, there = people.new().bearer(), people.new().bearer(), next(ADDRESSES), next(ADDRESSES)
    assert statuses(people, "/both", {**one, **here}, 4) == [200, 200, 429, 429]
    assert statuses(people, "/both", {**one, **there}, 3) == [200, 200, 429]
    assert statuses(people, "/both", {**two, **there}, 1) == [429]


def test_weights(people):
    passes(people, "/weighty", people.new().bearer(), 2)


def test_requests_refused_for_another_reason_are_not_counted(people, here):
    person = people.new()
    session = {"Cookie": f"session={person.browser().session}"}
    for _ in range(5):
        problem(people.http.get("/user", headers=bearer("x")), 401, "token_invalid")
        problem(people.http.post("/user", headers=session), 403, "csrf_missing")
    passes(people, "/user", session, 3)


def test_endpoints_of_our_own_are_limited_as_any(people):
    here = next(ADDRESSES)
    answers = [people.get("/csrf", headers=here) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    problem(answers[2], 429, "rate_limit_exceeded")


def test_counts_outlive_a_reload(gateway, people, upstream):
    person = people.new()
    headers = person.bearer()
    assert statuses(people, "/user", headers, 2) == [200] * 2
    gateway.reload()
    assert statuses(people, "/user", headers, 2) == [200, 429]


# Nothing secret is written anywhere.

def test_no_secret_is_in_the_log_or_on_disk(gatehouse, upstream):
    """All that a day brings, then every line and every file is looked through."""
    config = settings({"devices": {"anonymous": True}, "upstream": {"assertion": True}, "token": {"refresh_grace": "0s"},
                       "attempts": {"max": 100}},
                      log={"format": "json", "access": True}, routes=[{"name": "m", "path": "/members", "require": {"user": True}}])
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new(email="somebody@example.com")
    tokens, browser = person.tokens(), person.browser()
    key, device = person.api_key(), person.device()
    wrong = "a wrong password 8812"
    secrets = [PASSWORD, OTHER_PASSWORD, wrong, identity.SECRET, tokens["access_token"], tokens["refresh_token"], browser.session, browser.csrf,
               key["key"], device["device_token"]]
    for _ in range(3):
        person.login(password=wrong)
        people.post("/login", {"username": wrong, "password": wrong})  # the password where the name should be
    for text in (tokens["access_token"], tokens["refresh_token"], key["key"], browser.session, device["device_token"]):
        for headers in (bearer(text), {"X-API-Key": text}, {"Cookie": f"session={text}; csrf={browser.csrf}"}, {"X-Device-Token": text},
                        {"X-CSRF-Token": text}, {"Authorization": text}, {"Authorization": f"Basic {text}"}):
            people.http.get("/members", headers=headers)
            people.http.post("/members", headers=headers)
        people.http.post(people.at("/revoke"), json={"token": text})
        people.http.post(people.at("/introspect"), data={"token": text}, headers={"Cookie": f"session={browser.session}"})
        people.post("/refresh", {"refresh_token": text})
        people.post(f"/devices/{device['id']}", {"device_token": text})
    people.post("/password", {"current_password": wrong, "new_password": OTHER_PASSWORD}, headers=bearer(tokens["access_token"]))
    people.post("/register", {"username": "x", "password": PASSWORD})
    people.http.post(people.at("/login"), content=json.dumps({"username": person.name, "password": PASSWORD})[:-1].encode(),
                     headers={"Content-Type": "application/json"})
    again = person.browser()
    secrets += [again.session, again.csrf]
    again.at("POST", "/password", json={"current_password": PASSWORD, "new_password": OTHER_PASSWORD})
    again.at("POST", "/logout")
    identity.operator(gateway, "user", "password", person.name, stdin=PASSWORD + "\n")
    metrics = gateway.admin("/metrics").text
    gateway.stop()
    assert len(gateway.access_lines()) > 40
    for where in (gateway.output(), metrics):
        for secret in secrets:
            assert secret not in where and secret.split(".")[-1][-20:] not in where
    for secret in secrets:
        assert identity.on_disk(gateway, secret) == []
