"""Redis ends, stands still, or can't be reached, while all nodes are busy: no request fails that a rule does not refuse, none waits
longer than redis.timeout beyond its own time, each rule does what it says, and afterwards all nodes count together again without
anybody's doing. docs/outages.md says the same in words."""
import time

import pytest

from support.fleet import Caller, Count, Traffic, figures, most_in_a_window, refused_too_early, waits
from support.timing import SOAK, eventually, guard
from support.wire import Wire

NODES = 3
LIMIT, SHARE, WINDOW, LATE = 20, 20 // NODES, 2, 0.4
LONG, LONG_SHARE = 30, 30 // NODES
TIMEOUT = 1.0  # so long that no answer is late because the machine is busy
SECONDS = 20 if SOAK else 5  # before, during, and after
CLIENTS = 3

RULES = [
    {"name": "local", "paths": ["/local/**"], "limits": [{"requests": LIMIT, "window": "2s"}]},
    {"name": "open", "paths": ["/open/**"], "outage": "open", "limits": [{"requests": LIMIT, "window": "2s"}]},
    {"name": "closed", "paths": ["/closed/**"], "outage": "closed", "limits": [{"requests": LIMIT, "window": "2s"}]},
    {"name": "leased", "paths": ["/leased/**"], "counting": "leased", "limits": [{"requests": 100, "window": "2s"}]},
    {"name": "long", "paths": ["/long/**"], "limits": [{"requests": LONG, "window": "1h"}]},
    {"name": "wide", "paths": ["/wide/**"], "limits": [{"requests": 1000000, "window": "1h"}]},
]
CONFIG = {"rate_limits": {"rules": RULES}, "redis": {"timeout": f"{int(TIMEOUT * 1000)}ms"}}
ADDRESSES = iter(f"127.0.{a}.{b}" for a in range(20, 100) for b in range(1, 250))


@pytest.fixture(scope="module")
def wire(servers):
    wire = Wire(servers[0].port)
    yield wire
    wire.close()


@pytest.fixture(scope="module")
def fleet(make_fleet, wire):
    return make_fleet(CONFIG, redis_port=wire.port)


def kill(fleet, wire):
    fleet.redis.kill()
    return fleet.redis.start


def stop_and_forget(fleet, wire):
    fleet.redis.stop()
    return fleet.redis.start


def pause(fleet, wire):
    fleet.redis.pause()
    return fleet.redis.resume


def cut(fleet, wire):
    wire.cut()
    return wire.mend


def freeze(fleet, wire):
    wire.freeze()
    return wire.mend


FAULTS = [kill, stop_and_forget, pause, cut, freeze]
HANGS = {pause, freeze}  # nobody is told: only a deadline finds it


class Outage:
    """The whole story, with all kinds of traffic: begin, away (all nodes know), back, well (all nodes know)."""

    def __init__(self, fleet, wire, fault):
        self.fleet = fleet
        paths = {name: f"/{name}/x" for name in ("local", "open", "closed", "leased", "wide", "free")}
        sources = {name: next(ADDRESSES) for name in paths}
        load = Traffic(lambda name, i: fleet.connect(sources[name]), {name: lambda i, n, p=path: (p, ()) for name, path in paths.items()},
                       CLIENTS)
        self.before = {node.number: self.states(node) for node in fleet.nodes}
        self.start = time.monotonic()
        time.sleep(SECONDS)
        self.begin = time.monotonic()
        heal = fault(fleet, wire)
        eventually(lambda: all(self.said(node, "redis_unavailable") for node in fleet.nodes), "all nodes know", 30)
        self.away = time.monotonic()
        time.sleep(SECONDS)
        self.back = time.monotonic()
        heal()
        eventually(lambda: all(self.said(node, "redis_recovered") for node in fleet.nodes), "all nodes are back", 60)
        self.well = time.monotonic()
        time.sleep(SECONDS)
        load.stop()
        self.answers = {name: load.between(what=name) for name in paths}

    @staticmethod
    def states(node):
        return [e["event"] for e in node.gateway.log() if e.get("event") in ("redis_unavailable", "redis_recovered")]

    def said(self, node, event):
        return event in self.states(node)[len(self.before[node.number]):]

    def of(self, name, begin=0, end=float("inf")):
        return [a for a in self.answers[name] if a.sent >= begin and a.got <= end]

    def during(self, name):
        return self.of(name, self.away, self.back)

    def all(self):
        return [a for answers in self.answers.values() for a in answers]


