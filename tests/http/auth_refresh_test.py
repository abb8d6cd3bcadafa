"""Refreshing: each token is good once, two tabs at once get the same successor, and a copy that turns up later ends all."""
import concurrent.futures
import os

import pytest

from support import identity
from support.identity import b64, bearer, jwt_parts, problem, set_cookies, settings, unb64
from support.timing import eventually

GRACE = 60


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse(settings({"token": {"refresh_grace": f"{GRACE}s"}}), upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


@pytest.fixture(scope="module")
def strict(shared_gatehouse, upstream):
    """Without a grace: used is used."""
    return identity.People(shared_gatehouse(settings({"token": {"refresh_grace": "0s"}}), upstream=upstream, env=identity.ENV))


def refresh(people, token, **kwargs):
    return people.post("/refresh", {"refresh_token": token}, **kwargs)


def after_the_grace(people, person):
    """As if the last refresh had been before the grace."""
    assert identity.change(people.gateway, "UPDATE session SET rotated_s = rotated_s - ? WHERE user = "
                           "(SELECT id FROM user WHERE name = ?)", GRACE + 1, person.name)


# Tokens.

def test_a_refresh_gives_new_tokens_of_the_same_session(people):
    person = people.new()
    first = person.tokens()
    answer = refresh(people, first["refresh_token"])
    assert answer.status_code == 200 and "set-cookie" not in answer.headers and "no-store" in answer.headers["cache-control"]
    second = answer.json()
    assert set(second) == set(first) and second["user"] == first["user"]
    assert second["refresh_token"] != first["refresh_token"] and second["access_token"] != first["access_token"]
    before, after = (jwt_parts(t["access_token"])[1] for t in (first, second))
    assert after["sid"] == before["sid"] and after["jti"] != before["jti"] and after["auth_time"] == before["auth_time"]
    for tokens in (first, second):
        assert people.me(bearer(tokens["access_token"])).status_code == 200


def test_a_chain_of_many(people):
    person = people.new()
    token = person.tokens()["refresh_token"]
    seen = {token}
    for _ in range(8):
        token = refresh(people, token).json()["refresh_token"]
        seen.add(token)
    assert len(seen) == 9


def test_the_same_token_gives_the_same_successor_for_a_while(people):
    person = people.new()
    old = person.tokens()["refresh_token"]
    answers = [refresh(people, old) for _ in range(3)]
    assert [a.status_code for a in answers] == [200] * 3
    assert len({a.json()["refresh_token"] for a in answers}) == 1
    assert len({a.json()["access_token"] for a in answers}) == 3
    assert refresh(people, answers[0].json()["refresh_token"]).status_code == 200


@pytest.mark.parametrize("n", [2, 12])
def test_many_at_once_get_one_successor(people, n):
    person = people.new()
    old = person.tokens()["refresh_token"]
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        answers = list(pool.map(lambda _: refresh(people, old), range(n)))
    assert [a.status_code for a in answers] == [200] * n
    assert len({a.json()["refresh_token"] for a in answers}) == 1
    assert all(people.me(bearer(a.json()["access_token"])).status_code == 200 for a in answers)
    [(number,)] = identity.query(people.gateway, "SELECT number FROM session JOIN user ON user.id = user WHERE user.name = ?", person.name)
    assert number == 1


def ended(people, person, tokens, *more):
    """Nothing of the family is good any more, and the trail says why."""
    for t in tokens:
        problem(refresh(people, t["refresh_token"]), 401, "refresh_invalid")
        problem(people.me(bearer(t["access_token"])), 401, "token_revoked")
    events = identity.query(people.gateway, "SELECT event FROM audit WHERE user = (SELECT id FROM user WHERE name = ?)", person.name)
    assert ("refresh_reuse",) in events


def test_an_old_token_after_the_grace_ends_the_family(people):
    """Somebody has a copy: who is the thief can't be told, so both are out."""
    person = people.new()
    first = person.tokens()
    bystander = person.tokens()
    second = refresh(people, first["refresh_token"]).json()
    after_the_grace(people, person)
    problem(refresh(people, first["refresh_token"]), 401, "refresh_reused")
    ended(people, person, [first, second])
    assert people.me(bearer(bystander["access_token"])).status_code == 200, "another login is another family"
    assert refresh(people, bystander["refresh_token"]).status_code == 200


def test_a_token_of_before_the_last_ends_the_family_within_the_grace_too(people):
    person = people.new()
    first = person.tokens()
    second = refresh(people, first["refresh_token"]).json()
    third = refresh(people, second["refresh_token"]).json()
    problem(refresh(people, first["refresh_token"]), 401, "refresh_reused")
    ended(people, person, [first, second, third])


def test_without_a_grace_the_second_use_ends_the_family(strict):
    person = strict.new()
    first = person.tokens()
    second = refresh(strict, first["refresh_token"]).json()
    problem(refresh(strict, first["refresh_token"]), 401, "refresh_reused")
    ended(strict, person, [first, second])


def test_without_a_grace_one_of_many_at_once_wins_and_all_end(strict):
    person = strict.new()
    first = person.tokens()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: refresh(strict, first["refresh_token"]), range(6)))
    assert sorted(a.status_code for a in answers) == [200] + [401] * 5
    winner = next(a for a in answers if a.status_code == 200).json()
    ended(strict, person, [first, winner])


