"""What goes on to the API and comes back from it: verified assertions of each algorithm through a change of keys, handshakes,
the API's own cookies, and answers that are somebody's."""
import base64
import json
import os
import time

import jwt
import pytest
from support import identity
from support.gateway import run
from support.identity import bearer, problem, set_cookies, settings
from support.message import get
from support.scripted import ok
from support.timing import eventually

TYPE, AUDIENCE = "gatehouse-assertion+jwt", "musicgen"
ASSERTION = {"assertion": True, "assertion_audience": AUDIENCE}


def told(request):
    return {n.lower()[len("x-gatehouse-"):]: v for n, v in request.fields if n.lower().startswith("x-gatehouse-")}


def credentials(person):
    """Every way to prove who one is: {name: fields}."""
    token = person.bearer()
    return {"token": token, "session": {"Cookie": f"session={person.browser().session}"}, "api_key": {"X-API-Key": person.api_key(token)["key"]}}


# Assertions, as the documents' example reads them.

class Place:
    def __init__(self, start, upstream, algorithm):
        config = settings({"token": {"algorithm": algorithm, "issuer": "https://api.example"}, "upstream": ASSERTION, "new_user_tier": "gold"})
        self.gateway, self.upstream = start(config, upstream=upstream, env=identity.ENV), upstream
        self.people = identity.People(self.gateway)

    def assertion(self, headers):
        assert self.people.http.get("/x", headers=headers).status_code == 200
        return told(self.upstream.requests[-1]).get("assertion")

    def keys(self):
        return {key["kid"]: jwt.PyJWK.from_dict(key) for key in self.people.get("/.well-known/jwks.json").json()["keys"]}

    def read(self, assertion, algorithm, audience=AUDIENCE, keys=None):
        header = jwt.get_unverified_header(assertion)
        assert (header["typ"], header["alg"]) == (TYPE, algorithm)
        key = (keys or self.keys())[header["kid"]].key
        return jwt.decode(assertion, key, algorithms=[algorithm], audience=audience, issuer="https://api.example",
                          options={"require": ["exp", "iat", "aud", "iss", "sub", "jti"]})


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module", params=["EdDSA", "ES256", "RS256"])
def place(request, shared_gatehouse, upstream):
    place = Place(shared_gatehouse, upstream, request.param)
    place.algorithm = request.param
    place.person = place.people.new()
    place.credentials = credentials(place.person)
    yield place
    place.people.close()


@pytest.mark.parametrize("proof", ["token", "session", "api_key"])
def test_an_assertion_of_each_algorithm_and_proof(place, proof):
    before = int(time.time() - 0.1)  # time() of C is the last tick's
    assertion = place.assertion({**place.credentials[proof], "X-Gatehouse-Assertion": "forged"})
    claims = place.read(assertion, place.algorithm)
    fields = told(place.upstream.requests[-1])
    assert claims["sub"] == place.person.id == fields["user"] and claims["auth"] == proof == fields["auth"]
    assert claims["name"] == place.person.name == fields["name"] and claims["tier"] == "gold" == fields["tier"]
    assert claims["roles"] == ["user"] and claims.get("sid") == fields.get("session") and claims.get("key") == fields.get("key")
    assert ("sid" in claims) == (proof != "api_key") and ("key" in claims) == (proof == "api_key")
    assert claims["exp"] - claims["iat"] == 60 and before <= claims["iat"] <= time.time()
    with pytest.raises(jwt.InvalidAudienceError):
        place.read(assertion, place.algorithm, "another")
    again = place.read(place.assertion(place.credentials[proof]), place.algorithm)
    assert again["jti"] != claims["jti"], "each is of one request"
    problem(place.people.http.get("/x", headers=bearer(assertion)), 401, "token_invalid")
    assert place.assertion({}) is None and told(place.upstream.requests[-1]) == {"auth": "none"}


def test_assertions_through_a_change_of_keys(place):
    """A verifier that got the keys before it reads what is signed after it."""
    def sign():
        assertion = place.assertion(place.credentials["session"])
        return assertion, jwt.get_unverified_header(assertion)["kid"]
    known, (first, old) = place.keys(), sign()
    identity.operator(place.gateway, "key", "rotate")
    second, new = eventually(lambda: next((pair for pair in [sign()] if pair[1] != old), None), "another key signs")
    assert {old, new} <= set(known)
    for assertion in (first, second):
        assert place.read(assertion, place.algorithm, keys=known)["sub"] == place.person.id
        assert place.read(assertion, place.algorithm)["sub"] == place.person.id, "the one before is still published"


def test_a_shared_secret_signs_no_assertion(tmp_path):
    """Who could verify it could make it."""
    (tmp_path / "gatehouse.yaml").write_text("upstreams: [{name: api, servers: [http://127.0.0.1:1]}]\n"
                                             "identity: {enabled: on, token: {algorithm: HS256}, upstream: {assertion: on}}\n")
    done = run("check", "-c", "gatehouse.yaml", cwd=tmp_path, env=identity.ENV)
    assert done.returncode == 2 and "identity.upstream.assertion" in done.stderr and "HS256" in done.stderr, done.stderr


# Handshakes.

