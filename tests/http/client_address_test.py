"""Who the client is: one address for limits, log and upstream, believed only from proxies that are trusted."""
import struct

import pytest

from support.message import connect, get
from support.ports import free_port
from support.timing import eventually

PEER = "127.0.0.1"


def behind(source="x-forwarded-for", trusted=("127.0.0.1/32", "10.0.0.0/8")):
    return {"client_address": {"trusted_proxies": list(trusted), "source": source}}


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


def seen_by(gateway, upstream, fields, source=None, path="/who"):
    """Sends one request; (the upstream's request, the log's line)."""
    n = len([e for e in gateway.access_lines() if e.get("path") == path])
    answer = gateway.exchange(get(path, fields), source=source)
    assert answer.status == 200, answer.body
    return upstream.requests[-1], gateway.access_line(path, n + 1)


def check(gateway, upstream, fields, client, source=None):
    """Log and upstream agree on the client."""
    request, line = seen_by(gateway, upstream, fields, source)
    assert line["client"] == client
    assert request.get("X-Real-IP") == client
    first = request.get("X-Forwarded-For").split(",")[0].strip()
    assert first.strip("[]") == client, "the upstream's X-Forwarded-For must begin with the client that was proven"
    return request, line


# Nobody is trusted by default.

@pytest.fixture(scope="module")
def trusting_nobody(shared_gatehouse, upstream):
    return shared_gatehouse({}, upstream=upstream)


@pytest.mark.parametrize("fields", [
    [("X-Forwarded-For", "203.0.113.1")],
    [("X-Real-IP", "203.0.113.1")],
    [("Forwarded", "for=203.0.113.1")],
    [("True-Client-IP", "203.0.113.1"), ("CF-Connecting-IP", "203.0.113.1"), ("X-Client-IP", "203.0.113.1")],
    [("X-Forwarded-For", "203.0.113.1"), ("X-Forwarded-For", "127.0.0.1")],
])
def test_a_stranger_is_not_believed(trusting_nobody, upstream, fields):
    request, _ = check(trusting_nobody, upstream, fields, PEER)
    assert "203.0.113.1" not in (request.get("X-Forwarded-For") or "")
    assert "203.0.113.1" not in (request.get("X-Real-IP") or "")
    assert "203.0.113.1" not in (request.get("Forwarded") or "")


# X-Forwarded-For, right to left.

@pytest.fixture(scope="module")
def behind_proxies(shared_gatehouse, upstream):
    return shared_gatehouse(behind(), upstream=upstream)


@pytest.mark.parametrize("lines,client", [
    (["203.0.113.1"], "203.0.113.1"),
    (["198.51.100.66, 203.0.113.1"], "203.0.113.1"),                      # left of it: what the client claims
    (["198.51.100.66, 203.0.113.1, 10.1.1.1"], "203.0.113.1"),            # right of it: our proxies
    (["198.51.100.66, 203.0.113.1, 10.1.1.1, 10.2.2.2"], "203.0.113.1"),
    (["198.51.100.66", "203.0.113.1, 10.1.1.1", "10.2.2.2"], "203.0.113.1"),  # several lines are one list
    (["203.0.113.1", "10.1.1.1"], "203.0.113.1"),
    (["10.3.3.3, 10.1.1.1"], "10.3.3.3"),                                 # all trusted: the leftmost
    (["203.0.113.1:4711"], "203.0.113.1"),
    (["2001:db8::1"], "2001:db8::1"),
    (["[2001:db8::1]:4711"], "2001:db8::1"),
    (["2001:DB8:0:0::1"], "2001:db8::1"),
    (["::ffff:203.0.113.1"], "203.0.113.1"),                              # one client, one address
    (["  203.0.113.1\t"], "203.0.113.1"),
])
def test_the_walk_goes_right_to_left(behind_proxies, upstream, lines, client):
    request, line = check(behind_proxies, upstream, [("X-Forwarded-For", v) for v in lines], client)
    assert "198.51.100.66" not in request.get("X-Forwarded-For"), "the unproven part was passed on"
    assert line["peer"] == PEER


