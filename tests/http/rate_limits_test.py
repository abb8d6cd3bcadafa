"""Rate limits: what is allowed, what is refused, and what the answers say about it."""
import concurrent.futures
import time

import pytest

from support.gateway import is_sanitized
from support.message import get
from support.structured_fields import parse_list
from support.timing import eventually

HOUR = "1h"


def limited(limits, **rule):
    return {"rate_limits": {"rules": [{"name": "test", "limits": limits, **rule}]}}


def statuses(gateway, n, path="/echo", method="GET", **kwargs):
    with gateway.client() as client:
        return [client.request(method, path, **kwargs).status_code for _ in range(n)]


def from_address(address):
    return {"X-Forwarded-For": address}


BEHIND_PROXY = {"client_address": {"trusted_proxies": ["127.0.0.1/32"], "source": "x-forwarded-for"}}


# L1: over the limit 429 with Retry-After and a body; the window slides.

def test_requests_over_the_limit_are_refused(gatehouse, app):
    gateway = gatehouse({"rate_limits": {"default": {"requests": 3, "window": "60s"}}}, upstream=app)
    with gateway.client() as client:
        answers = [client.get("/echo") for _ in range(5)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429, 429]
    refused = answers[3]
    body = refused.json()
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert body["status"] == 429 and body["title"] and body["type"]
    assert body["error"] == "rate_limit_exceeded"
    assert body["message"] == "Too many requests. Please try again later."
    assert isinstance(body["retry_after"], int) and 1 <= body["retry_after"] <= 68  # a tick late at most
    assert refused.headers["Retry-After"] == str(body["retry_after"])
    assert "no-store" in refused.headers["Cache-Control"]


def test_refused_requests_do_not_reach_the_upstream(gatehouse, scripted):
    upstream = scripted()
    gateway = gatehouse(limited([{"requests": 2, "window": HOUR}]), upstream=upstream)
    assert statuses(gateway, 6) == [200, 200, 429, 429, 429, 429]
    assert len(upstream.requests) == 2


def test_never_more_than_the_limit_in_any_window(gatehouse, scripted):
    window, requests = 2.0, 5
    gateway = gatehouse(limited([{"requests": requests, "window": "2s"}]), upstream=scripted())
    allowed = []
    end = time.monotonic() + 4 * window
    with gateway.client() as client:
        while time.monotonic() < end:
            before = time.monotonic()
            status = client.get("/").status_code
            if status == 200:
                allowed.append((before, time.monotonic()))
            else:
                assert status == 429
                time.sleep(0.01)
    # The decision fell between `before` and `after`, so this is exact: a 2 ms grain for the clock.
    for first, last in zip(allowed, allowed[requests:]):
        assert last[1] - first[0] >= window - 0.002, "more than the limit within one window"
    assert len(allowed) >= 2 * requests, "used units never came back"


def test_after_retry_after_there_is_room(gatehouse, scripted):
    gateway = gatehouse(limited([{"requests": 2, "window": "2s"}]), upstream=scripted())
    with gateway.client() as client:
        assert [client.get("/").status_code for _ in range(2)] == [200, 200]
        refused = client.get("/")
        assert refused.status_code == 429
        time.sleep(int(refused.headers["Retry-After"]))
        assert client.get("/").status_code == 200


def test_being_refused_does_not_prolong_the_wait(gatehouse, scripted):
    gateway = gatehouse(limited([{"requests": 2, "window": "2s"}]), upstream=scripted())
    with gateway.client() as client:
        assert [client.get("/").status_code for _ in range(2)] == [200, 200]
        eventually(lambda: client.get("/").status_code == 200, "room again for a client that never stops asking", 10)


# L2: headers on allowed and refused answers.

