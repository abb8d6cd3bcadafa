"""Tokens of outside issuers: their keys from files and by https, got again when they change, kept when they can't be."""
import base64
import http.server
import json
import ssl
import subprocess
import threading
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support import identity
from support.identity import bearer, problem, settings
from support.ports import free_port

ISSUER = "https://login.example"
ROUTES = {"routes": [{"name": "members", "path": "/members", "require": {"user": True}},
                     {"name": "admins", "path": "/admins", "require": {"roles": ["admin"]}},
                     {"name": "own", "path": "/of/{who}", "require": {"claims": {"sub": "{who}"}}},
                     {"name": "scoped", "path": "/scoped", "require": {"scopes": ["songs:write"]}}]}


def b64(number, size):
    return base64.urlsafe_b64encode(number.to_bytes(size, "big")).rstrip(b"=").decode()


class Signer:
    """A key of an issuer, and tokens made with it."""

    def __init__(self, alg="ES256", kid="one", issuer=ISSUER):
        self.alg, self.kid, self.issuer = alg, kid, issuer
        self.key = {"ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
                    "RS256": lambda: rsa.generate_private_key(65537, 2048),
                    "EdDSA": Ed25519PrivateKey.generate}[alg]()

    def jwk(self):
        public = self.key.public_key()
        if self.alg == "ES256":
            n = public.public_numbers()
            parts = {"kty": "EC", "crv": "P-256", "x": b64(n.x, 32), "y": b64(n.y, 32)}
        elif self.alg == "RS256":
            n = public.public_numbers()
            parts = {"kty": "RSA", "n": b64(n.n, 256), "e": b64(n.e, 3)}
        else:
            from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
            raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
            parts = {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}
        return {**parts, "kid": self.kid, "use": "sig", "alg": self.alg}

    def token(self, typ="at+jwt", without=(), **claims):
        now = int(time.time())
        body = {"iss": self.issuer, "sub": "ada", "aud": "songs", "iat": now, "exp": now + 300, "jti": f"j{time.time_ns()}",
                "client_id": "web", **claims}
        body = {name: value for name, value in body.items() if name not in without}
        return jwt.encode(body, self.key, self.alg, headers={"kid": self.kid, "typ": typ})


def key_set(*signers):
    return json.dumps({"keys": [s.jwk() for s in signers]})


class KeyServer:
    """An https server of an issuer that counts what it is asked."""

    def __init__(self, folder, text):
        self.text, self.status, self.asked = text, 200, 0
        self.ca = folder / "ca.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-keyout", folder / "key.pem", "-out", self.ca, "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                body = outer.text.encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, folder / "key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}/jwks.json"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def signers():
    return {alg: Signer(alg, kid=alg.lower()) for alg in ("ES256", "RS256", "EdDSA")}


@pytest.fixture(scope="module")
def stranger():
    return Signer("ES256", kid="es256")


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream, signers, tmp_path_factory):
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    file.write_text(key_set(*signers.values()))
    issuer = {"name": "login", "issuer": ISSUER, "audiences": ["songs", "films"], "jwks": str(file), "roles_claim": "/realm/roles",
              "tier_claim": "plan", "max_lifetime": "1h"}
    limits = {"rate_limits": {"rules": [{"name": "tiers", "paths": ["/limited"], "scope": "user", "limits": ["3/hour"],
                                         "tiers": {"premium": {"limits": ["5/hour"]}}}]}}
    return shared_gatehouse(settings({"issuers": [issuer]}, **ROUTES, **limits), upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_a_token_of_each_algorithm_is_believed(people, signers, alg):
    assert people.http.get("/members", headers=bearer(signers[alg].token())).status_code == 200


def test_the_upstream_learns_whose_it_is(people, upstream, signers):
    answer = people.http.get("/members", headers=bearer(signers["ES256"].token(realm={"roles": ["admin"]}, plan="premium")))
    assert answer.status_code == 200
    told = {name.lower(): value for name, value in upstream.requests[-1].fields}
    assert told["x-gatehouse-auth"] == "token" and told["x-gatehouse-name"] == "ada"
    assert told["x-gatehouse-issuer"] == ISSUER and told["x-gatehouse-tier"] == "premium"
    assert "x-gatehouse-user" not in told, "that is a name for accounts of ours"


def test_roles_by_the_claim_that_is_configured(people, signers):
    token = signers["ES256"].token
    assert people.http.get("/admins", headers=bearer(token(realm={"roles": ["admin"]}))).status_code == 200
    problem(people.http.get("/admins", headers=bearer(token(roles=["admin"]))), 403, "role_required")
    problem(people.http.get("/admins", headers=bearer(token(realm={"roles": "admin"}))), 403, "role_required")


def test_a_claim_of_the_token_equals_the_path(people, signers):
    assert people.http.get("/of/ada", headers=bearer(signers["ES256"].token())).status_code == 200
    problem(people.http.get("/of/bob", headers=bearer(signers["ES256"].token())), 403, "claim_mismatch")


def test_scopes(people, signers):
    assert people.http.get("/scoped", headers=bearer(signers["ES256"].token(scope="a songs:write"))).status_code == 200
    refused = people.http.get("/scoped", headers=bearer(signers["ES256"].token(scope="songs:writes")))
    problem(refused, 403, "insufficient_scope")
    assert 'scope="songs:write"' in refused.headers["www-authenticate"]


def test_limits_by_its_subject_and_tier(people, signers):
    free, premium = (bearer(signers["ES256"].token(sub=s, **c)) for s, c in (("f", {}), ("p", {"plan": "premium"})))
    assert [people.http.get("/limited", headers=free).status_code for _ in range(4)] == [200] * 3 + [429]
    assert [people.http.get("/limited", headers=premium).status_code for _ in range(6)] == [200] * 5 + [429]


def test_it_is_no_account_of_ours(people, signers):
    headers = bearer(signers["ES256"].token())
    for method, path in (("GET", "/sessions"), ("GET", "/keys"), ("POST", "/keys"), ("GET", "/account"), ("POST", "/devices")):
        answer = people.http.request(method, people.at(path), headers=headers, json={"name": "x"} if method == "POST" else None)
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code} {answer.text}"


