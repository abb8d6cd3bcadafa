"""Sessions: what the cookies say, new at each sign-in, their ends, the list of one's own, and how many there may be."""
import concurrent.futures
import os

import pytest

from support import identity
from support.identity import PASSWORD, bearer, problem, set_cookies, settings
from support.message import get
from support.timing import eventually

ROUTES = {"routes": [{"name": "members", "path": "/members/**", "require": {"user": True}}]}


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse(settings({"session": {"max_per_user": 4}, "attempts": {"max": 100}}, **ROUTES), upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


def cookie(secret, name="session"):
    return {"Cookie": f"{name}={secret}"}


# What the cookies say.

SECURE = {"path": "/", "secure": True, "samesite": "Lax"}


def test_the_log_says_when_a_browser_will_not_stay_signed_in(gatehouse, upstream):
    """Secure cookies that came over http from elsewhere than the machine itself: the login looks good, and nobody is in."""
    hosts = {"allowed": ["127.0.0.1", "localhost", "[::1]", "app.example"]}
    gateway = gatehouse(settings({"session": {"insecure_cookies": False}}, hosts=hosts), upstream=upstream, env=identity.ENV)
    person = identity.People(gateway).new()
    for n, (host, mode, dropped) in enumerate([("app.example", "cookie", True), ("app.example:8080", "cookie", True), ("app.example", "token", False),
                                               ("localhost:8080", "cookie", False), ("127.0.0.1", "cookie", False), ("[::1]:8080", "cookie", False)]):
        answer = person.login(mode=mode, headers={"Host": host, "User-Agent": f"browser {n}"})
        assert answer.status_code == 200
        line = gateway.wait_for_log(lambda e: e["type"] == "access" and e.get("user_agent") == f"browser {n}", "the login")
        assert ("put TLS before Gatehouse" in line.get("detail", "")) == dropped, host


def test_cookies_are_bound_to_host_https_and_site(gatehouse, upstream):
    gateway = gatehouse(settings({"session": {"insecure_cookies": False}}), upstream=upstream, env=identity.ENV)
    person = identity.People(gateway).new()
    cookies = set_cookies(person.login("cookie"))
    assert set(cookies) == {"__Host-session", "__Host-csrf"}
    assert cookies["__Host-session"][1] == {**SECURE, "httponly": True, "max-age": "86400"}
    assert cookies["__Host-csrf"][1] == {**SECURE, "max-age": "86400"}, "pages read it"
    secret = cookies["__Host-session"][0]
    assert person.people.me(cookie(secret, "__Host-session")).status_code == 200
    for other in ("session", "__host-session", "__HOST-SESSION", "__Secure-session", "x__Host-session"):
        problem(person.people.me(cookie(secret, other)), 401, "credentials_required")
    ended = person.people.post("/logout", headers={**cookie(secret, "__Host-session"), "X-CSRF-Token": cookies["__Host-csrf"][0]})
    assert set_cookies(ended) == {"__Host-session": ("", {**SECURE, "httponly": True, "max-age": "0"}),
                                  "__Host-csrf": ("", {**SECURE, "max-age": "0"})}


def test_cookies_for_localhost(people):
    cookies = set_cookies(people.new().login("cookie"))
    assert set(cookies) == {"session", "csrf"}
    assert cookies["session"][1] == {"path": "/", "samesite": "Lax", "httponly": True, "max-age": "86400"}
    assert cookies["csrf"][1] == {"path": "/", "samesite": "Lax", "max-age": "86400"}


def test_cookies_by_settings(gatehouse, upstream):
    gateway = gatehouse(settings({"session": {"cookie": "sid", "same_site": "strict", "max_age": "10m"}}), upstream=upstream,
                        env={**identity.ENV})
    person = identity.People(gateway).new()
    cookies = set_cookies(person.login("cookie"))
    assert cookies["sid"][1] == {"path": "/", "samesite": "Strict", "httponly": True, "max-age": "600"}
    assert person.people.me(cookie(cookies["sid"][0], "sid")).status_code == 200


def test_the_sources_variables(gatehouse, upstream):
    gateway = gatehouse(settings(), upstream=upstream, env={**identity.ENV, "MAX_SESSION_AGE": "120", "SESSION_CLEANUP_INTERVAL": "1"})
    person = identity.People(gateway).new()
    answer = person.login("cookie")
    assert answer.json()["expires_in"] == 120 and set_cookies(answer)["session"][1]["max-age"] == "120"


# Secrets.

def test_secrets_are_long_and_random(people):
    person = people.new()
    secrets = {person.browser().session for _ in range(4)}
    assert len(secrets) == 4
    raw = [identity.unb64(s[4:]) for s in secrets]
    assert all(len(r) == 60 for r in raw) and len({r[12:44] for r in raw}) == 4


def test_secrets_are_nowhere_on_disk(gateway, people):
    browser = people.new().browser()
    assert browser.me().status_code == 200
    assert identity.on_disk(gateway, browser.session) == []
    assert identity.on_disk(gateway, identity.unb64(browser.session[4:])[12:44]) == []
    assert identity.on_disk(gateway, browser.csrf) == []


def test_changed_secrets_are_nobodys(people):
    person = people.new()
    secret = person.browser().session
    assert people.me(cookie(secret)).status_code == 200
    wrong = [secret[:i] + ("A" if secret[i] != "A" else "B") + secret[i + 1:] for i in (4, 9, 15, 21, 40, 63, 70, 83)]
    wrong += [secret[:-1], secret + "A", secret.lower(), "ghr_" + secret[4:], "ghd_" + secret[4:], secret[4:], secret[:4],
              secret + "=", secret.replace(secret[10], "%" + format(ord(secret[10]), "02X")), "x" * 4096]
    for text in wrong:
        answer = people.me(cookie(text))
        assert answer.status_code == 401 and answer.json()["error"] in ("session_invalid", "credentials_required"), text


def test_secrets_of_another_kind_are_no_sessions(people):
    person = people.new()
    tokens = person.tokens()
    device = person.device()
    for text in (tokens["refresh_token"], tokens["access_token"], device["device_token"], person.api_key()["key"]):
        assert people.me(cookie(text)).status_code == 401
    for headers in (bearer(person.browser().session), {"X-API-Key": person.browser().session}, {"Authorization": person.browser().session}):
        assert people.me(headers).status_code == 401


# New at each sign-in.

def test_a_sign_in_is_a_new_session_and_ends_the_browsers_old_one(people):
    person = people.new()
    browser = person.browser()
    before, csrf = browser.session, browser.csrf
    assert person.login("cookie", client=browser.http).status_code == 200
    assert browser.session != before and browser.csrf != csrf
    assert identity.unb64(browser.session[4:])[:8] != identity.unb64(before[4:])[:8], "the id is new, too"
    problem(people.me(cookie(before)), 401, "session_invalid")
    assert browser.me().status_code == 200


def test_signing_in_as_somebody_else_ends_the_first_ones_session(people):
    one, two = people.new(), people.new()
    browser = one.browser()
    before = browser.session
    assert two.login("cookie", client=browser.http).status_code == 200
    assert browser.me().json()["user"]["id"] == two.id
    problem(people.me(cookie(before)), 401, "session_invalid")


def test_registering_in_a_browser_is_a_new_session(people):
    browser = people.new().browser()
    before = browser.session
    answer = people.register(client=browser.http, mode="cookie")
    assert answer.status_code == 201 and browser.session != before
    assert browser.me().json()["user"]["id"] == answer.json()["user"]["id"]


def test_a_failed_sign_in_ends_nothing(people):
    person = people.new()
    browser = person.browser()
    problem(person.login("cookie", password="wrong", client=browser.http), 401, "login_failed")
    assert browser.me().status_code == 200


def test_a_sign_in_for_tokens_leaves_the_browsers_session(people):
    person = people.new()
    browser = person.browser()
    assert person.login("token", client=browser.http).status_code == 200
    assert browser.me().status_code == 200


def test_a_planted_session_does_not_become_the_victims(people):
    """Session fixation: the attacker's own session, or one that he made up, in the victim's browser."""
    attacker, victim = people.new(), people.new()
    planted = attacker.browser().session
    for secret in (planted, "ghs_" + identity.b64(os.urandom(60)), "x"):
        browser = people.browser()
        browser.http.cookies.set("session", secret)
        answer = victim.login("cookie", client=browser.http)
        assert answer.status_code == 200 and set_cookies(answer)["session"][0] != secret
        status = people.me(cookie(secret))
        assert status.status_code == 401
    assert victim.browser().me().json()["user"]["id"] == victim.id


def test_a_planted_cookie_beside_the_real_one_locks_nobody_out(people):
    """A cookie of another path or an older set-up comes first; the one that is good counts."""
    person, attacker = people.new(), people.new()
    secret, ended = person.browser().session, attacker.browser()
    old = ended.session
    ended.at("POST", "/logout")
    for planted in (old, "ghs_" + "A" * 80, "x", ""):
        for pair in (f"session={planted}; session={secret}", f"session={secret}; session={planted}"):
            answer = people.me({"Cookie": pair})
            assert answer.status_code == 200 and answer.json()["user"]["id"] == person.id, pair
    raw = people.gateway.exchange(get("/api/auth/me", [("Cookie", f"session={old}"), ("Cookie", f"a=b; session={secret}")]))
    assert raw.status == 200


# Their ends.

def age(gateway, person, **columns):
    """Sets columns of a user's sessions while the gateway stands still."""
    for column, value in columns.items():
        assert identity.change(gateway, f"UPDATE session SET {column} = ? WHERE user = (SELECT id FROM user WHERE name = ?)",
                               value, person.name) >= 1


def test_idle_and_old_sessions_are_over(gatehouse, upstream):
    config = settings({"session": {"idle_timeout": "30m", "max_age": "24h"}}, **ROUTES)
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    persons = {what: identity.People(gateway).new() for what in ("used", "idle", "old", "young", "tokens")}
    secrets = {what: person.browser().session for what, person in persons.items() if what != "tokens"}
    tokens = persons["tokens"].tokens()
    now = identity.now()

    def meanwhile(gateway):
        age(gateway, persons["used"], used_s=now - 1700)
        age(gateway, persons["idle"], used_s=now - 1801)
        age(gateway, persons["old"], expires_s=now - 1)
        age(gateway, persons["young"], expires_s=now + 3600)
        age(gateway, persons["tokens"], used_s=now - 1801)
    gateway = identity.restarted(gatehouse, gateway, config, meanwhile, upstream=upstream)
    people = identity.People(gateway)
    for what in ("used", "young"):
        assert people.me(cookie(secrets[what])).status_code == 200
    for what in ("idle", "old"):
        problem(people.me(cookie(secrets[what])), 401, "session_invalid")
        problem(gateway.get("/members/x", headers=cookie(secrets[what])), 401, "session_invalid")
        assert gateway.get("/", headers=cookie(secrets[what])).status_code == 200, "public pages stay public"
        assert upstream.requests[-1].get("X-Gatehouse-Auth") == "none"
        problem(people.post("/refresh", headers={**cookie(secrets[what]), "Sec-Fetch-Site": "same-origin"}), 401, "session_invalid")
    assert people.post("/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 200, "tokens have times of their own"


def test_use_keeps_a_session_alive_but_no_longer_than_its_age(gatehouse, upstream):
    config = settings({"session": {"idle_timeout": "30m", "max_age": "24h"}})
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    person = identity.People(gateway).new()
    secret = person.browser().session
    for round_ in range(2):
        now = identity.now()
        gateway = identity.restarted(gatehouse, gateway, config, lambda g: age(g, person, used_s=now - 1700), upstream=upstream)
        assert identity.People(gateway).me(cookie(secret)).status_code == 200
    gateway.stop()
    [(used, expires, created)] = identity.query(gateway, "SELECT used_s, expires_s, created_s FROM session")
    assert used >= now and expires == created + 86400


def test_cleanup_removes_what_is_over(gatehouse, upstream):
    config = settings({"session": {"cleanup_interval": "1s"}})
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    persons = [identity.People(gateway).new() for _ in range(3)]
    for person in persons:
        person.browser()
    now = identity.now()

    def meanwhile(gateway):
        age(gateway, persons[0], expires_s=now - 1)
        age(gateway, persons[1], used_s=now - 1900)  # with shared records a use elsewhere may be news for a minute
    gateway = identity.restarted(gatehouse, gateway, config, meanwhile, upstream=upstream)
    eventually(lambda: identity.query(gateway, "SELECT user.name FROM session JOIN user ON user.id = user") == [(persons[2].name,)],
               "only the live session is left")


def test_sessions_and_their_ends_outlive_a_restart_and_a_kill(gatehouse, upstream):
    config = settings()
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    person = identity.People(gateway).new()
    kept, ending, tokens = person.browser(), person.browser(), person.tokens()
    ended = ending.session
    assert ending.at("POST", "/logout").status_code == 204
    assert identity.People(gateway).post("/logout", headers=bearer(tokens["access_token"])).status_code == 204
    for kill in (True, False):
        gateway = identity.restarted(gatehouse, gateway, config, kill=kill, upstream=upstream)
        people = identity.People(gateway)
        assert people.me(cookie(kept.session)).status_code == 200
        problem(people.me(cookie(ended)), 401, "session_invalid")
        problem(people.me(bearer(tokens["access_token"])), 401, "token_revoked")
        problem(people.post("/refresh", {"refresh_token": tokens["refresh_token"]}), 401, "refresh_invalid")


# Signing out.

def test_logout_ends_this_session_and_its_cookies(people):
    person = people.new()
    here, there = person.browser(), person.browser()
    secret = here.session
    answer = here.at("POST", "/logout")
    assert answer.status_code == 204 and answer.content == b""
    assert {n: (v, a["max-age"]) for n, (v, a) in set_cookies(answer).items()} == {"session": ("", "0"), "csrf": ("", "0")}
    assert here.session is None
    problem(people.me(cookie(secret)), 401, "session_invalid")
    assert there.me().status_code == 200


def test_logout_by_token_ends_its_family(people):
    person = people.new()
    tokens, other = person.tokens(), person.tokens()
    answer = people.post("/logout", headers=bearer(tokens["access_token"]))
    assert answer.status_code == 204 and "set-cookie" not in answer.headers
    problem(people.me(bearer(tokens["access_token"])), 401, "token_revoked")
    problem(people.post("/refresh", {"refresh_token": tokens["refresh_token"]}), 401, "refresh_invalid")
    assert people.me(bearer(other["access_token"])).status_code == 200


@pytest.mark.parametrize("by", ["cookie", "token"])
def test_logout_everywhere(people, by):
    person = people.new()
    browser, other, tokens = person.browser(), person.browser(), person.tokens()
    secrets = [browser.session, other.session]
    answer = browser.at("POST", "/logout", json={"all": True}) if by == "cookie" \
        else people.post("/logout", {"all": True}, headers=bearer(tokens["access_token"]))
    assert answer.status_code == 204
    for secret in secrets:
        problem(people.me(cookie(secret)), 401, "session_invalid")
    problem(people.me(bearer(tokens["access_token"])), 401, "token_revoked")
    problem(people.post("/refresh", {"refresh_token": tokens["refresh_token"]}), 401, "refresh_invalid")
    assert person.login().status_code == 200


def test_logout_of_who_is_out_already(people):
    """The cookies that came go. A form on a foreign page is sent without them, and its answer drops none."""
    for headers, dropped in (({}, set()), (cookie("x"), {"session", "csrf"}), (cookie("ghs_" + "A" * 80), {"session", "csrf"})):
        answer = people.post("/logout", headers=headers)
        assert answer.status_code == 204 and set(set_cookies(answer)) == dropped


def test_an_api_key_can_not_sign_its_user_out(people):
    person = people.new()
    browser = person.browser()
    problem(people.post("/logout", {"all": True}, headers={"X-API-Key": person.api_key()["key"]}), 403, "proof_not_accepted")
    assert browser.me().status_code == 200


# One's own list.

def test_the_list_tells_device_address_and_use(gatehouse, upstream):
    gateway = gatehouse(settings(client_address={"trusted_proxies": ["127.0.0.1/32"], "source": "x-forwarded-for"}),
                        upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    home, away = {"X-Forwarded-For": "192.0.2.7"}, {"X-Forwarded-For": "2001:db8::9"}
    device = person.device({**person.bearer(), **home}, "my laptop")
    tokens = person.login(headers={**home, "User-Agent": "Phone/2 \u00e9".encode("latin-1"), "X-Device-Token": device["device_token"]}).json()
    browser = people.browser(headers=home)
    person.login("cookie", client=browser.http, headers={"User-Agent": "Browser/1"})
    assert browser.http.get("/api/auth/me", headers=away).status_code == 200
    listed = browser.at("GET", "/sessions").json()
    assert listed["more"] is False
    by_kind = {(s["kind"], s["user_agent"]): s for s in listed["sessions"]}
    cookie_one = by_kind["cookie", "Browser/1"]
    assert cookie_one["current"] and cookie_one["address"] == "192.0.2.7" and cookie_one["device"] is None
    token_one = next(s for s in listed["sessions"] if s["device"])
    assert token_one["id"] == identity.jwt_parts(tokens["access_token"])[1]["sid"]
    assert token_one["device"] == device["id"] and token_one["device_name"] == "my laptop" and not token_one["current"]
    assert all(s["created_at"] <= s["last_used_at"] < s["expires_at"] and s["created_at"].endswith("Z") for s in listed["sessions"])
    assert browser.session not in str(listed) and tokens["refresh_token"] not in str(listed)
    assert sum(s["current"] for s in listed["sessions"]) == 1


def test_the_list_holds_nobody_elses(people):
    one, two = people.new(), people.new()
    one.browser(), two.browser()
    listed = two.browser().at("GET", "/sessions").json()["sessions"]
    assert len(listed) == 2 and {s["kind"] for s in listed} == {"cookie"}


def test_one_of_the_list_is_ended(people):
    person = people.new()
    here, there = person.browser(), person.browser()
    tokens = person.tokens()
    other = next(s["id"] for s in here.at("GET", "/sessions").json()["sessions"] if s["kind"] == "cookie" and not s["current"])
    answer = here.at("DELETE", f"/sessions/{other}")
    assert answer.status_code == 204 and "set-cookie" not in answer.headers
    problem(there.me(), 401, "session_invalid")
    problem(here.at("DELETE", f"/sessions/{other}"), 404, "not_found")
    family = identity.jwt_parts(tokens["access_token"])[1]["sid"]
    assert here.at("DELETE", f"/sessions/{family}").status_code == 204
    problem(people.me(bearer(tokens["access_token"])), 401, "token_revoked")
    assert here.me().status_code == 200


def test_who_ends_the_session_he_is_in_is_out(people):
    browser = people.new().browser()
    this = browser.me().json()["session"]
    answer = browser.at("DELETE", f"/sessions/{this}")
    assert answer.status_code == 204 and set(set_cookies(answer)) == {"session", "csrf"}
    problem(browser.me(), 401, "credentials_required")


def test_all_others_are_ended(people):
    person = people.new()
    here, there, tokens = person.browser(), person.browser(), person.tokens()
    answer = here.at("DELETE", "/sessions")
    assert answer.status_code == 200 and answer.json() == {"ended": 2}
    problem(there.me(), 401, "session_invalid")
    problem(people.me(bearer(tokens["access_token"])), 401, "token_revoked")
    assert here.me().status_code == 200
    assert here.at("DELETE", "/sessions").json() == {"ended": 0}


@pytest.mark.parametrize("method, path", [("GET", "/sessions"), ("DELETE", "/sessions"), ("DELETE", "/sessions/0123456789abc")])
def test_the_list_is_for_who_is_signed_in(people, method, path):
    person = people.new()
    problem(people.http.request(method, people.at(path)), 401, "credentials_required")
    problem(people.http.request(method, people.at(path), headers={"X-API-Key": person.api_key()["key"]}), 403, "proof_not_accepted")


# How many there may be.

def test_at_the_cap_the_one_unused_longest_ends(gatehouse, upstream):
    config = settings({"session": {"max_per_user": 3}})
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    browsers = [person.browser() for _ in range(2)]
    tokens = person.tokens()
    gateway.stop()
    for (row,), ago in zip(identity.query(gateway, "SELECT id FROM session"), (500, 900, 700), strict=True):
        identity.change(gateway, "UPDATE session SET used_s = used_s - ? WHERE id = ?", ago, row)
    oldest = identity.query(gateway, "SELECT id FROM session ORDER BY used_s")[0][0]
    gateway = gatehouse(config, upstream=upstream, folder=gateway.folder, env=identity.ENV)
    people = identity.People(gateway)
    assert people.post("/login", {"username": person.name, "password": PASSWORD}).status_code == 200
    left = [row[0] for row in identity.query(gateway, "SELECT id FROM session")]
    assert len(left) == 3 and oldest not in left
    statuses = [people.me(h).status_code for h in (cookie(browsers[0].session), cookie(browsers[1].session), bearer(tokens["access_token"]))]
    assert sorted(statuses) == [200, 200, 401]


def test_at_the_cap_a_sign_in_may_be_refused(gatehouse, upstream):
    gateway = gatehouse(settings({"session": {"max_per_user": 2, "at_limit": "refuse"}}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person, other = people.new(), people.new()
    browser, tokens = person.browser(), person.tokens()
    for mode in ("cookie", "token"):
        answer = person.login(mode)
        problem(answer, 409, "too_many_sessions")
        assert "set-cookie" not in answer.headers
    assert person.login("cookie", client=browser.http).status_code == 200, "in the place of the browser's own"
    assert people.me(bearer(tokens["access_token"])).status_code == 200
    assert other.login().status_code == 200
    assert browser.at("POST", "/logout").status_code == 204
    assert person.login().status_code == 200


def test_of_many_at_once_one_gets_the_last_place(gatehouse, upstream):
    gateway = gatehouse(settings({"session": {"max_per_user": 2, "at_limit": "refuse"}, "attempts": {"max": 100}}),
                        upstream=upstream, env=identity.ENV)
    person = identity.People(gateway).new()
    person.browser()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda i: person.login(("cookie", "token")[i % 2]).status_code, range(8)))
    assert sorted(statuses) == [200] + [409] * 7
    assert identity.query(gateway, "SELECT count(*) FROM session") == [(2,)]


def test_of_many_at_once_no_more_are_left_than_the_cap(gateway, people):
    person = people.new()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: person.login("token").json(), range(10)))
    good = [a for a in answers if people.me(bearer(a["access_token"])).status_code == 200]
    assert len(good) == 4
    assert identity.query(gateway, "SELECT count(*) FROM session JOIN user ON user.id = user WHERE name = ?", person.name) == [(4,)]


# The operator. That what is open is cut: tests/fault/access_ended_test.py.

def test_a_disabled_account_is_out_at_once(gateway, people):
    person = people.new()
    browser, tokens, key = person.browser(), person.tokens(), person.api_key()
    device = person.device()
    identity.operator(gateway, "user", "disable", person.name)
    assert browser.me().status_code == 401
    assert people.me(bearer(tokens["access_token"])).status_code == 401
    problem(people.me({"X-API-Key": key["key"]}), 401, "user_disabled")
    assert people.post("/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
    problem(person.login(), 401, "login_failed")
    identity.operator(gateway, "user", "enable", person.name)
    assert browser.me().status_code == 401, "what was ended stays so"
    assert people.me({"X-API-Key": key["key"]}).status_code == 200
    assert people.me(bearer(tokens["access_token"])).status_code == 401
    assert person.login(headers={"X-Device-Token": device["device_token"]}).status_code == 200


def test_roles_and_tier_change_at_once(gateway, people):
    person = people.new()
    browser, tokens, key = person.browser(), person.tokens(), person.api_key()
    identity.operator(gateway, "user", "role", person.name, "+moderator")
    identity.operator(gateway, "user", "tier", person.name, "gold")
    for headers in (cookie(browser.session), {"X-API-Key": key["key"]}):
        me = people.me(headers).json()
        assert me["user"]["roles"] == ["user", "moderator"] and me["user"]["tier"] == "gold"
        assert "content:moderate" in me["permissions"]
    problem(people.me(bearer(tokens["access_token"])), 401, "token_revoked")
    fresh = people.post("/refresh", {"refresh_token": tokens["refresh_token"]})
    assert fresh.status_code == 200 and fresh.json()["user"]["roles"] == ["user", "moderator"]
    assert people.me(bearer(fresh.json()["access_token"])).json()["user"]["tier"] == "gold"


def test_sessions_ended_by_the_operator(gateway, people):
    person = people.new()
    browser, tokens = person.browser(), person.tokens()
    identity.operator(gateway, "session", "end", browser.me().json()["session"])
    problem(browser.me(), 401, "session_invalid")
    assert people.me(bearer(tokens["access_token"])).status_code == 200
    identity.operator(gateway, "session", "end", "--user", person.name)
    problem(people.me(bearer(tokens["access_token"])), 401, "token_revoked")
