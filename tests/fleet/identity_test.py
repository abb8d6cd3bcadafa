"""Accounts of a fleet: what is done at one node holds at all of them, and of many who want the last place one gets it, whichever
node he asks."""
import concurrent.futures
import itertools
import math
import time

import pytest

from support import identity, message
from support.gateway import merge, run
from support.identity import OTHER_PASSWORD, PASSWORD, bearer, settings
from support.ledger import now
from support.scripted import ScriptedUpstream
from support.timing import SOAK, eventually

NODES = 3
ROUNDS = 100 if SOAK else 12
DEVICES, KEYS = 3, 4
FREE, FREE_BY_ADDRESS, FREE_BY_ACCOUNT = 3, 40, 50
CONFIG = settings(
    {"password": {"hash_time": 1, "queue": 1000}, "devices": {"max_per_user": DEVICES}, "api_keys": {"max_per_user": KEYS},
     "attempts": {"max": 1000, "per_address": 100000, "per_account": 100000}, "verifications": "100000/minute",
     "session": {"insecure_cookies": True, "max_per_user": 5}},
    postgresql={"timeout": "30s"}, redis={"timeout": "10s"},  # nothing is away here, however busy the machine is
    routes=[{"name": "mine", "path": "/**", "require": {"user": True}}])


class Events(ScriptedUpstream):
    """A plain answer, or under /stream an endless one."""

    def __init__(self):
        super().__init__(Events.serve)

    def serve(self, stream):
        while (request := self.read_request(stream)) is not None:
            if not request.target.startswith("/stream"):
                stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                continue
            stream.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ndata: 0\r\n")
            stream.read_some()
            return


@pytest.fixture(scope="module")
def fleet(make_fleet):
    return make_fleet(CONFIG, upstream=Events())


@pytest.fixture(scope="module")
def nodes(fleet):
    """The people of each node."""
    people = [identity.People(node.gateway) for node in fleet.nodes]
    yield people
    for each in people:
        each.close()


def around(nodes, first):
    """All nodes, beginning with this one."""
    return [nodes[(first + i) % len(nodes)] for i in range(len(nodes))]


def opens(people, credentials):
    return people.http.get("/mine", headers=credentials).status_code


