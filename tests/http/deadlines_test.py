"""No peer can hold a connection, a request or a server longer than the settings say; and the one at fault is named."""
import signal
import time

from support.message import get
from support.scripted import ScriptedUpstream, ok
from support.timing import eventually, guard


def trickle(stream, seconds, every=0.1):
    """One byte after the other; False when the peer has ended the connection."""
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            stream.send(b"G")
            time.sleep(every)
    except OSError:
        return False
    return True


def stalls(upstream, stream):
    upstream.read_request(stream)
    upstream.gate.wait(guard(60))


def test_bytes_behind_a_request_do_not_prolong_the_upstreams_deadline(gatehouse, scripted):
    gateway = gatehouse({"timeouts": {"upstream_first_byte": "500ms"}}, upstream=scripted(stalls))
    with gateway.connect() as stream:
        stream.send(get("/"))
        trickle(stream, 3)
        assert stream.read_response().status == 504
    assert gateway.access_line("/")["duration_ms"] < 2000


def test_bytes_behind_a_request_do_not_prolong_the_deadline_to_read(gatehouse, scripted):
    gateway = gatehouse({"timeouts": {"client_send": "500ms"}},
                        upstream=scripted(lambda upstream, stream: (upstream.read_request(stream), stream.send(ok(b"b" * (64 << 20))))))
    with gateway.connect() as stream:
        stream.send(get("/"))
        assert not trickle(stream, guard(6))


def test_an_upstream_that_does_not_read_is_the_one_at_fault(gatehouse, scripted):
    def script(upstream, stream):
        stream.read_head()
        upstream.gate.wait(guard(60))
    gateway = gatehouse({"timeouts": {"client_body": "400ms", "upstream_first_byte": "1s"}, "limits": {"body": "64MiB"}},
                        upstream=scripted(script))
    with gateway.connect() as stream:
        stream.send(f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {32 << 20}\r\n\r\n")
        stream.sock.settimeout(0.2)
        try:
            stream.send(b"x" * (32 << 20))
        except TimeoutError:
            pass
        stream.sock.settimeout(guard(15))
        assert stream.read_response().status == 504


def test_a_slow_client_does_not_take_a_server_out(gatehouse, scripted):
    gateway = gatehouse({"timeouts": {"upstream_total": "300ms"}, "upstreams": [{"name": "api", "fail_threshold": 1}]},
                        upstream=scripted())
    with gateway.connect() as stream:
        stream.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf")
        assert stream.read_response().status in (408, 504)
    assert all(e.get("event") != "upstream_down" for e in gateway.log())
    assert gateway.exchange(get("/")).status == 200


def test_a_tunnel_that_one_side_has_ended(gatehouse, scripted):
    def script(upstream, stream):
        upstream.read_request(stream)
        stream.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        upstream.gate.wait(guard(60))
    gateway = gatehouse({"timeouts": {"client_idle": "500ms"}}, upstream=scripted(script))
    with gateway.connect() as stream:
        stream.send(get("/", [("Connection", "upgrade"), ("Upgrade", "websocket")]))
        assert stream.read_response().status == 101
        time.sleep(1)  # silence alone ends nothing
        assert gateway.metrics().value("gatehouse_exchanges_open") == 1
        stream.sock.shutdown(1)
        eventually(lambda: gateway.metrics().value("gatehouse_exchanges_open") == 0, "the tunnel has ended")


def test_ready_again_when_the_time_out_of_use_is_over(gatehouse, scripted):
    """A load balancer that asks /readyz sends nothing to who is not ready: no request would ever prove it well."""
    gateway = gatehouse({"upstreams": [{"name": "api", "fail_threshold": 1, "fail_time": "1s", "retries": 0}]},
                        upstream=scripted(lambda upstream, stream: upstream.read_request(stream)))
    assert gateway.exchange(get("/")).status == 502
    assert gateway.admin("/readyz").status_code == 503
    eventually(lambda: gateway.admin("/readyz").status_code == 200, "ready again", 5)


def test_a_server_no_longer_checked_is_no_longer_unhealthy(gatehouse, scripted):
    def script(upstream, stream):
        while (request := upstream.read_request(stream)) is not None:
            stream.send(ok(status="503 Ill") if request.target == "/health" else ok())
    upstream = scripted(script)

    def config(**more):
        return {"upstreams": [{"name": "api", "servers": [upstream.url], **more}]}
    gateway = gatehouse(config(health={"path": "/health", "interval": "100ms", "unhealthy_after": 1}))
    eventually(lambda: gateway.exchange(get("/")).status == 503, "the server is unhealthy")
    gateway.write(config())
    gateway.reload()
    eventually(lambda: gateway.exchange(get("/")).status == 200, "the server is used")


def test_the_largest_head_has_room_for_all_that_is_added(gatehouse, scripted):
    """The upstream's head at its limit, and the longest header lines that a configuration may ask for."""
    gateway = gatehouse({"headers": {"content_security_policy": "default-src" + " a.example" * 390, "permissions_policy": "a=()" + ", b=()" * 600},
                         "cors": {"enabled": True, "origins": ["https://a.example"], "expose": [f"X-Exposed-{i}-{'e' * 40}" for i in range(60)]}},
                        upstream=scripted(lambda upstream, stream: (upstream.read_request(stream),
                                          stream.send(ok(fields=[("X-Large", "l" * 16000), ("Origin", "a")])))))
    answer = gateway.exchange(get("/", [("Origin", "https://a.example")]))
    assert answer.status == 200 and answer.body == b"ok"
    assert len(answer.get("X-Large")) == 16000 and len(answer.get("Content-Security-Policy")) > 3900
    assert "X-Exposed-59" in answer.get("Access-Control-Expose-Headers")


def test_who_waits_in_the_queue_at_the_end_is_answered(gatehouse, scripted):
    """What was sent before SIGTERM came is not lost, on new connections and on kept ones."""
    for _ in range(4):
        gateway = gatehouse({}, upstream=scripted())
        kept = gateway.connect()
        kept.send(get("/"))
        assert kept.read_response().status == 200
        gateway.signal(signal.SIGSTOP)
        fresh = [gateway.connect() for _ in range(6)]
        for stream in [kept, *fresh]:
            stream.send(get("/"))
        gateway.signal(signal.SIGTERM)
        gateway.signal(signal.SIGCONT)
        for stream in [kept, *fresh]:
            answer = stream.read_response()
            assert answer.status == 200
            stream.close()
        assert gateway.wait() == 0
