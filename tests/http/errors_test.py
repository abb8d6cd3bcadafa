"""Errors have one shape, leak nothing, and are found again in the log; nothing a client sends breaks a line of it."""
import re

import pytest

from support.message import get
from support.ports import free_port
from support.scripted import always
from support.timing import eventually


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse({
        "unmatched": "refuse", "limits": {"body": 10},
        "rate_limits": {"rules": [
            {"name": "once", "paths": ["/once"], "limits": [{"requests": 1, "window": "1h"}]},
            {"name": "device", "paths": ["/device"], "scope": "device", "limits": [{"requests": 1, "window": "1h"}]}]},
        "cors": {"enabled": True, "origins": ["https://a.example"]},
        "upstreams": [{"name": "api", "servers": [upstream.url]},
                      {"name": "down", "servers": [f"http://127.0.0.1:{free_port()}"], "fail_threshold": 1000}],
        "routes": [{"name": "down", "path": "/down", "upstream": "down"}, {"name": "once", "path": "/once"},
                   {"name": "device", "path": "/device"}, {"name": "all", "path": "/ok/**"}]})


ERRORS = {
    "rate_limit_exceeded": (429, get("/once")),
    "device_id_required": (400, get("/device")),
    "host_not_allowed": (400, get("/ok/a", host="evil.example")),
    "malformed_request": (400, b"GET /ok/a HTTP/1.1\r\nHost: localhost\r\nBad Name: 1\r\n\r\n"),
    "method_not_allowed": (405, get("/ok/a", method="PURGE")),
    "route_not_found": (404, get("/nowhere")),
    "body_too_large": (413, get("/ok/a", [("Content-Length", "11")], "POST")),
    "head_too_large": (431, get("/ok/a", [("X-A", "a" * 20000)])),
    "target_too_long": (414, get("/ok/" + "a" * 9000)),
    "upstream_unavailable": (502, get("/down")),
    "cors_origin_not_allowed": (403, get("/ok/a", [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "GET")], "OPTIONS")),
}


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_has_the_same_shape(gateway, error):
    status, request = ERRORS[error]
    if error == "rate_limit_exceeded":
        gateway.exchange(request)
    answer = gateway.exchange(request)
    assert answer.status == status
    assert answer.get("Content-Type") == "application/problem+json"
    assert answer.get("Content-Length") == str(len(answer.body))
    assert "no-store" in answer.tokens("Cache-Control")
    body = answer.json()
    assert {"type", "title", "status", "detail", "instance", "error", "message"} <= set(body)
    assert body["status"] == status and body["error"] == error
    for member in ("type", "title", "detail", "instance", "message"):
        assert isinstance(body[member], str) and body[member], member
    # The decision's id leads to the line of the log that tells the reason.
    line = gateway.wait_for_log(lambda e: e.get("id") == body["instance"].rpartition(":")[2], "the decision's")
    assert len(line["id"]) >= 16
    assert line["status"] == status and line["reason"] == error


def test_decision_ids_differ_and_can_not_be_guessed(gateway):
    found = {gateway.exchange(get("/nowhere")).json()["instance"] for _ in range(20)}
    assert len(found) == 20
    assert all(len(re.sub(r"^.*[:/]", "", i)) >= 16 for i in found)


def test_errors_leak_nothing(gateway, upstream):
    for status, request in ERRORS.values():
        answer = gateway.exchange(request)
        text = answer.head.decode("latin-1") + answer.body.decode()
        for secret in (str(upstream.port), "ECONNREFUSED", "libuv", "src/", ".c:", "evil.example", "/root", "/work", "127.0.0.1"):
            assert secret not in text


def test_what_the_client_sent_is_not_sent_back(gateway):
    answer = gateway.exchange(get("/<script>alert(1)</script>?<b>", [("X-A", "<i>")]))
    assert b"<" not in answer.body


def test_errors_to_head_requests_have_no_body(gateway):
    with gateway.connect() as stream:
        stream.send(get("/nowhere", method="HEAD"))
        answer = stream.read_response(to_head=True)
        assert answer.status == 404 and stream.buffer == b""


def test_the_upstreams_own_errors_are_not_touched(gatehouse, scripted):
    raw = b"HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nowned"
    answer = gatehouse({}, upstream=scripted(always(raw))).exchange(get("/"))
    assert answer.status == 500 and answer.body == b"owned" and answer.get("Content-Type") == "text/plain"


# The log: one JSON object a request, whatever is in it.

def settled(gateway):
    """The log's lines, once all requests so far are in it."""
    def whole():
        lines = gateway.access_lines()
        return lines if len(lines) >= gateway.metrics().value("gatehouse_requests_total") else None
    return eventually(whole, "every request is logged")


