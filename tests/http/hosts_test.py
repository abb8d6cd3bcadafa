"""Trusted hosts: exact names and *.domain; everything else is 400 and never reaches the upstream."""
import pytest

from support.message import get


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse({"hosts": {"allowed": ["api.example.com", "*.wild.example", "127.0.0.1", "[2001:db8::1]"]}}, upstream=upstream)


def is_refused(gateway, upstream, request, error="host_not_allowed"):
    before = len(upstream.requests)
    answer = gateway.exchange(request)
    assert answer.status == 400
    assert answer.json()["error"] == error
    assert len(upstream.requests) == before


@pytest.mark.parametrize("host", ["api.example.com", "API.Example.COM", "api.example.com:8080", "api.example.com.", "a.wild.example",
                                  "a.b.wild.example", "A.WILD.example:1", "127.0.0.1", "127.0.0.1:80", "[2001:db8::1]", "[2001:db8::1]:443"])
def test_allowed(gateway, upstream, host):
    assert gateway.exchange(get("/", host=host)).status == 200
    assert upstream.requests[-1].get("Host").lower().rstrip(".") == host.lower().rstrip(".")


@pytest.mark.parametrize("host", ["evil.example", "example.com", "api.example.com.evil.example", "xapi.example.com", "wild.example",
                                  "xwild.example", "a.wild.example.evil", "127.0.0.2", "localhost", "[2001:db8::2]", "[::1]", "2130706433"])
def test_refused(gateway, upstream, host):
    is_refused(gateway, upstream, get("/", host=host))


@pytest.mark.parametrize("host", [
    "", "api.example.com:", "api.example.com:0", "api.example.com:99999", "api.example.com:8o", "user@api.example.com", "api.example.com/",
    "api.example.com#", "api.example.com?", "api example.com", "api.example.com, evil.example", "[2001:db8::1", "2001:db8::1", "[::1]x",
    "api.example.com\x00", "..", "-", "api..example.com", "api.example.com%2eevil", "http://api.example.com", "\xe4pi.example.com"])
def test_malformed_hosts_are_refused(gateway, upstream, host):
    before = len(upstream.requests)
    assert gateway.exchange(get("/", host=host)).status == 400
    assert len(upstream.requests) == before


def test_missing(gateway, upstream):
    is_refused(gateway, upstream, get("/", host=None), "malformed_request")


def test_missing_in_http_1_0(gateway, upstream):
    before = len(upstream.requests)
    assert gateway.exchange(get("/", host=None, version="HTTP/1.0")).status == 400
    assert len(upstream.requests) == before


def test_twice(gateway, upstream):
    is_refused(gateway, upstream, get("/", [("Host", "api.example.com")], host="api.example.com"), "malformed_request")


# absolute-form: its authority is the host (RFC 9112 section 3.2.2).

def test_absolute_form(gateway, upstream):
    assert gateway.exchange(get("http://api.example.com/x?y=1", host="api.example.com")).status == 200
    assert upstream.requests[-1].target == "/x?y=1"
    assert upstream.requests[-1].get("Host") == "api.example.com"


@pytest.mark.parametrize("target,host", [
    ("http://evil.example/", "api.example.com"), ("http://api.example.com/", "evil.example"),
    ("http://api.example.com@evil.example/", "api.example.com"), ("http:///", "api.example.com"), ("ftp://api.example.com/", "api.example.com")])
def test_absolute_form_can_not_get_around_the_list(gateway, upstream, target, host):
    """Target and Host that disagree are refused, or the target's authority is taken for both; never the other one."""
    before = len(upstream.requests)
    answer = gateway.exchange(get(target, host=host))
    if answer.status == 200:
        assert target == "http://api.example.com/"
        assert upstream.requests[-1].get("Host") == "api.example.com"
    else:
        assert answer.status == 400 and len(upstream.requests) == before


def test_the_defaults_are_the_local_names(gatehouse, upstream):
    gateway = gatehouse({}, upstream=upstream)
    for host in ("localhost", "127.0.0.1", "[::1]", "localhost:1234"):
        assert gateway.exchange(get("/", host=host)).status == 200
    is_refused(gateway, upstream, get("/", host="api.example.com"))


def test_by_environment(gatehouse, upstream):
    gateway = gatehouse({}, upstream=upstream, env={"ALLOWED_HOSTS": "a.example, *.b.example"})
    assert [gateway.exchange(get("/", host=h)).status for h in ("a.example", "x.b.example", "c.example", "localhost")] == [200, 200, 400, 400]


def test_any_host_in_development_only(gatehouse, upstream):
    settings = {"hosts": {"allowed": ["*"]}}
    assert gatehouse({"profile": "development", **settings}, upstream=upstream).exchange(get("/", host="any.example")).status == 200
    refused = gatehouse({"profile": "production", **settings}, upstream=upstream, ready=False)
    assert refused.wait() == 2
    assert "hosts.allowed" in refused.stderr()


def test_the_upstreams_own_name_when_asked(gatehouse, upstream):
    gateway = gatehouse({"upstreams": [{"name": "api", "preserve_host": False}]}, upstream=upstream)
    assert gateway.exchange(get("/", host="localhost")).status == 200
    assert upstream.requests[-1].get("Host") == f"127.0.0.1:{upstream.port}"
    assert upstream.requests[-1].get("X-Forwarded-Host") == "localhost"


def test_a_health_check_of_the_machine_is_not_special(gateway, upstream):
    is_refused(gateway, upstream, get("/health", host="evil.example"))
