"""Forwarding: streams, upgrades, several upstreams, what happens when one of them misbehaves."""
import asyncio
import base64
import hashlib
import os
import threading
import time

import pytest
import websockets

from support.gateway import is_sanitized
from support.message import Truncated, get
from support.ports import free_port
from support.scripted import ScriptedUpstream, ok
from support.timing import LARGE, eventually, guard

SIZE = (1 << 30) if LARGE else (64 << 20)
PIECE = bytes(range(256)) * 256


def one(**settings):
    return {"upstreams": [{"name": "api", **settings}]}


# Streams, in constant memory.

def test_a_large_answer_is_streamed(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    gateway.get("/bytes/1000000")
    before, most, digest, n = gateway.rss(), 0, hashlib.sha256(), 0
    with gateway.client() as client, client.stream("GET", f"/bytes/{SIZE}") as answer:
        for piece in answer.iter_bytes(1 << 20):
            digest.update(piece)
            n += len(piece)
            most = max(most, gateway.rss())
    expected = hashlib.sha256()
    for _ in range(SIZE >> 20):
        expected.update(b"0123456789abcdef" * 65536)
    assert n == SIZE and digest.digest() == expected.digest()
    if not is_sanitized():
        assert most - before < 8 << 20, "the answer was kept in memory"


@pytest.mark.parametrize("how", ["length", "chunked"])
def test_a_large_request_is_streamed(gatehouse, app, how):
    gateway = gatehouse({"limits": {"body": "2GiB"}}, upstream=app)
    gateway.request("POST", "/upload", content=b"x" * 1000000)
    before, most, digest = gateway.rss(), 0, hashlib.sha256()

    def pieces():
        nonlocal most
        for i in range(SIZE // len(PIECE)):
            digest.update(PIECE)
            if i % 64 == 0:
                most = max(most, gateway.rss())
            yield PIECE
    headers = {"Content-Length": str(SIZE)} if how == "length" else {}
    answer = gateway.request("POST", "/upload", content=pieces(), headers=headers)
    assert answer.json() == {"length": SIZE, "sha256": digest.hexdigest()}
    if not is_sanitized():
        assert most - before < 8 << 20, "the request was kept in memory"


def test_a_client_that_does_not_read_stops_the_upstream(gatehouse, scripted):
    """Back pressure: what the client does not take is not fetched."""
    sent = 0

    def script(upstream, stream):
        nonlocal sent
        upstream.read_request(stream)
        stream.send(f"HTTP/1.1 200 OK\r\nContent-Length: {1 << 30}\r\n\r\n")
        while True:
            stream.send(PIECE)
            sent += len(PIECE)
    gateway = gatehouse({}, upstream=scripted(script))
    with gateway.connect() as stream:
        stream.send(get("/"))
        stream.read_head()

        def stopped():
            before = sent
            time.sleep(0.3)
            return sent == before and sent > 0
        eventually(stopped, "the upstream is held back")
        assert sent < 64 << 20


def test_server_sent_events_arrive_one_by_one(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    with gateway.client() as client, client.stream("GET", "/events/one-by-one") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines).strip() == "data: first"  # the second is only sent once the first has arrived
        app.post("/gate/one-by-one")
        assert [line.strip() for line in lines if line.strip()] == ["data: second"]


def test_a_request_body_arrives_piece_by_piece(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    with gateway.connect() as stream:
        stream.send("POST /upload-events/pieces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello")
        eventually(lambda: app.get("/counted/pieces").json()["count"] == 5, "the first piece at the upstream")
        stream.send("world")
        assert stream.read_response().json() == {"length": 10}


def test_an_answer_before_the_end_of_the_request(gatehouse, scripted):
    """An upstream may refuse a body it has not read."""
    def script(upstream, stream):
        stream.read_head()
        stream.send(ok(b"no", [("Connection", "close")], "413 Too Large"))
        stream.sock.shutdown(1)
        stream.read_to_end()
    gateway = gatehouse({}, upstream=scripted(script))
    with gateway.connect() as stream:
        stream.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nhello")
        answer = stream.read_response()
    assert answer.status == 413 and answer.body == b"no"


# WebSocket.

def test_websocket_echo(gatehouse, app):
    gateway = gatehouse({}, upstream=app)

    async def talk():
        async with websockets.connect(f"ws://127.0.0.1:{gateway.port}/ws", open_timeout=guard(10)) as socket:
            for message in ("hello", "", "\u00e4\u00f6", "x" * 200000, b"\0\1\2", b"y" * 200000):
                await socket.send(message)
                assert await asyncio.wait_for(socket.recv(), guard(10)) == message
            await asyncio.wait_for(await socket.ping(), guard(10))
    asyncio.run(talk())


def upgrade(path="/ws", **changes):
    fields = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), **changes}
    return get(path, list(fields.items()), host="localhost")


def test_websocket_ends_at_both_sides(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    before = app.get("/counted/ws-left").json()["count"]
    with gateway.connect() as stream:
        stream.send(upgrade())
        answer = stream.read_response()
        assert answer.status == 101 and answer.get("Upgrade") == "websocket" and answer.tokens("Connection") == ["upgrade"]
    eventually(lambda: app.get("/counted/ws-left").json()["count"] == before + 1, "the upstream learns that the client left")


def test_an_upgrade_the_upstream_refuses_is_an_ordinary_answer(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    with gateway.connect() as stream:
        stream.send(upgrade("/health"))
        assert stream.read_response().status != 101


def test_websocket_upgrades_are_limited_too(gatehouse, app):
    gateway = gatehouse({"rate_limits": {"default": {"requests": 1, "window": "1h"}}}, upstream=app)
    found = []
    for _ in range(2):
        with gateway.connect() as stream:
            stream.send(upgrade())
            found.append(stream.read_response().status)
    assert found == [101, 429]


# Clients that leave.

@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_leaves_cancels_the_upstream(gatehouse, app, how):
    gateway = gatehouse({}, upstream=app)
    with gateway.connect() as stream:
        stream.send(get(f"/wait/cancelled-{how}", host="localhost"))
        eventually(lambda: app.get(f"/counted/cancelled-{how}-began").json()["count"] == 1, "the request reached the upstream")
        getattr(stream, how)()
    eventually(lambda: app.get(f"/counted/cancelled-{how}-left").json()["count"] == 1, "the upstream learns that the client left")
    eventually(lambda: gateway.metrics().value("gatehouse_client_left_total") == 1, "it is counted")
    eventually(lambda: gateway.metrics().value("gatehouse_exchanges_open") == 0, "nothing is left open")


def test_a_client_that_leaves_amid_an_answer(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    with gateway.connect() as stream:
        stream.send(get(f"/bytes/{1 << 30}", host="localhost"))
        stream.read_exactly(1 << 20, "some of it")
        stream.reset()
    eventually(lambda: gateway.metrics().value("gatehouse_exchanges_open") == 0, "nothing is left open")
    assert gateway.get("/health").status_code == 200


# Several upstreams.

def named(name, gate=None):
    def script(upstream, stream):
        while upstream.read_request(stream) is not None:
            if gate:
                gate.wait(guard(30))
            stream.send(ok(name))
    return script


def test_round_robin(gatehouse, scripted):
    servers = [scripted(named(b"%d" % i)) for i in range(3)]
    gateway = gatehouse({"server": {"workers": 1}, **one(balance="round_robin")}, upstream=servers)
    with gateway.client() as client:
        found = [client.get("/").content for _ in range(9)]
    assert [found.count(b"%d" % i) for i in range(3)] == [3, 3, 3]
    assert len(set(found[:3])) == 3


def test_least_connections(gatehouse, scripted):
    """One server holds its requests: the next ones all go to the other."""
    gate = threading.Event()
    slow, fast = scripted(named(b"slow", gate)), scripted(named(b"fast"))
    gateway = gatehouse({"server": {"workers": 1}, **one(balance="least_connections")}, upstream=[slow, fast])
    waiting = [gateway.connect() for _ in range(2)]
    for stream in waiting:
        stream.send(get("/held", host="localhost"))
    eventually(lambda: len(slow.requests) >= 1, "the slow server has one")
    with gateway.client() as client:
        assert [client.get("/").content for _ in range(6)] == [b"fast"] * 6
    gate.set()
    for stream in waiting:
        assert stream.read_response().status == 200
        stream.close()


def test_a_route_chooses_its_upstream(gatehouse, scripted):
    a, b = scripted(named(b"a")), scripted(named(b"b"))
    gateway = gatehouse({
        "upstreams": [{"name": "a", "servers": [a.url]}, {"name": "b", "servers": [b.url]}],
        "routes": [{"name": "b", "path": "/b/**", "upstream": "b"}, {"name": "post", "methods": ["POST"], "path": "/a", "upstream": "b"},
                   {"name": "host", "hosts": ["127.0.0.1"], "path": "/h", "upstream": "b"}]})
    assert [gateway.exchange(get(t, host=h, method=m)).body for m, t, h in [
        ("GET", "/a", "localhost"), ("GET", "/b/x/y", "localhost"), ("POST", "/a", "localhost"), ("GET", "/h", "localhost"),
        ("GET", "/h", "127.0.0.1"), ("GET", "/a/../b/x", "localhost"), ("GET", "/%62/x", "localhost")]] == [b"a", b"b", b"b", b"a", b"b", b"b", b"b"]


def test_unmatched_requests_can_be_refused(gatehouse, scripted):
    upstream = scripted()
    gateway = gatehouse({"unmatched": "refuse", "routes": [{"name": "a", "path": "/a", "methods": ["GET"]}]}, upstream=upstream)
    assert gateway.exchange(get("/a")).status == 200
    answer = gateway.exchange(get("/b"))
    assert answer.status == 404 and answer.json()["error"] == "route_not_found"
    assert gateway.exchange(get("/a", method="POST")).status in (404, 405)
    assert len(upstream.requests) == 1


def test_a_unix_socket(gatehouse, scripted, tmp_path):
    upstream = scripted(address=str(tmp_path / "app.sock"))
    gateway = gatehouse({}, upstream=upstream)
    assert gateway.exchange(get("/over/unix", host="localhost")).status == 200
    assert upstream.requests[-1].target == "/over/unix" and upstream.requests[-1].get("Host") == "localhost"


def test_an_upstream_by_name(gatehouse, scripted):
    """localhost has two addresses; the application listens on one of them."""
    upstream = scripted()
    gateway = gatehouse({}, upstream=f"http://localhost:{upstream.port}")
    assert [gateway.exchange(get("/")).status for _ in range(3)] == [200] * 3


def test_connections_to_the_upstream_are_used_again(gatehouse, scripted):
    upstream = scripted()
    gateway = gatehouse({"server": {"workers": 1}}, upstream=upstream)
    for _ in range(20):
        assert gateway.exchange(get("/")).status == 200  # a new client connection each
    assert upstream.connections == 1


# Upstreams that fail.

def test_an_upstream_that_is_down(gatehouse):
    gateway = gatehouse({}, upstream=f"http://127.0.0.1:{free_port()}")
    for _ in range(6):
        answer = gateway.exchange(get("/", host="localhost"))
        assert answer.status in (502, 503)
        assert answer.json()["error"] in ("upstream_unavailable", "no_upstream")


def test_passive_checks_take_a_dead_server_out_and_bring_it_back(gatehouse, scripted):
    alive = scripted(named(b"alive"))
    port = free_port()
    gateway = gatehouse(one(fail_threshold=1, fail_time="1s", retries=1), upstream=[f"http://127.0.0.1:{port}", alive.url])
    with gateway.client() as client:
        assert {client.get("/").content for _ in range(10)} == {b"alive"}
        risen = ScriptedUpstream(named(b"risen"), ("127.0.0.1", port))
        try:
            eventually(lambda: client.get("/").content == b"risen", "the server is used again")
        finally:
            risen.close()


def test_active_checks(gatehouse, scripted):
    healthy = {"a": True}

    def script(upstream, stream):
        while True:
            request = upstream.read_request(stream)
            if request is None:
                return
            stream.send(ok(b"a") if healthy["a"] or request.target != "/health" else ok(b"ill", status="503 Ill"))
    a, b = scripted(script), scripted(named(b"b"))
    settings = one(health={"path": "/health", "interval": "200ms", "timeout": "2s", "healthy_after": 1, "unhealthy_after": 2})
    gateway = gatehouse(settings, upstream=[a, b])

    def answers():
        with gateway.client() as client:
            return {client.get("/").content for _ in range(8)}
    eventually(lambda: answers() == {b"a", b"b"}, "both are used")
    healthy["a"] = False
    eventually(lambda: answers() == {b"b"}, "the ill server is out")
    healthy["a"] = True
    eventually(lambda: answers() == {b"a", b"b"}, "it is back")


def drops_first(n, then=b"second"):
    """Reads a request and closes without an answer, n times; after that answers."""
    dropped = []

    def script(upstream, stream):
        while upstream.read_request(stream) is not None:
            if len(dropped) < n:
                dropped.append(1)
                return
            stream.send(ok(then))
    return script


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_idempotent_requests_are_tried_again(gatehouse, scripted, method):
    upstream = scripted(drops_first(1))
    gateway = gatehouse({"server": {"workers": 1}, **one(retries=1)}, upstream=upstream)
    assert gateway.exchange(get("/", method=method), to_head=method == "HEAD").status == 200
    assert len(upstream.requests) == 2
    assert gateway.metrics().value("gatehouse_upstream_retries_total") == 1


@pytest.mark.parametrize("method,body", [("POST", b""), ("POST", b"hello"), ("PATCH", b"hello")])
def test_others_are_never_sent_twice(gatehouse, scripted, method, body):
    upstream = scripted(drops_first(1))
    gateway = gatehouse({"server": {"workers": 1}, **one(retries=3)}, upstream=upstream)
    assert gateway.exchange(get("/", method=method, body=body)).status == 502
    assert len(upstream.requests) == 1


def test_no_more_retries_than_configured(gatehouse, scripted):
    upstream = scripted(drops_first(100))
    gateway = gatehouse({"server": {"workers": 1}, **one(retries=2, fail_threshold=1000)}, upstream=upstream)
    assert gateway.exchange(get("/")).status == 502
    assert len(upstream.requests) == 3


def test_even_a_post_goes_to_the_next_server_when_nobody_listens(gatehouse, scripted):
    """A refused connection has carried nothing: it is safe to go elsewhere."""
    upstream = scripted(named(b"alive"))
    gateway = gatehouse({"server": {"workers": 1}, **one(retries=1)}, upstream=[f"http://127.0.0.1:{free_port()}", upstream.url])
    found = [gateway.exchange(get("/", method="POST", body=b"hello")).status for _ in range(4)]
    assert found == [200] * 4
    assert all(r.body == b"hello" for r in upstream.requests)


def test_a_kept_connection_that_was_closed_meanwhile_costs_no_request(gatehouse, scripted):
    upstream = scripted()
    gateway = gatehouse({"server": {"workers": 1}}, upstream=upstream)
    for method in ("GET", "POST", "GET", "POST"):
        assert gateway.exchange(get("/", method=method)).status == 200
        upstream.close_connections()
        eventually(lambda: upstream.open == 0, "the upstream closed")
        time.sleep(0.05)  # the gateway's loop turns


@pytest.mark.parametrize("name,script,settings", [
    ("no answer", lambda upstream, stream: (upstream.read_request(stream), upstream.gate.wait(guard(30))), {"upstream_first_byte": "500ms"}),
    ("half a head", lambda upstream, stream: (upstream.read_request(stream), stream.send(b"HTTP/1.1 200"), upstream.gate.wait(guard(30))),
     {"upstream_first_byte": "500ms"}),
    ("total", lambda upstream, stream: (upstream.read_request(stream), upstream.gate.wait(guard(30))), {"upstream_total": "500ms"})])
def test_an_upstream_that_is_too_slow(gatehouse, scripted, name, script, settings):
    gateway = gatehouse({"timeouts": settings}, upstream=scripted(script))
    answer = gateway.exchange(get("/"))
    assert answer.status == 504 and answer.json()["error"] == "upstream_timeout"


def test_a_timeout_is_not_tried_again(gatehouse, scripted):
    """The upstream may be working on it: a second try would double the load just when it is slow."""
    upstream = scripted(lambda upstream, stream: (upstream.read_request(stream), upstream.gate.wait(guard(30))))
    gateway = gatehouse({"timeouts": {"upstream_first_byte": "500ms"}, **one(retries=3)}, upstream=upstream)
    assert gateway.exchange(get("/")).status == 504
    assert len(upstream.requests) == 1


def truncated(raw):
    def script(upstream, stream):
        if upstream.read_request(stream) is not None:
            stream.send(raw)
    return script


@pytest.mark.parametrize("raw", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhello"], ids=["length", "between chunks", "in a chunk"])
def test_a_truncated_answer_never_looks_whole(gatehouse, scripted, raw):
    gateway = gatehouse({}, upstream=scripted(truncated(raw)))
    with gateway.connect() as stream:
        stream.send(get("/"))
        try:
            answer = stream.read_response()
        except (Truncated, ConnectionError):
            return
    assert answer.status == 502


def test_a_truncated_answer_is_a_reset_to_an_http_1_0_client(gatehouse, scripted):
    """Its end is the end of the connection: only a reset tells it apart from a whole answer."""
    upstream = scripted(truncated(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"))
    with gatehouse({}, upstream=upstream).connect() as stream:
        stream.send(get("/", version="HTTP/1.0"))
        first = stream.read_some()
        if first.startswith(b"HTTP/1.1 502 "):
            return
        with pytest.raises(ConnectionResetError):
            while stream.sock.recv(65536):
                pass


def test_an_upstream_that_stops_amid_its_answer(gatehouse, scripted):
    def script(upstream, stream):
        upstream.read_request(stream)
        stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
        upstream.gate.wait(guard(30))
    gateway = gatehouse({"timeouts": {"upstream_body": "500ms"}}, upstream=scripted(script))
    with gateway.connect() as stream:
        stream.send(get("/"))
        with pytest.raises((Truncated, ConnectionError)):
            stream.read_response()


def test_an_answer_until_the_connection_closes(gatehouse, scripted):
    gateway = gatehouse({}, upstream=scripted(truncated(b"HTTP/1.1 200 OK\r\n\r\nhello")))
    with gateway.connect() as stream:
        stream.send(get("/"))
        assert stream.read_response().body == b"hello"


def test_more_connections_than_an_upstream_may_have(gatehouse, scripted):
    gate = threading.Event()
    upstream = scripted(named(b"held", gate))
    gateway = gatehouse({"server": {"workers": 1}, **one(max_connections=2)}, upstream=upstream)
    waiting = [gateway.connect() for _ in range(2)]
    for stream in waiting:
        stream.send(get("/"))
    eventually(lambda: len(upstream.requests) == 2, "both are at the upstream")
    answer = gateway.exchange(get("/"))
    assert answer.status == 503 and answer.json()["error"] == "upstream_overloaded"
    gate.set()
    for stream in waiting:
        assert stream.read_response().body == b"held"
        stream.close()
    assert gateway.exchange(get("/")).status == 200


def test_more_clients_than_allowed(gatehouse, scripted):
    gateway = gatehouse({"server": {"workers": 1, "max_connections": 4}}, upstream=scripted())
    eventually(lambda: gateway.metrics().value("gatehouse_connections_open") == 0, "the first look is gone")
    inside = [gateway.connect() for _ in range(4)]
    for stream in inside:
        stream.send(get("/"))
        assert stream.read_response().status == 200
    with gateway.connect() as stream:
        answer = stream.read_to_end()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 503 ")
    for stream in inside:
        stream.send(get("/"))
        assert stream.read_response().status == 200
        stream.close()

    def room():
        with gateway.connect() as stream:
            stream.send(get("/"))
            return b" 200 " in stream.read_some()
    eventually(room, "there is room again")
    assert gateway.metrics().value("gatehouse_connections_refused_total") >= 1


def test_everything_of_the_answer_arrives(gatehouse, app):
    answer = gatehouse({}, upstream=app).exchange(get("/answer/418?X-A=1&X-A=2&Set-Cookie=a=1&Set-Cookie=b=2&ETag=%22x%22", host="localhost"))
    assert answer.status == 418 and answer.body == b"body"
    assert answer.all("X-A") == ["1", "2"] and answer.all("Set-Cookie") == ["a=1", "b=2"] and answer.get("ETag") == '"x"'


def test_everything_of_the_request_arrives(gatehouse, app):
    seen = gatehouse({}, upstream=app).exchange(get("/echo/a?b=c", [("X-A", "1"), ("X-A", "2"), ("Cookie", "a=b"), ("Authorization", "Bearer t")],
                                                    "PATCH", "localhost:1", b"{}")).json()
    assert (seen["method"], seen["path"], seen["query"], seen["body"]) == ("PATCH", "/echo/a", "b=c", "{}")
    headers = [tuple(h) for h in seen["headers"]]
    for pair in (("x-a", "1"), ("x-a", "2"), ("cookie", "a=b"), ("authorization", "Bearer t"), ("host", "localhost:1")):
        assert pair in headers
