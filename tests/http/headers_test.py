"""Security headers: on every answer, changeable per route, never weaker than the upstream's own."""
import pytest

from support.message import get
from support.ports import free_port

API = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-XSS-Protection": "0",
}
NAMES = [*API, "Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Strict-Transport-Security"]


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, app):
    return shared_gatehouse({}, upstream=app)


def has_api_headers(answer):
    for name, value in API.items():
        assert answer.get(name) == value, name


@pytest.mark.parametrize("target", ["/echo", "/answer/404", "/answer/500", "/answer/204", "/answer/304", "/docs", "/openapi.json"])
def test_the_defaults_are_on_every_answer_of_the_upstream(gateway, target):
    has_api_headers(gateway.exchange(get(target)))


def test_no_hsts_without_tls(gateway):
    """RFC 6797 section 7.2: not over plain HTTP."""
    assert gateway.exchange(get("/echo")).get("Strict-Transport-Security") is None


@pytest.mark.parametrize("request_bytes,status", [
    (get("/echo", method="TRACE"), 405),
    (get("/echo", host="evil.example"), 400),
    (get("/echo", [("Content-Length", "x")], "POST"), 400),
    (b"GARBAGE\r\n\r\n", 400),
    (get("/" + "a" * 9000), 414),
    (get("/", [("X-Long", "a" * 20000)]), 431),
    (get("/", version="HTTP/3.0"), 505),
    (get("/health", [("Content-Length", str(1 << 40))], "POST"), 413)])
def test_the_defaults_are_on_gatehouses_own_refusals(gateway, request_bytes, status):
    answer = gateway.exchange(request_bytes)
    assert answer.status == status
    has_api_headers(answer)


def test_the_defaults_are_on_429_502_and_preflights(gatehouse):
    gateway = gatehouse({"rate_limits": {"default": {"requests": 1, "window": "1h"}},
                         "cors": {"enabled": True, "origins": ["https://a.example"]}}, upstream=f"http://127.0.0.1:{free_port()}")
    down = gateway.exchange(get("/"))
    assert down.status in (502, 503)
    limited = gateway.exchange(get("/"))
    assert limited.status == 429
    preflight = gateway.exchange(get("/", [("Origin", "https://a.example"), ("Access-Control-Request-Method", "GET")], "OPTIONS"))
    assert preflight.status in (200, 204)
    for answer in (down, limited, preflight):
        has_api_headers(answer)


def test_what_tells_about_the_server_is_dropped(gateway):
    answer = gateway.exchange(get("/answer/200?X-Powered-By=PHP/5.2&X-AspNet-Version=4&X-Kept=yes"))
    assert answer.get("Server") is None or "uvicorn" not in answer.get("Server")
    assert answer.get("X-Powered-By") is None
    assert answer.get("X-Kept") == "yes"


@pytest.mark.parametrize("name,upstreams_own", [
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
])
def test_the_same_value_of_the_upstream_is_not_sent_twice(gateway, name, upstreams_own):
    assert gateway.exchange(get(f"/answer/200?{name}={upstreams_own}")).get(name) == upstreams_own


def test_a_stricter_value_of_the_upstream_is_kept(gatehouse, app):
    gateway = gatehouse({"headers": {"frame_options": "SAMEORIGIN", "referrer_policy": "strict-origin-when-cross-origin"}}, upstream=app)
    plain = gateway.exchange(get("/answer/200"))
    assert plain.get("X-Frame-Options") == "SAMEORIGIN"
    assert plain.get("Referrer-Policy") == "strict-origin-when-cross-origin"
    stricter = gateway.exchange(get("/answer/200?X-Frame-Options=DENY&Referrer-Policy=no-referrer"))
    assert stricter.get("X-Frame-Options") == "DENY"
    assert stricter.get("Referrer-Policy") == "no-referrer"


@pytest.mark.parametrize("name,weak,strict", [
    ("X-Frame-Options", "SAMEORIGIN", "DENY"),
    ("X-Frame-Options", "ALLOWALL", "DENY"),
    ("X-Content-Type-Options", "sniff", "nosniff"),
    ("Referrer-Policy", "unsafe-url", "no-referrer"),
    ("X-XSS-Protection", "1", "0"),
])
def test_a_weaker_value_of_the_upstream_is_replaced(gateway, name, weak, strict):
    assert gateway.exchange(get(f"/answer/200?{name}={weak}")).get(name) == strict


def test_the_upstreams_content_security_policy_and_ours_both_hold(gateway):
    """Two policies are both enforced by a browser; dropping either would weaken the page."""
    answer = gateway.exchange(get("/answer/200?Content-Security-Policy=sandbox"))
    policies = ", ".join(answer.all("Content-Security-Policy"))
    assert "sandbox" in policies


def test_a_route_has_headers_of_its_own(gatehouse, app):
    gateway = gatehouse({"headers": {"permissions_policy": "geolocation=()"}, "routes": [
        {"name": "frame", "path": "/echo/frame", "headers": {"frame_options": "SAMEORIGIN", "referrer_policy": "off"}}]}, upstream=app)
    frame = gateway.exchange(get("/echo/frame"))
    assert frame.get("X-Frame-Options") == "SAMEORIGIN"
    assert frame.get("Referrer-Policy") is None
    assert frame.get("X-Content-Type-Options") == "nosniff"
    assert frame.get("Permissions-Policy") == "geolocation=()"
    other = gateway.exchange(get("/echo/other"))
    has_api_headers(other)
    assert other.get("Permissions-Policy") == "geolocation=()"


def test_a_route_may_be_a_page(gatehouse, app):
    gateway = gatehouse({"routes": [{"name": "page", "path": "/echo/page", "headers": {
        "profile": "html", "content_security_policy": "default-src 'self'"}}]}, upstream=app)
    page = gateway.exchange(get("/echo/page"))
    assert page.get("Content-Security-Policy") == "default-src 'self'"
    assert page.get("X-Content-Type-Options") == "nosniff"
    assert page.get("Referrer-Policy") == "strict-origin-when-cross-origin"
    assert page.get("Cross-Origin-Opener-Policy") == "same-origin"
    has_api_headers(gateway.exchange(get("/echo/other")))


def test_a_header_can_be_switched_off(gatehouse, app):
    answer = gatehouse({"headers": {"xss_protection": "off", "frame_options": "off"}}, upstream=app).exchange(get("/echo"))
    assert answer.get("X-XSS-Protection") is None and answer.get("X-Frame-Options") is None
    assert answer.get("X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize("how", ["config", "environment"])
def test_all_can_be_switched_off(gatehouse, app, how):
    if how == "config":
        gateway = gatehouse({"headers": {"enabled": False}}, upstream=app)
    else:
        gateway = gatehouse({}, upstream=app, env={"SECURE_HEADERS": "false"})
    answer = gateway.exchange(get("/answer/200?X-Frame-Options=SAMEORIGIN"))
    assert answer.get("X-Frame-Options") == "SAMEORIGIN", "the upstream's own is then left alone"
    assert [n for n in NAMES if answer.all(n) and n != "X-Frame-Options"] == []


def test_a_value_that_would_break_the_head_is_refused(gatehouse, app):
    gateway = gatehouse({"headers": {"permissions_policy": "a=()\r\nSet-Cookie: x=1"}}, upstream=app, ready=False)
    assert gateway.wait() == 2
    assert "permissions_policy" in gateway.stderr()
