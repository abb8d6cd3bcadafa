"""Three nodes of Gatehouse over one Redis and one PostgreSQL, behind HAProxy, and an upstream that knows what it got."""
import collections
import contextlib
import itertools
import json
import random
import threading
import time

import httpx

from support import message
from support.client import PLAIN
from support.gateway import merge, run
from support.hashing import at_normal_priority
from support.identity import SECRET
from support.ports import free_port
from support.scripted import ScriptedUpstream, ok
from support.servers import HAProxy
from support.timing import eventually, guard

# Loopback addresses but 127.0.0.1 are clients; that one is HAProxy's.
BEHIND = {"client_address": {"trusted_proxies": ["127.0.0.1/32"], "source": "x-forwarded-for"}}


class CountingUpstream(ScriptedUpstream):
    """`seen`: {the value of n in the query: how often it came}."""

    def __init__(self):
        self.seen = collections.Counter()
        super().__init__(CountingUpstream.serve)

    def serve(self, stream):
        while (request := stream.read_request(self._head)) is not None:
            number = request.target.rpartition("?n=")[2]
            with self._lock:
                self.seen[number] += 1
            stream.send(ok(b"ok"))


class Node:
    """One Gatehouse. Whenever it is started again it is at the same place, with the same ports."""

    def __init__(self, fleet, number):
        self.fleet, self.number = fleet, number
        self.port, self.admin_port = free_port(), free_port()
        self.folder = fleet.folder / f"node{number}"
        self.folder.mkdir()
        self.gateway = None

    def start(self, ready=True):
        fleet = self.fleet
        self.gateway = fleet.start_gateway(fleet.config, fleet.upstream, folder=self.folder, env=fleet.environment,
                                           ports=(self.port, self.admin_port), ready=ready)
        if ready:
            at_normal_priority(self.gateway)
        return self.gateway

    def kill(self):
        self.gateway.process.kill()
        self.gateway.wait()


class Fleet:
    """`start`: the fixture that starts a gateway. redis, postgresql: ports, if nodes do not go to the servers themselves."""

    def __init__(self, start, folder, redis, postgresql, config=None, nodes=3, proxy_protocol=None, redis_port=None,
                 postgresql_port=None, upstream=None):
        self.start_gateway, self.folder, self.redis, self.postgresql = start, folder, redis, postgresql
        self.upstream = upstream or CountingUpstream()
        self.database = postgresql.database(postgresql.template())
        self.environment = {
            "SECRET_KEY": SECRET, "GATEHOUSE_REDIS_PREFIX": self.database,
            "REDIS_URL": f"redis://127.0.0.1:{redis_port or redis.port}",
            "POSTGRESQL_URL": postgresql.url(self.database, postgresql_port)}
        over = {"server": {"proxy_protocol": proxy_protocol}, "client_address": {"trusted_proxies": ["127.0.0.1/32"]}} if proxy_protocol else BEHIND
        self.config = merge(merge(over, {"log": {"access": False}}), config or {})
        self.nodes = [Node(self, i) for i in range(1, nodes + 1)]
        for node in self.nodes:
            node.start(ready=False)
        for node in self.nodes:
            at_normal_priority(node.gateway.wait_until_up())
        self.balancer = HAProxy(self.nodes, proxy_protocol)
        self.base_url, self.address = self.balancer.base_url, self.balancer.address
        self.knows_all()

    def status(self, node):
        """What `gatehouse status` says of a node that runs."""
        done = run("status", "--json", cwd=node.folder, env=self.environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def knows_all(self, number=None):
        """Every node that runs has heard of so many."""
        wanted = number or len(self.nodes)
        eventually(lambda: all(n.gateway.metrics().value("gatehouse_nodes") == wanted for n in self.nodes if n.gateway.process.poll() is None),
                   f"{wanted} nodes know of each other", 30)

    def gateway(self, number):
        return self.nodes[number % len(self.nodes)].gateway

    def connect(self, source=None):
        """To the balancer."""
        return message.connect(self.address, source)

    def get(self, path="/", **kwargs):
        with httpx.Client(base_url=self.base_url, **PLAIN, timeout=guard(30)) as client:
            return client.get(path, **kwargs)

    def close(self):
        self.balancer.close()
        for node in self.nodes:
            if node.gateway.process.poll() is None:
                node.gateway.stop()
        self.postgresql.drop(self.database)
        self.upstream.close()


class AnyNode:
    """For clients that come to one node or another with each request."""

    roams = True

    def __init__(self, fleet, seed=0):
        self.fleet, self.dice = fleet, random.Random(seed)
        self.base_url = fleet.base_url

    def connect(self, source=None):
        return self.dice.choice([n for n in self.fleet.nodes if n.gateway.process.poll() is None]).gateway.connect(source)


Answer = collections.namedtuple("Answer", "sent got status error node what number")


class Caller:
    """One client: asks on one connection as long as that is there, and knows of every request what became of it. status 0: it
    was not answered. A target gets a number, by which the upstream knows the request again."""

    _names = itertools.count(1)

    def __init__(self, connect, what=None):
        self.connect, self.what, self.stream = connect, what, None
        self.name, self.n = next(self._names), 0

    def ask(self, target, fields=(), method="GET"):
        self.n += 1
        number = f"{self.name}-{self.n}"
        sent = time.monotonic()
        try:
            if self.stream is None:
                self.stream = self.connect()
                sent = time.monotonic()
            self.stream.send(message.get(f"{target}?n={number}", fields, method, "localhost"))
            raw = self.stream.read_response()
        except (message.Truncated, OSError) as e:
            self.close()
            return Answer(sent, time.monotonic(), 0, repr(e), None, self.what, number)
        got, error = time.monotonic(), None
        if raw.status >= 400:
            with contextlib.suppress(ValueError):
                error = raw.json().get("error")
        if "close" in raw.tokens("Connection"):
            self.close()
        return Answer(sent, got, raw.status, error, raw.get("X-Served-By"), self.what, number)

    def close(self):
        if self.stream is not None:
            self.stream.close()
            self.stream = None


class Traffic:
    """Clients that keep asking. `kinds`: {what it is called: f(i, n) -> (target, fields)} for the nth request of its ith client;
    each has so many clients. connect(what, i) opens a connection."""

    def __init__(self, connect, kinds, clients=2, pause=0.005):
        self.pause, self.answers = pause, []
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._client, args=(connect, what, kind, i), daemon=True)
                         for what, kind in kinds.items() for i in range(clients)]
        for thread in self._threads:
            thread.start()

    def _client(self, connect, what, kind, i):
        caller, n = Caller(lambda: connect(what, i), what), 0
        while not self._stop.wait(self.pause):
            n += 1
            answer = caller.ask(*kind(i, n))
            with self._lock:
                self.answers.append(answer)
            if answer.status == 0:
                self._stop.wait(0.02)
        caller.close()

    def between(self, begin=0, end=float("inf"), what=None):
        """What was wholly between two times."""
        with self._lock:
            answers = list(self.answers)
        return [a for a in answers if a.sent >= begin and a.got <= end and what in (None, a.what)]

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(guard(60))
            assert not thread.is_alive(), "a client hangs"
        return self