@pytest.mark.parametrize("value,client", [
    ("203.0.113.1, garbage, 10.1.1.1", "10.1.1.1"),      # stops at what can't be read: the last proven hop
    ("203.0.113.1, 999.1.1.1", PEER),
    ("garbage", PEER),
    ("unknown", PEER),
    ("203.0.113.1, ", None),
    ("203.0.113.1,,10.1.1.1", None),
    ("127.1", PEER), ("0x7f000001", PEER), ("3405803777", PEER), ("203.0.113.01", PEER),
    ("203.0.113.1%00", PEER), ("203.0.113.1 10.1.1.1", PEER), ("<script>", PEER),
])
def test_what_is_no_address_never_becomes_a_client(behind_proxies, upstream, value, client):
    request, line = seen_by(behind_proxies, upstream, [("X-Forwarded-For", value)])
    if client is None:  # an empty element may be skipped or be the end of the walk
        assert line["client"] in (PEER, "203.0.113.1", "10.1.1.1")
    else:
        assert line["client"] == client
    assert request.get("X-Real-IP") == line["client"]


def test_a_very_long_list_is_walked_or_ended_but_never_from_the_left(behind_proxies, upstream):
    value = "198.51.100.66, " + ", ".join(["10.1.1.1"] * 500)
    _, line = seen_by(behind_proxies, upstream, [("X-Forwarded-For", value)])
    assert line["client"] in ("198.51.100.66", "10.1.1.1")  # all right of it is trusted: both are proven


def test_only_the_trusted_peer_is_believed(behind_proxies, upstream):
    """The same header from a neighbour that is not in the list."""
    check(behind_proxies, upstream, [("X-Forwarded-For", "203.0.113.1")], "127.0.0.9", source="127.0.0.9")


def test_only_the_configured_header_is_read(behind_proxies, upstream):
    fields = [("X-Real-IP", "198.51.100.66"), ("Forwarded", "for=198.51.100.66"), ("X-Forwarded-For", "203.0.113.1")]
    request, _ = check(behind_proxies, upstream, fields, "203.0.113.1")
    assert "198.51.100.66" not in request.head.decode()


def test_limits_log_and_upstream_agree(gatehouse, upstream):
    gateway = gatehouse({**behind(), "rate_limits": {"rules": [
        {"name": "t", "limits": [{"requests": 1, "window": "1h"}]}]}}, upstream=upstream)
    spellings = ["203.0.113.1", "198.51.100.66, 203.0.113.1", "203.0.113.1:99", "::ffff:203.0.113.1", "203.0.113.1, 10.1.1.1"]
    found = [gateway.exchange(get("/who", [("X-Forwarded-For", s)])).status for s in spellings]
    assert found == [200, 429, 429, 429, 429]
    for n in range(1, 6):
        assert gateway.access_line("/who", n)["client"] == "203.0.113.1"


# The other sources.

@pytest.mark.parametrize("lines,client", [
    (["203.0.113.1"], "203.0.113.1"), (["2001:db8::1"], "2001:db8::1"), (["garbage"], PEER), (["203.0.113.1, 10.0.0.1"], PEER),
    (["203.0.113.1", "203.0.113.2"], PEER), ([], PEER)])
def test_x_real_ip(gatehouse, upstream, lines, client):
    check(gatehouse(behind("x-real-ip"), upstream=upstream), upstream, [("X-Real-IP", v) for v in lines], client)


@pytest.fixture(scope="module")
def behind_forwarded(shared_gatehouse, upstream):
    return shared_gatehouse(behind("forwarded"), upstream=upstream)


@pytest.mark.parametrize("value,client", [
    ("for=203.0.113.1", "203.0.113.1"),
    ("For=203.0.113.1;proto=https;by=10.0.0.1", "203.0.113.1"),
    ('for="203.0.113.1:4711"', "203.0.113.1"),
    ('for="[2001:db8::1]"', "2001:db8::1"),
    ('for="[2001:db8::1]:4711"', "2001:db8::1"),
    ('for=198.51.100.66, for="[2001:db8::1]:80";proto=http, for=10.1.1.1', "2001:db8::1"),
    ('for="198.51.100.66, for=203.0.113.1"', PEER),   # a comma inside quotes is no new element
    ("for=unknown", PEER), ("for=_hidden", PEER), ("for=203.0.113.1, for=_hidden", PEER),
    ("proto=https", PEER), ("for=", PEER), ("for", PEER), ('for="203.0.113.1', PEER),
    ("for=198.51.100.66;for=203.0.113.1", PEER),        # a parameter may occur once
])
def test_forwarded(behind_forwarded, upstream, value, client):
    request, line = seen_by(behind_forwarded, upstream, [("Forwarded", value)])
    assert line["client"] == client
    assert request.get("X-Real-IP") == client


