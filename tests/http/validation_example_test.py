"""The example of checked input as it is shipped: what it lets in, and what it refuses."""
import json

import pytest
import yaml

from support.gateway import ROOT, run

EXAMPLE = ROOT / "examples" / "validation"


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse(yaml.safe_load((EXAMPLE / "gatehouse.yaml").read_text()), upstream)


def send(gateway, method, path, body=None, **kwargs):
    return gateway.request(method, path, **({} if body is None else {"json": body}), **kwargs)


def test_it_passes_check():
    done = run("check", "-c", "gatehouse.yaml", cwd=EXAMPLE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 warnings" in done.stdout


ALLOWED = [
    ("POST", "/login", {"username": "ada_1815", "password": "correct horse"}),
    ("POST", "/login", {"username": "abc", "password": "12345678"}),
    ("POST", "/login", {"username": "a" * 50, "password": "p" * 128}),
    ("POST", "/generate", {"prompt": "slow rain on a tin roof"}),
    ("POST", "/generate", {"prompt": "x" * 500, "session_id": "a-b_C9", "device_id": "d", "seconds": 300}),
    ("PUT", "/playlists/summer-24", {"title": "Summer", "tracks": ["a", "b"]}),
    ("PUT", "/playlists/x", {"title": "None", "tracks": []}),
    ("GET", "/playlists?limit=100&offset=0&session_id=abc", None),
    ("GET", "/playlists", None),
    ("GET", "/not/a/route", None),
]

REFUSED = [
    ("POST", "/login", {"username": "ab", "password": "12345678"}, [("#/username", "string_too_short")]),
    ("POST", "/login", {"username": "a" * 51, "password": "12345678"}, [("#/username", "string_too_long")]),
    ("POST", "/login", {"username": "ada lovelace", "password": "12345678"}, [("#/username", "string_pattern_mismatch")]),
    ("POST", "/login", {"username": "ada\n", "password": "12345678"}, [("#/username", "string_pattern_mismatch")]),
    ("POST", "/login", {"username": "ada", "password": "1234567"}, [("#/password", "string_too_short")]),
    ("POST", "/login", {"username": "ada", "password": "p" * 129}, [("#/password", "string_too_long")]),
    ("POST", "/login", {"username": "ada", "password": "12345678", "admin": True}, [("#/admin", "extra_forbidden")]),
    ("POST", "/login", {"username": {"$ne": 1}, "password": "12345678"}, [("#/username", "string_type")]),
    ("POST", "/login", {}, [("#/username", "missing"), ("#/password", "missing")]),
    ("POST", "/generate", {"prompt": ""}, [("#/prompt", "string_too_short")]),
    ("POST", "/generate", {"prompt": " \t\n"}, [("#/prompt", "string_pattern_mismatch")]),
    ("POST", "/generate", {"prompt": "x" * 501}, [("#/prompt", "string_too_long")]),
    ("POST", "/generate", {"prompt": "x", "session_id": "a b"}, [("#/session_id", "string_pattern_mismatch")]),
    ("POST", "/generate", {"prompt": "x", "seconds": 301}, [("#/seconds", "less_than_equal")]),
    ("POST", "/generate", {"prompt": "x", "seconds": 1.5}, [("#/seconds", "int_type")]),
    ("PUT", "/playlists/a%20b", {"title": "t", "tracks": []}, [(None, "string_pattern_mismatch")]),
    ("PUT", "/playlists/a", {"title": "t", "tracks": ["a", "a"]}, [("#/tracks", "unique_items")]),
    ("PUT", "/playlists/a", {"title": "t", "tracks": ["a", "b c"]}, [("#/tracks/1", "string_pattern_mismatch")]),
    ("GET", "/playlists?limit=ten", None, [(None, "int_parsing")]),
    ("GET", "/playlists?limit=0", None, [(None, "greater_than_equal")]),
    ("GET", "/playlists?lmit=10", None, [(None, "extra_forbidden")]),
]


@pytest.mark.parametrize("method, path, body", ALLOWED)
def test_what_is_allowed(gateway, upstream, method, path, body):
    before = len(upstream.requests)
    answer = send(gateway, method, path, body)
    assert answer.status_code == 200, answer.text
    came = upstream.requests[before:]
    assert [(r.method, r.target) for r in came] == [(method, path)]
    if body is not None:
        assert json.loads(came[0].body) == body


@pytest.mark.parametrize("method, path, body, errors", REFUSED)
def test_what_is_refused(gateway, upstream, method, path, body, errors):
    before = len(upstream.requests)
    answer = send(gateway, method, path, body)
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["error"] == "validation_error"
    assert [(e.get("pointer"), e["type"]) for e in problem["errors"]] == errors
    assert len(upstream.requests) == before


def test_a_header_is_checked(gateway):
    assert send(gateway, "POST", "/generate", {"prompt": "x"}, headers={"X-Device-ID": "phone-1"}).status_code == 200
    answer = send(gateway, "POST", "/generate", {"prompt": "x"}, headers={"X-Device-ID": "phone 1"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["in"] == "header" and answer.json()["errors"][0]["name"] == "x-device-id"


@pytest.mark.parametrize("prompt", ["<script>alert(1)</script>", "see javascript:alert(1)", "a\x07b", "a\u202eb"])
def test_dangerous_prompts_are_refused(gateway, prompt):
    answer = send(gateway, "POST", "/generate", {"prompt": prompt})
    assert (answer.status_code, answer.json()["error"]) == (422, "dangerous_content"), answer.text


def test_a_prompt_arrives_trimmed_and_harmless(gateway, upstream):
    assert send(gateway, "POST", "/generate", {"prompt": "  rain & \"thunder\"  ", "seconds": 30}).status_code == 200
    body = json.loads(upstream.requests[-1].body)
    assert body == {"prompt": "rain &amp; &quot;thunder&quot;", "seconds": 30}
