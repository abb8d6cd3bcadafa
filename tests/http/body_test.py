"""Bodies that are looked into: read whole before anything goes to the upstream, which gets exactly what was checked."""
import json
import random
import signal
import socket
import threading
import time

import pytest

from support.message import get
from support.scripted import ok
from support.timing import eventually, guard

KIB, MIB = 1 << 10, 1 << 20
HELD = {"name": "held", "path": "/held", "validate": {"body": {"type": "string"}}}


def settings(validation=None, **more):
    # No rate but the test's own: one core under a sanitizer is slow.
    base = {"routes": [HELD], "validation": {"max_body": "1MiB", "memory": "64MiB", **(validation or {})},
            "limits": {"min_body_rate": 0}}
    for key, value in more.items():
        base[key] = {**base.get(key, {}), **value} if isinstance(value, dict) else value
    return base


def text(n):
    """A JSON text of exactly n bytes that the schema takes."""
    return b'"' + (b"abcdefghijklmnopqrstuvw" * (n // 23 + 1))[:n - 2] + b'"'


def head(framing, path="/held", method="POST", fields=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", framing, *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def by_length(body, **kwargs):
    return head(f"Content-Length: {len(body)}", **kwargs) + body


def chunks_of(body, sizes):
    out, at = [], 0
    while at < len(body):
        n = next(sizes)
        out.append(b"%x\r\n%s\r\n" % (len(body[at:at + n]), body[at:at + n]))
        at += n
    return b"".join(out) + b"0\r\n\r\n"


def chunked(body, sizes, **kwargs):
    return head("Transfer-Encoding: chunked", **kwargs) + chunks_of(body, sizes)


def sizes(*these):
    while True:
        yield from these


def echo_size(upstream, stream):
    while True:
        request = upstream.read_request(stream)
        if request is None:
            return
        stream.send(ok(str(len(request.body)).encode()))


@pytest.fixture
def held(gatehouse, scripted):
    """A gateway that looks into the bodies of /held, and its upstream."""
    def start(script=echo_size, validation=None, **more):
        upstream = scripted(script)
        return gatehouse(settings(validation, **more), upstream=upstream), upstream
    return start


def held_bytes(gateway):
    return gateway.metrics().value("gatehouse_bodies_held_bytes")


def expect_forwarded(request, body):
    assert request.body == body
    assert request.get("content-length") == str(len(body))
    assert request.all("transfer-encoding") == [] and request.all("expect") == []


@pytest.mark.parametrize("size", [2, 3, 100, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 100_000, MIB - 1, MIB])
def test_a_body_by_length_arrives_as_it_was_sent(held, size):
    gateway, upstream = held()
    body = text(size)
    answer = gateway.exchange(by_length(body))
    assert (answer.status, answer.body) == (200, str(size).encode())
    expect_forwarded(upstream.requests[0], body)
    eventually(lambda: held_bytes(gateway) == 0, "the memory is given back")


@pytest.mark.parametrize("pieces", [[1], [2], [3, 1, 7], [15, 16, 17], [255, 256], [4095], [65536], [200_000], [1, 50_000]])
def test_a_chunked_body_arrives_with_its_length(held, pieces):
    gateway, upstream = held()
    body = text(70_001 if pieces[0] > 1 else 20_001)
    answer = gateway.exchange(chunked(body, sizes(*pieces)))
    assert answer.status == 200
    expect_forwarded(upstream.requests[0], body)


def test_chunks_cut_anywhere_by_the_network(held):
    gateway, upstream = held()
    seed = random.randrange(1 << 30)
    dice = random.Random(seed)
    for n in range(20):
        body = text(dice.randrange(2, 3000))
        raw = chunked(body, iter(lambda: dice.randrange(1, 900), 0))
        with gateway.connect() as stream:
            at = 0
            while at < len(raw):
                step = dice.choice([1, 2, 3, 50, 400])
                stream.send(raw[at:at + step])
                at += step
            assert stream.read_response().status == 200, f"seed {seed}"
        expect_forwarded(upstream.requests[n], body)


def test_nothing_goes_to_the_upstream_before_all_of_it_is_there(held):
    gateway, upstream = held()
    body = text(50_000)
    with gateway.connect() as stream:
        raw = by_length(body)
        stream.send(raw[:-1])
        eventually(lambda: held_bytes(gateway) > 0, "the body is being held")
        time.sleep(0.2)
        assert upstream.connections == 0
        stream.send(raw[-1:])
        assert stream.read_response().status == 200
    assert len(upstream.requests) == 1


def test_what_is_wrong_is_refused_and_the_connection_goes_on(held):
    gateway, upstream = held()
    with gateway.connect() as stream:
        for raw in (by_length(b"7"), chunked(b"{}", sizes(1)), by_length(b'"not closed')):
            stream.send(raw)
            answer = stream.read_response()
            assert answer.status == 422 and answer.json()["error"] == "validation_error", answer.body
        stream.send(by_length(text(10)))
        assert stream.read_response().status == 200
    assert len(upstream.requests) == 1
    assert gateway.metrics().value("gatehouse_validation_refused_total") == 3
    assert gateway.access_line("/held")["what"].startswith("body")


def test_requests_follow_each_other_on_a_connection(held):
    gateway, upstream = held()
    bodies = [text(2 + 977 * n % 60_000) for n in range(1, 40)]
    with gateway.connect() as stream:
        for n, body in enumerate(bodies):
            stream.send(by_length(body) if n % 2 else chunked(body, sizes(1000, 1)))
            assert stream.read_response().body == str(len(body)).encode()
    assert [r.body for r in upstream.requests] == bodies


def test_pipelined_requests_are_answered_in_order(held):
    gateway, upstream = held()
    bodies = [text(2 + 3331 * n % 40_000) for n in range(1, 30)]
    raw = b""
    for n, body in enumerate(bodies):
        raw += by_length(body) if n % 3 else chunked(body, sizes(700))
        raw += get(f"/plain/{n}", host="localhost")
    with gateway.connect() as stream:
        sender = threading.Thread(target=stream.send, args=(raw,), daemon=True)
        sender.start()
        for body in bodies:
            assert stream.read_response().body == str(len(body)).encode()
            assert stream.read_response().body == b"0"
        sender.join()
    assert [r.body for r in upstream.requests if r.target == "/held"] == bodies


def test_who_waits_to_be_asked_for_the_body_is_asked_once(held):
    gateway, upstream = held()
    body = text(3000)
    with gateway.connect() as stream:
        for _ in range(2):
            stream.send(head(f"Content-Length: {len(body)}", fields=["Expect: 100-continue"]))
            assert stream.read_head().status == 100
            stream.send(body)
            answer = stream.read_response()
            assert answer.status == 200 and answer.informational == []
    for request in upstream.requests:
        expect_forwarded(request, body)


def test_who_sends_without_waiting_is_not_asked(held):
    gateway, upstream = held()
    answer = gateway.exchange(by_length(text(300), fields=["Expect: 100-continue"]))
    assert answer.status == 200 and answer.informational == []
    expect_forwarded(upstream.requests[0], text(300))


@pytest.mark.parametrize("framing, fields, status", [
    (f"Content-Length: {MIB + 1}", ["Expect: 100-continue"], 413),
    ("Content-Length: 5", ["Expect: 100-continue", "Content-Encoding: gzip"], 415),
])
def test_what_the_head_tells_is_refused_without_asking_for_the_body(held, framing, fields, status):
    gateway, upstream = held()
    with gateway.connect() as stream:
        stream.send(head(framing, fields=fields))
        answer = stream.read_response()
        assert answer.status == status and answer.informational == []
        assert answer.tokens("connection") == ["close"]
    assert upstream.connections == 0


def test_an_upstream_that_asks_all_the_same_is_not_passed_on(held):
    def script(upstream, stream):
        upstream.read_request(stream)
        stream.send(b"HTTP/1.1 100 Continue\r\n\r\n" + ok(b"ok"))
    gateway, _ = held(script)
    body = text(40)
    with gateway.connect() as stream:
        stream.send(head(f"Content-Length: {len(body)}", fields=["Expect: 100-continue"]))
        assert stream.read_head().status == 100
        stream.send(body)
        answer = stream.read_response()
        assert answer.status == 200 and answer.informational == []


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_over_the_limit_is_refused_and_on_it_is_not(held, framing):
    gateway, upstream = held(validation={"max_body": "64KiB"})
    make = by_length if framing == "length" else lambda body: chunked(body, sizes(5000))
    assert gateway.exchange(make(text(64 * KIB))).status == 200
    with gateway.connect() as stream:
        try:
            stream.send(make(text(64 * KIB + 1)))
        except OSError:
            pass  # refused by its head
        answer = stream.read_response()
        assert answer.status == 413 and answer.json()["error"] == "body_too_large"
        assert answer.tokens("connection") == ["close"]
    assert len(upstream.requests) == 1
    eventually(lambda: held_bytes(gateway) == 0, "the memory is given back")


def test_a_route_may_take_less(gatehouse, scripted):
    upstream = scripted(echo_size)
    config = settings()
    config["routes"] = [{**HELD, "max_body": "1000B"}]
    gateway = gatehouse(config, upstream=upstream)
    assert gateway.exchange(chunked(text(1000), sizes(100))).status == 200
    assert gateway.exchange(chunked(text(1001), sizes(100))).status == 413


@pytest.mark.parametrize("raw", [b"5\r\nhello\r\nX\r\n", b"-1\r\n\r\n", b"5\r\nhello00\r\n\r\n"])
def test_a_malformed_chunk_ends_it(held, raw):
    gateway, upstream = held()
    with gateway.connect() as stream:
        stream.send(head("Transfer-Encoding: chunked") + raw)
        answer = stream.read_response()
        assert answer.status == 400 and answer.json()["error"] == "malformed_request"
        assert stream.at_end()
    assert upstream.connections == 0
    assert held_bytes(gateway) == 0


@pytest.mark.parametrize("sent", [0, 1, 30_000])
def test_a_body_that_does_not_come_is_given_up(held, sent):
    gateway, upstream = held(timeouts={"client_body": "500ms"})
    with gateway.connect() as stream:
        stream.send(by_length(text(60_000))[:-60_000 + sent])
        answer = stream.read_response()
        assert answer.status == 408 and answer.json()["error"] == "request_timeout"
    assert upstream.connections == 0
    eventually(lambda: held_bytes(gateway) == 0, "the memory is given back")


def test_a_body_that_trickles_is_given_up(held):
    gateway, _ = held(limits={"min_body_rate": 1000}, timeouts={"client_body": "60s"})
    with gateway.connect() as stream:
        stream.send(by_length(text(60_000))[:-60_000])
        status, begin = None, time.monotonic()
        stream.sock.settimeout(0.2)
        while status is None and time.monotonic() - begin < guard(12):
            try:
                stream.send(b"x")
                stream._fill()
            except TimeoutError:
                continue
            stream.sock.settimeout(guard(5))
            status = stream.read_response().status
        assert status == 408
    eventually(lambda: held_bytes(gateway) == 0, "the memory is given back")


@pytest.mark.parametrize("end", ["close", "reset", "half"])
def test_a_client_that_leaves_frees_everything(held, end):
    gateway, upstream = held()
    streams = [gateway.connect() for _ in range(10)]
    for n, stream in enumerate(streams):
        raw = by_length(text(200_000)) if n % 2 else chunked(text(200_000), sizes(999))
        stream.send(raw[:100_000])
    eventually(lambda: held_bytes(gateway) >= 10 * 90_000, "the bodies are being held")
    for stream in streams:
        if end == "half":
            stream.sock.shutdown(socket.SHUT_WR)
        elif end == "reset":
            stream.reset()
        else:
            stream.close()
    eventually(lambda: held_bytes(gateway) == 0, "the memory is given back")
    eventually(lambda: gateway.metrics().value("gatehouse_exchanges_open") == 0, "no exchange is left")
    assert upstream.connections == 0


def test_memory_for_all_is_bounded_and_comes_back(held):
    gateway, upstream = held(validation={"memory": "1MiB"})
    declared = [gateway.connect() for _ in range(20)]
    for stream in declared:  # to say a length takes nothing away from others
        stream.send(head(f"Content-Length: {MIB}"))
    raw = by_length(text(400_000))
    first = [gateway.connect() for _ in range(2)]
    for stream in first:
        stream.send(raw[:-10])
    eventually(lambda: held_bytes(gateway) >= 800_000, "two bodies are being held")
    with gateway.connect() as stream:
        try:
            stream.send(raw)
        except OSError:
            pass  # answered before all of it was sent
        answer = stream.read_response()
        assert answer.status == 503 and answer.json()["error"] == "body_memory_full"
        assert int(answer.get("retry-after")) > 0
    assert gateway.exchange(get("/plain")).status == 200
    for stream in first:
        stream.send(raw[-10:])
        assert stream.read_response().status == 200
    eventually(lambda: held_bytes(gateway) == 0, "the memory is given back")
    assert gateway.exchange(raw).status == 200
    assert gateway.metrics().value("gatehouse_body_memory_full_total") == 1
    assert gateway.metrics().value("gatehouse_upstream_errors_total") == 0


def test_the_count_of_memory_survives_a_reload(held):
    gateway, _ = held()
    raw = by_length(text(100_000))
    with gateway.connect() as stream:
        stream.send(raw[:-10])
        eventually(lambda: held_bytes(gateway) > 90_000, "a body is being held")
        gateway.reload()
        assert held_bytes(gateway) > 90_000
        stream.send(raw[-10:])
        assert stream.read_response().status == 200
    eventually(lambda: held_bytes(gateway) == 0, "the memory is given back")


def test_memory_is_free_while_a_long_answer_lasts(held):
    def script(upstream, stream):
        upstream.read_request(stream)
        stream.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        upstream.gate.wait(guard(30))
        stream.send(b"0\r\n\r\n")
    gateway, upstream = held(script)
    with gateway.connect() as stream:
        stream.send(by_length(text(500_000)))
        stream.read_until(b"hello", "the answer's beginning")
        eventually(lambda: held_bytes(gateway) == 0, "the memory is given back")
        upstream.gate.set()
        stream.read_until(b"0\r\n\r\n", "the answer's end")


def put(body, **kwargs):
    return by_length(body, method="PUT", **kwargs)


def test_a_held_body_is_sent_again_after_a_failure(gatehouse, scripted):
    """The first server takes the body and dies without a word; the second gets all of it."""
    def dies(upstream, stream):
        upstream.read_request(stream)
        stream.reset()
    bad, good = scripted(dies), scripted(echo_size)
    config = settings()
    config["upstreams"] = [{"name": "api", "retries": 2, "fail_threshold": 1000}]
    gateway = gatehouse(config, upstream=[bad, good])
    body = text(300_000)
    for n in range(4):
        raw = put(body) if n % 2 else chunked(body, sizes(777), method="PUT")
        answer = gateway.exchange(raw)
        assert (answer.status, answer.body) == (200, b"300000")
    assert len(bad.requests) > 0, "no request came to the server that dies"
    assert all(r.body == body for r in good.requests) and len(good.requests) == 4
    eventually(lambda: held_bytes(gateway) == 0, "the memory is given back")


def test_a_held_body_is_sent_again_when_a_kept_connection_was_closed(gatehouse, scripted):
    def one_each(upstream, stream):
        for n in range(2):
            if upstream.read_request(stream) is None:
                return
            if n == 1:
                return  # closed in place of an answer
            stream.send(ok(b"ok"))
    upstream = scripted(one_each)
    gateway = gatehouse(settings(server={"workers": 1}), upstream=upstream)
    body = text(200_000)
    for _ in range(6):
        assert gateway.exchange(chunked(body, sizes(5000), method="PUT")).status == 200
    assert all(r.body == body for r in upstream.requests) and len(upstream.requests) > 6
    assert gateway.metrics().value("gatehouse_upstream_retries_total") > 0


def test_a_post_that_may_have_been_carried_out_is_not_sent_again(gatehouse, scripted):
    def dies(upstream, stream):
        upstream.read_request(stream)
        stream.reset()
    upstream = scripted(dies)
    config = settings()
    config["upstreams"] = [{"name": "api", "retries": 3, "fail_threshold": 1000}]
    gateway = gatehouse(config, upstream=upstream)
    assert gateway.exchange(by_length(text(1000))).status == 502
    assert len(upstream.requests) == 1


def test_a_large_body_and_an_upstream_that_reads_in_bursts(gatehouse, scripted):
    def script(upstream, stream):
        stream.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        request = stream.read_head()
        left, got = int(request.get("content-length")), []
        while left > 0:
            data = stream.read_exactly(min(left, 900_001), "a burst")
            got.append(data)
            left -= len(data)
            time.sleep(0.01)
        request.body = b"".join(got)
        upstream.requests.append(request)
        stream.send(ok(b"done"))
    upstream = scripted(script)
    gateway = gatehouse(settings({"max_body": "10MiB"}), upstream=upstream)
    body = text(10 * MIB)
    answer = gateway.exchange(chunked(body, sizes(60_000)))
    assert (answer.status, answer.body) == (200, b"done")
    expect_forwarded(upstream.requests[0], body)


def test_an_upstream_that_answers_before_it_has_read_all(held):
    def script(upstream, stream):
        stream.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        stream.read_head()
        stream.send(ok(b"enough", status="403 Forbidden"))
        upstream.gate.wait(guard(1))
    gateway, _ = held(script, validation={"max_body": "10MiB"})
    for _ in range(3):
        answer = gateway.exchange(by_length(text(10 * MIB)))
        assert (answer.status, answer.body) == (403, b"enough")
    eventually(lambda: held_bytes(gateway) == 0, "the memory is given back")
    eventually(lambda: gateway.metrics().value("gatehouse_upstream_connections_open") == 0,
               "a connection with half a request is not used again")


def test_bodies_nobody_looks_into_stream(held):
    def script(upstream, stream):
        request = stream.read_head()
        upstream.gate.set()
        stream.read_exactly(int(request.get("content-length")), "body")
        stream.send(ok(b"ok"))
    gateway, upstream = held(script)
    with gateway.connect() as stream:
        raw = by_length(text(5000), path="/plain")
        stream.send(raw[:-10])
        assert upstream.gate.wait(guard(5)), "the upstream did not see a body's beginning"
        assert held_bytes(gateway) == 0
        stream.send(raw[-10:])
        assert stream.read_response().status == 200


def test_a_drain_waits_for_a_body(held):
    gateway, upstream = held()
    raw = by_length(text(80_000))
    with gateway.connect() as stream:
        stream.send(raw[:-10])
        eventually(lambda: held_bytes(gateway) > 70_000, "the body is being held")
        gateway.signal(signal.SIGTERM)
        gateway.wait_for_log(lambda e: e.get("event") == "draining", "draining")
        time.sleep(0.2)
        stream.send(raw[-10:])
        answer = stream.read_response()
        assert answer.status == 200 and answer.tokens("connection") == ["close"]
    assert gateway.wait() == 0
    expect_forwarded(upstream.requests[0], text(80_000))


def test_a_drain_that_takes_too_long_cuts_it(held):
    gateway, upstream = held(server={"drain_timeout": "500ms"})
    with gateway.connect() as stream:
        stream.send(by_length(text(80_000))[:-10])
        eventually(lambda: held_bytes(gateway) > 70_000, "the body is being held")
        gateway.signal(signal.SIGTERM)
        assert stream.at_end()
    assert gateway.wait() == 0
    assert upstream.connections == 0


def test_many_at_once(held):
    """All framings, sizes and ends mixed, on few workers: each answer is of its own body, and nothing is left."""
    gateway, upstream = held()
    wrong, lock = [], threading.Lock()

    def client(seed):
        dice = random.Random(seed)
        for _ in range(25):
            body = json.dumps("x" * dice.randrange(0, 60_000)).encode()
            raw = by_length(body) if dice.random() < 0.5 else chunked(body, iter(lambda: dice.randrange(1, 9000), 0))
            with gateway.connect() as stream:
                if dice.random() < 0.2:
                    stream.send(raw[:dice.randrange(len(raw))])
                    if dice.random() < 0.5:
                        stream.reset()
                    continue
                stream.send(raw)
                answer = stream.read_response()
                if (answer.status, answer.body) != (200, str(len(body)).encode()):
                    with lock:
                        wrong.append((seed, answer))
    threads = [threading.Thread(target=client, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    eventually(lambda: held_bytes(gateway) == 0, "the memory is given back")


def test_a_slow_body_takes_nothing_of_the_upstreams_time(held):
    """Else clients that send slowly could take a server from all others: nobody had asked it anything yet."""
    def script(upstream, stream):
        while upstream.read_request(stream) is not None:
            time.sleep(0.3)
            stream.send(ok(b"ok"))
    gateway, _ = held(script, timeouts={"upstream_total": "1s"}, upstreams=[{"name": "api", "fail_threshold": 1}])
    raw = by_length(text(1000))
    with gateway.connect() as stream:
        stream.send(raw[:-1])
        time.sleep(1.5)
        stream.send(raw[-1:])
        assert stream.read_response().status == 200
    assert gateway.exchange(get("/plain")).status == 200
    assert gateway.metrics().value("gatehouse_upstream_errors_total") == 0