@pytest.fixture(scope="module", params=FAULTS, ids=lambda f: f.__name__)
def outage(request, fleet, wire):
    outage = Outage(fleet, wire, request.param)
    outage.fault = request.param
    return outage


def test_nothing_fails_that_no_rule_refuses(outage, report):
    count = Count(outage.all(), outage.fleet.upstream, closed=("limits_unavailable",))
    report(f"{count}; {count.doubled} done twice")
    assert count.failed == 0 and count.lost == 0 and count.doubled == 0, count.failures[:5]
    for name in ("wide", "free"):
        assert {a.status for a in outage.answers[name]} == {200}


def test_nobody_waits_longer_than_the_deadline_and_hardly_anybody_that_long(outage, report):
    """Those that were under way when it began wait out the deadline. From then on none waits: as before, within what the machine
    itself does to an answer."""
    asking = [a for name in ("local", "open", "closed", "leased", "wide") for a in outage.answers[name]]
    before = [a for a in asking if a.got < outage.begin]
    during = [a for a in asking if a.got >= outage.begin and a.sent < outage.well]
    after = [a for a in asking if a.sent >= outage.well]
    held = [a for a in during if a.got - a.sent >= TIMEOUT * 0.9]
    report(f"before {figures(before)}; meanwhile {figures(during)}; after {figures(after)}; "
           f"{len(held)} of {len(during)} waited for the deadline")
    own = waits(before)[2] / 1000
    assert waits(during)[2] / 1000 <= TIMEOUT + own + guard(1)
    # One for each connection of a client, when it begins; trials of the closed circuit hold nobody.
    assert len(held) <= 2 * 5 * CLIENTS, held[:5]
    if outage.fault in HANGS:
        assert held, "the fault was none"
    assert waits([a for a in during if a.sent >= outage.away])[1] / 1000 < TIMEOUT, "they go on waiting"


def test_a_local_rule_goes_on_at_each_nodes_share(outage, report):
    answers = outage.during("local")
    shares = {}
    for node in ("node1", "node2", "node3"):
        own = [a for a in answers if a.node == node]
        shares[node] = most_in_a_window([a for a in own if a.status == 200], WINDOW)
        # What was counted before counts as well, so how few there may be is looked at when that is over.
        early = refused_too_early(own, SHARE, WINDOW, LATE)
        assert not [a for a in early if a.sent >= outage.away + WINDOW + LATE], "refused below its share"
    report(f"{Count(answers)}; at most {shares} of {SHARE} each in any window")
    assert all(0 < most <= SHARE for most in shares.values()), shares


def test_at_both_ends_of_an_outage_nothing_jumps_back(outage, report):
    """What was counted before counts during, and what was counted during counts after: no window holds more than the limit, and
    what the requests under way at that moment may add."""
    admitted = [a for a in outage.answers["local"] if a.status == 200]
    begins = most_in_a_window([a for a in admitted if outage.begin - WINDOW <= a.sent and a.got <= outage.away + WINDOW], WINDOW)
    ends = most_in_a_window([a for a in admitted if a.sent >= outage.away], WINDOW)
    report(f"at most {begins} of {LIMIT} where it begins, {ends} where it ends")
    assert ends <= LIMIT
    # A node that had let fewer than its share through has the rest of its share.
    assert begins <= LIMIT + (NODES - 1) * SHARE


def test_an_open_rule_lets_all_through_meanwhile(outage, report):
    """But those whom Redis had refused: that holds as long as it said."""
    answers = outage.during("open")
    report(Count(answers))
    assert {a.status for a in answers} <= {200, 429}
    late = [a for a in answers if a.sent >= outage.begin + WINDOW + LATE]
    assert {a.status for a in late} == {200} and len(late) > 2 * LIMIT