def test_source_peer_believes_nothing(gatehouse, upstream):
    check(gatehouse(behind("peer"), upstream=upstream), upstream, [("X-Forwarded-For", "203.0.113.1")], PEER)


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "::/0"])
def test_trusting_everybody_is_refused(gatehouse, upstream, cidr):
    gateway = gatehouse(behind(trusted=[cidr]), upstream=upstream, ready=False)
    assert gateway.wait() == 2
    assert "/0" in gateway.stderr()


def test_trusted_proxies_by_environment(gatehouse, upstream):
    gateway = gatehouse({}, upstream=upstream, env={"TRUSTED_PROXIES": "127.0.0.1/32, 10.0.0.0/8"})
    check(gateway, upstream, [("X-Forwarded-For", "203.0.113.1, 10.1.1.1")], "203.0.113.1")


# IPv6: a /64 is one client, wider networks have wider limits.

def ask(gateway, address):
    return gateway.exchange(get("/", [("X-Forwarded-For", address)])).status


def ip_limit(n, **more):
    return {**behind(), "rate_limits": {"rules": [{"name": "t", "limits": [{"requests": n, "window": "1h"}]}], **more}}


def test_an_ipv6_network_of_64_bits_is_one_client(gatehouse, upstream):
    gateway = gatehouse(ip_limit(2), upstream=upstream)
    assert [ask(gateway, f"2001:db8:1:1::{i:x}") for i in range(1, 4)] == [200, 200, 429]
    assert ask(gateway, "2001:db8:1:2::1") == 200


def test_ipv6_parents_have_wider_limits(gatehouse, upstream):
    """limit 2, factor 8: a /56 may do 16, however many /64 it uses; another /56 is not touched."""
    gateway = gatehouse(ip_limit(2), upstream=upstream)
    found = [ask(gateway, f"2001:db8:1:{i:x}::1") for i in range(0, 18)]
    assert found == [200] * 16 + [429] * 2
    assert ask(gateway, "2001:db8:1:100::1") == 200


def test_ipv6_grandparents_too(gatehouse, upstream):
    """limit 1, factor 2: a /56 may do 2, a /48 may do 4."""
    gateway = gatehouse(ip_limit(1, ipv6_parent_factor=2), upstream=upstream)
    found = [ask(gateway, f"2001:db8:1:{i:x}00::1") for i in range(1, 7)]
    assert found == [200] * 4 + [429] * 2
    assert ask(gateway, "2001:db8:2:100::1") == 200


def test_a_client_that_was_refused_does_not_eat_its_neighbours_share(gatehouse, upstream):
    gateway = gatehouse(ip_limit(2), upstream=upstream)
    assert [ask(gateway, "2001:db8:1:1::1") for _ in range(40)] == [200, 200] + [429] * 38
    assert ask(gateway, "2001:db8:1:2::1") == 200


def test_a_real_ipv6_peer(gatehouse, upstream):
    port = free_port("::1")
    gateway = gatehouse({}, upstream=upstream, args=["--listen", f"[::1]:{port}"], ready=False)

    def up():
        try:
            return connect(("::1", port))
        except OSError:
            return None
    with eventually(up, "it listens on [::1]") as stream:
        stream.send(get("/six", host="[::1]"))
        assert stream.read_response().status == 200
    assert gateway.access_line("/six")["client"] == "::1"
    assert upstream.requests[-1].get("X-Real-IP") == "::1"


# What the upstream is told.

def test_forwarding_fields_for_the_upstream(trusting_nobody, upstream):
    request, _ = seen_by(trusting_nobody, upstream, [])
    assert request.get("X-Forwarded-For") == PEER
    assert request.get("X-Forwarded-Proto") == "http"
    assert request.get("X-Forwarded-Host") == PEER
    assert request.get("X-Real-IP") == PEER
    assert request.get("Forwarded") is None
    assert "gatehouse" in request.get("Via") and request.get("Via").startswith("1.1 ")


@pytest.mark.parametrize("style,x,rfc", [("x-forwarded", True, False), ("forwarded", False, True), ("both", True, True),
                                         ("off", False, False)])
