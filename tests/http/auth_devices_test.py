"""Devices: registered, confirmed in time, proved by a token; limits by device."""
import concurrent.futures

import pytest
from support import identity
from support.identity import problem, set_cookies, settings

RULES = {"rate_limits": {"rules": [{"name": "generate", "paths": ["/generate"], "scope": "device", "limits": ["3/hour"]}]},
         "routes": [{"name": "registered", "path": "/registered", "require": {"user": True, "device": True}}]}


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse(settings({"devices": {"max_per_user": 3}}, **RULES), upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


@pytest.fixture(scope="module")
def anonymous(shared_gatehouse, upstream):
    config = settings({"devices": {"anonymous": True, "anonymous_per_address": 4}}, **RULES)
    people = identity.People(shared_gatehouse(config, upstream=upstream, env=identity.ENV))
    yield people
    people.close()


def with_token(device, **more):
    return {"X-Device-Token": device["device_token"], **more}


def test_no_device_no_limit_to_count_by(people):
    problem(people.http.get("/generate"), 400, "device_id_required")
    assert people.http.get("/generate").json()["message"] == "Device ID required"


def test_an_id_alone_proves_nothing(people):
    device = people.new().device()
    problem(people.http.get("/generate", headers={"X-Device-ID": device["id"]}), 400, "device_id_required")
    problem(people.http.get("/generate", headers={"X-Device-ID": "anything"}), 400, "device_id_required")


def test_its_token_proves_it(people):
    device = people.new().device()
    assert people.http.get("/generate", headers=with_token(device)).status_code == 200
    assert people.http.get("/generate", headers=with_token(device, **{"X-Device-ID": device["id"]})).status_code == 200
    other = people.new().device()
    refused = people.http.get("/generate", headers=with_token(device, **{"X-Device-ID": other["id"]}))
    assert refused.status_code == 400, "two devices at once are none"


def test_each_device_has_its_own_limit(people):
    person = people.new()
    one, two = person.device(), person.device()
    assert [people.http.get("/generate", headers=with_token(one)).status_code for _ in range(4)] == [200] * 3 + [429]
    assert people.http.get("/generate", headers=with_token(two)).status_code == 200


def test_a_device_that_is_not_confirmed_counts_for_nothing(people):
    device = people.new().device(confirm=False)
    problem(people.http.get("/generate", headers=with_token(device)), 400, "device_id_required")


@pytest.mark.parametrize("change", [lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: "ghs_" + t[4:], lambda t: t[:40]])
def test_a_changed_token_is_none(people, change):
    device = people.new().device()
    problem(people.http.get("/generate", headers={"X-Device-Token": change(device["device_token"])}), 400, "device_id_required")


def test_confirming_needs_its_token_and_its_owner(people):
    ada, bob = people.new(), people.new()
    device, other = ada.device(confirm=False), ada.device(confirm=False)
    path = f"/devices/{device['id']}"
    wrong = people.post(path, {"device_token": other["device_token"]}, headers=ada.bearer())
    assert wrong.status_code in (404, 422), wrong.text
    problem(people.post(path, {"device_token": device["device_token"]}, headers=bob.bearer()), 404, "not_found")
    assert people.post(path, {"device_token": device["device_token"]}, headers=ada.bearer()).status_code == 200
    assert people.post(path, {"device_token": device["device_token"]}, headers=ada.bearer()).status_code == 200


def test_confirmed_too_late(gatehouse, upstream):
    gateway = gatehouse(settings(**RULES), upstream=upstream, env={**identity.ENV, "DEVICE_REGISTRATION_TIMEOUT": "60"})
    people = identity.People(gateway)
    person = people.new()
    device = person.device(confirm=False)
    assert device["expires_in"] == 60
    gateway.stop()
    identity.change(gateway, "UPDATE device SET expires_s = 1 WHERE expires_s > 0")
    people = identity.People(gatehouse(settings(**RULES), upstream=upstream, env=identity.ENV, folder=gateway.folder))
    person.people = people
    answer = people.post(f"/devices/{device['id']}", {"device_token": device["device_token"]}, headers=person.bearer())
    problem(answer, 410, "device_expired")


def test_a_browser_keeps_it_in_a_cookie(people):
    browser = people.new().browser()
    begun = browser.at("POST", "/devices", json={"name": "Ada's phone"}).json()
    confirmed = browser.at("POST", f"/devices/{begun['id']}", json={"device_token": begun["device_token"]})
    value, attributes = set_cookies(confirmed)["device"]
    assert value == begun["device_token"] and attributes["httponly"] and attributes["samesite"] == "Lax"
    assert browser.http.get("/generate").status_code == 200 and browser.http.get("/registered").status_code == 200
    (row,) = browser.at("GET", "/devices").json()["devices"]
    assert row["name"] == "Ada's phone" and row["confirmed"] and row["current"]


def test_a_route_may_demand_one(people):
    person = people.new()
    problem(people.http.get("/registered", headers=person.bearer()), 403, "device_required")
    device = person.device()
    assert people.http.get("/registered", headers={**person.bearer(), **with_token(device)}).status_code == 200


def test_somebody_else_s_device_is_none_of_mine(people):
    ada, bob = people.new(), people.new()
    refused = people.http.get("/registered", headers={**bob.bearer(), **with_token(ada.device())})
    problem(refused, 403, "device_required")


def test_removed_it_ends_its_sessions(people):
    person = people.new()
    device = person.device()
    tokens = person.tokens(headers=with_token(device))
    headers = identity.bearer(tokens["access_token"])
    assert people.me(headers).status_code == 200
    assert people.delete(f"/devices/{device['id']}", headers=person.bearer()).status_code == 204
    problem(people.http.get("/generate", headers=with_token(device)), 400, "device_id_required")
    problem(people.me(headers), 401, "token_revoked")


def test_the_last_place_goes_to_one(people):
    person = people.new()
    headers = person.bearer()
    for _ in range(2):
        person.device(headers=headers)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: people.post("/devices", {}, headers=headers), range(8)))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 7
    problem(next(a for a in answers if a.status_code == 409), 409, "too_many_devices")


