"""Keys are changed: by command, by the schedule, and secret_key itself. What was made before counts on, for as long as it is said to, and no longer."""
import json

import pytest

from support import identity, stores
from support.identity import ENV, PASSWORD, SECRET, bearer, change, hs256, jwt_parts, problem, query, settings
from support.timing import eventually

HOUR = 3600
NEW = "5ea1d0c7b2f94386a1e0d9c8b7a6958473625140f1e2d3c4b5a697887766554f"
BRIEF = {"session": {"max_age": "1h", "idle_timeout": "1h"}, "token": {"refresh_lifetime": "1h"}}


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


class Before:
    """One of everything that is made with keys, and what becomes of it."""

    def __init__(self, gateway):
        people = identity.People(gateway)
        self.person = people.new()
        self.browser, self.tokens, self.key = self.person.browser(), self.person.tokens(), self.person.api_key()
        self.device = self.person.device()
        self.session, self.csrf = self.browser.session, self.browser.csrf

    def cookie(self):
        return {"Cookie": f"session={self.session}"}

    def change(self, people, csrf=None):
        """Something that needs a CSRF token."""
        return people.http.post("/things", json={}, headers={**self.cookie(), "X-CSRF-Token": csrf or self.csrf})

    def lasting(self, gateway):
        """API key and device, which have no end of their own."""
        people = identity.People(gateway)
        assert people.me({"X-API-Key": self.key["key"]}).status_code == 200
        answer = people.post("/login", {"username": self.person.name, "password": PASSWORD, "mode": "token"},
                             headers={"X-Device-Token": self.device["device_token"]})
        assert answer.status_code == 200 and jwt_parts(answer.json()["access_token"])[1].get("device") == self.device["id"]
        people.close()

    def all_good(self, gateway, refresh=False):
        people = identity.People(gateway)
        assert people.me(self.cookie()).status_code == 200
        assert self.change(people).status_code == 200
        assert people.me(bearer(self.tokens["access_token"])).status_code == 200
        if refresh:
            answer = people.post("/refresh", {"refresh_token": self.tokens["refresh_token"]})
            assert answer.status_code == 200, answer.text
            self.tokens = answer.json()
            assert people.me(bearer(self.tokens["access_token"])).status_code == 200
            answer = people.post("/refresh", headers={**self.cookie(), "X-CSRF-Token": self.csrf})
            assert answer.status_code == 200, answer.text
            cookies = identity.set_cookies(answer)
            self.session, self.csrf = cookies["session"][0], cookies["csrf"][0]
            assert people.me(self.cookie()).status_code == 200 and self.change(people).status_code == 200
        people.close()
        self.lasting(gateway)

    def all_over(self, gateway):
        """But what has no end of its own."""
        people = identity.People(gateway)
        problem(people.me(self.cookie()), 401, "session_invalid")
        problem(people.post("/refresh", {"refresh_token": self.tokens["refresh_token"]}), 401, "refresh_invalid")
        people.close()
        self.lasting(gateway)


def generations(gateway):
    return json.loads(identity.operator(gateway, "key", "rotate", "--json"))["generations"]


def states(gateway):
    return query(gateway, "SELECT id, state FROM key_generation ORDER BY id DESC")


NEXT, ACTIVE, RETIRING = range(3)


def in_use(gateway, generation):
    """What is made now says of which keys it is."""
    people = identity.People(gateway)
    person = people.new()
    eventually(lambda: identity.unb64(person.tokens()["refresh_token"][4:])[8] == generation, f"keys of generation {generation} are in use")
    people.close()


# By command.