def test_forwarding_styles(gatehouse, upstream, style, x, rfc):
    gateway = gatehouse({**behind(), "upstreams": [{"name": "api", "forwarded": style}]}, upstream=upstream)
    request, _ = seen_by(gateway, upstream, [("X-Forwarded-For", "198.51.100.66, 2001:db8::1"), ("Forwarded", "for=198.51.100.66")])
    assert (request.get("X-Forwarded-For") is not None) == x
    assert (request.get("X-Forwarded-Proto") is not None) == x
    assert (request.get("Forwarded") is not None) == rfc
    if rfc:
        assert 'for="[2001:db8::1]"' in request.get("Forwarded")
        assert "proto=http" in request.get("Forwarded")
    assert "198.51.100.66" not in request.head.decode()


@pytest.mark.parametrize("name", [
    "X-Forwarded-Prefix", "X-Forwarded-Server", "X-Forwarded-Port", "X-Forwarded-Ssl", "X-Forwarded-User", "X-Forwarded-Anything",
    "X-Original-URL", "X-Original-Method", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
    "X-Gatehouse-User", "X-Gatehouse-Anything", "x-gatehouse-role"])
def test_fields_only_a_proxy_may_send_are_removed(trusting_nobody, upstream, name):
    request, _ = seen_by(trusting_nobody, upstream, [(name, "forged"), ("X-Kept", "yes")])
    assert "forged" not in request.head.decode()
    assert request.get("X-Kept") == "yes"


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-IP"])
def test_forged_forwarding_fields_are_replaced(trusting_nobody, upstream, name):
    request, _ = seen_by(trusting_nobody, upstream, [(name, "forged.example"), (name, "forged.example")])
    assert "forged" not in request.head.decode()


@pytest.mark.parametrize("name", ["X_Forwarded_For", "X_Real_IP", "X_Gatehouse_User", "X_Forwarded_Proto"])
def test_names_with_underscores_can_not_pose_as_them(trusting_nobody, upstream, name):
    """WSGI and CGI read both spellings as one name. They must be removed, or the request refused."""
    before = len(upstream.requests)
    answer = trusting_nobody.exchange(get("/under", [(name, "forged.example")]))
    if answer.status == 200:
        assert "forged" not in upstream.requests[-1].head.decode()
    else:
        assert answer.status == 400 and len(upstream.requests) == before


# PROXY protocol.

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v2(command=1, family=0x11, addresses=None, tail=b""):
    if addresses is None:
        addresses = bytes([203, 0, 113, 7]) + bytes([127, 0, 0, 1]) + struct.pack("!HH", 4711, 80)
    body = addresses + tail
    return SIGNATURE + bytes([0x20 | command, family]) + struct.pack("!H", len(body)) + body


def v2_inet6():
    return bytes.fromhex("20010db8000000000000000000000007") + bytes(15) + b"\1" + struct.pack("!HH", 4711, 80)


def proxy_protocol(version, trusted=("127.0.0.1/32",)):
    return {"server": {"proxy_protocol": version}, "client_address": {"trusted_proxies": list(trusted), "source": "peer"}}


@pytest.fixture(scope="module")
def proxied_v1(shared_gatehouse, upstream):
    return shared_gatehouse(proxy_protocol("v1"), upstream=upstream)


@pytest.fixture(scope="module")
def proxied_v2(shared_gatehouse, upstream):
    return shared_gatehouse(proxy_protocol("v2"), upstream=upstream)


def said(gateway, upstream, preface, path, pieces=False):
    with gateway.connect() as stream:
        if pieces:
            for i in range(len(preface)):
                stream.send(preface[i:i + 1])
        else:
            stream.send(preface)
        stream.send(get(path))
        assert stream.read_response().status == 200
        stream.send(get(path + "/again"))  # the preface counts for the whole connection
        assert stream.read_response().status == 200
    assert upstream.requests[-1].get("X-Real-IP") == gateway.access_line(path + "/again")["client"]
    return gateway.access_line(path)["client"]