def test_strangers_may_not_register_devices(people):
    problem(people.post("/devices", {}), 401, "credentials_required")


def test_anonymous_devices(anonymous):
    device = anonymous.device(headers={})
    assert anonymous.http.get("/generate", headers=with_token(device)).status_code == 200
    problem(anonymous.delete(f"/devices/{device['id']}"), 404, "not_found")
    assert anonymous.delete(f"/devices/{device['id']}", headers=with_token(device)).status_code == 204
    problem(anonymous.http.get("/generate", headers=with_token(device)), 400, "device_id_required")


def test_so_many_anonymous_devices_an_address(anonymous):
    answers = [anonymous.post("/devices", {}) for _ in range(6)]
    assert [a.status_code for a in answers[-2:]] == [409, 409]
    problem(answers[-1], 409, "too_many_devices")


# Whose they are, and what is kept of them.

BEHIND_PROXY = {"client_address": {"trusted_proxies": ["127.0.0.1/32"], "source": "x-forwarded-for"}}


def counts(people, headers):
    """Does it count as a device?"""
    answer = people.http.get("/generate", headers=headers)
    assert answer.status_code == 200 or problem(answer, 400, "device_id_required")
    return answer.status_code == 200


def test_the_token_is_nowhere_on_disk(gateway, people):
    device = people.new().device(name="a phone")
    token = device["device_token"]
    assert identity.on_disk(gateway, token) == [] and identity.on_disk(gateway, identity.unb64(token[4:])[12:44]) == []
    assert identity.query(gateway, "SELECT DISTINCT length(hash) FROM device") == [(16,)]


def test_ones_own_list(people):
    ada, bob = people.new(), people.new()
    headers = ada.bearer()
    phone, waiting = ada.device(headers, "ph\u00f6ne \U0001f4f1"), ada.device(headers, confirm=False)
    bob.device()
    answer = people.get("/devices", headers=headers)
    rows = {d["id"]: d for d in answer.json()["devices"]}
    assert set(rows) == {phone["id"], waiting["id"]} and answer.json()["more"] is False
    assert rows[phone["id"]]["name"] == "ph\u00f6ne \U0001f4f1" and rows[waiting["id"]]["name"] is None
    assert rows[phone["id"]]["confirmed"] and rows[phone["id"]]["expires_at"] is None
    assert not rows[waiting["id"]]["confirmed"] and rows[waiting["id"]]["expires_at"] is not None
    assert phone["device_token"] not in answer.text


def test_others_can_not_touch_it(people):
    ada, bob = people.new(), people.new()
    device = ada.device()
    for headers in (bob.bearer(), {**bob.bearer(), **with_token(device)}):
        problem(people.delete(f"/devices/{device['id']}", headers=headers), 404, "not_found")
    problem(people.delete(f"/devices/{device['id']}"), 401, "credentials_required")
    key = {"X-API-Key": ada.api_key()["key"]}
    for method, path, body in (("GET", "/devices", None), ("POST", "/devices", {}), ("DELETE", f"/devices/{device['id']}", None)):
        problem(people.http.request(method, people.at(path), json=body, headers=key), 403, "proof_not_accepted")
    assert counts(people, with_token(device))
    assert people.delete(f"/devices/{device['id']}", headers=ada.bearer()).status_code == 204
    problem(people.delete(f"/devices/{device['id']}", headers=ada.bearer()), 404, "not_found")


