"""The MusicGen example as it is shipped: its own application, gatehouse.yaml and .env.example, and the commands of its
README."""
import re
import shutil

import pytest

from support.application import Application
from support.gateway import ROOT, run
from support.visitor import PASSWORD, Visitor
from support.readme import blocks, perform
from support.structured_fields import parse_list

EXAMPLE = ROOT / "examples" / "musicgen"
ORIGIN = "http://localhost:3000"
SONG = {"prompt": "slow rain on a tin roof"}
SETUP, START = 1, 2  # blocks of the README; 0 installs packages


@pytest.fixture(scope="module")
def application():
    application = Application("app:app", EXAMPLE)
    yield application
    application.close()


def copied(folder):
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".env", "gatehouse-data", "__pycache__"))
    perform(blocks((EXAMPLE / "README.md").read_text())[SETUP], folder, {})
    return folder


def serve(start, application, folder, **kwargs):
    return start(False, upstream=application, args=["-c", "gatehouse.yaml"], folder=copied(folder), **kwargs)


@pytest.fixture(scope="module")
def example(shared_gatehouse, application, tmp_path_factory):
    """For tests that do not disturb each other: without the limits for an address, which they all share."""
    return serve(shared_gatehouse, application, tmp_path_factory.mktemp("example") / "musicgen",
                 env={"RATE_LIMIT_PER_MINUTE": "100000"})


@pytest.fixture
def musicgen(gatehouse, application, tmp_path):
    def start(**kwargs):
        return serve(gatehouse, application, tmp_path / "musicgen", **kwargs)
    return start


@pytest.fixture(scope="module")
def ada(example):
    return Visitor(example, "ada").register()


def operator(gateway, *words):
    done = run(*words, cwd=gateway.folder)
    assert done.returncode == 0, done.stdout + done.stderr


# --- as it is shipped

def test_every_command_of_the_readme(application, gatehouse, tmp_path):
    gateway = serve(gatehouse, application, tmp_path / "musicgen")
    steps = [step for block in blocks((EXAMPLE / "README.md").read_text())[START + 1:] for step in block]
    done = perform(steps, gateway.folder, {"localhost:8080": f"localhost:{gateway.port}", "127.0.0.1:9080": f"127.0.0.1:{gateway.admin_port}"})

    def output(words):
        return next(step.output for step in done if words in step.text)

    assert re.findall(r"^\d{3}$", output("seq 10"), re.M) == ["200"] * 9 + ["429"]
    assert re.search(r"^retry-after: [1-9]", output("the body says when to come back"), re.M | re.I)
    assert "q=30;w=60" in output("another tier")
    assert "rate_limit_exceeded_total" in output("in figures")
    session = [line for line in output("an account of tier free").splitlines() if line.startswith("Set-Cookie: __Host-session=")]
    assert len(session) == 1 and "; HttpOnly" in session[0] and "; Secure" in session[0] and "; SameSite=Lax" in session[0]
    assert not (gateway.folder / "cookies.txt").exists()


def test_the_commands_that_start_it_are_the_ones_tested_here():
    _, setup, start, *_ = blocks((EXAMPLE / "README.md").read_text())
    assert start == ["/usr/bin/python3 -m uvicorn --port 8000 app:app &\ngatehouse serve -c gatehouse.yaml"]
    assert "gatehouse check -c gatehouse.yaml" in setup[0]


def test_the_env_file_of_the_readme_is_the_readers_alone(example):
    assert (example.folder / ".env").stat().st_mode & 0o077 == 0
    assert re.search(r"^SECRET_KEY=\S{64}$", (example.folder / ".env").read_text(), re.M)


def test_the_shipped_files_hold_no_secret_and_pass_check(tmp_path):
    assert not re.search(r"^SECRET_KEY=.", (EXAMPLE / ".env.example").read_text(), re.M)
    done = run("check", "-c", "gatehouse.yaml", "--env-file", ".env.example", cwd=EXAMPLE)
    assert done.returncode == 0 and "0 warnings" in done.stdout, done.stdout + done.stderr