def test_a_handshake_says_who_it_is_and_not_by_what(place):
    for proof, fields in place.credentials.items():
        handshake = {"Connection": "Upgrade, X-Gatehouse-User, X-Gatehouse-Auth", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                     "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "X-Gatehouse-User": "root", "X-Gatehouse-Auth": "none", **fields}
        assert place.gateway.exchange(get("/ws", list(handshake.items()))).status == 200
        request = place.upstream.requests[-1]
        assert request.get("upgrade") == "websocket" and request.get("sec-websocket-key") == handshake["Sec-WebSocket-Key"]
        assert told(request)["user"] == place.person.id and told(request)["auth"] == proof
        assert place.read(told(request)["assertion"], place.algorithm)["sub"] == place.person.id
        for secret in fields.values():
            assert secret.removeprefix("session=").removeprefix("Bearer ") not in str(request.fields)


# What comes back.

def answering(upstream, stream):
    """An API that sets what the request's X-Answer says: JSON, a list of pairs."""
    while (request := upstream.read_request(stream)) is not None:
        stream.send(ok(fields=json.loads(request.get("X-Answer"))))


@pytest.fixture(scope="module")
def api(shared_gatehouse, shared_scripted):
    people = identity.People(shared_gatehouse(settings({"devices": {"anonymous": True}}), upstream=shared_scripted(answering), env=identity.ENV))
    people.person = people.new()
    people.callers = {"nobody": {}, "device": {"X-Device-Token": people.device()["device_token"]}, **credentials(people.person)}
    yield people
    people.close()


def answer(api, who, *fields):
    return api.http.get("/x", headers={**api.callers[who], "X-Answer": json.dumps(fields)})


@pytest.mark.parametrize("who", ["nobody", "token", "session", "api_key"])
def test_cookies_of_the_api_come_through(api, who):
    got = set_cookies(answer(api, who, ("Set-Cookie", "theme=dark; Path=/; Max-Age=60"), ("Set-Cookie", "cart=1; HttpOnly")))
    assert got == {"theme": ("dark", {"path": "/", "max-age": "60"}), "cart": ("1", {"httponly": True})}


VARY = {"token": {"authorization"}, "session": {"cookie"}, "api_key": {"authorization", "x-api-key"}, "device": {"cookie", "x-device-token"}}


@pytest.mark.parametrize("who", VARY)
def test_answers_to_somebody_are_kept_apart(api, who):
    assert answer(api, who).headers.get_list("cache-control") == ["no-store"]
    for said in ("public, max-age=60", "private", "no-cache"):
        got = answer(api, who, ("Cache-Control", said), ("Vary", "Accept-Language"))
        assert got.headers.get_list("cache-control") == [said]
        names = {name.strip().lower() for line in got.headers.get_list("vary") for name in line.split(",")}
        assert VARY[who] | {"accept-language"} == names - {"origin"}


def test_answers_to_nobody_are_left_alone(api):
    got = answer(api, "nobody", ("Cache-Control", "public, max-age=60"))
    assert got.headers["cache-control"] == "public, max-age=60" and "vary" not in got.headers
    assert "cache-control" not in answer(api, "nobody").headers


# What is refused is not counted.

def test_what_is_refused_eats_no_quota(gatehouse, upstream):
    """401, 403 and forged requests are no use of what a person, or an address that others share, is allowed."""
    routes = [{"name": "editors", "path": "/editors", "require": {"roles": ["moderator"]}},
              {"name": "members", "path": "/**", "require": {"user": True}}]
    rules = [{"name": "all", "scope": "ip", "limits": ["8/hour"], "paths": ["/x", "/editors"]},
             {"name": "signing_in", "scope": "ip", "limits": ["2/hour"], "methods": ["POST"], "paths": ["/api/auth/login"]}]
    people = identity.People(gatehouse(settings(routes=routes, rate_limits={"rules": rules}), upstream=upstream, env=identity.ENV))
    person = people.new()
    browser = identity.Browser(people)
    assert person.login("cookie", client=browser.http).status_code == 200
    session, before = {"Cookie": f"session={browser.session}"}, len(upstream.requests)
    for _ in range(4):
        problem(people.http.get("/x"), 401, "credentials_required")
        problem(people.http.get("/x", headers=bearer("x")), 401, "token_invalid")
        problem(people.http.get("/x", headers={"X-API-Key": "x"}), 401, "api_key_invalid")
        problem(people.http.get("/editors", headers=session), 403, "role_required")
        problem(people.http.post("/x", headers=session), 403, "csrf_missing")
        problem(people.http.post("/x", headers={**session, "Origin": "https://evil.example"}), 403, "csrf_cross_site")
        problem(people.http.post("/api/auth/login", json={"username": "x", "password": "y"}, headers={"Origin": "https://evil.example"}), 403,
                "csrf_cross_site")
    assert [people.http.get("/x", headers=session).status_code for _ in range(9)] == [200] * 8 + [429]
    assert len(upstream.requests) - before == 8
    # Of the two sign-ins one is left; then the rule speaks before any password is looked at.
    assert person.login().status_code == 200
    answers = [people.post("/login", {"username": person.name, "password": "y" * 15}) for _ in range(3)]
    for refused in answers:
        problem(refused, 429, "rate_limit_exceeded")
        assert int(refused.headers["retry-after"]) > 1800
