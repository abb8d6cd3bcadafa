"""The MusicGen example as it is shipped: its own application, gatehouse.yaml and .env."""
import shutil

import pytest

from support.application import Application
from support.gateway import ROOT, run
from support.structured_fields import parse_list

EXAMPLE = ROOT / "examples" / "musicgen"
ORIGIN = "http://localhost:3000"
SONG = {"prompt": "slow rain on a tin roof"}


@pytest.fixture(scope="module")
def application():
    application = Application("app:app", EXAMPLE)
    yield application
    application.close()


@pytest.fixture
def musicgen(gatehouse, application, tmp_path):
    def start(**kwargs):
        folder = tmp_path / "musicgen"
        shutil.copytree(EXAMPLE, folder)
        return gatehouse(False, upstream=application, args=["-c", "gatehouse.yaml"], folder=folder, **kwargs)
    return start


def test_the_shipped_files_pass_check():
    done = run("check", "-c", "gatehouse.yaml", cwd=EXAMPLE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [".env", ".env.example"])
def test_the_shipped_env_files_hold_no_secret(name):
    lines = (EXAMPLE / name).read_text().splitlines()
    assert [line for line in lines if line.startswith("SECRET_KEY") and line != "SECRET_KEY="] == []


def test_generate_passes_until_its_limit_then_429(musicgen):
    gateway = musicgen()
    with gateway.client() as client:
        answers = [client.post("/generate", json=SONG) for _ in range(11)]
    assert [a.status_code for a in answers] == [200] * 10 + [429]
    assert answers[0].json()["prompt"] == SONG["prompt"]
    refused = answers[10]
    assert int(refused.headers["Retry-After"]) >= 1
    body = refused.json()
    assert body["error"] == "rate_limit_exceeded"
    assert body["message"] == "Too many requests. Please try again later."
    assert body["retry_after"] == int(refused.headers["Retry-After"])


def test_both_dialects_of_limit_headers(musicgen):
    answer = musicgen().request("POST", "/generate", json=SONG)
    assert answer.status_code == 200
    policies = parse_list(answer.headers["RateLimit-Policy"])
    assert (10, 60) in [(p["q"], p["w"]) for _, p in policies]
    assert "X-RateLimit-Limit" in answer.headers


def test_the_env_file_sets_the_default_limit(musicgen):
    gateway = musicgen()
    with gateway.client() as client:
        statuses = [client.get("/tracks/a.wav").status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]


def test_the_environment_wins_over_the_env_file(musicgen):
    gateway = musicgen(env={"RATE_LIMIT_PER_MINUTE": "3"})
    with gateway.client() as client:
        statuses = [client.get("/tracks/a.wav").status_code for _ in range(4)]
    assert statuses == [200] * 3 + [429]


def test_limits_can_be_switched_off(musicgen):
    gateway = musicgen(env={"RATE_LIMIT_ENABLED": "false"})
    with gateway.client() as client:
        statuses = [client.post("/generate", json=SONG).status_code for _ in range(15)]
    assert statuses == [200] * 15


def test_exempt_paths_are_never_limited(musicgen):
    gateway = musicgen(env={"RATE_LIMIT_PER_MINUTE": "2"})
    with gateway.client() as client:
        for path in ("/health", "/docs", "/openapi.json"):
            assert [client.get(path).status_code for _ in range(5)] == [200] * 5


def test_security_headers_are_on_every_answer(musicgen):
    gateway = musicgen()
    for answer in (gateway.get("/health"), gateway.get("/nowhere"), gateway.request("POST", "/generate", content=b"{")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_documentation_page_may_load_its_scripts(musicgen):
    answer = musicgen().get("/docs")
    assert answer.status_code == 200 and "swagger-ui" in answer.text
    assert "https://cdn.jsdelivr.net" in answer.headers["Content-Security-Policy"]


def test_the_allowed_origin_may_call_and_another_may_not(musicgen):
    gateway = musicgen()
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    allowed = gateway.request("OPTIONS", "/generate", headers={"Origin": ORIGIN, **preflight})
    assert allowed.status_code in (200, 204)
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    refused = gateway.request("OPTIONS", "/generate", headers={"Origin": "https://evil.example", **preflight})
    assert refused.status_code == 403
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_a_body_over_the_routes_limit_is_refused(musicgen):
    gateway = musicgen()
    assert gateway.request("POST", "/generate", content=b"x" * (64 * 1024 + 1)).status_code == 413


def test_the_applications_own_refusals_come_through(musicgen):
    answer = musicgen().request("POST", "/generate", json={"prompt": ""})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "prompt"]


def test_an_unknown_host_is_refused(musicgen):
    assert musicgen().get("/health", headers={"Host": "evil.example"}).status_code == 400
