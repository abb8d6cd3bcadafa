"""Access tokens: what is in them, which are believed, and how they end before their time."""
import json
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from support import identity
from support.identity import (SECRET, b64, bearer, claims_like, hs256, hs256_with, jwt, jwt_parts, now, problem, query, settings,
                              unb64)
from support.message import get
from support.timing import eventually, guard

BEHIND_PROXY = {"client_address": {"trusted_proxies": ["127.0.0.1/32"], "source": "x-forwarded-for"}}
ROUTES = {"routes": [{"name": "members", "path": "/members/**", "require": {"user": True}}]}
ALGORITHMS = ["EdDSA", "ES256", "RS256", "HS256"]


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def by_algorithm(shared_gatehouse, upstream):
    """People at a gateway for each algorithm, started when it is asked for."""
    started = {}

    def people(algorithm):
        if algorithm not in started:
            config = settings({"token": {"algorithm": algorithm}, "verifications": "100000/minute"}, **ROUTES)
            started[algorithm] = identity.People(shared_gatehouse(config, upstream=upstream, env=identity.ENV))
        return started[algorithm]
    return people


@pytest.fixture(scope="module")
def people(by_algorithm):
    """HS256: here the tests can sign what they like."""
    return by_algorithm("HS256")


@pytest.fixture(scope="module")
def token(people):
    return people.new().tokens()["access_token"]


def integer(text):
    return int.from_bytes(unb64(text), "big")


def verify(jwk, token):
    """Is it signed by this key? By an implementation that is not ours."""
    signed, _, signature = token.rpartition(".")
    signed, signature = signed.encode(), unb64(signature)
    if jwk["kty"] == "OKP":
        ed25519.Ed25519PublicKey.from_public_bytes(unb64(jwk["x"])).verify(signature, signed)
    elif jwk["kty"] == "EC":
        key = ec.EllipticCurvePublicNumbers(integer(jwk["x"]), integer(jwk["y"]), ec.SECP256R1()).public_key()
        assert len(signature) == 64
        key.verify(encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")), signed,
                   ec.ECDSA(hashes.SHA256()))
    else:
        rsa.RSAPublicNumbers(integer(jwk["e"]), integer(jwk["n"])).public_key().verify(
            signature, signed, padding.PKCS1v15(), hashes.SHA256())


# What is in them.

