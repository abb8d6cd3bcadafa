"""The admin listener: figures for Prometheus, alive, ready."""
import re

import pytest

from support.gateway import ROOT
from support.message import connect, exchange, get
from support.ports import free_port
from support.timing import eventually


def test_metrics_are_valid_prometheus_text(gatehouse, app):
    gateway = gatehouse({"rate_limits": {"default": {"requests": 2, "window": "1h"}}}, upstream=app)
    for path in ("/echo", "/answer/404", "/answer/500"):
        gateway.get(path)
    answer = gateway.admin("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    metrics = gateway.metrics()  # its parser is strict
    assert metrics.value("gatehouse_requests_total") == 3
    assert metrics.value("rate_limit_exceeded_total") == 1
    assert metrics.value("gatehouse_request_duration_seconds_count") == 3


def test_every_metric_has_help_and_type(gatehouse, app):
    metrics = gatehouse({}, upstream=app).metrics()
    assert set(metrics.helps) == set(metrics.types)
    for name, kind in metrics.types.items():
        assert kind != "counter" or name.endswith("_total"), name


def test_figures_only_grow_and_gauges_return(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    before = gateway.metrics()
    with gateway.connect() as stream:
        stream.send(get("/wait/gauge"))
        eventually(lambda: gateway.metrics().value("gatehouse_exchanges_open") == 1, "one is in progress")
        assert gateway.metrics().value("gatehouse_connections_open") >= 1
        app.post("/gate/gauge")
        assert stream.read_response().status == 200
    eventually(lambda: gateway.metrics().value("gatehouse_exchanges_open") == 0, "it ended")
    eventually(lambda: gateway.metrics().value("gatehouse_connections_open") == 0, "the connection ended")
    after = gateway.metrics()
    for key, value in before.samples.items():
        if before.types.get(key[0]) == "counter":
            assert after.samples[key] >= value, key


def test_bytes_are_counted(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    gateway.request("POST", "/upload", content=b"x" * 1000)
    gateway.get("/bytes/5000")
    assert gateway.metrics().value("gatehouse_request_body_bytes_total") == 1000
    assert gateway.metrics().value("gatehouse_response_body_bytes_total") >= 5000


def test_alive_and_ready(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    assert gateway.admin("/healthz").status_code == 200
    assert gateway.admin("/readyz").status_code == 200


def test_not_ready_without_an_upstream(gatehouse, scripted):
    """Alive all the same: a restart would not help."""
    upstream = scripted()
    gateway = gatehouse({"upstreams": [{"name": "api", "health": {
        "path": "/", "interval": "200ms", "timeout": "1s", "healthy_after": 1, "unhealthy_after": 1}}]}, upstream=upstream)
    eventually(lambda: gateway.admin("/readyz").status_code == 200, "ready")
    upstream.close()
    eventually(lambda: gateway.admin("/readyz").status_code == 503, "not ready when all servers are down")
    assert "api" in gateway.admin("/readyz").text
    assert gateway.admin("/healthz").status_code == 200


def test_other_paths_and_methods(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    assert gateway.admin("/nowhere").status_code == 404
    admin = ("127.0.0.1", gateway.admin_port)
    assert exchange(admin, get("/metrics", [("Connection", "close")], "POST")).status in (404, 405)
    assert exchange(admin, get("/metrics", [("Connection", "close")], "HEAD"), to_head=True).status == 200


@pytest.mark.parametrize("raw", [b"GARBAGE\r\n\r\n", b"GET /metrics HTTP/1.1\r\n\r\n", b"GET /metrics HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100000,
                                 b"\x16\x03\x01\r\n\r\n"])
def test_it_is_strict_too(gatehouse, app, raw):
    gateway = gatehouse({}, upstream=app)
    with connect(("127.0.0.1", gateway.admin_port)) as stream:
        try:
            stream.send(raw)
        except ConnectionError:
            pass  # refused while it was still being sent
        assert b" 200 " not in stream.read_to_end().split(b"\r\n")[0]
    assert gateway.admin("/healthz").status_code == 200


def test_it_is_not_on_the_public_listener(gatehouse, scripted):
    upstream = scripted()
    gateway = gatehouse({}, upstream=upstream)
    for path in ("/metrics", "/healthz", "/readyz"):
        assert gateway.get(path).text == "ok", "these paths belong to the upstream"
    assert [r.target for r in upstream.requests] == ["/metrics", "/healthz", "/readyz"]


def test_it_can_be_switched_off(gatehouse, app):
    port = free_port()
    gateway = gatehouse({"admin": {"listen": "off"}}, upstream=app, ready=False)
    eventually(lambda: _answers(gateway.address), "it listens")
    assert gateway.get("/health").status_code == 200
    assert not _answers(("127.0.0.1", gateway.admin_port)) and not _answers(("127.0.0.1", port))


def _answers(address):
    try:
        connect(address).close()
        return True
    except OSError:
        return False


def test_the_documentation_names_every_metric(gatehouse, app):
    text = "".join(p.read_text() for p in (ROOT / "docs").rglob("*.md"))
    missing = [name for name in gatehouse({}, upstream=app).metrics().types if not re.search(rf"\b{name}\b", text)]
    assert missing == []