def test_those_that_wait_take_places_until_they_run_out(gatehouse, upstream):
    env = {**identity.ENV, "MAX_DEVICES_PER_USER": "2", "DEVICE_REGISTRATION_TIMEOUT": "60"}
    gateway = gatehouse(settings(**RULES), upstream=upstream, env=env)
    people = identity.People(gateway)
    person = people.new()
    headers = person.bearer()
    waiting = [person.device(headers, confirm=False) for _ in range(2)]
    problem(people.post("/devices", {}, headers=headers), 409, "too_many_devices")
    gateway.stop()
    identity.change(gateway, "UPDATE device SET expires_s = 1")
    people = identity.People(gatehouse(settings(**RULES), upstream=upstream, env=env, folder=gateway.folder))
    assert people.post("/devices", {}, headers=headers).status_code == 201
    assert waiting[0]["id"] not in people.get("/devices", headers=headers).text


def test_devices_and_their_ends_outlive_a_restart_and_a_kill(gatehouse, upstream):
    config = settings(**RULES)
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    headers = person.bearer()
    kept, gone, waiting = person.device(headers), person.device(headers), person.device(headers, confirm=False)
    assert people.delete(f"/devices/{gone['id']}", headers=headers).status_code == 204
    gateway = identity.restarted(gatehouse, gateway, config, kill=True, upstream=upstream)
    people = identity.People(gateway)
    assert counts(people, with_token(kept)) and not counts(people, with_token(gone)) and not counts(people, with_token(waiting))
    confirmed = people.post(f"/devices/{waiting['id']}", {"device_token": waiting["device_token"]}, headers=headers)
    assert confirmed.status_code == 200 and counts(people, with_token(waiting))
    assert people.post(f"/devices/{gone['id']}", {"device_token": gone["device_token"]}, headers=headers).status_code == 404


def test_tokens_in_several_fields(people):
    one, two = people.new().device(), people.new().device()
    twice = [("X-Device-Token", one["device_token"]), ("X-Device-Token", one["device_token"])]
    problem(people.http.get("/generate", headers=twice), 400, "device_id_required")
    me = people.new()
    mine = me.device()
    header_first = {**me.bearer(), **with_token(mine), "Cookie": f"device={two['device_token']}"}
    assert people.me(header_first).json()["device"] == mine["id"]
    assert people.me({**me.bearer(), "Cookie": f"device={mine['device_token']}"}).json()["device"] == mine["id"]


def test_an_erased_users_device_is_none(gateway, people):
    ada, bob = people.new(), people.new()
    of_ada, of_bob = ada.device(), bob.device()
    assert people.delete("/account", {"password": bob.password}, headers=bob.bearer()).status_code == 204
    assert not counts(people, with_token(of_bob)) and counts(people, with_token(of_ada))
    assert identity.query(gateway, "SELECT count(*) FROM device WHERE user NOT IN (SELECT id FROM user)") == [(0,)]


def test_an_anonymous_device_and_who_signs_in_on_it(gatehouse, upstream):
    """The session is bound to it, and ends with it."""
    gateway = gatehouse(settings({"devices": {"anonymous": True}}, **RULES), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    device, person = people.device(), people.new()
    tokens = person.tokens(headers=with_token(device))
    headers = identity.bearer(tokens["access_token"])
    assert people.me(headers).json()["device"] == device["id"] and counts(people, headers)
    assert people.delete(f"/devices/{device['id']}", headers=with_token(device)).status_code == 204
    problem(people.me(headers), 401, "token_revoked")


def test_a_signed_in_users_device_is_his_where_anonymous_ones_may_be(gatehouse, upstream):
    gateway = gatehouse(settings({"devices": {"anonymous": True}}, **RULES), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    device = person.device()
    assert [d["id"] for d in people.get("/devices", headers=person.bearer()).json()["devices"]] == [device["id"]]
    problem(people.delete(f"/devices/{device['id']}", headers=with_token(device)), 404, "not_found")
    waiting = people.device(confirm=False)
    problem(people.post(f"/devices/{waiting['id']}", {"device_token": waiting["device_token"]}, headers=person.bearer()), 404, "not_found")


def test_anonymous_devices_are_counted_by_network(gatehouse, upstream):
    gateway = gatehouse(settings({"devices": {"anonymous": True, "anonymous_per_address": 2}}, **RULES, **BEHIND_PROXY),
                        upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)

    def begin(address):
        return people.post("/devices", {}, headers={"X-Forwarded-For": address})
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        statuses = sorted(a.status_code for a in pool.map(begin, ["192.0.2.1"] * 6))
    assert statuses == [201] * 2 + [409] * 4, "no more than two, however many ask at once"
    assert begin("192.0.2.2").status_code == 201
    assert [begin(f"2001:db8:1:1::{i}").status_code for i in range(3)] == [201, 201, 409]
    assert begin("2001:db8:1:2::1").status_code == 201


def test_what_any_pages_form_can_send_begins_no_registration(anonymous):
    for content_type in ("text/plain", "application/x-www-form-urlencoded", None):
        headers = {"Content-Type": content_type, "Origin": "https://attacker.example"} if content_type else {}
        answer = anonymous.http.post(anonymous.at("/devices"), content=b"{}" if content_type else b"", headers=headers)
        assert answer.status_code in (415, 422), answer.text
