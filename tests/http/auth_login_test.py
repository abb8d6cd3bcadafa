"""Signing in: the same answer whatever is wrong, passwords brought along, and attempts that run out for who guesses.

That times do not tell either: tests/fault/login_timing_test.py."""
import base64
import concurrent.futures
import hashlib
import hmac
import time
import warnings

import pytest

from support import identity
from support.identity import PASSWORD, problem, settings, without_ids
from support.timing import eventually

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt

# How many may fail before the waits begin, in the tests that count.
FREE, FREE_BY_ADDRESS, FREE_BY_ACCOUNT = 3, 8, 9
COUNTING = {"attempts": {"max": FREE, "per_address": FREE_BY_ADDRESS, "per_account": FREE_BY_ACCOUNT, "timeout": "10m"}}
BEHIND_PROXY = {"client_address": {"trusted_proxies": ["127.0.0.1/32"], "source": "x-forwarded-for"}}
HOME = {"X-Forwarded-For": "192.0.2.1"}


def ab64(data):
    """passlib's base64."""
    return base64.b64encode(data).decode().rstrip("=").replace("+", ".")


def pbkdf2(digest, password):
    salt = b"sixteen bytes of"
    return f"$pbkdf2-{digest}$29000${ab64(salt)}${ab64(hashlib.pbkdf2_hmac(digest, password.encode(), salt, 29000))}"


def bcrypt(password, variant="2b"):
    return crypt.crypt(password, f"${variant}$04$abcdefghijklmnopqrstuu")


def bcrypt_sha256(password):
    salt = "abcdefghijklmnopqrstuu"
    key = base64.b64encode(hmac.new(salt.encode(), password.encode(), hashlib.sha256).digest()).decode()
    return f"$bcrypt-sha256$v=2,t=2b,r=4${salt}${crypt.crypt(key, '$2b$04$' + salt)[29:]}"


BROUGHT = {"bcrypt.2b": bcrypt(PASSWORD), "bcrypt.2a": bcrypt(PASSWORD, "2a"), "bcrypt.2y": bcrypt(PASSWORD, "2y"),
           "bcrypt.sha256": bcrypt_sha256(PASSWORD), "pbkdf2.sha256": pbkdf2("sha256", PASSWORD),
           "pbkdf2.sha512": pbkdf2("sha512", PASSWORD)}
BROKEN = {"broken.text": "no hash at all", "broken.bcrypt": "$2b$04$tooshort", "broken.costly": "$2b$31$" + "a" * 53,
          "broken.empty": ""}
NO_LIMITS = {"attempts": {"max": 1000, "per_address": 100000, "per_account": 100000}}


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    """With accounts that only an operator or an import makes: disabled, without a password, with hashes of others."""
    config = settings(NO_LIMITS, **BEHIND_PROXY)
    first = shared_gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(first)
    for username in ("disabled", "without.password", *BROUGHT, *BROKEN):
        people.new(username)

    def change(gateway):
        identity.change(gateway, "UPDATE user SET disabled = 1 WHERE name = 'disabled'")
        identity.change(gateway, "UPDATE user SET hash = NULL WHERE name = 'without.password'")
        for username, text in {**BROUGHT, **BROKEN}.items():
            assert identity.change(gateway, "UPDATE user SET hash = ? WHERE name = ?", text, username) == 1
    return identity.restarted(shared_gatehouse, first, config, change, upstream=upstream)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway, headers=HOME)
    yield people
    people.close()


@pytest.fixture(scope="module")
def counting(shared_gatehouse, upstream):
    """A gateway where attempts run out."""
    gateway = shared_gatehouse(settings(COUNTING, **BEHIND_PROXY), upstream=upstream, env=identity.ENV)
    return identity.People(gateway, headers=HOME)


def login(people, username, password=PASSWORD, mode="token", headers=None, **kwargs):
    return people.post("/login", {"username": username, "password": password, "mode": mode}, headers=headers, **kwargs)


