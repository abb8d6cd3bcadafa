"""What the upstream learns of who asks: by fields that no client can forge, and by a signed assertion."""
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from support import identity
from support.identity import bearer, claims_like, hs256, jwt_parts, now, problem, settings, unb64
from support.message import get

TOLD = ["Auth", "User", "Name", "Issuer", "Roles", "Tier", "Scopes", "Session", "Key", "Device", "Assertion"]


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse(settings({"new_user_tier": "gold", "devices": {"anonymous": True}}), upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


@pytest.fixture(scope="module")
def person(people):
    return people.new()


def seen(upstream, people, headers=None, path="/echo", method="GET", **kwargs):
    """The request as it came to the upstream."""
    answer = people.http.request(method, path, headers=headers, **kwargs)
    assert answer.status_code == 200, answer.text
    return upstream.requests[-1]


def told(request):
    """{name without X-Gatehouse-: value}; a second one of a name fails the test."""
    out = {}
    for name, value in request.fields:
        if name.lower().startswith("x-gatehouse-"):
            assert name[12:] not in out
            out[name[12:]] = value
    return out


# Who asks, by each proof.

def test_nobody(upstream, people):
    assert told(seen(upstream, people)) == {"Auth": "none"}
    assert told(seen(upstream, people, {"Cookie": "session=ghs_" + "A" * 80})) == {"Auth": "none"}


def test_a_session(upstream, people, person):
    browser = person.browser()
    request = seen(upstream, people, {"Cookie": f"session={browser.session}"})
    assert told(request) == {"Auth": "session", "User": person.id, "Name": person.name, "Roles": "user", "Tier": "gold",
                             "Session": browser.me().json()["session"]}


def test_a_token(upstream, people, person):
    token = person.tokens()["access_token"]
    assert told(seen(upstream, people, bearer(token))) == {
        "Auth": "token", "User": person.id, "Name": person.name, "Roles": "user", "Tier": "gold", "Session": jwt_parts(token)[1]["sid"]}


@pytest.mark.parametrize("field", ["X-API-Key", "Authorization"])
def test_a_key(upstream, people, person, field):
    key = person.api_key(scopes=["content:read", "profile:read"])
    headers = {field: key["key"] if field == "X-API-Key" else f"Bearer {key['key']}"}
    assert told(seen(upstream, people, headers)) == {
        "Auth": "api_key", "User": person.id, "Name": person.name, "Roles": "user", "Tier": "gold", "Key": key["id"],
        "Scopes": "content:read profile:read"}


def test_a_device(upstream, people, person):
    anonymous = people.device()
    assert told(seen(upstream, people, {"X-Device-Token": anonymous["device_token"]})) == {"Auth": "none", "Device": anonymous["id"]}
    own, foreign = person.device(), people.new().device()
    headers = person.bearer()
    assert told(seen(upstream, people, {**headers, "X-Device-Token": own["device_token"]}))["Device"] == own["id"]
    assert "Device" not in told(seen(upstream, people, {**headers, "X-Device-Token": foreign["device_token"]}))
    bound = person.login(headers={"X-Device-Token": own["device_token"]}).json()["access_token"]
    assert told(seen(upstream, people, bearer(bound)))["Device"] == own["id"]


def test_what_changed_is_told_at_once(upstream, gateway, people):
    person = people.new()
    session = {"Cookie": f"session={person.browser().session}"}
    identity.operator(gateway, "user", "role", person.name, "+moderator", "+premium")
    identity.operator(gateway, "user", "tier", person.name, "none")
    request = told(seen(upstream, people, session))
    assert request["Roles"] == "user moderator premium" and "Tier" not in request
    identity.operator(gateway, "user", "role", person.name, "-user", "-moderator", "-premium")
    assert "Roles" not in told(seen(upstream, people, session))


def test_values_that_could_break_a_line(gatehouse, upstream):
    """Names come from tokens of others, too: what is no printable ASCII is escaped."""
    gateway = gatehouse(settings({"token": {"algorithm": "HS256"}}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    token = people.new().tokens()["access_token"]
    for given, expected in (("anne\u00e9", "anne%C3%A9"), ("50%", "50%25"), ("a b", "a b"), ("\u2028", "%E2%80%A8"), ("\u4f60", "%E4%BD%A0")):
        request = seen(upstream, people, bearer(hs256(claims_like(token, name=given, sid=None, jti=given))))
        assert told(request)["Name"] == expected
    answer = people.http.get("/", headers=bearer(hs256(claims_like(token, name="a\r\nX-Gatehouse-Roles: admin\0", sid=None, jti="x"))))
    assert answer.status_code == 200
    assert told(upstream.requests[-1])["Name"] == "a%0D%0AX-Gatehouse-Roles: admin%00" and told(upstream.requests[-1])["Roles"] == "user"


def test_a_tier_that_is_nobodys_is_the_default(gatehouse, upstream):
    config = settings(rate_limits={"default_tier": "free", "rules": [
        {"name": "r", "limits": ["100/minute"], "tiers": {"free": {"limits": ["50/minute"]}}}]})
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    assert told(seen(upstream, people, people.new().bearer()))["Tier"] == "free"


# What no client can forge.

SPELLINGS = ["X-Gatehouse-{}", "x-gatehouse-{}", "X-GATEHOUSE-{}", "x-GateHouse-{}"]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("proof", ["nobody", "session", "token"])
def test_fields_of_a_client_are_removed(gateway, upstream, people, person, spelling, proof):
    headers = {"nobody": {}, "session": {"Cookie": f"session={person.browser().session}"}, "token": person.bearer()}[proof]
    honest = told(seen(upstream, people, headers))
    forged = [(spelling.format(n), v) for n in [*TOLD, "Anything", ""] for v in ("admin", "root")]
    before = len(upstream.requests)
    answer = gateway.exchange(get("/echo", [*forged[:9], *headers.items(), *forged[9:]]))
    assert answer.status == 200 and len(upstream.requests) == before + 1
    assert told(upstream.requests[-1]) == honest
    assert "admin" not in str(upstream.requests[-1].fields)


@pytest.mark.parametrize("name", ["X_Gatehouse_User", "X-Gatehouse_User", "x_gatehouse-roles", "X_GATEHOUSE_ASSERTION", "X_Forwarded_For"])
def test_fields_in_disguise_are_refused(gateway, upstream, name):
    """CGI and WSGI read "_" as "-"."""
    before = len(upstream.requests)
    answer = gateway.exchange(get("/echo", [(name, "admin")]))
    assert answer.status == 400 and len(upstream.requests) == before


@pytest.mark.parametrize("name", ["X_Api_Key", "X_Device_Token", "X_Device_Id", "X-Device_ID"])
def test_credentials_in_disguise_do_not_get_through(gateway, upstream, name):
    answer = gateway.exchange(get("/echo", [(name, "value-of-a-client")]))
    assert answer.status in (200, 400)
    assert answer.status == 400 or "value-of-a-client" not in str(upstream.requests[-1].fields)


def test_nothing_of_ours_is_removed_by_the_clients_connection_field(gateway, upstream, people, person):
    """Connection names fields that end at the next hop (RFC 9110 section 7.6.1): a client's list counts for a client's fields."""
    headers = person.bearer()
    honest = told(seen(upstream, people, headers))
    names = ", ".join(f"X-Gatehouse-{n}" for n in TOLD)
    for value in (names, f"close, {names}", names.lower(), "X-Gatehouse-User, x-forwarded-for"):
        answer = gateway.exchange(get("/echo", [*headers.items(), ("Connection", value)]))
        assert answer.status in (200, 400)
        if answer.status == 200:
            assert told(upstream.requests[-1]) == honest
            assert upstream.requests[-1].get("X-Forwarded-For") == "127.0.0.1"


def test_odd_names_and_lines_are_refused(gateway, upstream):
    before = len(upstream.requests)
    for raw in (b"X-Gatehouse-User : admin\r\n", b" X-Gatehouse-User: admin\r\n", b"X-A: b\r\n X-Gatehouse-User: admin\r\n",
                b"X-A: b\nX-Gatehouse-User: admin\r\n", b"X-A: b\rX-Gatehouse-User: admin\r\n", b"X-Gatehouse-User\0: admin\r\n",
                b"X-Gatehouse-User\t: admin\r\n"):
        answer = gateway.exchange(b"GET /echo HTTP/1.1\r\nHost: 127.0.0.1\r\n" + raw + b"\r\n")
        assert answer.status == 400, raw
    assert len(upstream.requests) == before


def test_trailers_tell_nothing(gateway, upstream):
    with gateway.connect() as stream:
        stream.send(b"POST /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nTrailer: X-Gatehouse-User\r\n\r\n"
                    b"3\r\nabc\r\n0\r\nX-Gatehouse-User: admin\r\n\r\n")
        assert stream.read_response().status == 200
    request = upstream.requests[-1]
    assert told(request) == {"Auth": "none"} and b"admin" not in request.trailers and request.body == b"abc"


def test_who_is_switched_off_tells_nothing_and_still_removes(gatehouse, upstream):
    gateway = gatehouse(settings({"upstream": {"headers": False}}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    assert told(seen(upstream, people, {**people.new().bearer(), "X-Gatehouse-User": "admin"})) == {}
    without = gatehouse({}, upstream=upstream)
    without.get("/echo", headers={"X-Gatehouse-User": "admin"})
    assert told(upstream.requests[-1]) == {}


# Credentials stay here.

def test_what_proves_who_one_is_is_not_forwarded(upstream, people, person):
    """The upstream and its logs need none of it."""
    tokens, key, browser, device = person.tokens(), person.api_key()["key"], person.browser(), person.device()["device_token"]
    secrets = [tokens["access_token"], key, browser.session, browser.csrf, device]
    for headers in (bearer(tokens["access_token"]), bearer(key), {"X-API-Key": key},
                    {"Cookie": f"session={browser.session}; csrf={browser.csrf}; device={device}"}, {"X-Device-Token": device},
                    {**bearer(tokens["access_token"]), "Cookie": f"session={browser.session}"}):
        request = seen(upstream, people, headers)
        assert not any(s in str(request.fields) for s in secrets)
        assert not request.all("Authorization") and not request.all("X-API-Key") and not request.all("Cookie")


def test_cookies_of_the_application_are_forwarded(gateway, upstream, people, person):
    session = person.browser().session
    for sent, expected in ((f"a=1; session={session}; b=2", "a=1; b=2"), (f"session={session}", None), ("a=1", "a=1"),
                           (f"session={session}; a=1", "a=1"), (f"a=1;session={session};b=2", "a=1; b=2"),
                           ("sessions=1; my_session=2; Session=3; csrf_token=4", "sessions=1; my_session=2; Session=3; csrf_token=4"),
                           (f" session = {session} ; a=1", "a=1"), ("session=; a=1", "a=1"), ("a", "a"), ('a="x; y"', 'a="x; y"'),
                           (f"session={session}; session=x; a=1", "a=1"), (";;a=1;;", "a=1"), ("a=session=1", "a=session=1")):
        answer = gateway.exchange(get("/echo", [("Cookie", sent)]))
        assert answer.status == 200, sent
        assert upstream.requests[-1].get("Cookie") == expected, sent


def test_cookies_of_several_fields_become_one(gateway, upstream, people, person):
    session = person.browser().session
    answer = gateway.exchange(get("/echo", [("Cookie", "a=1"), ("Cookie", f"session={session}"), ("Cookie", "b=2")]))
    assert answer.status == 200 and upstream.requests[-1].get("Cookie") == "a=1; b=2"
    assert told(upstream.requests[-1])["Auth"] == "session"


def test_what_is_not_ours_is_forwarded(upstream, people, person):
    session = {"Cookie": f"session={person.browser().session}"}
    for headers in ({"Authorization": "Basic eDp5"}, {"Authorization": "Digest username=x"}, {"Authorization": "AWS4-HMAC-SHA256 x"}):
        assert seen(upstream, people, headers).get("Authorization") == headers["Authorization"]
        assert seen(upstream, people, {**headers, **session}).get("Authorization") == headers["Authorization"]


def test_credentials_are_forwarded_when_it_is_said(gatehouse, upstream):
    gateway = gatehouse(settings({"upstream": {"forward_credentials": True}}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    headers, key = person.bearer(), person.api_key()["key"]
    cookie = f"session={person.browser().session}; a=1"
    assert seen(upstream, people, headers).get("Authorization") == headers["Authorization"]
    assert seen(upstream, people, {"X-API-Key": key}).get("X-API-Key") == key
    assert seen(upstream, people, {"Cookie": cookie}).get("Cookie") == cookie


def test_a_device_that_is_only_said_is_not_forwarded(upstream, people):
    """Who says X-Device-ID and proves nothing would be believed by an upstream that reads it."""
    device, other = people.device(), people.device()
    for headers, expected in (({"X-Device-ID": device["id"]}, None), ({"X-Device-ID": "anything"}, None),
                              ({"X-Device-ID": device["id"], "X-Device-Token": device["device_token"]}, device["id"]),
                              ({"X-Device-ID": other["id"], "X-Device-Token": device["device_token"]}, None),
                              ({"X-Device-ID": device["id"], "X-Device-Token": device["device_token"][:-1]}, None)):
        request = seen(upstream, people, headers)
        assert request.get("X-Device-ID") == expected and told(request).get("Device") == expected


# The signed assertion.

def verified(people, assertion, audience="upstream"):
    """Header and claims, verified as an upstream would: with nothing but the published keys."""
    header, claims, signature = jwt_parts(assertion)
    key = next(k for k in people.get("/.well-known/jwks.json").json()["keys"] if k["kid"] == header["kid"])
    data = assertion.rpartition(".")[0].encode()
    number = {n: int.from_bytes(unb64(v), "big") for n, v in key.items() if n in ("x", "y", "n", "e")}
    if key["kty"] == "OKP":
        ed25519.Ed25519PublicKey.from_public_bytes(unb64(key["x"])).verify(signature, data)
    elif key["kty"] == "EC":
        r, s = (int.from_bytes(p, "big") for p in (signature[:32], signature[32:]))
        ec.EllipticCurvePublicNumbers(number["x"], number["y"], ec.SECP256R1()).public_key().verify(
            encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    else:
        rsa.RSAPublicNumbers(number["e"], number["n"]).public_key().verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    assert header["alg"] == key["alg"] and header["typ"] == "gatehouse-assertion+jwt"
    assert claims["iss"] == "gatehouse" and claims["aud"] == audience and claims["iat"] <= now() < claims["exp"]
    return claims


@pytest.fixture(scope="module")
def asserting(shared_gatehouse, upstream):
    config = settings({"upstream": {"assertion": True}, "new_user_tier": "gold", "devices": {"anonymous": True}})
    return identity.People(shared_gatehouse(config, upstream=upstream, env=identity.ENV))


def test_the_assertion_says_the_same(upstream, asserting):
    person = asserting.new()
    key = person.api_key(scopes=["content:read"])
    device = person.device()
    for headers in (person.bearer(), {"Cookie": f"session={person.browser().session}"}, {"X-API-Key": key["key"]},
                    {**person.bearer(), "X-Device-Token": device["device_token"]}):
        request = seen(upstream, asserting, headers)
        fields = told(request)
        claims = verified(asserting, fields["Assertion"])
        assert claims["exp"] - claims["iat"] == 60 and claims["jti"] == request.get("X-Request-Id")
        for field, claim in (("User", "sub"), ("Name", "name"), ("Auth", "auth"), ("Tier", "tier"), ("Session", "sid"), ("Key", "key"),
                             ("Scopes", "scope"), ("Device", "device")):
            assert claims.get(claim) == fields.get(field), field
        assert claims["roles"] == fields["Roles"].split()


def test_no_assertion_of_nobody(upstream, asserting):
    assert told(seen(upstream, asserting, {"X-Gatehouse-Assertion": "forged"})) == {"Auth": "none"}
    device = asserting.device()
    claims = verified(asserting, told(seen(upstream, asserting, {"X-Device-Token": device["device_token"]}))["Assertion"])
    assert claims["device"] == device["id"] and "sub" not in claims and claims["auth"] == "none"


def test_an_assertion_is_no_access_token(upstream, asserting):
    """An upstream that leaks one gives nothing away that opens anything here."""
    assertion = told(seen(upstream, asserting, asserting.new().bearer()))["Assertion"]
    problem(asserting.me(bearer(assertion)), 401, "token_invalid")
    with pytest.raises(InvalidSignature):
        verified(asserting, assertion[:-6] + ("A" if assertion[-6] != "A" else "B") + assertion[-5:])


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_the_assertion_of_other_algorithms_and_settings(gatehouse, upstream, algorithm):
    config = settings({"token": {"algorithm": algorithm}, "upstream": {"assertion": True, "headers": False, "assertion_lifetime": "5s",
                                                                       "assertion_audience": "https://backend.example"}})
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    fields = told(seen(upstream, people, person.bearer()))
    assert set(fields) == {"Assertion"}
    claims = verified(people, fields["Assertion"], "https://backend.example")
    assert claims["sub"] == person.id and claims["exp"] - claims["iat"] == 5


# Caches.

def test_answers_to_somebody_are_kept_out_of_caches(gatehouse, scripted):
    """What one user got must not be another's."""
    def script(upstream, stream):
        while (request := upstream.read_request(stream)) is not None:
            extra = f"Cache-Control: {request.target[7:]}\r\n" if request.target.startswith("/cache/") else ""
            stream.send(f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{extra}\r\nok")
    gateway = gatehouse(settings(), upstream=scripted(script), env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    assert "cache-control" not in gateway.get("/").headers
    for headers, vary in ((person.bearer(), "Authorization"), ({"Cookie": f"session={person.browser().session}"}, "Cookie"),
                          ({"X-API-Key": person.api_key()["key"]}, "X-API-Key")):
        assert gateway.get("/", headers=headers).headers["cache-control"] == "no-store"
        shared = gateway.get("/cache/public,max-age=60", headers=headers).headers
        assert shared["cache-control"] == "public,max-age=60" and vary in shared["vary"]