class Count:
    """Of some answers: how many were let through, how many a rule refused, and what failed. lost: answered with 200 and never
    seen by the upstream; doubled: seen more than once."""

    RULES = (401, 403, 429)

    def __init__(self, answers, upstream=None, closed=()):
        self.admitted = sum(a.status == 200 for a in answers)
        self.refused = sum(a.status in self.RULES or a.error in closed for a in answers)
        self.failures = [a for a in answers if a.status != 200 and a.status not in self.RULES and a.error not in closed]
        self.failed = len(self.failures)
        seen = upstream.seen if upstream else {}
        self.lost = sum(a.status == 200 and not seen.get(a.number) for a in answers) if upstream else 0
        self.doubled = sum(seen.get(a.number, 0) > 1 for a in answers)

    def __str__(self):
        return f"admitted {self.admitted}, refused {self.refused}, failed {self.failed}, lost {self.lost}"


def waits(answers):
    """Milliseconds: median, 99th of a hundred, longest."""
    times = sorted((a.got - a.sent) * 1000 for a in answers) or [0.0]
    return times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)], times[-1]


def figures(answers):
    return "p50 {:.1f} ms, p99 {:.1f} ms, longest {:.1f} ms".format(*waits(answers))


# --- limits, by the clients' clocks

GRAIN = 0.002  # both clocks count milliseconds


def most_in_a_window(admitted, window):
    """How many were surely decided within one window: sent after its begin and answered before its end."""
    most = 0
    for first in admitted:
        end = first.sent + window - GRAIN
        most = max(most, sum(a.sent >= first.sent and a.got < end for a in admitted))
    return most


def refused_too_early(answers, requests, window, late):
    """Those that were refused though not so many can have been taken within the window (and what a used unit may be late).
    What was not answered may have been taken."""
    taken = [a for a in answers if a.status != 429]
    return [r for r in answers if r.status == 429
            and sum(a.got >= r.sent - window - late and a.sent <= r.got for a in taken) < requests]