@pytest.mark.parametrize("dialect", ["ietf", "x-ratelimit", "both", "off"])
def test_limit_headers(gatehouse, app, dialect):
    config = limited([{"requests": 2, "window": HOUR}])
    config["rate_limits"]["headers"] = dialect
    gateway = gatehouse(config, upstream=app)
    with gateway.client() as client:
        answers = [client.get("/echo") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    for left, answer in zip((1, 0, 0), answers):
        ietf = dialect in ("ietf", "both")
        assert ("RateLimit" in answer.headers) == ietf
        assert ("RateLimit-Policy" in answer.headers) == ietf
        if ietf:
            policy = dict(parse_list(answer.headers["RateLimit-Policy"]))
            state = dict(parse_list(answer.headers["RateLimit"]))
            assert policy.keys() == state.keys() and len(policy) == 1
            name = next(iter(policy))
            assert type(name) is str and "test" in name
            assert policy[name]["q"] == 2 and policy[name]["w"] == 3600
            assert state[name]["r"] == left
            assert 0 < state[name]["t"] <= 3600 + 360  # a used unit comes back at most one tick late
        legacy = dialect in ("x-ratelimit", "both")
        for header in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
            assert (header in answer.headers) == legacy
        if legacy:
            assert answer.headers["X-RateLimit-Limit"] == "2"
            assert answer.headers["X-RateLimit-Remaining"] == str(left)
            assert int(answer.headers["X-RateLimit-Reset"]) > 0
    assert "Retry-After" not in answers[0].headers
    assert int(answers[2].headers["Retry-After"]) >= 1
    if dialect in ("ietf", "both"):
        state = dict(parse_list(answers[2].headers["RateLimit"]))
        assert int(answers[2].headers["Retry-After"]) >= next(iter(state.values()))["t"]


def test_headers_name_every_window(gatehouse, app):
    answer = gatehouse(limited(["10/minute", "100/hour", {"requests": 1000, "window": "1d"}]), upstream=app).get("/echo")
    policies = parse_list(answer.headers["RateLimit-Policy"])
    assert sorted((p["q"], p["w"]) for _, p in policies) == [(10, 60), (100, 3600), (1000, 86400)]
    assert len({name for name, _ in policies}) == 3, "each window needs a name of its own"
    remaining = {name: p["r"] for name, p in parse_list(answer.headers["RateLimit"])}
    for name, parameters in policies:
        assert remaining[name] == parameters["q"] - 1


def test_a_client_or_an_upstream_can_not_fake_the_headers(gatehouse, app):
    gateway = gatehouse(limited([{"requests": 5, "window": HOUR}]), upstream=app)
    answer = gateway.get("/answer/200?RateLimit=%22x%22;r=99;t=1&X-RateLimit-Limit=99",
                         headers={"X-RateLimit-Limit": "1000", "RateLimit-Policy": '"free";q=1000'})
    assert [name for name, _ in parse_list(answer.headers["RateLimit"])] != ["x"]
    assert "99" not in answer.headers["RateLimit"]
    assert answer.headers.get("X-RateLimit-Limit") != "99"


# L3: exempt paths.

def test_exempt_paths_are_free_by_default(gatehouse, app):
    gateway = gatehouse({"rate_limits": {"default": {"requests": 1, "window": HOUR}}}, upstream=app)
    for path in ("/health", "/docs", "/openapi.json"):
        assert statuses(gateway, 4, path) == [200] * 4
    assert statuses(gateway, 2) == [200, 429]


def test_own_exempt_paths_replace_the_default_ones(gatehouse, app):
    gateway = gatehouse({"rate_limits": {"default": {"requests": 1, "window": HOUR}, "exempt_paths": ["/count/free"]}},
                        upstream=app)
    assert statuses(gateway, 4, "/count/free") == [200] * 4
    assert statuses(gateway, 2, "/health") == [200, 429]


@pytest.mark.parametrize("path", ["/health/../echo", "/health/..%2fecho", "/healthy", "/HEALTH", "/echo?/health", "/echo/health",
                                  "//echo//", "/health%00"])
def test_an_exempt_path_can_not_be_faked(gatehouse, scripted, path):
    """The path that is compared is the path that is forwarded."""
    gateway = gatehouse({"rate_limits": {"default": {"requests": 1, "window": HOUR}}}, upstream=scripted())
    answers = [gateway.exchange(get(path)) for _ in range(2)]
    assert [a.status for a in answers] in ([200, 429], [400, 400])


# L5: limits per route, each with its scope.

def test_each_rule_limits_its_own_paths_and_methods(gatehouse, app):
    gateway = gatehouse({"rate_limits": {"rules": [
        {"name": "one", "methods": ["POST"], "paths": ["/count/one"], "limits": [{"requests": 1, "window": HOUR}]},
        {"name": "render", "paths": ["/echo/{id}/render"], "limits": [{"requests": 2, "window": HOUR}]},
        {"name": "static", "paths": ["/echo/static/**"], "limits": [{"requests": 3, "window": HOUR}]},
    ]}}, upstream=app)
    assert statuses(gateway, 2, "/count/one", "POST") == [200, 429]
    assert statuses(gateway, 2, "/count/one", "GET") == [200, 200]
    assert statuses(gateway, 1, "/echo/1/render") + statuses(gateway, 2, "/echo/2/render") == [200, 200, 429]
    assert statuses(gateway, 2, "/echo/1/other") == [200, 200]
    assert statuses(gateway, 4, "/echo/static/a/b/c") == [200, 200, 200, 429]
    assert statuses(gateway, 3) == [200] * 3


def test_a_rule_for_one_host(gatehouse, app):
    config = limited([{"requests": 1, "window": HOUR}], hosts=["a.example"])
    gateway = gatehouse({**config, "hosts": {"allowed": ["a.example", "b.example"]}}, upstream=app)
    assert statuses(gateway, 2, headers={"Host": "a.example"}) == [200, 429]
    assert statuses(gateway, 2, headers={"Host": "b.example"}) == [200, 200]


def test_scope_ip_counts_each_address_by_itself(gatehouse, scripted):
    gateway = gatehouse({**limited([{"requests": 2, "window": HOUR}], scope="ip"), **BEHIND_PROXY}, upstream=scripted())
    assert statuses(gateway, 3, headers=from_address("203.0.113.1")) == [200, 200, 429]
    assert statuses(gateway, 3, headers=from_address("203.0.113.2")) == [200, 200, 429]


def test_scope_global_counts_all_together(gatehouse, scripted):
    gateway = gatehouse({**limited([{"requests": 2, "window": HOUR}], scope="global"), **BEHIND_PROXY}, upstream=scripted())
    found = [statuses(gateway, 1, headers=from_address(f"203.0.113.{i}"))[0] for i in range(4)]
    assert found == [200, 200, 429, 429]


def test_scope_header_counts_each_value_by_itself(gatehouse, scripted):
    gateway = gatehouse(limited([{"requests": 2, "window": HOUR}], scope="header", header="X-Account"), upstream=scripted())
    assert statuses(gateway, 3, headers={"X-Account": "ann"}) == [200, 200, 429]
    assert statuses(gateway, 3, headers={"x-account": "ben"}) == [200, 200, 429]


def test_scope_header_without_the_header_is_not_free(gatehouse, scripted):
    gateway = gatehouse(limited([{"requests": 2, "window": HOUR}], scope="header", header="X-Account"), upstream=scripted())
    assert statuses(gateway, 4)[2:] != [200, 200]


def test_scope_device(gatehouse, scripted):
    upstream = scripted()
    gateway = gatehouse(limited([{"requests": 2, "window": HOUR}], scope="device"), upstream=upstream)
    assert statuses(gateway, 3, headers={"X-Device-ID": "phone"}) == [200, 200, 429]
    assert statuses(gateway, 1, headers={"X-Device-ID": "tablet"}) == [200]
    before = len(upstream.requests)
    missing = gateway.get("/")
    assert missing.status_code == 400
    assert missing.json()["error"] == "device_id_required"
    assert missing.json()["message"] == "Device ID required"
    assert gateway.get("/", headers={"X-Device-ID": ""}).status_code == 400
    assert len(upstream.requests) == before


def test_the_device_header_can_be_named(gatehouse, scripted):
    config = limited([{"requests": 1, "window": HOUR}], scope="device")
    config["rate_limits"]["device_header"] = "X-Handset"
    gateway = gatehouse(config, upstream=scripted())
    assert statuses(gateway, 2, headers={"X-Handset": "a"}) == [200, 429]
    assert statuses(gateway, 1, headers={"X-Device-ID": "a"}) == [400]


@pytest.mark.parametrize("spelling,requests,window", [
    ("2/second", 2, 1), ("2/minute", 2, 60), ("2/hour", 2, 3600), ("2/day", 2, 86400),
    ("2/5m", 2, 300), ("2/90s", 2, 90), ({"requests": 2, "window": "10m"}, 2, 600)])
def test_spellings_of_a_limit(gatehouse, scripted, spelling, requests, window):
    gateway = gatehouse(limited([spelling]), upstream=scripted())
    policies = parse_list(gateway.get("/").headers["RateLimit-Policy"])
    assert [(p["q"], p["w"]) for _, p in policies] == [(requests, window)]


# L6: several windows, burst, weight, tiers.

def test_a_refused_request_eats_nothing_of_another_window(gatehouse, scripted):
    gateway = gatehouse(limited([{"requests": 2, "window": "2s"}, {"requests": 4, "window": HOUR}]), upstream=scripted())

    def remaining(answer):
        return sorted((p["q"], dict(parse_list(answer.headers["RateLimit"]))[name]["r"])
                      for name, p in parse_list(answer.headers["RateLimit-Policy"]))

    with gateway.client() as client:
        answers = [client.get("/") for _ in range(6)]
        assert [a.status_code for a in answers] == [200, 200, 429, 429, 429, 429]
        assert remaining(answers[5]) == [(2, 0), (4, 2)]
        time.sleep(int(answers[5].headers["Retry-After"]) + 1)
        answers = [client.get("/") for _ in range(3)]
        assert [a.status_code for a in answers] == [200, 200, 429]
        assert remaining(answers[2])[1] == (4, 0)
        assert int(answers[2].headers["Retry-After"]) > 2, "the hour is used up: the longer wait counts"


def test_two_rules_are_one_decision(gatehouse, scripted):
    """A request that one rule refuses costs nothing of the other."""
    gateway = gatehouse({**BEHIND_PROXY, "rate_limits": {"rules": [
        {"name": "everyone", "scope": "global", "limits": [{"requests": 4, "window": HOUR}]},
        {"name": "each", "scope": "ip", "limits": [{"requests": 2, "window": HOUR}]}]}}, upstream=scripted())
    assert statuses(gateway, 5, headers=from_address("203.0.113.1")) == [200, 200, 429, 429, 429]
    assert statuses(gateway, 3, headers=from_address("203.0.113.2")) == [200, 200, 429]
    assert statuses(gateway, 1, headers=from_address("203.0.113.3")) == [429]


def test_token_bucket_allows_a_burst_then_its_rate(gatehouse, scripted):
    gateway = gatehouse(limited([{"requests": 6, "window": "60s"}], algorithm="token_bucket", burst=3), upstream=scripted())
    with gateway.client() as client:
        answers = [client.get("/") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 10


def test_token_bucket_refills(gatehouse, scripted):
    gateway = gatehouse(limited([{"requests": 1, "window": "1s"}], algorithm="token_bucket", burst=2), upstream=scripted())
    with gateway.client() as client:
        refused = eventually(lambda: next((a for a in [client.get("/")] if a.status_code == 429), None), "an empty bucket")
        time.sleep(int(refused.headers["Retry-After"]))
        assert client.get("/").status_code == 200


def test_weight(gatehouse, scripted):
    gateway = gatehouse(limited([{"requests": 10, "window": HOUR}], weight=4), upstream=scripted())
    with gateway.client() as client:
        answers = [client.get("/") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert [parse_list(a.headers["RateLimit"])[0][1]["r"] for a in answers] == [6, 2, 2]


@pytest.mark.parametrize("tier,allowed", [("free", 2), ("premium", 4)])
def test_default_tier(gatehouse, scripted, tier, allowed):
    config = limited([{"requests": 2, "window": HOUR}], tiers={"premium": {"limits": [{"requests": 4, "window": HOUR}]}})
    config["rate_limits"]["default_tier"] = tier
    gateway = gatehouse(config, upstream=scripted())
    assert statuses(gateway, allowed + 1) == [200] * allowed + [429]


# L7: internal services pass.

def test_bypass_by_address(gatehouse, scripted):
    config = limited([{"requests": 1, "window": HOUR}])
    config["rate_limits"]["bypass"] = ["10.1.0.0/16", "fd00::/8"]
    gateway = gatehouse({**config, **BEHIND_PROXY}, upstream=scripted())
    assert statuses(gateway, 5, headers=from_address("10.1.2.3")) == [200] * 5
    assert statuses(gateway, 5, headers=from_address("fd12::1")) == [200] * 5
    assert statuses(gateway, 2, headers=from_address("10.2.2.3")) == [200, 429]


def test_bypass_can_not_be_claimed_by_a_stranger(gatehouse, scripted):
    config = limited([{"requests": 1, "window": HOUR}])
    config["rate_limits"]["bypass"] = ["10.1.0.0/16"]
    gateway = gatehouse(config, upstream=scripted())  # nobody is trusted
    assert statuses(gateway, 2, headers=from_address("10.1.2.3")) == [200, 429]


# L9: bounded memory; a flood can't free a blocked client.

def test_a_flood_of_addresses_does_not_free_a_blocked_client(gatehouse, scripted):
    config = {**limited([{"requests": 2, "window": HOUR}]), **BEHIND_PROXY}
    config["rate_limits"]["max_clients"] = 1000
    gateway = gatehouse(config, upstream=scripted())
    blocked = [f"203.0.113.{i}" for i in range(5)]
    for address in blocked:
        assert statuses(gateway, 3, headers=from_address(address)) == [200, 200, 429]
    rss = None
    with gateway.connect() as stream:
        for i in range(6000):
            stream.send(get("/", [("X-Forwarded-For", f"10.{i >> 8 & 255}.{i & 255}.1")]))
            assert stream.read_response().status in (200, 429)
            if i == 1000:
                rss = gateway.rss()
    for address in blocked:
        assert statuses(gateway, 1, headers=from_address(address)) == [429], "the flood freed a blocked client"
    if not is_sanitized():
        assert gateway.rss() - rss < 8 << 20, "memory grew with the number of addresses"


# L10, S1: figures and log.

def test_metrics_count_refusals_and_checks(gatehouse, app):
    gateway = gatehouse(limited([{"requests": 2, "window": HOUR}]), upstream=app)
    before = gateway.metrics()
    assert before.types["rate_limit_exceeded_total"] == "counter"
    assert before.types["rate_limit_check_duration_seconds"] == "histogram"
    assert before.value("rate_limit_exceeded_total") == 0
    assert statuses(gateway, 5) == [200, 200, 429, 429, 429]
    assert gateway.metrics().value("rate_limit_exceeded_total") == 3
    assert gateway.metrics().value("gatehouse_requests_total") == 5


def test_the_time_of_checks_is_measured(gatehouse, scripted):
    """A sample of them: asks until one was measured."""
    gateway = gatehouse(limited([{"requests": 100000, "window": HOUR}]), upstream=scripted())

    def measured():
        assert set(statuses(gateway, 50)) == {200}
        return gateway.metrics().value("rate_limit_check_duration_seconds_count")
    eventually(measured, "a check that was measured", 30)
    assert gateway.metrics().value("rate_limit_check_duration_seconds_sum") > 0


def test_a_refusal_is_logged_with_its_rule(gatehouse, app):
    gateway = gatehouse(limited([{"requests": 1, "window": HOUR}]), upstream=app)
    assert statuses(gateway, 2) == [200, 429]
    line = gateway.access_line("/echo", 2)
    assert line["status"] == 429 and line["reason"] == "rate_limit_exceeded" and line["rule"] == "test"
    assert line["client"] == "127.0.0.1"


# Observe mode.

def test_observe_mode_refuses_nobody_and_is_counted(gatehouse, scripted):
    gateway = gatehouse(limited([{"requests": 1, "window": HOUR}], mode="observe"), upstream=scripted())
    assert statuses(gateway, 4, "/seen") == [200] * 4
    metrics = gateway.metrics()
    assert metrics.value("rate_limit_observed_total") == 3
    assert metrics.value("rate_limit_exceeded_total") == 0
    assert "test" in gateway.access_line("/seen", 2)["observed"]
    assert "observed" not in gateway.access_line("/seen", 1)


def test_observe_mode_does_not_change_the_enforced_rules(gatehouse, scripted):
    def config(with_observed):
        rules = [{"name": "enforced", "limits": [{"requests": 3, "window": HOUR}]}]
        if with_observed:
            rules.insert(0, {"name": "trial", "mode": "observe", "limits": [{"requests": 1, "window": HOUR}]})
        return {"rate_limits": {"rules": rules}}
    assert statuses(gatehouse(config(True), upstream=scripted()), 5) \
        == statuses(gatehouse(config(False), upstream=scripted()), 5) == [200, 200, 200, 429, 429]


def test_observed_rules_are_not_announced(gatehouse, scripted):
    gateway = gatehouse(limited([{"requests": 1, "window": HOUR}], mode="observe"), upstream=scripted())
    answer = gateway.get("/")
    assert "RateLimit" not in answer.headers and "RateLimit-Policy" not in answer.headers


# L12: the sources' names.

@pytest.mark.parametrize("env,limit,window", [
    ({"RATE_LIMIT_PER_MINUTE": "3"}, 3, 60),
    ({"RATE_LIMIT_REQUESTS_PER_MINUTE": "3"}, 3, 60),
    ({"RATE_LIMIT_REQUESTS_PER_MINUTE": "3", "RATE_LIMIT_WINDOW_SECONDS": "120"}, 3, 120),
    ({"GATEHOUSE_RATE_LIMITS_DEFAULT_REQUESTS": "3"}, 3, 60)])
def test_environment_names(gatehouse, app, env, limit, window):
    gateway = gatehouse({}, upstream=app, env=env)
    with gateway.client() as client:
        answers = [client.get("/echo") for _ in range(limit + 1)]
    assert [a.status_code for a in answers] == [200] * limit + [429]
    policies = parse_list(answers[0].headers["RateLimit-Policy"])
    assert [(p["q"], p["w"]) for _, p in policies] == [(limit, window)]


def test_limits_can_be_switched_off_by_the_environment(gatehouse, app):
    gateway = gatehouse(limited([{"requests": 1, "window": HOUR}]), upstream=app, env={"RATE_LIMIT_ENABLED": "false"})
    answer = gateway.get("/echo")
    assert statuses(gateway, 4) == [200] * 4
    assert not [name for name in answer.headers if "ratelimit" in name.lower()]


def test_sixty_a_minute_is_the_default(gatehouse, app):
    text = f"upstreams: [{{name: api, servers: ['{app.url}']}}]\nserver: {{listen: ['127.0.0.1:PORT']}}\nadmin: {{listen: '127.0.0.1:ADMIN'}}\n"
    gateway = gatehouse(text)
    assert statuses(gateway, 61) == [200] * 60 + [429]


# Exactness.

def test_exactly_the_limit_succeeds_with_many_workers_and_clients(gatehouse, scripted):
    limit, requests, clients = 50, 300, 24
    upstream = scripted()
    gateway = gatehouse({**limited([{"requests": limit, "window": HOUR}]), "server": {"workers": 4}}, upstream=upstream)

    def one_client(_):
        return statuses(gateway, requests // clients + 1)

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        found = [s for result in pool.map(one_client, range(clients)) for s in result]
    assert set(found) == {200, 429}
    assert found.count(200) == limit
    assert len(upstream.requests) == limit
    assert gateway.metrics().value("rate_limit_exceeded_total") == len(found) - limit