def test_the_application_has_no_security_code():
    code = (EXAMPLE / "app.py").read_text().split('"""')[2]
    for word in ("password", "token", "cookie", "jwt", "role", "Depends", "middleware", "secret", "limit"):
        assert word not in code.lower(), word


def test_the_page_keeps_nothing_in_the_browser():
    code = (EXAMPLE / "page" / "page.js").read_text()
    for word in ("localStorage", "sessionStorage", "indexedDB", "innerHTML", "eval("):
        assert word not in code, word


# --- who may what

@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json", "/page/", "/page/page.js"])
def test_what_is_public(example, path):
    assert example.get(path).status_code == 200


@pytest.mark.parametrize("method,path", [
    ("POST", "/generate"), ("GET", "/generate"), ("GET", "/tracks/a.wav"), ("GET", "/admin/tracks"), ("DELETE", "/admin/tracks/a.wav"),
    ("GET", "/users/x/tracks"), ("GET", "/nowhere"), ("GET", "/"), ("POST", "/Generate"), ("POST", "/generate/"), ("GET", "//admin//tracks"),
    ("GET", "/page/../admin/tracks"), ("POST", "/health"), ("GET", "/docs/oauth2-redirect")])
def test_what_is_not_public_is_refused_to_strangers(example, method, path):
    answer = example.request(method, path, json=SONG)
    assert answer.status_code == 401 and answer.json()["error"] == "credentials_required"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_the_identity_headers_of_a_client_are_worth_nothing(example):
    for headers in ({"X-Gatehouse-User": "ada"}, {"X-Gatehouse-Roles": "admin", "X-Gatehouse-Auth": "session"}):
        assert example.request("POST", "/generate", json=SONG, headers=headers).status_code == 401


def test_ones_own_tracks_and_nobody_elses(example, ada):
    bob = Visitor(example, "bob").register()
    assert bob.post("/generate", {"prompt": "bob's"}, headers={"X-Gatehouse-User": ada.user["id"]}).status_code == 200
    assert [t["prompt"] for t in bob.get(f"/users/{bob.user['id']}/tracks").json()["tracks"]] == ["bob's"]
    answer = ada.get(f"/users/{bob.user['id']}/tracks")
    assert answer.status_code == 403 and answer.json()["error"] == "claim_mismatch"
    assert ada.get(f"/users/{ada.user['id']}/tracks").json()["tracks"] == []


def test_an_administrators_routes(example, ada):
    carol = Visitor(example, "carol").register()
    track = carol.post("/generate", {"prompt": "to be removed"}).json()["track"].removeprefix("/tracks/")
    assert carol.delete(f"/admin/tracks/{track}").json()["error"] == "role_required"
    operator(example, "user", "role", "carol", "+admin")
    assert "to be removed" in [t["prompt"] for t in carol.get("/admin/tracks").json()["tracks"]]
    assert carol.get(f"/users/{ada.user['id']}/tracks").status_code == 200
    assert carol.delete(f"/admin/tracks/{track}", headers={"X-CSRF-Token": ""}).json()["error"] in ("csrf_missing", "csrf_mismatch")
    assert carol.delete(f"/admin/tracks/{track}").status_code == 204
    assert carol.delete(f"/admin/tracks/{track}").status_code == 404
    operator(example, "user", "role", "carol", "-admin")
    assert carol.get("/admin/tracks").json()["error"] == "role_required"
    assert ada.get("/admin/tracks").json()["error"] == "role_required"


def test_a_disabled_user_has_no_access_at_the_next_request(example):
    dave, program = Visitor(example, "dave").register(), Visitor(example, "dave")
    assert program.login(mode="token").status_code == 200 and program.me().status_code == 200
    operator(example, "user", "disable", "dave")
    assert dave.me().json()["error"] == "session_invalid" and program.me().json()["error"] in ("token_revoked", "user_disabled")
    assert Visitor(example, "dave").login().json()["error"] == "login_failed"


# --- the browser's way: cookies

def test_the_cookies_are_what_browsers_protect(ada):
    session, csrf = ada.attributes["__Host-session"], ada.attributes["__Host-csrf"]
    assert session["httponly"] and "httponly" not in csrf
    for cookie in (session, csrf):
        assert cookie["secure"] and cookie["path"] == "/" and cookie["samesite"] == "Lax" and "domain" not in cookie