def test_a_closed_rule_answers_503_meanwhile_and_at_no_other_time(outage, report):
    answers = outage.during("closed")
    report(Count(answers, closed=("limits_unavailable",)))
    assert {(a.status, a.error) for a in answers} <= {(503, "limits_unavailable"), (429, "rate_limit_exceeded")}
    late = [a for a in answers if a.sent >= outage.begin + WINDOW + LATE]  # whom Redis had refused stays refused as long as it said
    assert {(a.status, a.error) for a in late} == {(503, "limits_unavailable")}
    assert {a.status for a in outage.of("closed", 0, outage.begin)} == {200, 429}
    assert {a.status for a in outage.of("closed", outage.well)} == {200, 429}


def test_a_leased_rule_goes_on_at_each_nodes_share(outage, report):
    answers = outage.during("leased")
    most = most_in_a_window([a for a in answers if a.status == 200], WINDOW)
    report(f"{Count(answers)}; at most {most} of 100 in any window")
    assert 0 < most <= 100 + 15, "a lease that was out is spent, and no more"


def test_afterwards_all_nodes_count_together_again(outage, report):
    answers = outage.of("local", outage.well + WINDOW + LATE)
    most = most_in_a_window([a for a in answers if a.status == 200], WINDOW)
    report(f"{Count(answers)}; at most {most} of {LIMIT} in any window")
    assert SHARE < most <= LIMIT


def test_each_change_is_said_once_by_each_node(outage, report):
    """Whatever came meanwhile; on a machine that is very busy an answer may be late once more."""
    said = [outage.states(node)[len(outage.before[node.number]):] for node in outage.fleet.nodes]
    report(f"{[len(lines) for lines in said]} lines")
    for lines in said:
        assert 2 <= len(lines) <= 8
        assert lines == ["redis_unavailable", "redis_recovered"] * (len(lines) // 2)


class Hourly:
    """One client of the limit of an hour, at all nodes in turn."""

    def __init__(self, fleet):
        source = next(ADDRESSES)
        self.fleet, self.caller, self.answers = fleet, Caller(lambda: fleet.connect(source)), []
        self.before = {node.number: Outage.states(node) for node in fleet.nodes}

    def ask(self, n):
        self.answers += [self.caller.ask("/long/x") for _ in range(n)]

    def admitted(self):
        return sum(a.status == 200 for a in self.answers)

    def said(self, event):
        return all(event in Outage.states(node)[len(self.before[node.number]):] for node in self.fleet.nodes)

    def end(self):
        self.caller.close()
        count = Count(self.answers, self.fleet.upstream)
        assert count.failed == 0 and count.lost == 0, count.failures[:5]
        assert self.answers[-1].status == 429
        return count


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_a_limit_of_an_hour_outlives_an_outage(fleet, wire, report, fault):
    """Some of it is used before, the nodes' shares of the rest during, and nobody gets it again after, even if Redis has
    forgotten everything. What they know of each other: in a fleet that had no outage within the hour, all; else, for sure, only
    what they let through themselves."""
    hourly = Hourly(fleet)
    hourly.ask(12)
    assert hourly.admitted() == 12
    heal = fault(fleet, wire)
    hourly.ask(9)
    eventually(lambda: hourly.said("redis_unavailable") or hourly.ask(3), "all nodes know")
    hourly.ask(60)
    during = hourly.admitted()
    heal()
    eventually(lambda: hourly.said("redis_recovered"), "all nodes are back", 60)
    hourly.ask(90)
    report(f"{hourly.end()}; {during} of {LONG} before it was back")
    own = 12 // NODES
    assert LONG_SHARE < during <= 12 + NODES * -(-(LONG - own) // NODES)
    assert hourly.admitted() <= max(LONG, during) + NODES


def test_nothing_is_forgotten_when_redis_is_restarted_while_nobody_asks(make_fleet, servers, report):
    fleet = make_fleet(CONFIG)
    hourly = Hourly(fleet)
    hourly.ask(20)
    assert hourly.admitted() == 20
    fleet.redis.restart()
    eventually(lambda: hourly.said("redis_recovered"), "all nodes are back", 60)
    hourly.ask(60)
    report(f"{hourly.end()}; of a limit of {LONG}, 20 of them before")
    assert 20 < hourly.admitted() <= LONG + NODES