@pytest.mark.parametrize("preface,client", [
    (b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n", "203.0.113.7"),
    (b"PROXY TCP6 2001:db8::7 ::1 4711 80\r\n", "2001:db8::7"),
    (b"PROXY UNKNOWN\r\n", PEER),
    (b"PROXY UNKNOWN ffff:f:f:f:f:f:f:f ffff::1 65535 65535\r\n", PEER)])
def test_proxy_protocol_v1(proxied_v1, upstream, preface, client):
    assert said(proxied_v1, upstream, preface, f"/v1/{len(preface)}") == client


def test_proxy_protocol_v1_in_pieces(proxied_v1, upstream):
    assert said(proxied_v1, upstream, b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n", "/v1/pieces", pieces=True) == "203.0.113.7"


@pytest.mark.parametrize("name,preface,client", [
    ("inet", v2(), "203.0.113.7"),
    ("inet6", v2(family=0x21, addresses=v2_inet6()), "2001:db8::7"),
    ("tlvs", v2(tail=b"\x01\x00\x02h2" + b"\x02\x00\x01x"), "203.0.113.7"),
    ("local", v2(command=0, family=0, addresses=b""), PEER),
    ("unspec", v2(family=0, addresses=b""), PEER)])
def test_proxy_protocol_v2(proxied_v2, upstream, name, preface, client):
    assert said(proxied_v2, upstream, preface, f"/v2/{name}") == client


def test_proxy_protocol_v2_in_pieces(proxied_v2, upstream):
    assert said(proxied_v2, upstream, v2(), "/v2/pieces", pieces=True) == "203.0.113.7"


def refused(gateway, upstream, preface):
    """The connection ends without an answer of the upstream."""
    before = len(upstream.requests)
    with gateway.connect() as stream:
        stream.send(preface + get("/refused"))
        answer = stream.read_to_end()
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert len(upstream.requests) == before


@pytest.mark.parametrize("preface", [
    b"", v2(), b"proxy TCP4 203.0.113.7 127.0.0.1 4711 80\r\n", b"PROXY TCP4 203.0.113.7 127.0.0.1 4711\r\n",
    b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\n", b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 99999\r\n",
    b"PROXY TCP4 2001:db8::7 ::1 4711 80\r\n", b"PROXY TCP6 203.0.113.7 127.0.0.1 4711 80\r\n",
    b"PROXY TCP4 203.0.113.999 127.0.0.1 4711 80\r\n", b"PROXY TCP4  203.0.113.7 127.0.0.1 4711 80\r\n",
    b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80 \r\n", b"PROXY TCP4 203.0.113.7 127.0.0.1 04711 80\r\n",
    b"PROXY UDP4 203.0.113.7 127.0.0.1 4711 80\r\n", b"PROXY " + b"x" * 200 + b"\r\n"])
def test_a_bad_v1_preface_ends_the_connection(proxied_v1, upstream, preface):
    refused(proxied_v1, upstream, preface)


@pytest.mark.parametrize("preface", [
    b"", b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n",
    SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12),           # version 1 in a version 2 preface
    SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12),           # a command that does not exist
    v2(addresses=bytes(8)),                                # too short for its family
    v2(tail=b"\x01\x00\x09h2"),                            # a TLV over the end
    SIGNATURE + b"\x21\x11\xff\xff" + bytes(12) + get("/refused") * 30,  # longer than is taken
    b"\r\n\r\n\0\r\nQUIX\n" + b"\x21\x11\x00\x0c" + bytes(12)])
def test_a_bad_v2_preface_ends_the_connection(proxied_v2, upstream, preface):
    refused(proxied_v2, upstream, preface)


def test_without_the_setting_a_preface_is_no_http(trusting_nobody, upstream):
    refused(trusting_nobody, upstream, b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n")
    refused(trusting_nobody, upstream, v2())


def test_a_preface_of_a_stranger_is_not_believed(gatehouse, upstream):
    gateway = gatehouse(proxy_protocol("v1"), upstream=upstream)
    before = len(upstream.requests)
    with gateway.connect(source="127.0.0.9") as stream:
        stream.send(b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n" + get("/stranger"))
        answer = stream.read_to_end()
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert len(upstream.requests) == before


def test_x_forwarded_for_behind_proxy_protocol(gatehouse, upstream):
    """A TCP balancer in front of a trusted HTTP proxy: the preface names the proxy, the field names the client."""
    config = {"server": {"proxy_protocol": "v1"}, **behind(trusted=["127.0.0.1/32", "203.0.113.7/32"])}
    gateway = gatehouse(config, upstream=upstream)
    with gateway.connect() as stream:
        stream.send(b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n" + get("/both", [("X-Forwarded-For", "2001:db8::5")]))
        assert stream.read_response().status == 200
    assert gateway.access_line("/both")["client"] == "2001:db8::5"