def test_nobody_notices_a_change_of_keys(gatehouse, upstream):
    gateway = gatehouse(settings(), upstream=upstream, env=ENV)
    made = [Before(gateway)]
    for n in (1, 2):
        ring = generations(gateway)
        assert [(g["generation"], g["state"]) for g in ring] == [
            (n + 1, "next"), (n, "active"), *((g, "retiring") for g in range(n - 1, -1, -1))]
        in_use(gateway, n)
        for before in made:
            before.all_good(gateway)
        made.append(Before(gateway))
    for before in made:
        before.all_good(gateway, refresh=True)
    assert query(gateway, "SELECT count(*) FROM session WHERE generation < 2 AND user = "
                          "(SELECT id FROM user WHERE name = ?) AND number > 0", made[0].person.name) == [(0,)], "refreshed with new keys"
    gateway = identity.restarted(gatehouse, gateway, settings(), upstream=upstream)
    for before in made:
        before.all_good(gateway)


def test_secrets_are_shaped_as_before_until_keys_change(gatehouse, upstream):
    gateway = gatehouse(settings(), upstream=upstream, env=ENV)
    first = Before(gateway)
    assert len(first.key["key"]) == 75 and len(first.session) == 84
    identity.operator(gateway, "key", "rotate")
    in_use(gateway, 1)
    second = Before(gateway)
    assert len(second.key["key"]) == 83 and len(second.session) == 84
    assert {k["generation"] for k in json.loads(identity.operator(gateway, "key", "list", "--json"))["keys"]} == {0, 1}


def test_a_forged_generation_is_refused(gatehouse, upstream):
    gateway = gatehouse(settings(), upstream=upstream, env=ENV)
    before = Before(gateway)
    identity.operator(gateway, "key", "rotate")
    in_use(gateway, 1)
    people = identity.People(gateway)
    raw = identity.unb64(before.session[4:])
    for hint in (1, 2, 3, 255):
        forged = "ghs_" + identity.b64(raw[:8] + bytes([hint]) + raw[9:])
        assert people.me({"Cookie": f"session={forged}"}).status_code == 401
        raw_refresh = identity.unb64(before.tokens["refresh_token"][4:])
        forged = "ghr_" + identity.b64(raw_refresh[:8] + bytes([hint]) + raw_refresh[9:])
        problem(people.post("/refresh", {"refresh_token": forged}), 401, "refresh_invalid")
    before.all_good(gateway, refresh=True)  # and nothing was ended by it


# The overlap.

def age(gateway, seconds):
    """As if the keys that are no longer used had been changed so much earlier."""
    assert change(gateway, "UPDATE key_generation SET changed_s = changed_s - ? WHERE state = ?", seconds, RETIRING) == 1


def test_after_the_overlap_the_old_keys_make_nothing_good(gatehouse, upstream):
    config = settings(BRIEF)
    gateway = gatehouse(config, upstream=upstream, env=ENV)
    before = Before(gateway)
    identity.operator(gateway, "key", "rotate")
    in_use(gateway, 1)
    after = Before(gateway)
    gateway = identity.restarted(gatehouse, gateway, config, lambda g: age(g, HOUR - 60), upstream=upstream)
    before.all_good(gateway)
    gateway = identity.restarted(gatehouse, gateway, config, lambda g: age(g, 60), upstream=upstream)
    before.all_over(gateway)
    after.all_good(gateway)
    people = identity.People(gateway)
    problem(after.change(people, csrf=before.csrf), 403, "csrf_mismatch")


def test_the_overlap_ends_while_the_server_runs(gatehouse, upstream):
    config = settings(BRIEF)
    gateway = gatehouse(config, upstream=upstream, env=ENV)
    before = Before(gateway)
    identity.operator(gateway, "key", "rotate")
    in_use(gateway, 1)
    gateway = identity.restarted(gatehouse, gateway, config, lambda g: age(g, HOUR - 10), upstream=upstream)
    people = identity.People(gateway)
    assert people.me(before.cookie()).status_code == 200
    eventually(lambda: people.me(before.cookie()).status_code == 401, "the overlap is over", 30)
    before.all_over(gateway)


# The schedule.

