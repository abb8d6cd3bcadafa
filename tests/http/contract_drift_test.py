"""Answers beside the OpenAPI document: reported, never altered."""
import gzip
import json
import time

import pytest

from support.message import get
from support.scripted import ok
from support.timing import eventually

ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}}}
DOCUMENT = json.dumps({
    "openapi": "3.1.0", "info": {"title": "t", "version": "1"},
    "paths": {"/item": {"get": {"operationId": "readItem", "responses": {
        "200": {"description": "ok", "content": {"application/json": {"schema": ITEM}}},
        "404": {"description": "none"}}}},
        "/free": {"get": {}}}}).encode()


def body_of(value):
    return json.dumps(value).encode()


def answer(body, type="application/json", status="200 OK", fields=(), framing="length"):
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {type}", *fields]
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7)) + b"0\r\n\r\n"
    else:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


@pytest.fixture
def api(gatehouse, scripted):
    """start(raw): a gateway before an upstream that answers every request but the document's with `raw`."""
    def start(raw, **config):
        def script(upstream, stream):
            while True:
                request = upstream.read_request(stream)
                if request is None:
                    return
                stream.send(ok(DOCUMENT) if request.target == "/openapi.json" else raw)
                if b"Connection: close" in raw and request.target != "/openapi.json":
                    return
        base = {"server": {"workers": 1}, "openapi": {"document": "upstream:/openapi.json", "responses": "observe"}}
        return gatehouse({**base, **config}, upstream=scripted(script))
    return start


def drifts(gateway):
    return [e["text"] for e in gateway.log() if e.get("event") == "contract_drift"]


def counted(gateway, drift=0, skipped=0):
    metrics = gateway.metrics()
    return (metrics.value("gatehouse_contract_drift_total"), metrics.value("gatehouse_contract_skipped_total"),
            metrics.value("gatehouse_bodies_held_bytes")) == (drift, skipped, 0)


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("value, where", [
    ({"id": 1}, None),
    ({"id": 1, "tags": ["a"] * 500}, None),
    ({"id": "1"}, "/id: int_type"),
    ({}, "/id: missing"),
    ({"id": 1, "tags": ["a"] * 9000 + [None]}, "/tags/9000: string_type"),
], ids=["good", "good and longer", "wrong type", "missing", "wrong late"])
def test_a_body_beside_its_schema(api, framing, value, where):
    gateway = api(answer(body_of(value), framing=framing))
    got = gateway.exchange(get("/item"))
    assert (got.status, got.body) == (200, body_of(value))
    line = gateway.access_line("/item")
    assert line.get("reports") == (None if where is None else "response")
    eventually(lambda: counted(gateway, 0 if where is None else 1), "it is counted")
    if where is None:
        assert drifts(gateway) == []
    else:
        text = gateway.wait_for_log(lambda e: e.get("event") == "contract_drift", "the drift")["text"]
        assert "readItem" in text and "200" in text and where in text


@pytest.mark.parametrize("raw, says", [
    (answer(b"tea", status="418 I'm a teapot"), "status is not declared"),
    (answer(b"<p>", type="text/html"), "text/html"),
    (answer(b"{not json"), "json_invalid"),
    (answer(b""), "json_invalid"),
], ids=["status", "type", "not JSON", "empty"])
def test_what_is_not_declared_at_all(api, raw, says):
    gateway = api(raw)
    gateway.exchange(get("/item"))
    assert says in gateway.wait_for_log(lambda e: e.get("event") == "contract_drift", "the drift")["text"]
    assert gateway.access_line("/item")["reports"] == "response"
    assert counted(gateway, 1)