NASTY = {
    "quote": b'"},{"status":200,"', "backslash": b"\\\\\\", "newline escape": b"\\n{}", "unicode escape": b"\\u000a", "tab": b"a\tb",
    "html": b"</script><script>", "latin 1": b"caf\xe9 \xff\xfe", "utf-8": "\u00e4\u2028\u2029\U0001f600".encode(), "bad utf-8": b"\xc3\x28\xed\xa0\x80\xf8",
    "overlong": b"\xc0\x8a", "terminal": b"[31m\x9b31m", "c1": b"\x85\x8d\x9d", "long": b"a" * 8000, "format": b"%s%n%x%d",
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_a_user_agent_can_not_break_a_line(gateway, text):
    before = len(settled(gateway))
    request = b"GET /ok/ua HTTP/1.1\r\nHost: localhost\r\nUser-Agent: " + text + b"\r\n\r\n"
    assert gateway.exchange(request).status == 200
    lines = settled(gateway)
    assert len(lines) == before + 1
    line = lines[-1]
    assert line["status"] == 200 and line.get("path") == "/ok/ua" and line["user_agent"]


@pytest.mark.parametrize("target", ["/ok/%0d%0a%7b%22status%22:200%7d", "/ok/%22%7d", "/ok/%e4%ff", "/ok/%1b%5b31m", "/ok/%C2%85", "/ok/a?b=%0a\"'"])
def test_a_path_can_not_break_a_line(gateway, target):
    before = len(settled(gateway))
    status = gateway.exchange(get(target)).status
    lines = settled(gateway)
    assert len(lines) == before + 1 and lines[-1]["status"] == status


@pytest.mark.parametrize("raw", [
    b"GET /ok/\x1b[31m HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /ok/a HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", b"\xff\xfe\x00\x01\r\n\r\n",
    b'GET /"} HTTP/9.9\r\nHost: "\n\r\n', b"GET / HTTP/1.1\r\nHost: \"},{\"\r\n\r\n"])
def test_malformed_requests_make_one_line_too(gateway, raw):
    before = len(settled(gateway))
    status = gateway.exchange(raw).status
    assert status >= 400
    lines = settled(gateway)
    assert len(lines) == before + 1
    assert lines[-1]["status"] == status


def test_an_access_line_tells_what_happened(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    assert gateway.request("POST", "/echo/line?secret=hidden", content=b"hello", headers={"Authorization": "Bearer hidden"}).status_code == 200
    line = gateway.access_line("/echo/line")
    assert (line["method"], line["status"], line["client"], line["upstream"]) == ("POST", 200, "127.0.0.1", "api")
    assert line["bytes_in"] == 5 and line["bytes_out"] > 0
    assert line["duration_ms"] >= line["upstream_ms"] > 0
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$", line["time"])
    assert "hidden" not in gateway.output(), "queries and credentials do not belong in a log"


def test_the_access_log_can_be_switched_off(gatehouse, app):
    gateway = gatehouse({"log": {"access": False}}, upstream=app)
    assert gateway.get("/echo/quiet").status_code == 200
    gateway.stop()
    assert "/echo/quiet" not in gateway.output()


def test_healthy_health_checks_are_sampled(gatehouse, app):
    gateway = gatehouse({"log": {"health_sample": 10}}, upstream=app)
    with gateway.client() as client:
        for _ in range(50):
            assert client.get("/health").status_code == 200
        assert client.get("/echo/last").status_code == 200
    gateway.access_line("/echo/last")
    assert 4 <= len([e for e in gateway.access_lines() if e.get("path") == "/health"]) <= 10


def test_text_lines_can_not_be_broken_either(gatehouse, app):
    gateway = gatehouse({"log": {"format": "text"}}, upstream=app)
    request = b"GET /echo HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a\x9b\xff\xc2\x85b\r\n\r\n"
    assert gateway.exchange(request).status == 200
    gateway.stop()
    assert re.fullmatch(r"[\x20-\x7e\n]*", gateway.stdout())
    assert len([line for line in gateway.stdout().splitlines() if "/echo" in line]) == 1


def test_log_to_a_file_and_rotation(gatehouse, app, tmp_path):
    import signal
    log = tmp_path / "access.log"
    gateway = gatehouse({"log": {"file": str(log)}}, upstream=app)
    assert gateway.get("/echo/one").status_code == 200
    eventually(lambda: "/echo/one" in log.read_text(), "it is written")
    log.rename(tmp_path / "access.log.1")
    gateway.signal(signal.SIGUSR1)
    eventually(log.exists, "the file is opened again")
    assert gateway.get("/echo/two").status_code == 200
    eventually(lambda: "/echo/two" in log.read_text(), "it is written to the new file")
    assert "/echo/two" not in (tmp_path / "access.log.1").read_text()