def test_a_reused_token_tells_once(people):
    """Afterwards it is as any other that is not good."""
    person = people.new()
    first = person.tokens()
    refresh(people, first["refresh_token"])
    after_the_grace(people, person)
    problem(refresh(people, first["refresh_token"]), 401, "refresh_reused")
    problem(refresh(people, first["refresh_token"]), 401, "refresh_invalid")


def altered(token, at, value=None):
    raw = bytearray(unb64(token[4:]))
    raw[at] = raw[at] ^ 1 if value is None else value
    return token[:4] + b64(bytes(raw))


def test_what_was_not_made_here_ends_nothing(people):
    """An id is no secret: who knows it must not be able to end the session by a made-up token of it."""
    person = people.new()
    token = person.tokens()["refresh_token"]
    current = refresh(people, token).json()["refresh_token"]
    after_the_grace(people, person)
    forged = [altered(token, at) for at in (0, 7, 8, 11, 12, 30, 43, 44, 59)]
    forged += [altered(current, 11, n) for n in (0, 2, 255)]
    forged += [token[:4] + b64(unb64(token[4:])[:12] + os.urandom(48)), "ghs_" + token[4:], "ghd_" + token[4:], token[4:], token + "A",
               token[:-1], "ghr_", "ghr_" + "A" * 80, "x", "ghr_" + "/" * 80, token.upper()]
    for text in forged:
        problem(refresh(people, text), 401, "refresh_invalid")
    assert refresh(people, current).status_code == 200


def test_other_credentials_are_no_refresh_tokens(people):
    person = people.new()
    tokens = person.tokens()
    for text in (person.browser().session, person.api_key()["key"], person.device()["device_token"]):
        problem(refresh(people, text), 401, "refresh_invalid")
    assert identity.findings(refresh(people, tokens["access_token"])) == {("#/refresh_token", "string_too_long")}
    assert people.me(bearer(tokens["refresh_token"])).status_code == 401, "and it lets nobody in"
    assert people.me({"Cookie": f"session={tokens['refresh_token']}"}).status_code == 401


def test_a_refresh_token_elsewhere_is_not_taken(people):
    token = people.new().tokens()["refresh_token"]
    for path, headers in ((f"/refresh?refresh_token={token}", {}), ("/refresh", {"Authorization": f"Bearer {token}"}),
                          ("/refresh", {"Cookie": f"refresh_token={token}"})):
        problem(people.post(path, {}, headers=headers), 401, "credentials_required")