def test_keys_are_changed_when_it_is_time(gatehouse, upstream):
    config = settings({"rotation": {"every": "30d"}})
    gateway = gatehouse(config, upstream=upstream, env=ENV)
    before = Before(gateway)
    kid = jwt_parts(before.tokens["access_token"])[0]["kid"]

    def older(g):
        assert change(g, "UPDATE key_generation SET changed_s = changed_s - 30 * 86400 WHERE state = ?", ACTIVE) == 1
    gateway = identity.restarted(gatehouse, gateway, config, older, upstream=upstream)
    gateway.wait_for_log(lambda e: e.get("event") == "keys_rotated", "the schedule")
    in_use(gateway, 1)
    assert states(gateway) == [(2, NEXT), (1, ACTIVE), (0, RETIRING)]
    before.all_good(gateway, refresh=True)
    assert jwt_parts(before.tokens["access_token"])[0]["kid"] != kid, "what signs tokens was changed, too"
    assert query(gateway, "SELECT count(*) FROM audit WHERE event = 'key_rotate'") == [(1,)]


def test_keys_that_are_not_due_stay(gatehouse, upstream):
    gateway = gatehouse(settings({"rotation": {"every": 0}}), upstream=upstream, env=ENV)
    gateway = identity.restarted(gatehouse, gateway, settings({"rotation": {"every": 0}}), lambda g: change(
        g, "UPDATE key_generation SET changed_s = changed_s - 4000 * 86400"), upstream=upstream)
    Before(gateway)
    assert states(gateway) == [(1, NEXT), (0, ACTIVE)]
    assert not [e for e in gateway.log() if e.get("event") == "keys_rotated"]


@pytest.mark.parametrize("over, words", [
    ({"rotation": {"overlap": "1d"}}, "identity.rotation.overlap"),
    ({"rotation": {"every": "1m"}}, "identity.rotation.every"),
    ({"rotation": {"overlap": "2h"}, **BRIEF}, None)])
def test_settings_that_would_end_sessions_are_refused(gatehouse, upstream, over, words):
    gateway = gatehouse(settings(over), upstream=upstream, env=ENV, ready=words is None)
    if words:
        assert gateway.wait() == 2 and words in gateway.stderr(), gateway.stderr()


# Folders from before there were generations.

@stores.one_machine("SQLite's file is made older")
def test_what_was_made_before_generations_stays_good(gatehouse, upstream):
    gateway = gatehouse(settings(), upstream=upstream, env=ENV)
    before = Before(gateway)

    def downgrade(g):
        with identity.database(g) as db, db:
            db.executescript("DROP TABLE key_generation; DELETE FROM secret WHERE name = 'sealed-naming';"
                             "ALTER TABLE session DROP COLUMN generation; ALTER TABLE device DROP COLUMN generation;"
                             "ALTER TABLE api_key DROP COLUMN generation; DELETE FROM schema_migration WHERE version >= 4")
    gateway = identity.restarted(gatehouse, gateway, settings(), downgrade, upstream=upstream)
    before.all_good(gateway)
    identity.operator(gateway, "key", "rotate")
    in_use(gateway, 1)
    before.all_good(gateway, refresh=True)


# Another secret_key.

def refused(gateway):
    assert gateway.wait() == 1
    return gateway.stderr()