def test_a_cookie_alone_changes_nothing(example, ada):
    for method, path in (("POST", "/generate"), ("POST", "/api/auth/logout"), ("DELETE", "/api/auth/sessions"), ("DELETE", "/admin/tracks/x")):
        answer = ada.request(method, path, headers={"X-CSRF-Token": "no token of ours"})
        assert answer.json()["error"] == "csrf_mismatch", path
    ada.csrf = False
    try:
        assert ada.post("/generate", SONG).json()["error"] == "csrf_missing"
    finally:
        ada.csrf = True
    eve = Visitor(example, "eve").register()
    assert ada.post("/generate", SONG, headers={"X-CSRF-Token": eve.csrf_token}).json()["error"] == "csrf_stale"
    assert ada.post("/generate", SONG, headers={"Origin": "https://evil.example"}).json()["error"] == "csrf_cross_site"
    assert ada.post("/generate", SONG, headers={"Sec-Fetch-Site": "cross-site"}).json()["error"] == "csrf_cross_site"
    assert ada.post("/generate", SONG).status_code == 200


def test_the_form_of_a_page_without_scripts(example, ada):
    """The token may be a field of the form; the application then refuses what is no JSON."""
    answer = ada.request("POST", "/generate", data={"csrf_token": ada.csrf_token, "prompt": "x"}, headers={"X-CSRF-Token": ""})
    assert answer.json().get("error") == "csrf_mismatch"  # an empty token in the header is a wrong one
    ada.csrf = False
    try:
        answer = ada.request("POST", "/generate", data={"csrf_token": ada.csrf_token, "prompt": "x"})
        assert answer.status_code == 422 and "error" not in answer.json()
        assert ada.request("POST", "/generate", data={"prompt": "x"}).json()["error"] == "csrf_missing"
    finally:
        ada.csrf = True


def test_refresh_and_logout(example):
    fred = Visitor(example, "fred").register()
    before = dict(fred.cookies)
    assert fred.post("/api/auth/refresh").status_code == 200
    assert fred.cookies["__Host-session"] != before["__Host-session"] and fred.post("/generate", SONG).status_code == 200
    after = dict(fred.cookies)
    assert fred.post("/api/auth/logout").status_code == 204 and not fred.cookies
    for cookies in (before, after):
        fred.cookies = dict(cookies)
        assert fred.me().json()["error"] == "session_invalid"
        assert fred.post("/generate", SONG).json()["error"] == "session_invalid"
        assert fred.get("/health").status_code == 200


def test_logout_everywhere(example):
    browsers = [Visitor(example, "gina").register(), Visitor(example, "gina"), Visitor(example, "gina")]
    assert browsers[1].login().status_code == 200 and browsers[2].login(mode="token").status_code == 200
    assert browsers[0].post("/api/auth/logout", {"all": True}).status_code == 204
    assert browsers[1].me().json()["error"] == "session_invalid"
    assert browsers[2].me().json()["error"] == "token_revoked"
    refused = example.request("POST", "/api/auth/refresh", json={"refresh_token": browsers[2].tokens["refresh_token"]})
    assert refused.status_code == 401


def test_tokens_need_no_csrf_token(example):
    program = Visitor(example, "hal").register(mode="token")
    assert program.tokens["token_type"] == "Bearer" and program.tokens["expires_in"] == 1800 and not program.cookies
    assert program.post("/generate", SONG).status_code == 200
    first = program.tokens["refresh_token"]
    renewed = example.request("POST", "/api/auth/refresh", json={"refresh_token": first}).json()
    assert renewed["refresh_token"] != first
    program.tokens = renewed
    assert program.post("/generate", SONG).status_code == 200


def test_weak_taken_and_malformed_registrations(example, ada):
    def register(name, password, **more):
        return example.request("POST", "/api/auth/register", json={"username": name, "password": password, **more})
    assert register("zoe", "passwordpassword").json()["error"] == "password_weak"
    assert register("zoe", "short").json()["error"] == "password_weak"
    assert register("ADA", PASSWORD).json()["error"] == "name_taken"
    assert register("zoe", PASSWORD, roles=["admin"]).status_code == 422
    assert register("zoe\n", PASSWORD).status_code == 422


