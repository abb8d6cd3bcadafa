"""What an API that verifies X-Gatehouse-Assertion does, whatever it is written in. A test file subclasses
AssertionContract, and has the fixture `place`."""
import base64
import hashlib
import hmac
import itertools
import json
import shutil

import httpx
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.client import PLAIN
from support.gateway import ROOT, run
from support.readme import blocks, perform
from support.timing import eventually, guard
from support.visitor import Visitor

EXAMPLE = ROOT / "examples" / "assertion"
HEADER = "X-Gatehouse-Assertion"


def configuration(**upstream):
    """That of the example, with a second upstream that shows what it is sent."""
    config = yaml.safe_load((EXAMPLE / "gatehouse.yaml").read_text())
    config["identity"]["upstream"].update(upstream)
    config["routes"].append({"name": "echo", "path": "/echo", "upstream": "echo"})
    return config


class Place:
    """Gatehouse, the API, and an upstream that shows what it is sent. `start_api`: of Gatehouse's URL, a running API."""

    def __init__(self, start, folder, echo, api_port, start_api):
        self.echo, self.api_url = echo, f"http://127.0.0.1:{api_port}"
        self.gateway = start(self.with_upstreams(configuration()), folder=folder)
        self.api = start_api(self.gateway.base_url, api_port)
        self.http = httpx.Client(**PLAIN, timeout=guard(30))
        self.ada = Visitor(self.gateway, "ada").register(mode="token")

    def with_upstreams(self, config):
        config["upstreams"] = [{"name": "api", "servers": [self.api_url]}, {"name": "echo", "servers": [self.echo.url]}]
        return config

    def reconfigure(self, **upstream):
        self.gateway.write(self.with_upstreams(configuration(**upstream)))
        self.gateway.reload()

    def direct(self, *assertions, path="/whoami"):
        """Past Gatehouse."""
        return self.http.get(self.api_url + path, headers=[(HEADER, a) for a in assertions])

    def assertion(self, who=None):
        """As an upstream gets it."""
        fields = dict((who or self.ada).get("/echo").json()["headers"])
        return fields[HEADER.lower()]

    def jwks(self):
        return self.http.get(self.gateway.base_url + "/.well-known/jwks.json").json()["keys"]

    def close(self):
        self.http.close()
        self.api.close()


def b64(data):
    data = json.dumps(data).encode() if isinstance(data, dict) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(token):
    header, payload, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4))) for p in (header, payload))


def signed(header, claims, sign):
    text = f"{b64(header)}.{b64(claims)}"
    return f"{text}.{b64(sign(text.encode()))}"


def forgeries(good, jwks):
    """(name, token): everything that somebody without Gatehouse's private key can make of a good one."""
    header, claims = parts(good)
    texts = good.split(".")
    own = Ed25519PrivateKey.generate()
    own_jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))}
    real = next(key for key in jwks if key["kid"] == header["kid"])
    yield "nothing", ""
    yield "a word", "ada"
    yield "two parts", ".".join(texts[:2])
    yield "no signature", ".".join(texts[:2]) + "."
    yield "another user", ".".join([texts[0], b64({**claims, "sub": "0000000000000"}), texts[2]])
    yield "another role", ".".join([texts[0], b64({**claims, "roles": ["admin"]}), texts[2]])
    yield "a changed signature", good[:-6] + ("A" if good[-6] != "A" else "B") + good[-5:]
    for name in map("".join, itertools.product("nN", "oO", "nN", "eE")):
        yield f"alg {name}", signed({**header, "alg": name}, claims, lambda _: b"")
    for secret in (real["x"], json.dumps(real), base64.urlsafe_b64decode(real["x"] + "=="), b""):
        secret = secret.encode() if isinstance(secret, str) else secret
        yield "HS256 by the public key", signed({**header, "alg": "HS256"}, claims, lambda data: hmac.new(secret, data, hashlib.sha256).digest())
    yield "a key of somebody else's", signed(header, claims, own.sign)
    yield "an unknown kid", signed({**header, "kid": "k1"}, claims, own.sign)
    yield "a kid that is a path", signed({**header, "kid": "../../dev/null"}, claims, own.sign)
    yield "a kid that is no text", signed({**header, "kid": 1}, claims, own.sign)
    yield "no kid", signed({k: v for k, v in header.items() if k != "kid"}, claims, own.sign)
    yield "an embedded key", signed({**header, "jwk": own_jwk}, claims, own.sign)
    yield "an embedded key without kid", signed({"alg": "EdDSA", "typ": header["typ"], "jwk": own_jwk}, claims, own.sign)
    yield "a key elsewhere", signed({**header, "jku": "http://127.0.0.1:1/jwks.json"}, claims, own.sign)