@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_algorithm_end_to_end(by_algorithm, algorithm):
    """Made here, believed here, verified by somebody else with the published key; changed in a bit, refused."""
    people = by_algorithm(algorithm)
    token = people.new().tokens()["access_token"]
    header, claims, signature = jwt_parts(token)
    assert header["alg"] == algorithm and header["typ"] == "at+jwt"
    keys = people.get("/.well-known/jwks.json")
    if algorithm == "HS256":
        assert keys.text == "ok", "there is no public key, and the path is the upstream's"
        assert hs256_with(SECRET)(token.rpartition(".")[0].encode()) == signature
    else:
        jwk = next(k for k in keys.json()["keys"] if k["kid"] == header["kid"])
        assert jwk["alg"] == algorithm and jwk["use"] == "sig"
        verify(jwk, token)
        with pytest.raises(InvalidSignature):
            verify(jwk, token[:-9] + ("A" if token[-9] != "A" else "B") + token[-8:])
    assert people.me(bearer(token)).status_code == 200
    head, payload, _ = token.split(".")
    for part in (0, len(signature) // 2, len(signature) - 1):
        changed = bytearray(signature)
        changed[part] ^= 1
        problem(people.me(bearer(f"{head}.{payload}.{b64(bytes(changed))}")), 401, "token_invalid")
    problem(people.me(bearer(f"{head}.{b64(json.dumps({**claims, 'roles': ['admin']}))}.{b64(signature)}")), 401, "token_invalid")


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_the_key_set_has_public_parts_alone(by_algorithm, algorithm):
    people = by_algorithm(algorithm)
    answer = people.get("/.well-known/jwks.json")
    assert answer.headers["content-type"] == "application/jwk-set+json" and "max-age" in answer.headers["cache-control"]
    parts = {"EdDSA": {"crv", "x"}, "ES256": {"crv", "x", "y"}, "RS256": {"n", "e"}}[algorithm]
    keys = answer.json()["keys"]
    assert len(keys) == 2, "the next one is known before it signs"
    assert all(set(k) == {"kty", "kid", "use", "alg"} | parts for k in keys)
    assert len({k["kid"] for k in keys}) == 2
    assert people.http.head("/.well-known/jwks.json").status_code == 200


def test_claims_by_rfc_9068(people):
    person = people.new()
    before = now()
    answer = person.tokens()
    header, claims, _ = jwt_parts(answer["access_token"])
    assert set(header) <= {"alg", "typ", "kid"}
    assert set(claims) == {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "client_id", "auth_time", "roles", "name"}
    assert (claims["iss"], claims["aud"], claims["client_id"]) == ("gatehouse", "api", "gatehouse")
    assert claims["sub"] == person.id and claims["name"] == person.name and claims["roles"] == ["user"]
    assert before <= claims["iat"] <= now() + 1 and claims["nbf"] == claims["iat"]
    assert claims["exp"] == claims["iat"] + 1800 and answer["expires_in"] == 1800
    assert len(unb64(claims["jti"])) == 16
    other = jwt_parts(person.tokens()["access_token"])[1]
    assert other["jti"] != claims["jti"] and other["sid"] != claims["sid"]


def test_claims_by_settings(gatehouse, upstream):
    gateway = gatehouse(settings({"token": {"issuer": "https://api.example.com", "audience": "https://example.com/things",
                                            "client_id": "web", "access_lifetime": "2m"},
                                  "new_user_tier": "gold"}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    device = person.device()
    answer = person.login(headers={"X-Device-Token": device["device_token"]}).json()
    claims = jwt_parts(answer["access_token"])[1]
    assert (claims["iss"], claims["aud"], claims["client_id"]) == ("https://api.example.com", "https://example.com/things", "web")
    assert claims["tier"] == "gold" and claims["device"] == device["id"]
    assert answer["expires_in"] == 120 == claims["exp"] - claims["iat"]
    assert people.me(bearer(answer["access_token"])).json()["device"] == device["id"]


def test_tokens_of_another_program_with_the_secret(people, token):
    """HS256 is the sources' way: whoever has SECRET_KEY makes tokens."""
    made = hs256(claims_like(token, jti="another's", roles=["user", "admin"], name="somebody", sid=None))
    me = people.me(bearer(made)).json()
    assert me["user"]["roles"] == ["user", "admin"] and me["user"]["username"] == "somebody" and "audit:read" in me["permissions"]


# How they are sent.

@pytest.mark.parametrize("field", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}", "Bearer\t{}", "Bearer {}  "])
def test_ways_to_send_a_token(people, token, field):
    answer = people.gateway.exchange(get("/api/auth/me", [("authorization", field.format(token))]))
    assert answer.status == 200 and answer.json()["proof"] == "token"


@pytest.mark.parametrize("field", ["Bearer", "Bearer ", "Bearer {}, {}", "Bearer {} x", "Bearer \"{}\"", "Bearer {}=", "Bearer={}"])
def test_ways_that_are_none(people, token, field):
    answer = people.gateway.exchange(get("/api/auth/me", [("Authorization", field.format(token, token))]))
    assert answer.status == 401


def test_a_token_elsewhere_is_not_taken(people, token):
    """Addresses are logged, cookies come by themselves (RFC 6750 section 5.3)."""
    for path in (f"/me?access_token={token}", f"/me?token={token}"):
        problem(people.get(path), 401, "credentials_required")
    for headers in ({"Cookie": f"access_token={token}"}, {"Cookie": f"session={token}"}, {"X-Access-Token": token},
                    {"X-Auth-Token": token}, {"Proxy-Authorization": f"Bearer {token}"}, {"X-Device-Token": token},
                    {"Authorization": token}, {"Authorization": f"Token {token}"}, {"Authorization": f"JWT {token}"}):
        problem(people.me(headers), 401, "credentials_required")
    problem(people.me({"X-API-Key": token}), 401, "api_key_invalid")
    answer = people.http.post(people.at("/logout"), json={"access_token": token})
    assert identity.findings(answer) == {("#/access_token", "extra_forbidden")}


def test_two_credentials_are_one_too_many(people, token):
    person = people.new()
    key, other = person.api_key()["key"], person.tokens()["access_token"]
    for fields in ([("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {other}")],
                   [("Authorization", f"Bearer {token}"), ("authorization", f"Bearer {token}")],
                   [("Authorization", f"Bearer {token}"), ("Authorization", "Basic eDp5")],
                   [("Authorization", f"Bearer {token}"), ("X-API-Key", key)], [("X-API-Key", key), ("x-api-key", key)]):
        answer = people.gateway.exchange(get("/members/x", fields))
        assert answer.status == 400 and answer.json()["error"] == "credentials_conflict", fields
        assert 'error="invalid_request"' in answer.get("WWW-Authenticate")


def test_a_bad_token_is_refused_where_nobody_is_demanded_too(people, token):
    """Its sender meant to be known: he must not be taken for nobody."""
    assert people.gateway.get("/").status_code == 200
    problem(people.gateway.get("/", headers=bearer(token + "x")), 401, "token_invalid")


def test_a_cookie_beside_a_token_does_not_count(people, token):
    browser = people.new().browser()
    me = people.me({**bearer(token), "Cookie": f"session={browser.session}"}).json()
    assert me["proof"] == "token"
    problem(people.me({**bearer("x"), "Cookie": f"session={browser.session}"}), 401, "token_invalid")


def test_the_answer_says_what_would_do(people, token):
    plain = people.gateway.get("/members/x")
    problem(plain, 401, "credentials_required")
    assert plain.headers["www-authenticate"] == 'Bearer realm="gatehouse"'
    wrong = people.gateway.get("/members/x", headers=bearer("x"))
    assert wrong.headers["www-authenticate"].startswith('Bearer realm="gatehouse", error="invalid_token", error_description="')
    expired = people.me(bearer(hs256(claims_like(token, iat=now() - 900, nbf=now() - 900, exp=now() - 60))))
    assert problem(expired, 401, "token_expired") and 'error="invalid_token"' in expired.headers["www-authenticate"]


# Which are believed: the attack list, case by case. Each is a good token but for one thing.

KEY = ed25519.Ed25519PrivateKey.generate()
JWK = {"kty": "OKP", "crv": "Ed25519", "x": b64(KEY.public_key().public_bytes(
    serialization.Encoding.Raw, serialization.PublicFormat.Raw))}


def header(**over):
    return {n: v for n, v in {"alg": "HS256", "typ": "at+jwt", **over}.items() if v is not None}


HEADERS = {
    "none": header(alg="none"), "None": header(alg="None"), "NONE": header(alg="NONE"), "nOnE": header(alg="nOnE"),
    "no algorithm": header(alg=None), "an empty algorithm": header(alg=""), "an algorithm in lower case": header(alg="hs256"),
    "an algorithm that is a list": header(alg=["HS256"]), "an algorithm that is a number": header(alg=256),
    "HS384": header(alg="HS384"), "HS512": header(alg="HS512"), "EdDSA": header(alg="EdDSA"), "RS256": header(alg="RS256"),
    "ES256": header(alg="ES256"), "PS256": header(alg="PS256"), "dir": header(alg="dir", enc="A256GCM"),
    "a key of its own": header(alg="EdDSA", jwk=JWK), "a key of its own, unused": header(jwk=JWK),
    "a key's address": header(jku="https://attacker.example/jwks.json"), "a certificate's address": header(x5u="https://a.example/"),
    "a certificate": header(x5c=["MIIB"]), "a critical extension": header(crit=["exp"]), "b64": header(b64=False, crit=["b64"]),
    "compression": header(zip="DEF"), "encryption": header(enc="A256GCM"),
    "an unknown kid": header(kid="unknown"), "a kid that is a path": header(kid="../../../../dev/null"),
    "a kid that is SQL": header(kid="x' UNION SELECT 'secret"), "an empty kid": header(kid=""), "a kid that is a list": header(kid=["a"]),
    "a long kid": header(kid="k" * 200), "no type": header(typ=None), "an ID token": header(typ="JWT"),
    "a refresh token": header(typ="rt+jwt"), "an assertion": header(typ="gatehouse-assertion+jwt"), "a type that is none": header(typ=7),
    "two algorithms": '{"alg":"none","alg":"HS256","typ":"at+jwt"}', "two types": '{"alg":"HS256","typ":"JWT","typ":"at+jwt"}',
    "an array": "[]", "no JSON": "{", "a NUL": '{"alg":"HS256\\u0000","typ":"at+jwt"}', "nothing": "",
}


@pytest.mark.parametrize("what", HEADERS)
def test_headers_that_are_refused(people, token, what):
    claims = claims_like(token)
    sign = hs256_with(SECRET) if what not in ("a key of its own",) else KEY.sign
    problem(people.me(bearer(jwt(HEADERS[what], claims, sign))), 401, "token_invalid")
    if what.lower() == "none":
        problem(people.me(bearer(jwt(HEADERS[what], claims, lambda _: b""))), 401, "token_invalid")


def test_headers_that_are_taken(people, token):
    kid = jwt_parts(token)[0].get("kid")
    for over in ({}, {"typ": "AT+JWT"}, {"typ": "application/at+jwt"}, {"kid": kid}, {"cty": "json"}, {"unknown": "member"}):
        assert people.me(bearer(hs256(claims_like(token), header=header(**over)))).status_code == 200, over


CLAIMS = {
    "no issuer": {"iss": None}, "another issuer": {"iss": "https://attacker.example"}, "an issuer in other case": {"iss": "Gatehouse"},
    "a list of issuers": {"iss": ["gatehouse"]}, "no audience": {"aud": None}, "another audience": {"aud": "other"},
    "an empty audience": {"aud": ""}, "no audience in a list": {"aud": []}, "a number for an audience": {"aud": 7},
    "the upstream's audience": {"aud": "upstream"}, "no expiry": {"exp": None}, "an expiry that is a text": {"exp": "4102444800"},
    "an expiry with an exponent": '{"exp":9e9}', "an expiry below zero": {"exp": -1}, "an expiry that is null": '{"exp":null}',
    "an expiry beyond all times": {"exp": 10 ** 15}, "an expiry beyond numbers": '{"exp":' + "9" * 400 + "}",
    "true": {"exp": True}, "too long a life": {"exp": now() + 10 * 86400}, "no time of issue": {"iat": None},
    "issued in the future": {"iat": now() + 3600, "exp": now() + 4000}, "not yet": {"nbf": now() + 3600}, "no subject": {"sub": None},
    "an empty subject": {"sub": ""}, "a subject that is no id": {"sub": "admin"}, "a subject that is a number": {"sub": 7},
    "a subject of zeros": {"sub": "0" * 13}, "no jti": {"jti": None}, "an empty jti": {"jti": ""}, "a jti that is a number": {"jti": 1},
    "no client": {"client_id": None}, "a session that is no id": {"sid": "x"}, "a device that is no id": {"device": "x"},
    "a device that is a number": {"device": 7}, "no name": {"name": None}, "a name that is a list": {"name": []},
    "roles that are a text": {"roles": "admin"}, "a role that is a number": {"roles": [1]}, "a scope that is a list": {"scope": ["a"]},
    "a long name": {"name": "x" * 300}, "a long scope": {"scope": "s" * 400}, "a long tier": {"tier": "t" * 40},
}


@pytest.mark.parametrize("what", CLAIMS)
def test_claims_that_are_refused(people, token, what):
    over = CLAIMS[what]
    claims = claims_like(token, sid=None)
    if isinstance(over, str):
        claims.pop("exp")
        text = json.dumps(claims)[:-1] + "," + over[1:]
    else:
        text = json.dumps({n: v for n, v in {**claims, **over}.items() if v is not None})
    answer = people.me(bearer(hs256(text)))
    assert answer.status_code == 401 and answer.json()["error"] in ("token_invalid", "token_expired"), answer.text


def test_claims_that_are_taken(people, token):
    for over in ({"aud": ["other", "api"]}, {"iat": now() + 20}, {"nbf": now() + 20}, {"exp": now() - 20, "iat": now() - 600, "nbf": None},
                 {"exp": now() + 600.5}, {"sid": None}, {"roles": None}, {"auth_time": None}, {"more": {"of": "it"}}):
        assert people.me(bearer(hs256(claims_like(token, **over)))).status_code == 200, over


def test_another_users_session_makes_no_token(people, token):
    other = jwt_parts(people.new().tokens()["access_token"])[1]
    problem(people.me(bearer(hs256(claims_like(token, sid=other["sid"])))), 401, "token_revoked")


def test_a_session_that_is_over_makes_no_token(people):
    person = people.new()
    tokens = person.tokens()
    assert people.post("/logout", headers=bearer(tokens["access_token"])).status_code == 204
    problem(people.me(bearer(hs256(claims_like(tokens["access_token"], jti="new")))), 401, "token_revoked")


def test_roles_with_spaces_are_not_two(people, token):
    me = people.me(bearer(hs256(claims_like(token, roles=["x admin", "user"])))).json()
    assert me["user"]["roles"] == ["user"]


def forms(token):
    """The same token in ways that say the same to a careless reader."""
    head, payload, signature = token.split(".")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same = last[(last.index(signature[-1]) & ~3) | ((last.index(signature[-1]) + 1) & 3)]  # two bits that no byte has
    twice = head, b64('{"sub":"0000000000001",' + json.dumps(jwt_parts(token)[1])[1:]), None
    return {
        "padding": f"{head}=.{payload}.{signature}", "padding at the end": token + "=", "other bits": token[:-1] + same,
        "a line break": token[:50] + "\\n" + token[50:], "percent": token.replace(".", "%2E"), "no signature": f"{head}.{payload}.",
        "no dot at the end": f"{head}.{payload}", "four parts": token + ".x", "five parts": f"{head}.{payload}.{signature}.x.y",
        "empty parts": "..", "one part": head, "swapped": f"{payload}.{head}.{signature}", "a dot before": "." + token,
        "a part twice": f"{head}.{payload}.{signature}.{signature}", "in other base64": token.replace("-", "+").replace("_", "/") + "+",
        "short": token[:-2], "long": token + "AA", "half a signature": f"{head}.{payload}.{signature[:21]}",
        "a claim twice": hs256(unb64(twice[1]).decode()), "too large": hs256(claims_like(token, more="x" * 9000)),
        "no JSON in it": hs256("no JSON"), "an array in it": hs256("[]"), "deep": hs256(json.dumps(claims_like(token))[:-1] +
                                                                                      ',"a":' + "[" * 100 + "]" * 100 + "}"),
        "not UTF-8": jwt(header(), b'{"sub":"\xff\xfe"}', hs256_with(SECRET)),
    }


def test_forms_that_are_refused(people, token):
    assert people.me(bearer(token)).status_code == 200
    for what, text in forms(token).items():
        answer = people.me(bearer(text))
        assert (answer.status_code, answer.json()["error"]) == (401, "token_invalid"), what


def test_signatures_by_other_keys_are_refused(by_algorithm):
    """Another secret, another key, and the confusion of a public key with a secret."""
    tokens = {a: by_algorithm(a).new().tokens()["access_token"] for a in ALGORITHMS}
    own_rsa, own_ec = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())

    def es256(key, data):
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    forgers = {"HS256": lambda d: hs256_with("x" * 64)(d), "EdDSA": KEY.sign, "ES256": lambda d: es256(own_ec, d),
               "RS256": lambda d: own_rsa.sign(d, padding.PKCS1v15(), hashes.SHA256())}
    for algorithm in ALGORITHMS:
        people = by_algorithm(algorithm)
        head, claims, _ = jwt_parts(tokens[algorithm])
        forged = [jwt(head, claims, forgers[algorithm])]
        forged += [jwt({**head, "alg": other}, claims, forgers[other]) for other in ALGORITHMS if other != algorithm]
        forged += [jwt({n: v for n, v in head.items() if n != "kid"}, claims, forgers[algorithm])]
        if algorithm != "HS256":
            jwk = people.get("/.well-known/jwks.json").json()["keys"][0]
            secrets = [json.dumps(jwk), unb64(jwk.get("x") or jwk["n"]), jwk.get("x") or jwk["n"], jwk["kid"], "", SECRET]
            forged += [jwt({**head, "alg": "HS256"}, claims, hs256_with(s)) for s in secrets]
            forged += [jwt({"alg": "HS256", "typ": "at+jwt"}, claims, hs256_with(SECRET))]
        for text in forged:
            problem(people.me(bearer(text)), 401, "token_invalid")
        assert people.me(bearer(tokens[algorithm])).status_code == 200


def test_tokens_of_another_gateway_are_refused(gatehouse, upstream, by_algorithm):
    other = identity.People(gatehouse(settings({"token": {"algorithm": "ES256"}}), upstream=upstream, env={"SECRET_KEY": "y" * 40}))
    token = other.new().tokens()["access_token"]
    assert other.me(bearer(token)).status_code == 200
    for algorithm in ("ES256", "EdDSA", "HS256"):
        problem(by_algorithm(algorithm).me(bearer(token)), 401, "token_invalid")


def test_an_es256_signature_in_another_form_is_refused(by_algorithm):
    people = by_algorithm("ES256")
    token = people.new().tokens()["access_token"]
    head, payload, signature = token.split(".")
    r, s = (int.from_bytes(part, "big") for part in (unb64(signature)[:32], unb64(signature)[32:]))
    for raw in (encode_dss_signature(r, s), unb64(signature) + b"\0", unb64(signature)[:-1], bytes(64),
                unb64(signature)[32:] + unb64(signature)[:32], b"\0" + unb64(signature)):
        problem(people.me(bearer(f"{head}.{payload}.{b64(raw)}")), 401, "token_invalid")


# How many are looked at.

def test_an_address_that_sends_many_bad_tokens_is_refused_before_they_are_looked_at(gatehouse, upstream):
    gateway = gatehouse(settings({"verifications": "5/hour", "token": {"algorithm": "RS256"}}, **BEHIND_PROXY), upstream=upstream,
                        env=identity.ENV)
    home, flood = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
    people = identity.People(gateway)
    good = bearer(people.new().tokens()["access_token"])
    for _ in range(3):
        assert people.me({**good, **flood}).status_code == 200
    for i in range(10):
        assert people.me({**bearer(f"a.b.{i}"), **flood}).status_code in (401, 429)
    answer = people.me({**bearer("a.b.c"), **flood})
    problem(answer, 429, "verification_limit")
    assert int(answer.headers["retry-after"]) >= 1
    problem(people.me({**bearer("a.b.c"), **home}), 401, "token_invalid")
    assert people.me({**good, **home}).status_code == 200


def test_good_tokens_are_remembered_and_cost_nothing(gatehouse, upstream):
    gateway = gatehouse(settings({"verifications": "5/hour"}, server={"workers": 1}), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    good = bearer(people.new().tokens()["access_token"])
    assert [people.me(good).status_code for _ in range(20)] == [200] * 20


# How they end before their time.

def test_a_token_is_revoked_by_itself(people):
    """RFC 7009: who has it may end it. One is ended, its session is not."""
    person = people.new()
    tokens = person.tokens()
    one, other = tokens["access_token"], hs256(claims_like(tokens["access_token"], jti="the other"))
    assert people.me(bearer(one)).status_code == people.me(bearer(other)).status_code == 200
    assert people.http.post(people.at("/revoke"), data={"token": one}).status_code == 200
    problem(people.me(bearer(one)), 401, "token_revoked")
    assert people.me(bearer(other)).status_code == 200
    assert people.post("/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 200


def test_a_refresh_token_is_revoked_with_all_that_came_of_it(people):
    person = people.new()
    tokens = person.tokens()
    assert people.http.post(people.at("/revoke"), data={"token": tokens["refresh_token"], "token_type_hint": "access_token"}).status_code == 200
    problem(people.me(bearer(tokens["access_token"])), 401, "token_revoked")
    problem(people.post("/refresh", {"refresh_token": tokens["refresh_token"]}), 401, "refresh_invalid")


def test_a_key_is_revoked_by_its_secret_alone(people):
    person = people.new()
    key = person.api_key()
    assert people.http.post(people.at("/revoke"), data={"token": key["key"][:-1]}).status_code == 200
    assert people.http.post(people.at("/revoke"), data={"token": key["id"]}).status_code == 200
    assert people.me({"X-API-Key": key["key"]}).status_code == 200
    assert people.http.post(people.at("/revoke"), data={"token": key["key"]}).status_code == 200
    problem(people.me({"X-API-Key": key["key"]}), 401, "api_key_invalid")


@pytest.mark.parametrize("text", ["x", "a.b.c", "ghr_" + "A" * 80, "ghk_" + "0" * 71, " ", "\u2028", "x" * 4000])
def test_what_is_no_token_is_revoked_already(people, text):
    answer = people.http.post(people.at("/revoke"), data={"token": text})
    assert answer.status_code == 200 and answer.content == b""


@pytest.mark.parametrize("path", ["/revoke", "/introspect"])
def test_forms_that_say_nothing(people, path):
    headers = bearer(service(people))
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    for content in (b"token=a&token=b", b"token=", b"other=x", b"token=a&token_type_hint=b&token_type_hint=c"):
        problem(people.http.post(people.at(path), content=content, headers=form), 400, "invalid_request")
    problem(people.http.post(people.at(path), headers=headers), 400, "invalid_request")
    problem(people.http.post(people.at(path), json={"token": "x"}, headers=headers), 415, "unsupported_media_type")
    assert people.http.post(people.at(path), content=b"token=a&unknown=x", headers=form).status_code == 200


def test_a_token_of_no_session_ends_by_itself_at_logout(people, token):
    lone = [hs256(claims_like(token, sid=None, jti=f"lone {i}")) for i in range(2)]
    assert people.post("/logout", headers=bearer(lone[0])).status_code == 204
    problem(people.me(bearer(lone[0])), 401, "token_revoked")
    assert people.me(bearer(lone[1])).status_code == 200


def test_revocations_outlive_a_restart_and_a_kill(gatehouse, upstream):
    config = settings({"token": {"algorithm": "HS256"}})
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    by_jti, by_session, by_user = [people.new() for _ in range(3)]
    tokens = {p: p.tokens()["access_token"] for p in (by_jti, by_session, by_user)}
    good = people.new().tokens()["access_token"]
    assert people.http.post(people.at("/revoke"), data={"token": tokens[by_jti]}).status_code == 200
    assert people.post("/logout", headers=bearer(tokens[by_session])).status_code == 204
    identity.operator(gateway, "user", "role", by_user.name, "+premium")
    for kill in (True, False):
        gateway = identity.restarted(gatehouse, gateway, config, kill=kill, upstream=upstream)
        people = identity.People(gateway)
        for text in tokens.values():
            problem(people.me(bearer(text)), 401, "token_revoked")
        assert people.me(bearer(good)).status_code == 200


def test_a_revocation_is_remembered_as_long_as_the_token_would_count(gatehouse, upstream):
    """It was forgotten at the expiry, and for the leeway after it the token was good again."""
    gateway = gatehouse(settings({"token": {"algorithm": "HS256", "leeway": "5m"}, "session": {"cleanup_interval": "1s"}}),
                        upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    token = people.new().tokens()["access_token"]
    ends = now() + 2
    short, control = (hs256(claims_like(token, sid=None, exp=ends, jti=j)) for j in ("short", "control"))
    assert people.http.post(people.at("/revoke"), data={"token": short}).status_code == 200
    eventually(lambda: now() > ends + 1, "the expiry", 10)
    time.sleep(1.5)  # a cleanup
    assert people.me(bearer(control)).status_code == 200
    problem(people.me(bearer(short)), 401, "token_revoked")


def test_a_reload_with_a_longer_life_makes_ends_remembered_longer(gatehouse, upstream):
    """The records went on with the life of before, so tokens made after the reload outlived the memory of their end."""
    config = settings({"token": {"algorithm": "HS256", "access_lifetime": "1m", "leeway": "0s"}})
    gateway = gatehouse(config, upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    gateway.write(settings({"token": {"algorithm": "HS256", "access_lifetime": "1h", "leeway": "0s"}},
                           upstreams=[{"name": "api", "servers": [upstream.url]}]))
    gateway.reload()
    assert person.tokens()["expires_in"] == 3600
    identity.operator(gateway, "user", "role", person.name, "+premium")
    [(until,)] = query(gateway, "SELECT until_s FROM user_cutoff")
    assert until >= now() + 3500


# Keys change.

def test_rotation_of_the_signing_key(gatehouse, upstream):
    """The next one signs, which was published before; what the old one signed stays good."""
    gateway = gatehouse(settings(), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()

    def kids():
        return [k["kid"] for k in people.get("/.well-known/jwks.json").json()["keys"]]
    tokens = [person.tokens()["access_token"]]
    first, published = jwt_parts(tokens[0])[0]["kid"], kids()
    identity.operator(gateway, "key", "rotate")
    eventually(lambda: len(kids()) == 3, "a third key")
    tokens.append(person.tokens()["access_token"])
    second = jwt_parts(tokens[1])[0]["kid"]
    assert second != first and second in published and set(published) < set(kids())
    for text in tokens:
        assert people.me(bearer(text)).status_code == 200


def test_another_algorithm_by_rotation(gatehouse, upstream):
    gateway = gatehouse(settings(), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    old = person.tokens()["access_token"]
    for _ in range(2):
        identity.operator(gateway, "key", "rotate", "--algorithm", "ES256")
    algorithm = eventually(lambda: jwt_parts(person.tokens()["access_token"])[0]["alg"] == "ES256", "ES256 signs")
    assert algorithm and people.me(bearer(old)).status_code == 200
    assert people.me(person.bearer()).status_code == 200


def test_private_keys_and_tokens_are_nowhere_on_disk(by_algorithm):
    for algorithm in ("EdDSA", "HS256"):
        people = by_algorithm(algorithm)
        tokens = people.new().tokens()
        people.http.post(people.at("/revoke"), data={"token": tokens["access_token"]})
        for secret in (tokens["access_token"], tokens["access_token"].split(".")[2], tokens["refresh_token"],
                       jwt_parts(tokens["access_token"])[1]["jti"], SECRET):
            assert identity.on_disk(people.gateway, secret) == []
    [(sealed,)] = set(query(by_algorithm("EdDSA").gateway, "SELECT length(sealed) > 32 FROM signing_key"))
    assert sealed and identity.on_disk(by_algorithm("EdDSA").gateway, bytes.fromhex("302e020100300506032b6570")) == [], "PKCS#8"


# A token of less: the operator mints one with scopes.

def test_a_token_of_some_scopes_can_do_less(people):
    person = people.new()
    text = identity.operator(people.gateway, "token", "mint", "--user", person.name, "--scope", "content:read", "--scope", "admin:all")
    me = people.me(bearer(text)).json()
    assert me["scopes"] == ["content:read", "admin:all"] and me["permissions"] == ["content:read"]
    for method, path, body in (("GET", "/sessions", None), ("GET", "/account", None), ("POST", "/keys", {"name": "k"}),
                               ("POST", "/password", {"current_password": "x", "new_password": "y"})):
        problem(people.http.request(method, people.at(path), json=body, headers=bearer(text)), 403, "proof_not_accepted")


# What others learn of a token (RFC 7662).

def service(people):
    """A token that may introspect."""
    if not hasattr(people, "service"):
        person = people.new()
        identity.operator(people.gateway, "user", "role", person.name, "+service", "-user")
        people.service = person.tokens()["access_token"]
    return people.service


def introspect(people, token, **more):
    answer = people.http.post(people.at("/introspect"), data={"token": token, **more}, headers=bearer(service(people)))
    assert answer.status_code == 200 and "no-store" in answer.headers["cache-control"]
    return answer.json()


def test_introspection_of_good_ones(people):
    person = people.new()
    tokens = person.tokens()
    key = person.api_key(bearer(tokens["access_token"]), scopes=["content:read"], expires_in=3600)
    claims = jwt_parts(tokens["access_token"])[1]
    access = introspect(people, tokens["access_token"])
    assert access["active"] and {n: access[n] for n in ("iss", "sub", "aud", "iat", "exp", "client_id")} == \
        {n: claims[n] for n in ("iss", "sub", "aud", "iat", "exp", "client_id")}
    assert access["username"] == person.name and access["token_type"] == "Bearer" and access["roles"] == ["user"]
    refresh = introspect(people, tokens["refresh_token"], token_type_hint="access_token")
    assert refresh["active"] and refresh["sub"] == person.id and refresh["kind"] == "refresh_token"
    api_key = introspect(people, key["key"])
    assert api_key["active"] and api_key["scope"] == "content:read" and api_key["kind"] == "api_key" and api_key["sub"] == person.id


def test_introspection_of_others_says_nothing(people, token):
    person, disabled = people.new(), people.new()
    ended, of_disabled = person.tokens(), disabled.tokens()
    key_of_disabled = disabled.api_key()["key"]
    people.post("/logout", headers=bearer(ended["access_token"]))
    identity.operator(people.gateway, "user", "disable", disabled.name)
    for text in ("x", "a.b.c", token + "x", ended["access_token"], ended["refresh_token"], of_disabled["access_token"],
                 of_disabled["refresh_token"], key_of_disabled, person.browser().session, "ghk_" + "0" * 71,
                 hs256(claims_like(token, exp=now() - 600, iat=now() - 1200)), hs256(claims_like(token), secret="x" * 40)):
        assert introspect(people, text) == {"active": False}


def test_introspection_needs_the_permission(people, token):
    data = {"token": token}
    problem(people.http.post(people.at("/introspect"), data=data), 401, "credentials_required")
    problem(people.http.post(people.at("/introspect"), data=data, headers=bearer(token)), 403, "permission_required")
    person = people.new()
    identity.operator(people.gateway, "user", "role", person.name, "+service")
    key = person.api_key()["key"]
    narrow = person.api_key(scopes=["content:read"])["key"]
    assert people.http.post(people.at("/introspect"), data=data, headers={"X-API-Key": key}).json()["active"]
    problem(people.http.post(people.at("/introspect"), data=data, headers={"X-API-Key": narrow}), 403, "permission_required")
