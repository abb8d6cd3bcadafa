"""CORS: exact origins, preflights answered at the door, headers on refusals too."""
import pytest

from support.message import get

GOOD, OTHER, EVIL = "https://app.example.com", "http://localhost:3000", "https://evil.example"


def config(**more):
    return {"cors": {"enabled": True, "origins": [GOOD, OTHER], "methods": ["GET", "POST"],
                     "headers": ["Authorization", "Content-Type"], "expose": ["X-Track"], "max_age": "10m",
                     "credentials": True, **more}}


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse(config(), upstream=upstream)


def preflight(origin, method="POST", headers=None, target="/song"):
    fields = [("Origin", origin), ("Access-Control-Request-Method", method)]
    if headers is not None:
        fields.append(("Access-Control-Request-Headers", headers))
    return get(target, fields, "OPTIONS")


def cors_names(answer):
    return {n for n in answer.names() if n.startswith("access-control-")}


@pytest.mark.parametrize("origin", [GOOD, OTHER])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", [None, "authorization", "content-type, authorization", "Content-Type,Authorization", ""])
def test_a_good_preflight_is_answered_by_gatehouse(gateway, upstream, origin, method, headers):
    before = len(upstream.requests)
    answer = gateway.exchange(preflight(origin, method, headers))
    assert answer.status in (200, 204)
    assert answer.get("Access-Control-Allow-Origin") == origin
    assert answer.get("Access-Control-Allow-Credentials") == "true"
    assert set(answer.tokens("Access-Control-Allow-Methods")) == {"get", "post"}
    assert {"authorization", "content-type"} <= set(answer.tokens("Access-Control-Allow-Headers"))
    assert answer.get("Access-Control-Max-Age") == "600"
    assert {"origin", "access-control-request-method", "access-control-request-headers"} <= set(answer.tokens("Vary"))
    assert len(upstream.requests) == before


@pytest.mark.parametrize("origin", [
    EVIL, "null", "", "https://app.example.com.evil.example", "https://evilapp.example.com", "http://app.example.com",
    "https://app.example.com:8443", "https://APP.example.com", "https://app.example.com/", "https://app.example.com,https://evil.example",
    "https://app.example.com https://evil.example", "*", "https://app.example.co", "http://localhost:30000", "http://localhost"])
def test_a_preflight_of_another_origin_is_refused(gateway, upstream, origin):
    before = len(upstream.requests)
    answer = gateway.exchange(preflight(origin))
    assert answer.status == 403
    assert answer.json()["error"] == "cors_origin_not_allowed"
    assert not cors_names(answer)
    assert "origin" in answer.tokens("Vary")
    assert len(upstream.requests) == before


@pytest.mark.parametrize("method,headers", [("DELETE", None), ("PUT", "content-type"), ("post", None), ("POST", "x-secret"),
                                            ("POST", "authorization, x-secret")])
def test_a_preflight_for_more_than_is_allowed_does_not_grant_it(gateway, upstream, method, headers):
    before = len(upstream.requests)
    answer = gateway.exchange(preflight(GOOD, method, headers))
    assert answer.status == 403
    assert method.lower() not in answer.tokens("Access-Control-Allow-Methods") or method in ("POST", "post")
    assert "x-secret" not in answer.tokens("Access-Control-Allow-Headers")
    assert len(upstream.requests) == before


def test_a_simple_request_of_a_good_origin(gateway):
    answer = gateway.exchange(get("/song", [("Origin", GOOD)]))
    assert answer.status == 200
    assert answer.get("Access-Control-Allow-Origin") == GOOD
    assert answer.get("Access-Control-Allow-Credentials") == "true"
    assert "x-track" in answer.tokens("Access-Control-Expose-Headers")
    assert {"retry-after", "ratelimit", "ratelimit-policy"} <= set(answer.tokens("Access-Control-Expose-Headers"))
    assert "origin" in answer.tokens("Vary")


@pytest.mark.parametrize("origin", [EVIL, "null"])
def test_another_origin_can_not_read_the_answer(gateway, origin):
    answer = gateway.exchange(get("/song", [("Origin", origin)]))
    assert not cors_names(answer)
    assert "origin" in answer.tokens("Vary")


def test_without_an_origin_there_are_no_cors_headers_but_vary(gateway):
    answer = gateway.exchange(get("/song"))
    assert answer.status == 200 and not cors_names(answer)
    assert "origin" in answer.tokens("Vary"), "a shared cache must not give this answer to a page"


def test_two_origins_are_not_one(gateway, upstream):
    before = len(upstream.requests)
    answer = gateway.exchange(get("/song", [("Origin", GOOD), ("Origin", EVIL)]))
    assert not cors_names(answer) or answer.status == 400
    if answer.status == 400:
        assert len(upstream.requests) == before


