"""Upstreams that come and go under load: what an upstream answered reaches its client."""
import threading
import time

from support.gateway import is_sanitized
from support.load import Load
from support.message import get
from support.ports import free_port
from support.scripted import ScriptedUpstream, ok
from support.timing import SOAK, eventually

ROUNDS = 20 if SOAK else 5


def echo_number(upstream, stream):
    while True:
        request = upstream.read_request(stream)
        if request is None:
            return
        stream.send(ok(request.target.encode()))


def restarting(port, rounds, pause=0.3):
    """An upstream on `port` that is stopped without mercy and started again."""
    for _ in range(rounds):
        upstream = ScriptedUpstream(echo_number, ("127.0.0.1", port))
        time.sleep(pause)
        upstream.close()
        time.sleep(pause / 3)


def settings(servers):
    return {"upstreams": [{"name": "api", "servers": servers, "retries": 2, "fail_threshold": 1, "fail_time": "500ms"}]}


def test_idempotent_requests_survive_when_another_server_is_there(gatehouse, scripted):
    port = free_port()
    gateway = gatehouse(settings([f"http://127.0.0.1:{port}", scripted(echo_number).url]))
    load = Load(gateway, lambda n: get(f"/{n}"))
    restarting(port, ROUNDS)
    load.stop()
    assert load.failures == []
    assert set(load.statuses) == {200}, load.statuses


def test_without_another_server_clients_are_told_and_nothing_is_lost_or_doubled(gatehouse):
    """Only GET is ever sent twice; each answer belongs to its request; after the last start all is well again."""
    port = free_port()
    gateway = gatehouse(settings([f"http://127.0.0.1:{port}"]))
    wrong, posts, lock = [], [], threading.Lock()

    def script(upstream, stream):
        while True:
            request = upstream.read_request(stream)
            if request is None:
                return
            if request.method == "POST":
                with lock:
                    posts.append(request.target)
            stream.send(ok(request.target.encode()))

    stop = threading.Event()

    def client(i):
        n = 0
        while not stop.is_set():
            n += 1
            target = f"/{i}/{n}"
            answer = gateway.exchange(get(target, method="POST" if n % 2 else "GET", body=b"x" if n % 2 else b""))
            if answer.status == 200 and answer.body != target.encode():
                wrong.append((target, answer.body))
            elif answer.status not in (200, 502, 503):
                wrong.append((target, answer.status))
    clients = [threading.Thread(target=client, args=(i,), daemon=True) for i in range(6)]
    for thread in clients:
        thread.start()
    for _ in range(ROUNDS):
        upstream = ScriptedUpstream(script, ("127.0.0.1", port))
        time.sleep(0.3)
        upstream.close()
        time.sleep(0.1)
    upstream = ScriptedUpstream(script, ("127.0.0.1", port))
    eventually(lambda: gateway.exchange(get("/back")).status == 200, "all is well again")
    stop.set()
    for thread in clients:
        thread.join()
    upstream.close()
    assert wrong == []
    assert len(posts) > 10 and len(posts) == len(set(posts)), "a POST was sent twice"


def test_nothing_leaks_when_clients_and_upstreams_misbehave(gatehouse, scripted):
    """Resets, half requests, half answers: descriptors and memory return to their start."""
    modes = [
        lambda upstream, stream: stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        lambda upstream, stream: stream.send(b"garbage\r\n\r\n"),
        lambda upstream, stream: stream.reset(),
        lambda upstream, stream: stream.send(ok(b"x" * 100000)),
    ]
    turn = iter(range(1000000))

    def script(upstream, stream):
        while upstream.read_request(stream) is not None:
            modes[next(turn) % len(modes)](upstream, stream)
            if next(turn) % 3:
                return
    gateway = gatehouse({"server": {"workers": 1}, "upstreams": [{"name": "api", "fail_threshold": 1000}]}, upstream=scripted(script))

    def misbehave(n):
        for i in range(n):
            with gateway.connect() as stream:
                kind = i % 5
                if kind == 0:
                    stream.send(b"GET / HTTP/1.1\r\nHo")
                elif kind == 1:
                    stream.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
                elif kind == 2:
                    stream.send(get("/") * 3)
                    stream.reset()
                    continue
                elif kind == 3:
                    stream.send(get("/"))
                    stream.read_some()
                    stream.reset()
                    continue
                else:
                    stream.send(b"\0" * 1000)

    def quiet():
        metrics = gateway.metrics()
        return metrics.value("gatehouse_connections_open") == 0 and metrics.value("gatehouse_exchanges_open") == 0
    misbehave(200)
    eventually(quiet, "all connections ended")
    rss, descriptors = gateway.rss(), gateway.descriptors()
    misbehave(4000 if SOAK else 800)
    eventually(quiet, "all connections ended")
    eventually(lambda: gateway.descriptors() <= descriptors + 8, "descriptors return to their start")
    if not is_sanitized():
        assert gateway.rss() - rss < 8 << 20