@pytest.mark.parametrize("raw, path, to_head", [
    (answer(b"anything", type="text/html", status="404 Not Found"), "/item", False),
    (answer(b"anything", type="text/html"), "/free", False),
    (answer(b"anything", type="text/html"), "/openapi.json", False),
    (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n", "/item", True),
], ids=["no content declared", "no answer declared", "the document itself", "HEAD"])
def test_what_is_not_said_is_not_compared(api, raw, path, to_head):
    gateway = api(raw)
    gateway.exchange(get(path, method="HEAD" if to_head else "GET"), to_head)
    gateway.access_line(path)
    assert counted(gateway)


@pytest.mark.parametrize("raw", [
    answer(gzip.compress(b"{}"), fields=["Content-Encoding: gzip"]),
    answer(body_of({"id": "x" * 70_000})),
    answer(body_of({"id": "x" * 70_000}), framing="chunked"),
], ids=["coded", "too long", "too long in chunks"])
def test_what_can_not_be_compared_is_counted(api, raw):
    gateway = api(raw, validation={"max_body": "64KiB"})
    for _ in range(2):
        assert gateway.exchange(get("/item")).status == 200
    eventually(lambda: counted(gateway, 0, 2), "it is counted")


def test_without_memory_nothing_is_compared(api):
    wrong = body_of({"id": "x" * 500_000})
    gateway = api(answer(wrong), validation={"max_body": "1MiB", "memory": "1MiB"},
                  routes=[{"name": "held", "path": "/held", "validate": {"body": {"type": "string"}}}],
                  openapi={"document": "upstream:/openapi.json", "responses": "observe", "exempt_paths": ["/held"]},
                  limits={"min_body_rate": 0})
    with gateway.connect() as stream:
        stream.send(b"POST /held HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n" + b'"' * 800_000)
        eventually(lambda: gateway.metrics().value("gatehouse_bodies_held_bytes") >= 800_000, "the body is being held")
        got = gateway.exchange(get("/item"))
        assert got.body == wrong
        eventually(lambda: gateway.metrics().value("gatehouse_contract_skipped_total") == 1, "it is counted")
    assert gateway.metrics().value("gatehouse_contract_drift_total") == 0


def test_many_are_one_line_a_second(api):
    gateway = api(answer(body_of({"id": "1"})))
    begin = time.monotonic()
    for _ in range(200):
        assert gateway.exchange(get("/item")).status == 200
    took = time.monotonic() - begin
    time.sleep(1.1)
    gateway.exchange(get("/item"))
    eventually(lambda: counted(gateway, 201), "all are counted")
    lines = eventually(lambda: drifts(gateway) if "not logged" in (drifts(gateway) or [""])[-1] else None, "the last line")
    assert len(lines) <= took + 3


def test_a_client_that_leaves_leaves_no_copy(api):
    gateway = api(answer(body_of({"id": 1, "tags": ["x" * 1000] * 900})))
    for _ in range(20):
        with gateway.connect() as stream:
            stream.send(get("/item"))
            stream.read_some()
            stream.reset()
    eventually(lambda: gateway.metrics().value("gatehouse_exchanges_open") == 0, "all are gone")
    assert gateway.metrics().value("gatehouse_bodies_held_bytes") == 0


def test_off_nothing_is_compared(api):
    gateway = api(answer(body_of({})), openapi={"document": "upstream:/openapi.json"})
    assert gateway.exchange(get("/item")).status == 200
    gateway.access_line("/item")
    assert counted(gateway)


def test_comparing_leaves_memory_for_the_bodies_of_requests(api):
    """Answers that take long have copies of them kept; requests must not be refused for these."""
    value = body_of({"id": 1, "tags": ["a" * 1000] * 900})
    routes = [{"name": "item", "path": "/item"}, {"name": "held", "path": "/held", "validate": {"body": {"type": "string"}}}]
    document = {"document": "upstream:/openapi.json", "responses": "observe", "undeclared_paths": "forward"}
    gateway = api(answer(value)[:-1], routes=routes, openapi=document, validation={"memory": "1MiB", "max_body": "1MiB"})
    body = b'"' + b"x" * 400_000 + b'"'
    put = b"PUT /held HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with gateway.connect() as slow, gateway.connect() as other:
        slow.send(get("/item"))
        slow.read_until(value[-5000:-1], "all of the answer but its last byte")
        other.send(put + body)
        assert other.read_head().status == 200
    eventually(lambda: gateway.metrics().value("gatehouse_bodies_held_bytes") == 0, "the memory is given back")