def test_a_plain_options_request_is_not_a_preflight(gateway, upstream):
    before = len(upstream.requests)
    assert gateway.exchange(get("/song", method="OPTIONS")).status == 200
    assert len(upstream.requests) == before + 1


def test_the_upstreams_own_cors_headers_are_replaced(gatehouse, app):
    gateway = gatehouse(config(), upstream=app)
    target = "/answer/200?Access-Control-Allow-Origin=*&Access-Control-Allow-Credentials=true&Access-Control-Expose-Headers=X-Inner&Vary=Accept"
    good = gateway.exchange(get(target, [("Origin", GOOD)]))
    assert good.get("Access-Control-Allow-Origin") == GOOD
    assert {"accept", "origin"} <= set(good.tokens("Vary"))
    assert not cors_names(gateway.exchange(get(target, [("Origin", EVIL)])))


def test_refusals_can_be_read_by_the_page(gatehouse, app, scripted):
    """A 429 without CORS headers looks like a network error to a page."""
    gateway = gatehouse({**config(), "rate_limits": {"default": {"requests": 1, "window": "1h"}}, "limits": {"body": 10}}, upstream=app)
    found = [gateway.exchange(get("/echo", [("Origin", GOOD)])),
             gateway.exchange(get("/echo", [("Origin", GOOD)])),
             gateway.exchange(get("/health", [("Origin", GOOD)], "POST", body=b"x" * 11)),
             gateway.exchange(get("/health", [("Origin", GOOD)], "PURGE"))]
    assert [a.status for a in found] == [200, 429, 413, 405]
    for answer in found:
        assert answer.get("Access-Control-Allow-Origin") == GOOD
        assert "retry-after" in answer.tokens("Access-Control-Expose-Headers")
    assert not cors_names(gateway.exchange(get("/echo", [("Origin", EVIL)])))


def test_an_upstream_that_is_down_can_be_told_apart_by_the_page(gatehouse):
    from support.ports import free_port
    gateway = gatehouse(config(), upstream=f"http://127.0.0.1:{free_port()}")
    answer = gateway.exchange(get("/song", [("Origin", GOOD)]))
    assert answer.status in (502, 503)
    assert answer.get("Access-Control-Allow-Origin") == GOOD


def test_preflights_are_not_charged(gatehouse, scripted):
    gateway = gatehouse({**config(), "rate_limits": {"default": {"requests": 2, "window": "1h"}}}, upstream=scripted())
    assert [gateway.exchange(preflight(GOOD)).status for _ in range(5)] in ([200] * 5, [204] * 5)
    assert [gateway.exchange(get("/", [("Origin", GOOD)])).status for _ in range(3)] == [200, 200, 429]


def test_without_credentials(gatehouse, scripted):
    answer = gatehouse(config(credentials=False), upstream=scripted()).exchange(get("/", [("Origin", GOOD)]))
    assert answer.get("Access-Control-Allow-Origin") == GOOD
    assert answer.get("Access-Control-Allow-Credentials") is None


def test_any_origin_in_development_without_credentials(gatehouse, scripted):
    gateway = gatehouse({"profile": "development", **config(origins=["*"], credentials=False)}, upstream=scripted())
    answer = gateway.exchange(get("/", [("Origin", EVIL)]))
    assert answer.get("Access-Control-Allow-Origin") in ("*", EVIL)
    assert answer.get("Access-Control-Allow-Credentials") is None


@pytest.mark.parametrize("settings,words", [
    ({"profile": "development", **config(origins=["*"])}, "credentials"),
    ({"profile": "production", **config(origins=["*"], credentials=False)}, "cors.origins"),
    (config(origins=["app.example.com"]), "cors.origins"),
    (config(origins=["https://app.example.com/path"]), "cors.origins"),
    (config(origins=["null"]), "cors.origins"),
    (config(origins=["https://*.example.com"]), "cors.origins")])
def test_unsafe_or_useless_settings_are_refused(gatehouse, scripted, settings, words):
    gateway = gatehouse(settings, upstream=scripted(), ready=False)
    assert gateway.wait() == 2
    assert words in gateway.stderr() or words.split(".")[-1] in gateway.stderr()


def test_off_by_default(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    assert not cors_names(gateway.exchange(get("/echo", [("Origin", GOOD)])))
    assert not cors_names(gateway.exchange(preflight(GOOD, target="/echo")))


def test_by_environment(gatehouse, scripted):
    env = {"CORS_ENABLED": "true", "ALLOWED_ORIGINS": f"{OTHER}, https://b.example"}
    gateway = gatehouse({}, upstream=scripted(), env=env)
    assert gateway.exchange(get("/", [("Origin", OTHER)])).get("Access-Control-Allow-Origin") == OTHER
    assert gateway.exchange(get("/", [("Origin", "https://b.example")])).get("Access-Control-Allow-Origin") == "https://b.example"
    assert not cors_names(gateway.exchange(get("/", [("Origin", EVIL)])))
