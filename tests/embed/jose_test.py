"""Tokens held against another implementation, npm's jose: made there and verified here, made here and verified there,
and what it can make that must be refused. tests/jose has its side; tests/unit/support/jose_tool.c is ours."""
import base64
import json
import os
import pathlib
import random
import shutil
import subprocess
import threading

import pytest

from support.timing import guard

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("GATEHOUSE_BUILD", ROOT / "build"))
PEER = ROOT / "tests" / "jose"
ALGS = ["HS256", "EdDSA", "ES256", "RS256"]
NOW = 1_700_000_000
CLAIMS = {"iss": "https://issuer.example", "sub": "u1", "aud": "api", "exp": NOW + 600, "iat": NOW}
VARIETY = [
    CLAIMS,
    {**CLAIMS, "aud": ["web", "api"], "nbf": NOW, "jti": "j1", "sid": "s1", "client_id": "c1", "scope": "read write:all",
     "auth_time": NOW - 5, "roles": ["admin", "user"], "tier": "premium"},
    {**CLAIMS, "sub": "\u00fcml\u00e4ut \"quoted\" \\ \U0001f511 \u2028", "x": {"deep": [1, {"a": None}, "</script>"]}},
    {**CLAIMS, "x": "a" * 3000},
]


class Lines:
    """A process that answers a line with a line."""

    def __init__(self, *command, cwd=None):
        self.process = subprocess.Popen([*map(str, command)], cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        watch = threading.Timer(guard(60), self.process.kill)
        watch.start()
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        finally:
            watch.cancel()
        assert answer.endswith("\n"), f"no answer to {line[:200]}"
        return answer[:-1]

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=guard(60)) == 0
        self.process.stdout.close()


class Peer(Lines):
    def __call__(self, ask, **question):
        return json.loads(self.ask(json.dumps({"ask": ask, **question})))


class Tool(Lines):
    def verify(self, token, jwks=None, secret=None, now=NOW):
        """The claims, or why it is refused."""
        words = compact(jwks) if jwks else "-", secret or "-", str(now), token
        verdict, _, rest = self.ask(" ".join(["verify", *words])).partition(" ")
        assert verdict in ("ok", "refused")
        return json.loads(rest) if verdict == "ok" else rest


def compact(value):
    text = json.dumps(value, separators=(",", ":"))
    assert " " not in text
    return text


@pytest.fixture(scope="session")
def peer(tmp_path_factory):
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no node with npm")
    folder = tmp_path_factory.mktemp("jose")
    for name in ("package.json", "package-lock.json", ".npmrc", "peer.mjs"):
        shutil.copy(PEER / name, folder)
    done = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True, timeout=guard(300),
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"npm ci: {done.stdout}{done.stderr}"
    process = Peer("node", "peer.mjs", cwd=folder)
    yield process
    process.close()


@pytest.fixture(scope="session")
def tool():
    process = Tool(BUILD / "tests" / "unit" / "jose_tool")
    yield process
    process.close()


@pytest.fixture(scope="session")
def theirs(peer):
    """alg: what verifies a token of theirs."""
    keys = peer("keys")
    return lambda alg: {"secret": keys["secret"]} if alg == "HS256" else {"jwks": keys["jwks"]}


@pytest.fixture(scope="session")
def ours(tool):
    """alg: what verifies a token of ours."""
    keys = {"jwks": json.loads(tool.ask("jwks")), "secret": tool.ask("secret")}
    return lambda alg: {"secret": keys["secret"]} if alg == "HS256" else {"jwks": keys["jwks"]}


@pytest.mark.parametrize("alg", ALGS)
@pytest.mark.parametrize("claims", VARIETY, ids=["few", "all", "unicode", "long"])
def test_ours_verify_there(tool, peer, ours, alg, claims):
    # JSON in a command has no spaces; those within texts are written as escapes.
    text = json.dumps(claims, separators=(",", ":")).replace(" ", "\\u0020")
    token = tool.ask(f"sign {alg} {text}")
    assert peer("verify", token=token, now=NOW, **ours(alg)) == {"claims": claims}
    assert tool.verify(token, **ours(alg)) == claims