def test_a_refresh_with_an_expired_access_token_beside_it(people):
    """A client sends its old token with everything."""
    token = people.new().tokens()["refresh_token"]
    assert refresh(people, token, headers=bearer("expired")).status_code == 200


def test_a_family_of_a_device_needs_the_device(people):
    person = people.new()
    device = person.device()["device_token"]
    tokens = person.login(headers={"X-Device-Token": device}).json()
    other = person.device()["device_token"]
    for headers in ({}, {"X-Device-Token": other}, {"X-Device-Token": "ghd_" + "A" * 80}):
        problem(refresh(people, tokens["refresh_token"], headers=headers), 401, "refresh_invalid")
    answer = refresh(people, tokens["refresh_token"], headers={"X-Device-Token": device})
    assert answer.status_code == 200, "nothing was ended by who had no device"
    assert jwt_parts(answer.json()["access_token"])[1]["device"] == jwt_parts(tokens["access_token"])[1]["device"]


def test_a_thief_without_the_device_can_not_end_the_family(people):
    person = people.new()
    device = person.device()["device_token"]
    first = person.login(headers={"X-Device-Token": device}).json()["refresh_token"]
    second = refresh(people, first, headers={"X-Device-Token": device}).json()["refresh_token"]
    after_the_grace(people, person)
    problem(refresh(people, first), 401, "refresh_invalid")
    assert refresh(people, second, headers={"X-Device-Token": device}).status_code == 200


def test_families_end_by_age_and_idleness(gatehouse, upstream):
    config = settings({"token": {"access_lifetime": "10m", "refresh_lifetime": "30d", "refresh_idle": "14d"}})
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    names = ("idle", "used", "old", "nearly")
    persons = {n: people.new() for n in names}
    tokens = {n: p.tokens()["refresh_token"] for n, p in persons.items()}
    now, day = identity.now(), 86400

    def meanwhile(gateway):
        for n, column, value in (("idle", "used_s", now - 14 * day - 1), ("used", "used_s", now - 13 * day), ("old", "expires_s", now - 1),
                                 ("nearly", "expires_s", now + 200)):
            identity.change(gateway, f"UPDATE session SET {column} = ? WHERE user = (SELECT id FROM user WHERE name = ?)",
                            value, persons[n].name)
    gateway = identity.restarted(gatehouse, gateway, config, meanwhile, upstream=upstream)
    people = identity.People(gateway)
    for n in ("idle", "old"):
        problem(refresh(people, tokens[n]), 401, "refresh_invalid")
    assert refresh(people, tokens["used"]).json()["expires_in"] == 600
    nearly = refresh(people, tokens["nearly"]).json()
    assert 100 < nearly["expires_in"] <= 200 and nearly["refresh_expires_in"] <= 200, "no longer than the login lasts"


def test_families_and_their_ends_outlive_a_restart_and_a_kill(gatehouse, upstream):
    config = settings({"token": {"refresh_grace": "5m"}})
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    good, reused = people.new(), people.new()
    first, stolen = good.tokens(), reused.tokens()
    second = refresh(people, first["refresh_token"]).json()["refresh_token"]
    third = refresh(people, refresh(people, stolen["refresh_token"]).json()["refresh_token"]).json()
    problem(refresh(people, stolen["refresh_token"]), 401, "refresh_reused")
    gateway = identity.restarted(gatehouse, gateway, config, kill=True, upstream=upstream)
    people = identity.People(gateway)
    assert refresh(people, first["refresh_token"]).json()["refresh_token"] == second, "the same successor, after a kill too"
    problem(refresh(people, third["refresh_token"]), 401, "refresh_invalid")
    problem(people.me(bearer(third["access_token"])), 401, "token_revoked")
    assert refresh(people, second).status_code == 200