# --- limits

def test_each_user_has_limits_of_ones_own_by_tier(example):
    one, other = Visitor(example, "ivan").register(), Visitor(example, "judy").register()
    answers = [one.post("/generate", SONG) for _ in range(11)]
    assert [a.status_code for a in answers] == [200] * 10 + [429]
    refused = answers[10]
    assert int(refused.headers["Retry-After"]) >= 1
    body = refused.json()
    assert body["error"] == "rate_limit_exceeded"
    assert body["message"] == "Too many requests. Please try again later."
    assert body["retry_after"] == int(refused.headers["Retry-After"])
    assert other.post("/generate", SONG).status_code == 200
    session = Visitor(example, "ivan")
    assert session.login().status_code == 200 and session.post("/generate", SONG).status_code == 429  # a new session is no new user
    for tier, minute, hour in (("premium", 30, 600), ("enterprise", 60, 3000)):
        operator(example, "user", "tier", "ivan", tier)
        answer = one.post("/generate", SONG)
        assert answer.status_code == 200 and one.me().json()["user"]["tier"] == tier
        policies = [(p["q"], p["w"]) for _, p in parse_list(answer.headers["RateLimit-Policy"])]
        assert (minute, 60) in policies and (hour, 3600) in policies
    operator(example, "user", "tier", "ivan", "free")
    assert one.post("/generate", SONG).status_code == 429


def test_both_dialects_of_limit_headers(ada):
    answer = ada.post("/generate", SONG)
    assert (10, 60) in [(p["q"], p["w"]) for _, p in parse_list(answer.headers["RateLimit-Policy"])]
    assert "X-RateLimit-Limit" in answer.headers


def test_the_env_file_sets_the_default_limit(musicgen):
    gateway = musicgen()
    with gateway.client() as client:
        statuses = [client.get("/page/page.css").status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]


def test_the_environment_wins_over_the_env_file_and_exempt_paths_over_both(musicgen):
    gateway = musicgen(env={"RATE_LIMIT_PER_MINUTE": "3"})
    with gateway.client() as client:
        statuses = [client.get("/page/page.css").status_code for _ in range(4)]
        for path in ("/health", "/docs", "/openapi.json"):
            assert [client.get(path).status_code for _ in range(5)] == [200] * 5
    assert statuses == [200] * 3 + [429]


def test_limits_can_be_switched_off(musicgen):
    person = Visitor(musicgen(env={"RATE_LIMIT_ENABLED": "false"})).register()
    assert [person.post("/generate", SONG).status_code for _ in range(15)] == [200] * 15


# --- headers, origins, hosts, bodies

def test_security_headers_are_on_every_answer(example):
    for answer in (example.get("/health"), example.get("/nowhere"), example.request("POST", "/generate", content=b"{")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_documentation_page_may_load_its_scripts(example):
    answer = example.get("/docs")
    assert answer.status_code == 200 and "swagger-ui" in answer.text
    assert "https://cdn.jsdelivr.net" in answer.headers["Content-Security-Policy"]


def test_the_allowed_origin_may_call_and_another_may_not(example, ada):
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type, x-csrf-token"}
    allowed = example.request("OPTIONS", "/generate", headers={"Origin": ORIGIN, **preflight})
    assert allowed.status_code in (200, 204)
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert allowed.headers["Access-Control-Allow-Credentials"] == "true"
    refused = example.request("OPTIONS", "/generate", headers={"Origin": "https://evil.example", **preflight})
    assert refused.status_code == 403
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert ada.post("/generate", SONG, headers={"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"}).status_code == 200


def test_a_body_over_the_routes_limit_is_refused(example):
    assert example.request("POST", "/generate", content=b"x" * (64 * 1024 + 1)).status_code == 413


def test_the_applications_own_refusals_come_through(ada):
    answer = ada.post("/generate", {"prompt": ""})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "prompt"]


def test_an_unknown_host_is_refused(example):
    assert example.get("/health", headers={"Host": "evil.example"}).status_code == 400
