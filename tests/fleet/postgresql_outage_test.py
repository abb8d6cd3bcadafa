"""PostgreSQL ends, stands still, or can't be reached, while people sign in and out at all nodes: sessions and API keys are closed,
access tokens count on for identity.outage.tokens, all else is served as if nothing were, and what was acknowledged before, while
and after is there for ever. Nobody has to do anything. docs/outages.md says the same in words."""
import contextlib
import os
import random
import threading
import time

import pytest

from support import identity
from support.fleet import AnyNode, Caller, Count, Traffic, figures, waits
from support.ledger import Enduring, Inspector, Rotations, configuration
from support.servers import PostgreSQL
from support.timing import SOAK, eventually, guard
from support.wire import Wire

SEED = int(os.environ.get("GATEHOUSE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
SECONDS = 20 if SOAK else 4  # before, during, and after
TIMEOUT = 2  # less, and a busy machine is an outage now and then
CLIENTS, PEOPLE = 3, 4
CONFIG = configuration(
    0, postgresql={"timeout": f"{int(TIMEOUT * 1000)}ms"},
    routes=[{"name": "free", "path": "/free/**"}, {"name": "mine", "path": "/**", "require": {"user": True}}])


@pytest.fixture(scope="module")
def servers(servers):
    """What PostgreSQL acknowledges here is on the disk."""
    postgresql = PostgreSQL(safe=True)
    yield servers[0], postgresql
    postgresql.close()


@pytest.fixture(scope="module")
def wire(servers):
    wire = Wire(servers[1].port)
    yield wire
    wire.close()


@pytest.fixture(scope="module")
def fleet(make_fleet, wire):
    return make_fleet(CONFIG, postgresql_port=wire.port)


def kill(fleet, wire):
    fleet.postgresql.kill()
    return fleet.postgresql.start


def crash(fleet, wire):
    fleet.postgresql.crash()
    return fleet.postgresql.start


def restart(fleet, wire):
    fleet.postgresql.stop()
    return fleet.postgresql.start


def pause(fleet, wire):
    fleet.postgresql.pause()
    return fleet.postgresql.resume


def cut(fleet, wire):
    wire.cut()
    return wire.mend


def freeze(fleet, wire):
    wire.freeze()
    return wire.mend


@contextlib.contextmanager
def away(fleet, wire, fault):
    heal = fault(fleet, wire)
    try:
        yield
    finally:
        heal()


FAULTS = [kill, crash, restart, pause, cut, freeze]
KINDS = ("free", "token", "session", "key")


class Guest:
    """An account that is only looked at."""

    def __init__(self, fleet):
        self.people = identity.People(fleet)
        self.person = self.people.new()
        self.tokens = self.person.tokens()
        self.browser = self.person.browser()
        token = f"Bearer {self.tokens['access_token']}"
        key = self.person.api_key({"Authorization": token})["key"]
        self.fields = {"free": [], "token": [("Authorization", token)], "key": [("X-API-Key", key)],
                       "session": [("Cookie", f"session={self.browser.session}")]}

    def target(self, kind):
        return "/free/x" if kind == "free" else "/mine"


def said(node):
    return [e["event"] for e in node.gateway.log() if e.get("event") in ("records_unavailable", "records_recovered")]


class Outage:
    def __init__(self, fleet, wire, fault, seed):
        eventually(lambda: identity.People(fleet).register().status_code == 201, "the outage before is over", 30)
        self.fleet, self.guest, self.fault = fleet, Guest(fleet), fault
        guest, dice = self.guest, random.Random(seed)
        self.rotations, self.people, self.counts = Rotations(), [], {}
        any_node = [AnyNode(fleet, dice.randrange(1 << 32)) for _ in range(PEOPLE)]
        shares = [[] for _ in range(PEOPLE)]
        clients = [Enduring(any_node[i], shares[i], dice.randrange(1 << 32), 0, self.rotations, f"person {i}") for i in range(PEOPLE)]
        load = Traffic(lambda kind, i: fleet.connect(), {kind: lambda i, n, k=kind: (guest.target(k), guest.fields[k]) for kind in KINDS},
                       CLIENTS)
        for client in clients:
            client.start()
        self.answered, self.before = [], {node.number: len(said(node)) for node in fleet.nodes}

        def mark():
            self.answered.append((sum(c.ask.answers for c in clients), sum(c.unsure for c in clients)))
            return time.monotonic()
        try:
            time.sleep(SECONDS)
            self.begin = mark()
            with away(fleet, wire, fault):
                eventually(lambda: all(self.asks(node, "session") == 503 for node in fleet.nodes), "all nodes know", 30)
                self.away = mark()
                time.sleep(SECONDS)
                self.back = mark()
            eventually(lambda: all(self.asks(node, "session") == 200 for node in fleet.nodes), "all nodes are back", 60)
            self.well = mark()
            time.sleep(SECONDS)
            mark()
            eventually(lambda: all(len(said(node)) % 2 == 0 for node in fleet.nodes), "nobody says that it is away", 30)
            self.said = {node.number: said(node)[self.before[node.number]:] for node in fleet.nodes}
        finally:
            load.stop()
            for client in clients:
                client.stopping.set()
        for client in clients:
            client.end()
        self.answers = {kind: load.between(what=kind) for kind in KINDS}
        self.writes = [time for client in clients for time in client.ask.times]
        for share in shares:
            self.people += share
        self.seed = dice.randrange(1 << 32)

    def asks(self, node, kind):
        caller = Caller(node.gateway.connect)
        answer = caller.ask(self.guest.target(kind), self.guest.fields[kind])
        caller.close()
        return answer.status

    def of(self, kind, begin=0, end=float("inf")):
        return [a for a in self.answers[kind] if a.sent >= begin and a.got <= end]

    def statuses(self, kind, begin=0, end=float("inf")):
        return {(a.status, a.error) for a in self.of(kind, begin, end)}


@pytest.fixture(scope="module", params=FAULTS, ids=lambda f: f.__name__)
def outage(request, fleet, wire):
    print("GATEHOUSE_TEST_SEED =", SEED)
    return Outage(fleet, wire, request.param, SEED)


CLOSED = (503, "identity_unavailable")


def test_what_needs_nobody_and_what_a_token_proves_is_served_throughout(outage, report):
    answers = outage.answers["free"] + outage.answers["token"]
    count = Count(answers, outage.fleet.upstream)
    report(count)
    assert {a.status for a in answers} == {200}, count.failures[:5]
    assert count.lost == 0 and count.doubled == 0


def test_sessions_and_keys_are_closed_and_nothing_else_is_said_of_them(outage, report):
    """Not 401: who is signed in is to stay so."""
    answers = outage.answers["session"] + outage.answers["key"]
    report(Count(answers, outage.fleet.upstream, closed=("identity_unavailable",)))
    for kind in ("session", "key"):
        assert outage.statuses(kind, outage.away, outage.back) == {CLOSED}
        assert outage.statuses(kind, 0, outage.begin) == outage.statuses(kind, outage.well) == {(200, None)}
        assert outage.statuses(kind) == {CLOSED, (200, None)}


def longest(times):
    return max((got - sent for sent, got in times), default=0.0)


def test_nobody_waits_longer_than_the_deadline(outage, report):
    """Who is known is known from memory: his requests wait for nothing at all. What has to be written waits out a deadline that had
    begun, or one for a new connection, once; then it is refused at once."""
    asked = [a for answers in outage.answers.values() for a in answers]
    before = [a for a in asked if a.got < outage.begin]
    during = [a for a in asked if a.got >= outage.begin and a.sent < outage.well]
    after = [a for a in asked if a.sent >= outage.well]
    writes = {"before": [t for t in outage.writes if t[1] < outage.begin],
              "meanwhile": [t for t in outage.writes if t[1] >= outage.begin and t[0] < outage.back],
              "settled": [t for t in outage.writes if t[0] >= outage.away and t[1] < outage.back]}
    report(f"before {figures(before)}; meanwhile {figures(during)}; after {figures(after)}; writes "
           + ", ".join(f"{what} {longest(times) * 1000:.0f} ms" for what, times in writes.items()))
    assert waits(during)[2] / 1000 <= TIMEOUT + waits(before)[2] / 1000 + guard(1)
    held = [a for a in during if a.got - a.sent >= 0.45 + waits(before)[2] / 1000]
    assert len(held) <= len(asked) // 100, held[:5]
    assert longest(writes["meanwhile"]) <= 2 * TIMEOUT + longest(writes["before"]) + guard(1)
    late = [t for t in writes["settled"] if t[1] - t[0] >= TIMEOUT * 0.9]
    assert len(late) <= PEOPLE * len(outage.fleet.nodes) < len(writes["settled"]), "more than the first ones of each node"
    assert longest(writes["settled"]) <= TIMEOUT + longest(writes["before"]) + guard(1)


def test_all_that_was_acknowledged_is_there(outage, report):
    """Logins, logouts, refreshes, keys, devices, passwords; before, while and after, at whatever node."""
    print("GATEHOUSE_TEST_SEED =", SEED)
    inspector = Inspector(AnyNode(outage.fleet, outage.seed), random.Random(outage.seed), 0, outage.rotations, outage.counts)
    for person in outage.people:
        inspector.person(person, with_password=True)
    inspector.ask.close()
    outage.counts["accounts"] = sum(p.there for p in outage.people)
    (begin, _), *_, (answered, unsure) = outage.answered
    report(f"answered {answered}, of them {begin} before, unsure {unsure}, lost 0; {outage.rotations.taken} refresh tokens taken; {outage.counts}")
    assert outage.counts["accounts"] and outage.counts.get("sessions in force") and outage.counts.get("refresh tokens taken")
    assert answered > begin, "nothing was answered afterwards"


def test_what_happened_is_said_once_by_each_node(outage, report):
    """For each change, whatever came meanwhile; on a machine that is very busy an answer may be late once more."""
    report(f"{[len(said) for said in outage.said.values()]} lines")
    for lines in outage.said.values():
        assert 2 <= len(lines) <= 8
        assert lines == ["records_unavailable", "records_recovered"] * (len(lines) // 2)


def test_revoked_just_before_is_revoked_after(fleet, wire):
    """A node that could not learn of it while it was cut off goes by the signature for identity.outage.tokens, and no longer than
    the outage is."""
    people = [identity.People(node.gateway) for node in fleet.nodes]
    person = people[0].new()
    tokens = person.tokens()
    bearer = identity.bearer(tokens["access_token"])
    assert [p.me(bearer).status_code for p in people] == [200] * 3
    assert people[1].post("/logout", headers=bearer).status_code == 204
    with away(fleet, wire, kill):
        assert people[1].me(bearer).status_code in (401, 503), "at the node that ended it"
    for p in people:
        eventually(lambda: p.me(bearer).status_code == 401, "refused everywhere", 30)
        refreshed = eventually(lambda: (a := p.post("/refresh", {"refresh_token": tokens["refresh_token"]})).status_code != 503 and a,
                               "records can be asked", 30)
        assert refreshed.status_code == 401


def lines_spooled(fleet):
    return sum(fleet.status(node)["audit_spool"]["lines"] for node in fleet.nodes)


def test_what_is_audited_meanwhile_is_written_down_afterwards(fleet, wire, report):
    """A wrong password, where one has to be given again: the attempt is counted while PostgreSQL is there, the password is looked at
    when it is not. Whoever was told that it was wrong is in the audit trail."""
    people = [identity.People(node.gateway) for node in fleet.nodes]
    persons = [people[i % 3].new() for i in range(9)]
    headers = [person.bearer() for person in persons]
    told, stopping, spooled = [], threading.Event(), 0

    def guess(i):
        while not stopping.is_set():
            answer = people[i % 3].post("/password", {"current_password": "not this one", "new_password": "and never this"}, headers=headers[i])
            told.append((answer.status_code, answer.json()["error"]))
            if answer.status_code != 401:
                stopping.wait(0.05)

    def written():
        return fleet.postgresql.execute("SELECT count(*) FROM audit WHERE detail LIKE '%wrong%'", database=fleet.database)[0][0]
    before = written()
    threads = [threading.Thread(target=guess, args=(i,), daemon=True) for i in range(9)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            time.sleep(1)
            with away(fleet, wire, kill):
                time.sleep(1.5)
                spooled += lines_spooled(fleet)
            eventually(lambda: lines_spooled(fleet) == 0, "the spools are empty", 30)
            if spooled:
                break
    finally:
        stopping.set()
    for thread in threads:
        thread.join(guard(30))
    refused = told.count((401, "login_failed"))
    report(f"refused {refused}, closed {told.count(CLOSED)}, spooled {spooled}, lost {refused - (written() - before)}")
    assert spooled > 0, "nothing had to wait"
    eventually(lambda: written() - before == refused, lambda: f"{refused} were told, {written() - before} are written down")


def test_tokens_count_no_longer_than_they_may(make_fleet, servers, report):
    """identity.outage.tokens: 2s."""
    wire = Wire(servers[1].port)
    fleet = make_fleet({**CONFIG, "identity": {**CONFIG["identity"], "outage": {"tokens": "2s"}}}, postgresql_port=wire.port)
    guest = Guest(fleet)
    callers = [Caller(node.gateway.connect) for node in fleet.nodes]
    assert {c.ask("/mine", guest.fields["token"]).status for c in callers} == {200}
    begin = time.monotonic()
    wire.cut()
    seen = set()
    for caller in callers:
        def closed():
            answer = caller.ask("/mine", guest.fields["token"])
            seen.add((answer.status, answer.error))
            if answer.status == 200:
                assert answer.sent < begin + 2 + 1 + guard(1), "it still counts"
            return answer.status == 503
        eventually(closed, "tokens are closed as well")
        assert caller.ask("/free/x").status == 200
    assert seen <= {(200, None), CLOSED}
    report(f"closed after {time.monotonic() - begin:.1f} s")
    wire.mend()
    for caller in callers:
        eventually(lambda: caller.ask("/mine", guest.fields["token"]).status == 200, "they are good again", 30)
        caller.close()
    wire.close()


def test_a_node_that_comes_while_postgresql_is_away_serves_nobody_as_if_nobody_had_an_account(fleet, wire):
    """It begins without its records: what needs nobody is served, or it does not start at all; by itself it gets there."""
    guest, node = Guest(fleet), fleet.nodes[2]
    node.gateway.stop()
    with away(fleet, wire, pause):
        node.start(ready=False)
        caller = Caller(node.gateway.connect)
        for _ in range(20):
            answers = [caller.ask(guest.target(kind), guest.fields[kind]) for kind in ("session", "key", "token")]
            assert all(a.status in (0, 503) for a in answers), answers
            time.sleep(0.05)
    if node.gateway.process.poll() is None:
        node.gateway.wait_until_up()
        eventually(lambda: caller.ask("/mine", guest.fields["session"]).status == 200, "it has got there", 30)
    else:
        node.start()
    assert [caller.ask(guest.target(kind), guest.fields[kind]).status for kind in KINDS] == [200] * 4
    caller.close()