def test_refresh_tokens_are_nowhere_on_disk(gateway, people):
    first = people.new().tokens()["refresh_token"]
    second = refresh(people, first).json()["refresh_token"]
    for text in (first, second):
        assert identity.on_disk(gateway, text) == [] and identity.on_disk(gateway, unb64(text[4:])[12:44]) == []


def test_rights_that_changed_are_in_the_new_token(gateway, people):
    person = people.new()
    tokens = person.tokens()
    identity.operator(gateway, "user", "role", person.name, "+premium", "-user")
    fresh = refresh(people, tokens["refresh_token"]).json()
    assert fresh["user"]["roles"] == ["premium"] and jwt_parts(fresh["access_token"])[1]["roles"] == ["premium"]


def test_a_disabled_user_gets_none(gateway, people):
    person = people.new()
    tokens = person.tokens()
    identity.operator(gateway, "user", "disable", person.name)
    answer = refresh(people, tokens["refresh_token"])
    assert answer.status_code == 401 and "access_token" not in answer.text


# Browsers: the session's cookie.

def tab(browser):
    """Another tab: the cookies of now."""
    other = browser.people.browser()
    for cookie in browser.http.cookies.jar:
        other.http.cookies.jar.set_cookie(cookie)
    return other


def of_browser(browser):
    return browser.http.post("/api/auth/refresh", headers={"Sec-Fetch-Site": "same-origin"})


def test_a_browsers_session_goes_on_with_a_new_cookie(people):
    browser = people.new().browser()
    before, session = browser.session, browser.me().json()["session"]
    answer = of_browser(browser)
    assert answer.status_code == 200 and set(answer.json()) == {"csrf_token", "expires_in", "user"}
    cookies = set_cookies(answer)
    assert cookies["session"][1]["httponly"] is True and 0 < int(cookies["session"][1]["max-age"]) <= 86400
    assert browser.session != before and browser.me().json()["session"] == session
    assert browser.at("POST", "/logout").status_code == 204, "with the CSRF token of the answer"


def test_the_csrf_token_of_before_stays_good(people):
    """It is of the session, which is the same: a form of another tab still works."""
    browser = people.new().browser()
    old = browser.csrf
    of_browser(browser)
    assert browser.at("POST", "/logout", csrf=False, headers={"X-CSRF-Token": old}).status_code == 204


def test_two_tabs_at_once_stay_signed_in(people):
    browser = people.new().browser()
    other = tab(browser)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(of_browser, (browser, other)))
    assert [a.status_code for a in answers] == [200, 200]
    assert browser.session == other.session
    assert browser.me().status_code == other.me().status_code == 200


def test_what_is_under_way_with_the_old_cookie_goes_through(people):
    browser = people.new().browser()
    slow = tab(browser)
    of_browser(browser)
    assert slow.me().status_code == 200
    assert of_browser(slow).status_code == 200 and slow.session == browser.session


def test_an_old_cookie_after_the_grace_is_no_session(strict):
    browser = strict.new().browser()
    thief = tab(browser)
    of_browser(browser)
    eventually(lambda: thief.me().status_code == 401, "the end of the grace")
    problem(of_browser(thief), 401, "session_invalid")


def test_a_refusal_clears_no_cookie(people):
    """The cookie may be another tab's newer one by then."""
    browser = people.browser()
    browser.http.cookies.set("session", "ghs_" + "A" * 80)
    answer = of_browser(browser)
    problem(answer, 401, "session_invalid")
    assert "set-cookie" not in answer.headers


def test_a_refresh_of_nobody(people):
    problem(people.post("/refresh", {}), 401, "credentials_required")
    problem(people.post("/refresh", headers={"Sec-Fetch-Site": "same-origin"}), 401, "credentials_required")


def test_a_token_in_the_body_comes_before_the_cookie(people):
    person = people.new()
    browser = person.browser()
    tokens = person.tokens()
    answer = browser.http.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert answer.status_code == 200 and "access_token" in answer.json() and "set-cookie" not in answer.headers