def operator(fleet, node, *words):
    done = run(*words, cwd=fleet.nodes[node].folder, env=fleet.environment)
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def at_once(calls):
    """All calls, as much at the same time as threads can be; their answers in order."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [f.result() for f in [pool.submit(call) for call in calls]]


# --- in

def test_who_signs_in_at_one_is_in_at_all_at_once(nodes, report):
    """Nobody who comes to another node with the next packet is told that he is a stranger."""
    asked = 0
    for round_ in range(ROUNDS):
        here, *others = around(nodes, round_)
        username = identity.name()
        assert here.register(username).status_code == 201
        person = identity.Person(here, username, PASSWORD, {"user": {"id": None}})
        for other in around(nodes, round_ + 1)[:2]:
            answer = other.post("/login", {"username": username, "password": PASSWORD, "mode": "token"})
            assert answer.status_code == 200, answer.text
        tokens = person.tokens()
        for other in others:
            assert opens(other, bearer(tokens["access_token"])) == 200
        browser = person.browser()
        for other in others:
            assert opens(other, {"Cookie": f"session={browser.session}"}) == 200
        key = person.api_key(bearer(tokens["access_token"]))["key"]
        for other in others:
            assert opens(other, {"X-API-Key": key}) == 200
        device = here.device(bearer(tokens["access_token"]))
        for other in others:
            me = other.me({**bearer(tokens["access_token"]), "X-Device-Token": device["device_token"]})
            assert me.status_code == 200 and me.json()["device"] == device["id"]
        fresh = others[0].post("/refresh", {"refresh_token": tokens["refresh_token"]})
        assert fresh.status_code == 200, fresh.text
        assert opens(others[1], bearer(fresh.json()["access_token"])) == 200
        asked += 13
        browser.close()
    report(f"admitted {asked}, refused 0, failed 0, lost 0")


# --- out

class Victim:
    """Signed in at one node in every way there is."""

    def __init__(self, nodes, home):
        self.here = nodes[home]
        self.person = self.here.new()
        self.tokens = self.person.tokens()
        self.bearer = bearer(self.tokens["access_token"])
        self.browser = self.person.browser()
        self.key = self.person.api_key(self.bearer)
        self.credentials = {"token": self.bearer, "session": {"Cookie": f"session={self.browser.session}"},
                            "key": {"X-API-Key": self.key["key"]}}


def logout(v, people, fleet, node):
    return people.post("/logout", headers={**v.credentials["session"], "X-CSRF-Token": v.browser.csrf})


def logout_all(v, people, fleet, node):
    return people.post("/logout", {"all": True}, headers=v.bearer)


def access_token_revoked(v, people, fleet, node):
    return people.http.post(people.at("/revoke"), data={"token": v.tokens["access_token"]})


def family_revoked(v, people, fleet, node):
    return people.http.post(people.at("/revoke"), data={"token": v.tokens["refresh_token"]})


def session_ended_from_the_list(v, people, fleet, node):
    session = people.me(v.credentials["session"]).json()["session"]
    return people.delete(f"/sessions/{session}", headers=v.bearer)


def key_deleted(v, people, fleet, node):
    return people.delete(f"/keys/{v.key['id']}", headers=v.bearer)


def password_changed(v, people, fleet, node):
    return people.post("/password", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}, headers=v.bearer)


def account_erased(v, people, fleet, node):
    return people.delete("/account", {"password": PASSWORD}, headers=v.bearer)


def disabled_by_the_operator(v, people, fleet, node):
    operator(fleet, node, "user", "disable", v.person.name)


def sessions_ended_by_the_operator(v, people, fleet, node):
    operator(fleet, node, "session", "end", "--user", v.person.name)


def key_revoked_by_the_operator(v, people, fleet, node):
    operator(fleet, node, "key", "revoke", v.key["id"])


ENDS = {
    logout: {"session"}, logout_all: {"session", "token"}, access_token_revoked: {"token"}, family_revoked: {"token"},
    session_ended_from_the_list: {"session"}, key_deleted: {"key"}, password_changed: {"session"},
    account_erased: {"session", "token", "key"}, disabled_by_the_operator: {"session", "token", "key"},
    sessions_ended_by_the_operator: {"session", "token"}, key_revoked_by_the_operator: {"key"},
}


@pytest.mark.parametrize("end", ENDS, ids=lambda f: f.__name__)
def test_what_ends_at_one_node_is_refused_at_all(fleet, nodes, report, end):
    """At the node that was asked with the next request; at the others in a moment, which is measured from the answer on."""
    refused, longest, late = 0, 0.0, 0
    for home in range(NODES):
        victim, elsewhere = Victim(nodes, home), (home + 1) % NODES
        for people in nodes:
            assert [opens(people, c) for c in victim.credentials.values()] == [200] * 3
        answer = end(victim, nodes[elsewhere], fleet, elsewhere)
        assert answer is None or answer.is_success, answer.text
        begin = time.monotonic()
        for people in around(nodes, elsewhere):
            for what in sorted(ENDS[end]):
                credentials = victim.credentials[what]
                if people is nodes[elsewhere]:
                    assert opens(people, credentials) == 401, f"{what} at the node that ended it"
                else:
                    tries = []
                    eventually(lambda: tries.append(0) or opens(people, credentials) == 401, f"{what} is refused everywhere", 20)
                    late += len(tries) > 1
                longest = max(longest, time.monotonic() - begin)
                refused += 1
                assert opens(people, credentials) == 401, "it came back"
        for what in {"session", "token", "key"} - ENDS[end]:
            assert [opens(p, victim.credentials[what]) for p in nodes] == [200] * NODES, f"{what} ended as well"
        victim.browser.close()
    report(f"refused {refused}, of them not yet at the first request {late}, failed 0, lost 0; everywhere after {longest * 1000:.0f} ms at most")
    assert longest < 20


@pytest.mark.parametrize("end", [logout_all, disabled_by_the_operator], ids=lambda f: f.__name__)
def test_streams_at_other_nodes_are_cut(fleet, nodes, report, end):
    victim, streams = Victim(nodes, 0), []
    for node in fleet.nodes:
        stream = node.gateway.connect()
        stream.send(message.get(f"/stream/{node.number}", list(victim.bearer.items())))
        assert stream.read_head().status == 200
        stream.read_until(b"data: 0\r\n", "the first event")
        streams.append(stream)
    end(victim, nodes[0], fleet, 0)
    begin = time.monotonic()
    for stream in streams:
        assert b"0\r\n\r\n" not in stream.read_to_end(), "it was cut, not ended"
        stream.close()
    report(f"cut 3, failed 0, lost 0; all after {(time.monotonic() - begin) * 1000:.0f} ms")


# --- one of many

def test_a_refresh_token_has_one_successor_whichever_node_takes_it(nodes, report):
    taken, presented = 0, 0
    for _ in range(ROUNDS):
        tokens = nodes[0].new().tokens()
        for _ in range(3):
            calls = [lambda p=p: p.post("/refresh", {"refresh_token": tokens["refresh_token"]}) for p in nodes * 2]
            answers = at_once(calls)
            assert [a.status_code for a in answers] == [200] * len(answers), [a.text for a in answers]
            successors = {a.json()["refresh_token"] for a in answers}
            assert len(successors) == 1, "a family was split"
            tokens, taken, presented = answers[0].json(), taken + 1, presented + len(answers)
            for people in nodes:
                assert opens(people, bearer(tokens["access_token"])) == 200
    report(f"admitted {presented}, refused 0, failed 0, lost 0; {taken} tokens, one successor each")


@pytest.fixture(scope="module")
def strict(make_fleet):
    """Without a grace for refresh tokens, and one session more is refused."""
    return make_fleet(merge(CONFIG, {"identity": {"token": {"refresh_grace": "0s"},
                                                  "session": {"max_per_user": 3, "at_limit": "refuse"}}}))


@pytest.fixture(scope="module")
def strict_nodes(strict):
    people = [identity.People(node.gateway) for node in strict.nodes]
    yield people
    for each in people:
        each.close()


def test_without_a_grace_one_of_all_nodes_takes_a_refresh_token(strict_nodes, report):
    won = refused = 0
    for _ in range(ROUNDS):
        tokens = strict_nodes[0].new().tokens()
        answers = at_once([lambda p=p: p.post("/refresh", {"refresh_token": tokens["refresh_token"]}) for p in strict_nodes * 2])
        statuses = [a.status_code for a in answers]
        assert statuses.count(200) == 1 and statuses.count(401) == 5, [a.text for a in answers]
        errors = {a.json()["error"] for a in answers if a.status_code == 401}
        assert errors <= {"refresh_reused", "refresh_invalid"}, errors
        won, refused = won + 1, refused + 5
        [winner] = [a.json() for a in answers if a.status_code == 200]
        for people in strict_nodes:  # it was a thief's or the owner's: nobody knows, and the family is over
            eventually(lambda: opens(people, bearer(winner["access_token"])) == 401, "the family is over everywhere")
    report(f"admitted {won}, refused {refused}, failed 0, lost 0")


def winners(answers, good, refusal):
    assert {a.status_code for a in answers} <= {good, refusal}, [a.text for a in answers]
    return sum(a.status_code == good for a in answers)


def test_a_name_is_given_once(nodes, report):
    won = 0
    for _ in range(ROUNDS):
        username = identity.name()
        answers = at_once([lambda p=p: p.register(username) for p in nodes * 2])
        assert winners(answers, 201, 409) == 1
        won += 1
    report(f"admitted {won}, refused {won * 5}, failed 0, lost 0")


def test_the_last_places_for_keys(nodes, report):
    won = refused = 0
    for _ in range(ROUNDS):
        headers = nodes[0].new().bearer()
        answers = at_once([lambda p=p: p.post("/keys", {"name": "a key"}, headers=headers) for p in nodes * 3])
        assert winners(answers, 201, 409) == KEYS, [a.text for a in answers]
        won, refused = won + KEYS, refused + len(answers) - KEYS
        keys = [a.json()["key"] for a in answers if a.status_code == 201]
        assert all(opens(p, {"X-API-Key": k}) == 200 for p, k in itertools.product(nodes, keys))
    report(f"admitted {won}, refused {refused}, failed 0, lost 0")


def test_the_last_places_for_devices(nodes, report):
    won = refused = 0
    for _ in range(ROUNDS):
        headers = nodes[0].new().bearer()
        answers = at_once([lambda p=p: p.post("/devices", {}, headers=headers) for p in nodes * 3])
        assert winners(answers, 201, 409) == DEVICES, [a.text for a in answers]
        won, refused = won + DEVICES, refused + len(answers) - DEVICES
    report(f"admitted {won}, refused {refused}, failed 0, lost 0")


def test_the_last_places_for_sessions(strict_nodes, report):
    won = refused = 0
    for _ in range(ROUNDS):
        person = strict_nodes[0].new()
        login = {"username": person.name, "password": PASSWORD, "mode": "token"}
        answers = at_once([lambda p=p: p.post("/login", login) for p in strict_nodes * 2])
        assert winners(answers, 200, 409) == 3, [a.text for a in answers]
        won, refused = won + 3, refused + 3
        tokens = [a.json()["access_token"] for a in answers if a.status_code == 200]
        assert all(opens(p, bearer(t)) == 200 for p, t in itertools.product(strict_nodes, tokens))
    report(f"admitted {won}, refused {refused}, failed 0, lost 0")


def test_no_more_sessions_are_left_than_may_be(nodes, report):
    """The one unused longest makes room, at whatever node the next one comes."""
    for _ in range(ROUNDS):
        person = nodes[0].new()
        login = {"username": person.name, "password": PASSWORD, "mode": "token"}
        answers = at_once([lambda p=p: p.post("/login", login) for p in nodes * 3])
        assert [a.status_code for a in answers] == [200] * 9, [a.text for a in answers if a.status_code != 200]
        tokens = [a.json()["access_token"] for a in answers]
        for people in nodes:
            eventually(lambda: sum(opens(people, bearer(t)) == 200 for t in tokens) == 5, "five are left everywhere")
        alive = {tuple(opens(people, bearer(t)) for t in tokens) for people in nodes}
        assert len(alive) == 1, "nodes differ in which"
    report(f"admitted {ROUNDS * 9}, ended {ROUNDS * 4}, failed 0, lost 0")


# --- attempts

@pytest.fixture(scope="module")
def counting(make_fleet):
    """Where attempts run out."""
    attempts = {"max": FREE, "per_address": FREE_BY_ADDRESS, "per_account": FREE_BY_ACCOUNT, "timeout": "10m"}
    fleet = make_fleet(merge(CONFIG, {"identity": {"attempts": attempts}}))
    fleet.people = [identity.People(node.gateway) for node in fleet.nodes]
    return fleet


def test_wrong_passwords_are_counted_over_all_nodes(counting, report):
    """Whoever guesses at each node in turn gets no more guesses than at one."""
    for number in range(4):
        here, person = {"X-Forwarded-For": f"203.0.113.{number + 1}"}, counting.people[0].new()
        guesses = [counting.people[i % NODES].post("/login", {"username": person.name, "password": f"guess {i}"}, headers=here)
                   for i in range(FREE)]
        assert [a.status_code for a in guesses] == [401] * FREE
        # As if it had gone on and on: the wait is so long that no test outlasts it.
        counting.postgresql.execute("UPDATE attempt SET n = n + 8 WHERE n = %s", (FREE,), counting.database)
        answers = [p.post("/login", {"username": person.name, "password": PASSWORD}, headers=here) for p in counting.people]
        assert [a.status_code for a in answers] == [429] * NODES, [a.text for a in answers]
        assert all(200 <= a.json()["retry_after"] <= 256 for a in answers), [a.text for a in answers]
        other = {"X-Forwarded-For": f"198.51.100.{number + 1}"}
        assert [p.post("/login", {"username": person.name, "password": PASSWORD, "mode": "token"}, headers=other).status_code
                for p in counting.people] == [200] * NODES, "a stranger has locked the owner out"
    report(f"admitted {4 * NODES}, refused {4 * (FREE + NODES)}, failed 0, lost 0")


def test_many_at_once_have_no_more_guesses_than_one_after_the_other(counting, report):
    """Behind the free ones a wait of a second, of two, of four, on a clock of whole seconds: the first may be over soon."""
    tried = 0
    for number in range(4):
        here, person, before = {"X-Forwarded-For": f"203.0.114.{number + 1}"}, counting.people[0].new(), now()
        began = eventually(lambda: now() != before and now(), "a second begins")
        answers = at_once([lambda p=p, i=i: p.post("/login", {"username": person.name, "password": f"guess {i}"}, headers=here)
                           for i, p in enumerate(counting.people * 4)])
        waited = int(math.log2(1 + now() - began))
        statuses = [a.status_code for a in answers]
        assert set(statuses) == {401, 429} and statuses.count(401) <= FREE + waited, (statuses, waited)
        tried += statuses.count(401)
    report(f"admitted 0, refused 48, of them after a look at the password {tried}, failed 0, lost 0")