@pytest.mark.parametrize("alg", ALGS)
@pytest.mark.parametrize("claims", VARIETY, ids=["few", "all", "unicode", "long"])
def test_theirs_verify_here(tool, peer, theirs, alg, claims):
    token = peer("sign", alg=alg, claims=claims)
    assert tool.verify(token, **theirs(alg)) == claims
    assert peer("verify", token=token, now=NOW, **theirs(alg)) == {"claims": claims}


def test_the_kid_is_the_thumbprint(peer, ours):
    jwks = ours("ES256")["jwks"]
    assert [key["alg"] for key in jwks["keys"]] == ALGS[1:]
    assert peer("thumbprints", jwks=jwks) == [key["kid"] for key in jwks["keys"]]


@pytest.mark.parametrize("alg", ALGS[1:])
def test_our_private_keys_sign_there(tool, peer, ours, alg):
    raw = tool.ask(f"private {alg}")
    der = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
    pem = f"-----BEGIN PRIVATE KEY-----\n{base64.b64encode(der).decode()}\n-----END PRIVATE KEY-----\n"
    token = peer("sign_with", alg=alg, pem=pem, claims=CLAIMS)  # without a kid: the set has one key of each algorithm
    assert tool.verify(token, **ours(alg)) == CLAIMS


@pytest.mark.parametrize("alg", ALGS)
def test_keys_of_others_verify_nothing(tool, peer, ours, theirs, alg):
    token = peer("sign", alg=alg, claims=CLAIMS)
    why = tool.verify(token, **ours(alg))
    assert why == ("a signature that is not the key's" if alg == "HS256" else "no such key")
    token = tool.ask(f"sign {alg} {compact(CLAIMS)}")
    assert "refused" in peer("verify", token=token, now=NOW, **theirs(alg))


def test_the_media_type_may_be_whole(tool, peer, theirs):
    for typ in ("application/at+jwt", "AT+JWT"):
        assert tool.verify(peer("sign", alg="ES256", claims=CLAIMS, header={"typ": typ}), **theirs("ES256")) == CLAIMS


def test_what_must_be_refused(tool, peer, theirs):
    done = peer("attacks", claims=CLAIMS, now=NOW)
    assert tool.verify(done["good"], **theirs("ES256")) == CLAIMS
    assert len(done["made"]) > 50
    wrong = []
    for case in done["made"]:
        why = tool.verify(case["token"], **theirs("ES256"))
        if not isinstance(why, str) or case["why"] not in why:
            wrong.append(f"{case['name']}: {why}")
    assert not wrong, "\n".join(wrong)


def changed(rng, token):
    """A token with something else in a place or two."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/."
    for _ in range(rng.choice([1, 1, 2])):
        at, how = rng.randrange(len(token)), rng.randrange(4)
        if how == 0:
            token = token[:at] + token[at + 1:]
        elif how == 1:
            token = token[:at] + rng.choice(alphabet) + token[at:]
        elif how == 2:
            token = token[:at] + rng.choice(alphabet) + token[at + 1:]
        else:  # the last characters of a part have bits that count for nothing
            end = rng.choice([i for i, c in enumerate(token + ".") if c == "."])
            token = token[:end - 1] + rng.choice(alphabet) + token[end:]
    return token


@pytest.mark.parametrize("alg", ALGS)
def test_changed_tokens(tool, peer, theirs, alg):
    """What we let in, the other lets in, with the same claims; in fact nothing but the token as it was."""
    rng = random.Random(alg)
    good = peer("sign", alg=alg, claims=CLAIMS)
    for _ in range(400):
        token = changed(rng, good)
        verdict = tool.verify(token, **theirs(alg))
        assert isinstance(verdict, str) == (token != good), token
        if token == good:
            assert peer("verify", token=token, now=NOW, **theirs(alg)) == {"claims": verdict}