@pytest.mark.parametrize("algorithm", ["EdDSA", "HS256"])
def test_another_secret_key_signs_nobody_out(gatehouse, upstream, algorithm):
    config = settings({"token": {"algorithm": algorithm}})
    gateway = gatehouse(config, upstream=upstream, env=ENV)
    before = Before(gateway)
    identity.operator(gateway, "key", "rotate")
    in_use(gateway, 1)
    between = Before(gateway)
    revoked = between.person.tokens()["access_token"]
    people = identity.People(gateway)
    assert people.http.post(people.at("/revoke"), data={"token": revoked}).status_code == 200
    gateway.stop()

    def start(ready=True, **env):
        return gatehouse(config, upstream=upstream, folder=gateway.folder, env=env, ready=ready)
    said = refused(start(False, SECRET_KEY=NEW))
    assert "SECRET_KEY_PREVIOUS" in said and "give that one again" in said, said
    said = refused(start(False, SECRET_KEY=NEW, SECRET_KEY_PREVIOUS=NEW[::-1]))
    assert "neither" in said, said
    second = start(SECRET_KEY=NEW, SECRET_KEY_PREVIOUS=SECRET)
    assert query(second, "SELECT count(*) FROM audit WHERE event = 'secret_key_change'") == [(1,)]
    for made in (before, between):
        made.all_good(second, refresh=True)
    people = identity.People(second)
    problem(people.me(bearer(revoked)), 401, "token_revoked")
    after = Before(second)
    second.stop()
    # All have the new one: the one before may go. What is signed by the secret itself goes with it.
    third = start(SECRET_KEY=NEW)
    if algorithm == "HS256":
        problem(identity.People(third).me(bearer(revoked)), 401, "token_invalid")
    else:
        problem(identity.People(third).me(bearer(revoked)), 401, "token_revoked")
    for made in (before, between, after):
        made.all_good(third, refresh=True)
    third.stop()
    said = refused(start(False, **ENV))
    assert "give that one again" in said, "the old one opens nothing any more"


def test_two_secrets_are_believed_for_a_while(gatehouse, upstream):
    """HS256: what other programs sign with the secret before, and they name no key."""
    config = settings({"token": {"algorithm": "HS256"}})
    gateway = gatehouse(config, upstream=upstream, env={"SECRET_KEY": NEW, "SECRET_KEY_PREVIOUS": SECRET})
    people = identity.People(gateway)
    person = people.new()
    claims = identity.claims_like(person.tokens()["access_token"], jti="another")
    for secret, status in ((NEW, 200), (SECRET, 200), (NEW[::-1], 401)):
        assert people.me(bearer(hs256(claims, secret))).status_code == status
    assert people.me(person.bearer()).status_code == 200


def test_another_secret_key_on_a_running_server(gatehouse, tmp_path, upstream):
    secret, previous = tmp_path / "secret", tmp_path / "previous"
    secret.write_text(SECRET)
    previous.write_text(NEW[::-1])
    env = {"SECRET_KEY_FILE": str(secret), "SECRET_KEY_PREVIOUS_FILE": str(previous)}
    gateway = gatehouse(settings(), upstream=upstream, env=env)
    before = Before(gateway)
    secret.write_text(NEW)
    gateway.reload()
    gateway.wait_for_log(lambda e: e.get("level") == "warning" and "SECRET_KEY_PREVIOUS" in e.get("text", ""), "what is missing")
    before.all_good(gateway)
    previous.write_text(SECRET)
    gateway.reload()
    assert query(gateway, "SELECT count(*) FROM audit WHERE event = 'secret_key_change'") == [(1,)]
    before.all_good(gateway, refresh=True)
    identity.operator(gateway, "key", "rotate")
    in_use(gateway, 1)
    before.all_good(gateway, refresh=True)
    gateway.stop()
    gateway = gatehouse(settings(), upstream=upstream, folder=gateway.folder, env={"SECRET_KEY": NEW})
    before.all_good(gateway)


def test_the_secrets_of_generations_are_nowhere_on_disk(gatehouse, upstream):
    gateway = gatehouse(settings(), upstream=upstream, env=ENV)
    Before(gateway)
    assert identity.on_disk(gateway, SECRET) == []
    assert query(gateway, "SELECT length(sealed), length(nonce) FROM key_generation WHERE id > 0") == [(32 + 16, 24)]
    assert query(gateway, "SELECT length(value) FROM secret WHERE name = 'sealed-naming'") == [(24 + 32 + 16,)]