def addresses():
    """Networks that nobody else of this file comes from."""
    return ({"X-Forwarded-For": f"203.0.{a}.{b}"} for a in range(113, 200) for b in range(1, 255))


FRESH = addresses()


def later(people, seconds):
    """As if all attempts had been so long ago."""
    identity.change(people.gateway, "UPDATE attempt SET last_s = last_s - ?", seconds)


def persist(people):
    """As if what is slowed had been guessed at on and on: its waits are so long that no test outlasts them."""
    identity.change(people.gateway, "UPDATE attempt SET n = n + 8 WHERE n >= CASE kind WHEN 3 THEN ? WHEN 4 THEN ? ELSE ? END",
                    FREE_BY_ADDRESS, FREE_BY_ACCOUNT, FREE)


# In.

@pytest.mark.parametrize("mode", ["cookie", "token", None])
def test_right_name_and_password(people, mode):
    person = people.new()
    answer = people.post("/login", {"username": person.name, "password": PASSWORD, **({"mode": mode} if mode else {})})
    assert answer.status_code == 200 and "no-store" in answer.headers["cache-control"]
    body = answer.json()
    assert body["user"] == {"id": person.id, "username": person.name, "roles": ["user"], "tier": None}
    if mode == "token":
        assert set(body) == {"access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "user"}
        assert (body["token_type"], body["expires_in"], body["refresh_expires_in"]) == ("Bearer", 1800, 14 * 86400)
        assert "set-cookie" not in answer.headers
    else:
        assert set(body) == {"csrf_token", "expires_in", "user"} and body["expires_in"] == 86400


def test_an_old_token_does_not_keep_anybody_from_signing_in(people):
    """A client may send what it has with everything it does."""
    person = people.new()
    for headers in (identity.bearer("garbage"), {"X-API-Key": "ghk_garbage"}, {"Authorization": "Basic eDp5"},
                    {"Cookie": "session=ghs_" + "A" * 80}, identity.bearer(person.tokens()["access_token"] + "x")):
        assert person.login(headers={**HOME, **headers}).status_code == 200


# Not in, and no word of why.

WRONG = {"wrong": ("somebody", "not the password"), "unknown": ("nobody", PASSWORD), "disabled": ("disabled", PASSWORD),
         "disabled and wrong": ("disabled", "not the password"), "without a password": ("without.password", PASSWORD),
         "a hash that is none": ("broken.text", PASSWORD), "a broken hash": ("broken.bcrypt", PASSWORD),
         "a costly hash": ("broken.costly", PASSWORD), "an empty hash": ("broken.empty", PASSWORD),
         "in other case": ("somebody", PASSWORD.upper()), "with a space": ("somebody", PASSWORD + " "),
         "with a nul": ("somebody", PASSWORD + "\0"), "half of it": ("somebody", PASSWORD[:-1]),
         "a name with spaces": (" somebody ", PASSWORD), "a long name": ("x" * 254, PASSWORD),
         "a long password": ("somebody", "x" * 1024), "a name that no account can have": ("\x00\u2028☃", PASSWORD),
         "SQL": ("' OR 1=1 --", "' OR '1'='1"), "SQL with a name": ("somebody' --", PASSWORD),
         "a pattern": ("some%", PASSWORD)}


@pytest.fixture(scope="module")
def wrong(people):
    """The answers to everything that is wrong."""
    people.new("somebody")
    return {what: login(people, *row) for what, row in WRONG.items()}


@pytest.mark.parametrize("what", WRONG)
def test_the_same_answer_whatever_is_wrong(wrong, what):
    problem(wrong[what], 401, "login_failed")
    assert without_ids(wrong[what]) == without_ids(wrong["wrong"])


def test_a_disabled_account_gets_in_by_no_way(people):
    """What the account had before it was disabled is looked at in auth_tokens_test.py."""
    for mode in ("cookie", "token"):
        answer = login(people, "disabled", mode=mode)
        problem(answer, 401, "login_failed")
        assert "set-cookie" not in answer.headers


# Passwords brought along.

@pytest.mark.parametrize("username", BROUGHT)
def test_hashes_of_others_are_verified_and_upgraded(gateway, people, username):
    problem(login(people, username, "not the password"), 401, "login_failed")
    assert identity.query(gateway, "SELECT hash FROM user WHERE name = ?", username) == [(BROUGHT[username],)]
    assert login(people, username).status_code == 200
    [(text,)] = identity.query(gateway, "SELECT hash FROM user WHERE name = ?", username)
    assert text.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert login(people, username).status_code == 200
    assert identity.query(gateway, "SELECT hash FROM user WHERE name = ?", username) == [(text,)]
    problem(login(people, username, "not the password"), 401, "login_failed")


def test_costlier_settings_take_hold_at_the_next_login(gatehouse, upstream):
    gateway = gatehouse(settings(), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    gateway.write(settings({"password": {"hash_memory": "24MiB", "hash_time": 3}}, upstreams=[{"name": "api", "servers": [upstream.url]}]))
    gateway.reload()

    def stored():
        return identity.query(gateway, "SELECT hash FROM user WHERE name = ?", person.name)[0][0]
    assert stored().startswith("$argon2id$v=19$m=19456,t=2,")
    assert person.login().status_code == 200
    assert stored().startswith("$argon2id$v=19$m=24576,t=3,")
    assert person.login().status_code == 200


# Attempts run out for who guesses.

def guess(people, username, headers, n=FREE):
    """So many wrong passwords, of which none is slowed."""
    assert [login(people, username, f"guess {i}", headers=headers).status_code for i in range(n)] == [401] * n


def slowed(people, username, headers):
    """The wait that is told to who comes with the right password."""
    answer = login(people, username, headers=headers)
    body = problem(answer, 429, "login_slowed")
    assert body["retry_after"] == int(answer.headers["retry-after"]) >= 1
    return body["retry_after"]


def free(people, username, headers):
    assert login(people, username, headers=headers).status_code == 200


def test_failed_attempts_are_slowed(counting):
    here, person = next(FRESH), counting.new()
    guess(counting, person.name, here)
    persist(counting)
    assert 250 <= slowed(counting, person.name, here) <= 256


def test_who_waits_as_told_gets_in(counting):
    here, person = next(FRESH), counting.new()
    guess(counting, person.name, here)
    identity.change(counting.gateway, "UPDATE attempt SET n = n + 2 WHERE n = ?", FREE)
    time.sleep(slowed(counting, person.name, here))
    free(counting, person.name, here)


def test_the_wait_doubles_up_to_the_timeout_and_is_never_a_lock(counting):
    here, person = next(FRESH), counting.new()
    guess(counting, person.name, here)
    identity.change(counting.gateway, "UPDATE attempt SET n = n + 4 WHERE n = ?", FREE)
    for wait in (16, 32, 64, 128, 256, 512):
        assert wait - 10 <= slowed(counting, person.name, here) <= wait
        later(counting, wait)
        guess(counting, person.name, here, 1)
    assert 590 <= slowed(counting, person.name, here) <= 600
    later(counting, 600)
    free(counting, person.name, here)


def test_knocking_meanwhile_makes_the_wait_no_longer(counting):
    here, person = next(FRESH), counting.new()
    guess(counting, person.name, here)
    persist(counting)
    waits = [slowed(counting, person.name, here) for _ in range(12)]
    assert waits == sorted(waits, reverse=True) and waits[0] <= 256


def test_success_resets(counting):
    here, person = next(FRESH), counting.new()
    for _ in range(3):
        guess(counting, person.name, here, FREE - 1)
        free(counting, person.name, here)


def test_attempts_are_forgotten_after_the_timeout(counting):
    here, person = next(FRESH), counting.new()
    guess(counting, person.name, here)
    later(counting, 600)
    guess(counting, person.name, here)
    persist(counting)
    slowed(counting, person.name, here)


def test_names_of_nobody_are_slowed_in_the_same_way(counting):
    here, there, person = next(FRESH), next(FRESH), counting.new()
    guess(counting, person.name, here)
    guess(counting, "is.nobody", there)
    persist(counting)
    identity.change(counting.gateway, "UPDATE attempt SET last_s = (SELECT max(last_s) FROM attempt) WHERE n > 8")
    known, unknown = (login(counting, n, "guess", headers=h) for n, h in ((person.name, here), ("is.nobody", there)))
    problem(known, 429, "login_slowed")

    def without_wait(answer):
        status, headers, body = without_ids(answer)
        wait = answer.headers["retry-after"]
        return status, [h for h in headers if h != ("retry-after", wait)], body.replace(f'"retry_after":{wait}', "")
    assert without_wait(known) == without_wait(unknown)


def test_the_name_is_the_same_in_any_case(counting):
    here, person = next(FRESH), counting.new()
    for username in (person.name, person.name.upper(), person.name.title()):
        guess(counting, username, here, 1)
    persist(counting)
    slowed(counting, person.name, here)


def test_other_accounts_and_other_addresses_are_free(counting):
    here, one, two = next(FRESH), counting.new(), counting.new()
    guess(counting, one.name, here)
    persist(counting)
    slowed(counting, one.name, here)
    free(counting, two.name, here)
    free(counting, one.name, next(FRESH))


def test_an_address_that_tries_many_accounts_is_slowed_for_all(counting):
    here, person = next(FRESH), counting.new()
    for i in range(FREE_BY_ADDRESS):
        guess(counting, f"victim{i}", here, 1)
    persist(counting)
    slowed(counting, person.name, here)
    slowed(counting, "one.more", here)
    free(counting, person.name, next(FRESH))


def test_success_does_not_pay_for_the_guesses_at_other_accounts(counting):
    """Who has an account could go on for ever, when its success forgot the address."""
    here, person = next(FRESH), counting.new()
    for i in range(FREE_BY_ADDRESS):
        guess(counting, f"other{i}", here, 1)
        if i % 3 == 0:
            free(counting, person.name, here)
    persist(counting)
    slowed(counting, "other.last", here)


def test_ipv6_is_counted_by_its_network(counting):
    person = counting.new()
    for i in range(FREE):
        guess(counting, person.name, {"X-Forwarded-For": f"2001:db8:7:7::{i}"}, 1)
    persist(counting)
    slowed(counting, person.name, {"X-Forwarded-For": "2001:db8:7:7:ffff::1"})
    free(counting, person.name, {"X-Forwarded-For": "2001:db8:7:8::1"})


def guess_from_everywhere(people, username):
    for _ in range(FREE_BY_ACCOUNT):
        guess(people, username, next(FRESH), 1)
    persist(people)


def test_guesses_from_everywhere_are_slowed_for_the_account(counting):
    person = counting.new()
    guess_from_everywhere(counting, person.name)
    slowed(counting, person.name, next(FRESH))


def test_strangers_do_not_lock_out_the_owner(counting):
    """From where he signed in before, and with a device of his from anywhere, the owner is not slowed."""
    person, home = counting.new(), next(FRESH)
    token = person.device({**person.bearer(headers=home), **home})["device_token"]
    guess_from_everywhere(counting, person.name)
    slowed(counting, person.name, next(FRESH))
    free(counting, person.name, home)
    free(counting, person.name, {**next(FRESH), "X-Device-Token": token})
    free(counting, person.name, {**next(FRESH), "Cookie": f"device={token}"})


def test_a_device_has_a_budget_of_its_own_and_no_more(counting):
    """Who steals the device does not get to guess without end."""
    person, home = counting.new(), next(FRESH)
    token = person.device({**person.bearer(headers=home), **home})["device_token"]
    for _ in range(FREE):
        guess(counting, person.name, {**next(FRESH), "X-Device-Token": token}, 1)
    persist(counting)
    slowed(counting, person.name, {**next(FRESH), "X-Device-Token": token})
    free(counting, person.name, home)


def test_a_device_of_somebody_else_gives_no_budget(counting):
    person, thief, home, den = counting.new(), counting.new(), next(FRESH), next(FRESH)
    token = thief.device({**thief.bearer(headers=home), **home})["device_token"]
    guess(counting, person.name, {**den, "X-Device-Token": token})
    persist(counting)
    slowed(counting, person.name, {**den, "X-Device-Token": token})


def let_through(free, seconds):
    """How many attempts at one account the waits let through in so many seconds, at most."""
    n, waited = free, 0
    while waited <= seconds + 1:
        waited += 2 ** (n - free)
        n += 1
    return n


def test_guesses_at_once_are_not_more(counting):
    here, person = next(FRESH), counting.new()
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda i: login(counting, person.name, f"guess {i}", headers=here).status_code, range(32)))
    assert set(statuses) == {401, 429}
    assert FREE <= statuses.count(401) <= let_through(FREE, time.monotonic() - began)