class AssertionContract:
    # --- what is let in

    def test_who_is_signed_in(self, place):
        ada = place.ada.get("/whoami").json()
        assert ada == {"user": place.ada.user["id"], "name": "ada", "roles": ["user"], "tier": None, "auth": "token"}
        browser = Visitor(place.gateway, "ada")
        assert browser.login().status_code == 200 and browser.get("/whoami").json() == {**ada, "auth": "session"}
        key = place.ada.post("/api/auth/keys", {"name": "a program"}).json()["key"]
        program = place.http.get(place.gateway.base_url + "/whoami", headers={"X-API-Key": key})
        assert program.json() == {**ada, "auth": "api_key"}

    def test_a_good_assertion_while_it_lives(self, place):
        assert place.direct(place.assertion()).json()["name"] == "ada"

    def test_what_it_says(self, place):
        header, claims = parts(place.assertion())
        assert header["typ"] == "gatehouse-assertion+jwt" and header["alg"] == "EdDSA"
        assert header["kid"] in [key["kid"] for key in place.jwks()]
        assert (claims["iss"], claims["aud"], claims["sub"]) == ("gatehouse", "example-api", place.ada.user["id"])
        assert claims["exp"] - claims["iat"] == 60 and claims["sid"] and claims["auth"] == "token"
        assert parts(place.assertion())[1]["jti"] != claims["jti"]

    def test_roles(self, place):
        assert place.ada.get("/reports").status_code == 403
        bob = Visitor(place.gateway, "bob").register()
        done = run("user", "role", "bob", "+admin", cwd=place.gateway.folder)
        assert done.returncode == 0, done.stderr
        assert bob.get("/reports").json() == {"reports": []}

    # --- what is refused

    def test_without_an_assertion(self, place):
        assert place.direct().status_code == 401
        for path in ("/whoami", "/reports"):
            answer = place.http.get(place.api_url + path, headers={"X-Gatehouse-User": place.ada.user["id"], "X-Gatehouse-Auth": "session",
                                                                   "X-Gatehouse-Roles": "admin", "Authorization": f"Bearer {place.ada.tokens['access_token']}"})
            assert answer.status_code == 401

    def test_wrong_ones(self, place):
        good = place.assertion()
        let_in = [name for name, token in forgeries(good, place.jwks()) if place.direct(token).status_code != 401]
        assert let_in == []
        assert place.direct(good).status_code == 200

    def test_an_access_token_is_none(self, place):
        token = place.ada.tokens["access_token"]
        assert parts(token)[0]["kid"] == parts(place.assertion())[0]["kid"]
        assert place.direct(token).status_code == 401

    def test_two_are_not_worth_more_than_one(self, place):
        good = place.assertion()
        wrong = place.ada.tokens["access_token"]
        assert place.direct(wrong, wrong).status_code == 401
        for pair in ((good, wrong), (wrong, good)):
            answer = place.direct(*pair)
            assert answer.status_code == 401 or answer.json()["name"] == "ada"

    def test_what_a_client_sends_does_not_get_through_gatehouse(self, place):
        carol = Visitor(place.gateway, "carol").register(mode="token")
        good = place.assertion()
        assert carol.get("/whoami", headers={HEADER: good}).json()["name"] == "carol"
        nobody = place.http.get(place.gateway.base_url + "/whoami", headers={HEADER: good})
        assert nobody.status_code == 401 and nobody.json()["error"] == "credentials_required"
        assert place.http.get(place.gateway.base_url + "/health", headers={HEADER: good}).status_code == 200

    def test_a_device_is_nobody(self, place):
        """A device of somebody who is not signed in on it has an assertion that says so."""
        device = place.ada.post("/api/auth/devices", {}).json()
        place.ada.post(f"/api/auth/devices/{device['id']}", {"device_token": device["device_token"]})
        config = place.with_upstreams(configuration())
        config["identity"]["deny_by_default"] = False
        place.gateway.write(config)
        place.gateway.reload()
        try:
            proof = {"X-Device-Token": device["device_token"]}
            fields = dict(place.http.get(place.gateway.base_url + "/echo", headers=proof).json()["headers"])
            claims = parts(fields[HEADER.lower()])[1]
            assert claims["auth"] == "none" and claims["device"] == device["id"] and "sub" not in claims
            answer = place.http.get(place.gateway.base_url + "/whoami", headers=proof)
            assert answer.status_code == 401 and answer.json() == {"detail": "Nobody is signed in."}
        finally:
            place.reconfigure()

    def test_of_another_audience(self, place):
        place.reconfigure(assertion_audience="another-api")
        try:
            assert place.ada.get("/whoami").status_code == 401
            assert place.direct(place.assertion()).status_code == 401
        finally:
            place.reconfigure()
        assert place.ada.get("/whoami").status_code == 200

    def test_one_that_has_expired(self, place):
        place.reconfigure(assertion_lifetime="1s")
        try:
            short = place.assertion()
        finally:
            place.reconfigure()
        header, claims = parts(short)
        assert claims["exp"] - claims["iat"] == 1
        eventually(lambda: place.direct(short).status_code == 401, "it expires", 60)
        assert place.direct(place.assertion()).status_code == 200

    # --- the README

    def test_every_command_of_the_readme(self, place):
        """With the API and Gatehouse that are running; a rotation of keys is part of it."""
        text = (EXAMPLE / "README.md").read_text()
        steps = [step.replace('"ada"', '"grace"').replace("role ada", "role grace") for step in blocks(text)[-1]]
        perform(steps, place.gateway.folder, {"localhost:8080": f"localhost:{place.gateway.port}", "http://127.0.0.1:8000": place.api_url})


def copied(folder):
    """The example, prepared as its README says."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".env", "gatehouse-data", "node_modules", "__pycache__"))
    perform(blocks((EXAMPLE / "README.md").read_text())[1], folder, {})
    return folder