@pytest.mark.parametrize("change, error", [
    ({"iss": "https://login.example/"}, "token_invalid"), ({"iss": "gatehouse"}, "token_invalid"), ({"aud": "other"}, "token_invalid"),
    ({"aud": ["other", "more"]}, "token_invalid"), ({"exp": 1}, "token_expired"), ({"nbf": 4102444800}, "token_invalid"),
    ({"iat": 4102444800}, "token_invalid"), ({"exp": 4102444800}, "token_invalid"), ({"typ": "id_token+jwt"}, "token_invalid"),
    ({"without": ["exp"]}, "token_invalid"), ({"without": ["sub"]}, "token_invalid"), ({"without": ["aud"]}, "token_invalid"),
    ({"without": ["iss"]}, "token_invalid")], ids=str)
def test_what_is_not_right_is_refused(people, signers, change, error):
    refused = people.http.get("/members", headers=bearer(signers["ES256"].token(**change)))
    problem(refused, 401, error)
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


def test_another_key_of_the_same_name_is_refused(people, stranger):
    problem(people.http.get("/members", headers=bearer(stranger.token())), 401, "token_invalid")


def test_one_audience_of_several_is_enough(people, signers):
    assert people.http.get("/members", headers=bearer(signers["RS256"].token(aud=["x", "films"]))).status_code == 200


# By https.

@pytest.fixture
def away(tmp_path):
    signer = Signer()
    server = KeyServer(tmp_path, key_set(signer))
    server.signer = signer
    yield server
    server.close()


def by_https(server, **over):
    issuer = {"name": "login", "issuer": ISSUER, "audiences": ["songs"], "jwks": server.url}
    return settings({"issuers": [issuer], **over}, **ROUTES)


def test_keys_by_https_are_got_once_and_again_when_a_new_one_is_named(gatehouse, upstream, away):
    gateway = gatehouse(by_https(away, ca_file=str(away.ca)), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    for _ in range(5):
        assert people.http.get("/members", headers=bearer(away.signer.token())).status_code == 200
    assert away.asked == 1
    second = Signer(kid="two")
    away.text = key_set(away.signer, second)
    # Asked not long ago: until it may be asked again the key is unknown, and a flood of such tokens asks nothing.
    for _ in range(20):
        problem(people.http.get("/members", headers=bearer(second.token())), 401, "token_invalid")
    assert away.asked == 1


def test_keys_that_are_not_there_yet(gatehouse, upstream, away):
    away.status = 500
    gateway = gatehouse(by_https(away, ca_file=str(away.ca)), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    refused = people.http.get("/members", headers=bearer(away.signer.token()))
    problem(refused, 503, "issuer_unavailable")
    assert int(refused.headers["retry-after"]) > 0
    gateway.wait_for_log(lambda e: e.get("event") == "keys_missing", "keys_missing")
    assert people.register().status_code == 201, "accounts of our own do not need them"


def test_a_certificate_nobody_vouches_for_is_not_believed(gatehouse, upstream, away):
    gateway = gatehouse(by_https(away), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    problem(people.http.get("/members", headers=bearer(away.signer.token())), 503, "issuer_unavailable")
    assert away.asked == 0


def test_an_old_key_set_serves_through_a_reload_while_the_issuer_is_down(gatehouse, upstream, away):
    gateway = gatehouse(by_https(away, ca_file=str(away.ca)), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    assert people.http.get("/members", headers=bearer(away.signer.token())).status_code == 200
    away.status = 500
    gateway.reload()
    assert people.http.get("/members", headers=bearer(away.signer.token())).status_code == 200


@pytest.mark.parametrize("text, says", [("{", "keys.json"), ('{"keys":[]}', "no key"), (None, "can't be read")])
def test_a_file_that_is_no_key_set_is_an_error_at_start(tmp_path, text, says):
    from support.gateway import run
    file = tmp_path / "keys.json"
    if text is not None:
        file.write_text(text)
    (tmp_path / "gatehouse.yaml").write_text(json.dumps({
        "upstreams": [{"name": "a", "servers": ["http://127.0.0.1:1"]}], "identity": {"enabled": True, "issuers": [
            {"name": "login", "issuer": ISSUER, "audiences": ["songs"], "jwks": str(file)}]}}))
    done = run("check", "-c", "gatehouse.yaml", cwd=tmp_path)
    assert done.returncode == 2 and says in done.stderr and "login" in done.stderr, done.stderr