def test_attempts_outlive_a_restart_and_a_kill(gatehouse, upstream):
    config = settings({"attempts": {"max": 2, "timeout": "1h"}})
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    person = identity.People(gateway).new()
    assert [person.login(password="guess").status_code for _ in range(2)] == [401] * 2
    identity.change(gateway, "UPDATE attempt SET n = 20")
    for kill in (False, True):
        gateway = identity.restarted(gatehouse, gateway, config, kill=kill, upstream=upstream)
        problem(login(identity.People(gateway), person.name), 429, "login_slowed")


def test_the_sources_variables(gatehouse, upstream):
    gateway = gatehouse(settings(), upstream=upstream, env={**identity.ENV, "MAX_AUTH_ATTEMPTS": "2", "AUTH_ATTEMPT_TIMEOUT": "3"})
    person = identity.People(gateway).new()
    assert [person.login(password="guess").status_code for _ in range(2)] == [401] * 2
    identity.change(gateway, "UPDATE attempt SET n = 1000")
    answer = person.login()
    problem(answer, 429, "login_slowed")
    assert int(answer.headers["retry-after"]) <= 3


# Too much at once.

def test_a_flood_of_logins_is_503_and_other_requests_go_on(gatehouse, upstream):
    gateway = gatehouse(settings({"password": {"threads": 1, "queue": 1, "hash_time": 10}, **NO_LIMITS}), upstream=upstream,
                        env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        logins = [pool.submit(person.login) for _ in range(32)]
        others = [pool.submit(gateway.get, "/") for _ in range(8)]
        answers = [f.result() for f in logins]
    assert all(f.result().status_code == 200 for f in others)
    busy = [a for a in answers if a.status_code != 200]
    assert busy and len(busy) < len(answers)
    for answer in busy:
        problem(answer, 503, "passwords_busy")
        assert int(answer.headers["retry-after"]) >= 1
    assert eventually(lambda: person.login().status_code == 200, "the flood is over")


def test_who_was_turned_away_as_busy_has_not_guessed(gatehouse, upstream):
    """A password that nobody looked at counted as a failed attempt: somebody who met a flood of logins a few times was
    slowed for what others did."""
    gateway = gatehouse(settings({"password": {"threads": 1, "queue": 1, "hash_time": 6}, "attempts": {"max": 3}}),
                        upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    persons = [people.new() for _ in range(8)]
    busy = 0
    for _ in range(20):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda p: p.login().status_code, persons))
        assert set(statuses) <= {200, 503}, statuses
        busy += statuses.count(503)
        if busy >= 8:
            break
    assert busy, "there was no flood"
    assert identity.query(gateway, "SELECT count(*) FROM attempt WHERE kind = 1 AND n > 0") == [(0,)]
