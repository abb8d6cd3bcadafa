"""Configuration: where values come from, which ones are refused, and how that is said."""
import os
import re
import socket

import pytest

from support.gateway import run
from support.ports import free_port

UPSTREAM = "upstreams: [{name: api, servers: ['http://127.0.0.1:8000']}]\n"


def check(folder, text, env=None, name="gatehouse.yaml"):
    (folder / name).write_text(text)
    return run("check", "-c", name, cwd=folder, env=env)


def errors_of(done):
    """[(file, line, column, text)] of all errors."""
    found = re.findall(r"^(\S+?):(\d+):(\d+): error: (.*)$", done.stdout + done.stderr, re.M)
    return [(f, int(l), int(c), t) for f, l, c, t in found]


def is_refused(done, *words):
    assert done.returncode == 2, done.stdout + done.stderr
    for word in words:
        assert word in done.stdout + done.stderr


def test_a_good_file_passes(tmp_path):
    done = check(tmp_path, UPSTREAM)
    assert done.returncode == 0, done.stderr


def test_all_errors_are_reported_with_their_place(tmp_path):
    done = check(tmp_path, UPSTREAM + "server:\n  workers: many\n  drain_timeout: 5 parsecs\n"
                 "limits:\n  body: 10MB2\nheaders:\n  profile: pretty\n")
    is_refused(done)
    assert [(f, line) for f, line, _, _ in errors_of(done)] == [("gatehouse.yaml", n) for n in (3, 4, 6, 8)]
    assert all(column > 1 for _, _, column, _ in errors_of(done))


@pytest.mark.parametrize("text,line,wrong,near", [
    ("ratelimits: {}\n", 2, "ratelimits", "rate_limits"),
    ("rate_limits:\n  exempt_path: [/a]\n", 3, "exempt_path", "exempt_paths"),
    ("rate_limits:\n  rules:\n    - name: a\n      limit: [1/minute]\n", 5, "limit", "limits"),
    ("server:\n  worker: 1\n", 3, "worker", "workers"),
    ("routes:\n  - name: a\n    path: /a\n    headers:\n      frame_option: DENY\n", 6, "frame_option", "frame_options"),
    ("cors:\n  origin: [https://a.example]\n", 3, "origin", "origins")])
def test_an_unknown_key_is_an_error_and_the_nearest_name_is_told(tmp_path, text, line, wrong, near):
    done = check(tmp_path, UPSTREAM + text)
    is_refused(done)
    found = [e for e in errors_of(done) if f'"{wrong}"' in e[3] and near in e[3]]
    assert [e[1] for e in found] == [line], done.stderr


def test_serve_refuses_the_same_with_the_same_words(gatehouse):
    gateway = gatehouse(UPSTREAM + "server:\n  worker: 1\n", ready=False)
    assert gateway.wait() == 2
    assert "gatehouse.yaml:3:3: error:" in gateway.stderr() and "workers" in gateway.stderr()


@pytest.mark.parametrize("text", [
    "server: [\n", "server: {workers: 1\n", "\tserver: {}\n", "server: {}\nserver: {}\n", "- a\n", "just text\n", "a: &x [*x]\n", "!!python/object:os.system {}\n",
    "server: *unknown\n", "\0", "server:\n  workers: [1]\n", "server: 5\n", "rate_limits: {rules: {}}\n", "upstreams: yes\n", "hosts: {allowed: {a: b}}\n"])
def test_what_is_no_configuration_is_refused(tmp_path, text):
    (tmp_path / "gatehouse.yaml").write_text(text)
    done = run("check", "-c", "gatehouse.yaml", cwd=tmp_path)
    is_refused(done)
    assert re.search(r"^gatehouse\.yaml(:\d+:\d+)?: error: .", done.stderr, re.M), done.stderr


def test_a_bomb_of_aliases_does_no_harm(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    is_refused(check(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize("text,words", [
    ("timeouts: {client_head: -1s}\n", "client_head"), ("timeouts: {client_head: 0s}\n", "client_head"),
    ("limits: {fields: 0}\n", "fields"), ("limits: {head: 1}\n", "head"), ("limits: {body: 99999999999GiB}\n", "body"),
    ("limits: {head: 16 kilos}\n", "head"), ("server: {listen: [nowhere]}\n", "listen"), ("server: {listen: ['127.0.0.1:99999']}\n", "listen"),
    ("server: {workers: -1}\n", "workers"), ("server: {workers: 100000}\n", "workers"), ("server: {proxy_protocol: v3}\n", "proxy_protocol"),
    ("profile: staging\n", "profile"), ("client_address: {trusted_proxies: [10.0.0.0/33]}\n", "trusted_proxies"),
    ("client_address: {trusted_proxies: [10.0.0]}\n", "trusted_proxies"), ("client_address: {trusted_proxies: [10.0.0.1/8]}\n", "trusted_proxies"),
    ("client_address: {source: cookie}\n", "source"), ("methods: {allowed: [GET, 'B AD']}\n", "methods"), ("methods: {allowed: []}\n", "methods"),
    ("methods: {allowed: [TRACE]}\n", "TRACE"), ("methods: {allowed: [CONNECT]}\n", "CONNECT"),
    ("hosts: {allowed: ['a.*.example']}\n", "allowed"), ("hosts: {allowed: ['http://a.example']}\n", "allowed"),
    ("rate_limits: {rules: [{name: a, limits: [10/parsec]}]}\n", "limits"), ("rate_limits: {rules: [{name: a, limits: [0/minute]}]}\n", "limits"),
    ("rate_limits: {rules: [{name: a}]}\n", "limits"), ("rate_limits: {rules: [{limits: [1/minute]}]}\n", "name"),
    ("rate_limits: {rules: [{name: a, limits: [1/minute]}, {name: a, limits: [2/minute]}]}\n", "a"),
    ("rate_limits: {rules: [{name: a, scope: header, limits: [1/minute]}]}\n", "header"),
    ("rate_limits: {rules: [{name: a, scope: moon, limits: [1/minute]}]}\n", "scope"),
    ("rate_limits: {rules: [{name: a, paths: [generate], limits: [1/minute]}]}\n", "paths"),
    ("rate_limits: {rules: [{name: a, weight: 5, limits: [4/minute]}]}\n", "weight"),
    ("routes: [{name: a, path: /a, upstream: nobody}]\n", "nobody"), ("routes: [{name: a, path: /a}, {name: a, path: /b}]\n", "a"),
    ("routes: [{name: a, path: '/**/b'}]\n", "path"), ("routes: [{name: a, path: '/a{b'}]\n", "path"),
    ("headers: {frame_options: \"a\\nb\"}\n", "frame_options"), (f"headers: {{content_security_policy: '{'a' * 5000}'}}\n", "too long"),
    (f"routes: [{{name: a, path: /a, headers: {{content_security_policy: '{'a' * 5000}'}}}}]\n", "too long"),
    ("cors: {enabled: true}\n", "origins"),
    ("log: {format: xml}\n", "format")])
def test_values_that_can_not_work_are_refused(tmp_path, text, words):
    is_refused(check(tmp_path, UPSTREAM + text), words)


@pytest.mark.parametrize("text,words", [
    ("", "upstream"), ("upstreams: []\n", "upstream"), ("upstreams: [{name: api}]\n", "servers"), ("upstreams: [{name: api, servers: []}]\n", "servers"),
    ("upstreams: [{servers: ['http://127.0.0.1:1']}]\n", "name"), ("upstreams: [{name: a, servers: ['127.0.0.1:1']}]\n", "servers"),
    ("upstreams: [{name: a, servers: ['https://127.0.0.1:1']}]\n", "https"), ("upstreams: [{name: a, servers: ['http://127.0.0.1:0']}]\n", "servers"),
    ("upstreams: [{name: a, servers: ['http://u:p@127.0.0.1']}]\n", "servers"), ("upstreams: [{name: a, servers: ['http://127.0.0.1/path']}]\n", "servers"),
    ("upstreams: [{name: a, servers: ['unix:']}]\n", "servers"),
    ("upstreams: [{name: a, servers: ['http://127.0.0.1:1']}, {name: a, servers: ['http://127.0.0.1:1']}]\n", "a")])
def test_upstreams_that_can_not_work_are_refused(tmp_path, text, words):
    is_refused(check(tmp_path, text), words)


# .env and the environment (R1).

def limit_of(gateway):
    with gateway.client() as client:
        statuses = [client.get("/echo").status_code for _ in range(8)]
    return statuses.count(200)


def test_precedence(gatehouse, app, tmp_path):
    """Environment over .env over YAML over the default."""
    yaml = {"rate_limits": {"default": {"requests": 2, "window": "1h"}}}

    def start(name, dotenv=None, env=None):
        folder = tmp_path / name
        folder.mkdir()
        if dotenv:
            (folder / ".env").write_text(dotenv)
        return gatehouse(yaml, upstream=app, folder=folder, env=env)
    assert limit_of(start("yaml")) == 2
    assert limit_of(start("dotenv", "RATE_LIMIT_PER_MINUTE=3\n")) == 3
    assert limit_of(start("environment", "RATE_LIMIT_PER_MINUTE=3\n", {"RATE_LIMIT_PER_MINUTE": "4"})) == 4


def test_the_command_line_wins(gatehouse, scripted):
    dead, alive = f"http://127.0.0.1:{free_port()}", scripted()
    port = free_port()
    gateway = gatehouse({"server": {"listen": [f"127.0.0.1:{port}"]}, "upstreams": [{"name": "api", "servers": [dead]}]}, ready=False)
    gateway.process.kill()
    gateway.wait()
    gateway = gatehouse(False, upstream=alive, folder=gateway.folder, args=["-c", "gatehouse.yaml"])
    assert gateway.get("/").status_code == 200


@pytest.mark.parametrize("text,limit", [
    ("RATE_LIMIT_PER_MINUTE=3", 3), ("export RATE_LIMIT_PER_MINUTE=3", 3), ("RATE_LIMIT_PER_MINUTE='3'", 3), ('RATE_LIMIT_PER_MINUTE="3"', 3),
    ("# a comment\n\nRATE_LIMIT_PER_MINUTE=3 # three\n", 3), ("RATE_LIMIT_PER_MINUTE=3\r\n", 3),
    ("OTHER_PROGRAMS_VARIABLE=x\nRATE_LIMIT_PER_MINUTE=3", 3)])
def test_env_file_spellings(gatehouse, app, tmp_path, text, limit):
    (tmp_path / "values.env").write_text(text)
    assert limit_of(gatehouse({}, upstream=app, args=["--env-file", tmp_path / "values.env"])) == limit


def test_an_env_file_that_is_named_must_be_there(gatehouse, app):
    gateway = gatehouse({}, upstream=app, args=["--env-file", "missing.env"], ready=False)
    assert gateway.wait() == 2 and "missing.env" in gateway.stderr()


@pytest.mark.parametrize("text,line", [("RATE_LIMIT_PER_MINUTE=many\n", 1), ("A=b\nno assignment\n", 2), ("RATE_LIMIT_PER_MINUTE='3\n", 1)])
def test_errors_in_the_env_file_have_a_place(tmp_path, text, line):
    (tmp_path / ".env").write_text(text)
    done = check(tmp_path, UPSTREAM)
    is_refused(done)
    assert (errors_of(done)[0][0], errors_of(done)[0][1]) == (".env", line)


def test_errors_in_the_environment_are_told_by_name(tmp_path):
    is_refused(check(tmp_path, UPSTREAM, {"RATE_LIMIT_PER_MINUTE": "many"}), "RATE_LIMIT_PER_MINUTE")
    is_refused(check(tmp_path, UPSTREAM, {"GATEHOUSE_SERVER_WORKRES": "2"}), "GATEHOUSE_SERVER_WORKRES", "GATEHOUSE_SERVER_WORKERS")


def test_every_setting_has_an_environment_name(gatehouse, scripted):
    env = {"GATEHOUSE_LIMITS_BODY": "10", "GATEHOUSE_METHODS_ALLOWED": "GET,POST", "GATEHOUSE_HEADERS_FRAME_OPTIONS": "SAMEORIGIN"}
    gateway = gatehouse({}, upstream=scripted(), env=env)
    assert gateway.request("POST", "/", content=b"x" * 11).status_code == 413
    assert gateway.request("DELETE", "/").status_code == 405
    assert gateway.get("/").headers["X-Frame-Options"] == "SAMEORIGIN"


# Secrets.

SECRET = "0123456789abcdef0123456789abcdef"


def test_a_secret_may_be_missing_but_not_short(tmp_path):
    assert check(tmp_path, UPSTREAM).returncode == 0
    assert check(tmp_path, UPSTREAM, {"SECRET_KEY": SECRET}).returncode == 0
    done = check(tmp_path, UPSTREAM, {"SECRET_KEY": SECRET[:31]})
    is_refused(done, "32")
    assert SECRET[:31] not in done.stdout + done.stderr, "a secret must not be printed"


def test_secrets_from_files(tmp_path):
    (tmp_path / "key").write_text(SECRET + "\n")
    assert check(tmp_path, UPSTREAM, {"SECRET_KEY_FILE": str(tmp_path / "key")}).returncode == 0
    (tmp_path / "short").write_text("short\n")
    is_refused(check(tmp_path, UPSTREAM, {"SECRET_KEY_FILE": str(tmp_path / "short")}), "32")
    is_refused(check(tmp_path, UPSTREAM, {"SECRET_KEY_FILE": str(tmp_path / "missing")}), "missing")
    is_refused(check(tmp_path, UPSTREAM, {"SECRET_KEY_FILE": str(tmp_path / "key"), "SECRET_KEY": SECRET}), "SECRET_KEY")


# Profiles (R6).

PRODUCTION = "profile: production\nhosts: {allowed: [api.example.com]}\n"


def test_production_with_safe_values_passes(tmp_path):
    done = check(tmp_path, UPSTREAM + PRODUCTION)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text,name", [
    ("profile: production\nhosts: {allowed: ['*']}\n", "hosts.allowed"),
    (PRODUCTION + "cors: {enabled: true, origins: ['*']}\n", "cors.origins"),
    (PRODUCTION + "admin: {listen: '0.0.0.0:9080'}\n", "admin.listen")])
def test_production_refuses_what_is_unsafe_by_name(tmp_path, text, name):
    is_refused(check(tmp_path, UPSTREAM + text), name)


# Things of the machine that are not as they should be.

def test_a_port_that_is_taken(gatehouse, app):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        gateway = gatehouse({"server": {"listen": [f"127.0.0.1:{port}"]}}, upstream=app, ready=False)
        assert gateway.wait() == 1
        assert f"127.0.0.1:{port}" in gateway.output()


def test_an_admin_port_that_is_taken(gatehouse, app):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        gateway = gatehouse({"admin": {"listen": f"127.0.0.1:{port}"}}, upstream=app, ready=False)
        assert gateway.wait() == 1
        assert f"127.0.0.1:{port}" in gateway.output()


def test_an_upstream_whose_name_does_not_resolve(gatehouse):
    gateway = gatehouse({}, upstream="http://does-not-exist.invalid:8000", ready=False)
    assert gateway.wait() in (1, 2)
    assert "does-not-exist.invalid" in gateway.output()


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists("/proc/self/fd"), reason="needs /proc")
def test_a_data_folder_that_can_not_be_written(gatehouse, app):
    gateway = gatehouse({"data": {"folder": "/proc/self/fd"}}, upstream=app, ready=False)
    assert gateway.wait() == 1
    assert "/proc/self/fd" in gateway.output()


def test_records_that_can_not_be_opened_are_no_wrong_configuration(tmp_path):
    """A newcomer's script took 2 for "mend the file" and gave up on what another process had open for a moment."""
    text = UPSTREAM + "identity: {enabled: on, deny_by_default: on}\n"
    assert check(tmp_path, text).returncode == 0
    (tmp_path / "gatehouse-data" / "gatehouse.db").mkdir(mode=0o700, parents=True)
    (tmp_path / "gatehouse-data").chmod(0o700)
    done = run("serve", cwd=tmp_path)
    assert done.returncode == 1 and "gatehouse-data" in done.stderr, done.stderr


def test_what_check_finds_wrong_ends_serve_with_the_same_status(tmp_path):
    (tmp_path / "gatehouse-data").write_text("")
    text = UPSTREAM + "identity: {enabled: on, deny_by_default: on}\n"
    for done in (check(tmp_path, text), run("serve", cwd=tmp_path)):
        is_refused(done, "Not a directory")


REDIS_FORM, POSTGRESQL_FORM = "redis://HOST:PORT", "postgresql://user@host:5432/database"
SHARED = UPSTREAM + "identity: {enabled: on, deny_by_default: on}\n"


@pytest.mark.parametrize("name,url,wrong,form", [
    ("REDIS_URL", "http://127.0.0.1:6379", "does not begin with", REDIS_FORM),
    ("REDIS_URL", "redsi://:s3cr3tword@127.0.0.1", "does not begin with", REDIS_FORM),
    ("REDIS_URL", "redis://", "no host", REDIS_FORM), ("REDIS_URL", "redis://:s3cr3tword@/0", "no host", REDIS_FORM),
    ("REDIS_URL", "redis://:s3cr3tword@127.0.0.1:99999", "port", REDIS_FORM),
    ("REDIS_URL", "redis://:s3cr3tword@127.0.0.1:s3cr3tword", "port", REDIS_FORM),
    ("REDIS_URL", "redis://:s3cr3tword@127.0.0.1/65536", "database", REDIS_FORM),
    ("REDIS_URL", "redis://:s3cr3tword@127.0.0.1/zero", "database", REDIS_FORM),
    ("POSTGRESQL_URL", "http://127.0.0.1:5432", "does not begin with", POSTGRESQL_FORM),
    ("POSTGRESQL_URL", "postgersql://u:s3cr3tword@127.0.0.1/d", "does not begin with", POSTGRESQL_FORM),
    ("POSTGRESQL_URL", "postgresql://u:s3cr3tword@127.0.0.1:0/d", "port", POSTGRESQL_FORM),
    ("POSTGRESQL_URL", "postgresql://u:s3cr3tword@127.0.0.1:65536/d", "port", POSTGRESQL_FORM),
    ("POSTGRESQL_URL", "postgresql://u:s3cr3tword@127.0.0.1:s3cr3tword/d", "port", POSTGRESQL_FORM),
    ("POSTGRESQL_URL", "postgresql://u:s3cr3tword@[::1/d", "can't be read", POSTGRESQL_FORM),
    ("POSTGRESQL_URL", "postgresql://u:s3cr3tword@127.0.0.1/d?sslmod=off", "can't be read", POSTGRESQL_FORM)])
def test_a_url_of_another_server_that_is_none_is_refused_by_check_and_serve(tmp_path, name, url, wrong, form):
    env = {"SECRET_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0", name: url}
    setting = name.lower().replace("_", ".")
    for done in (check(tmp_path, SHARED, env), run("serve", cwd=tmp_path, env=env)):
        is_refused(done, f"environment: error: {setting}", wrong, form)
        assert done.stderr.count(f"{setting}:") <= 1, "a prefix is said once"
        assert "s3cr3tword" not in done.stdout + done.stderr
    del env[name]
    (tmp_path / ".env").write_text(f"# a comment\n{name}={url}\n")
    is_refused(check(tmp_path, SHARED, env), f".env:2:1: error: {setting}")


@pytest.mark.parametrize("profile", ["development", "production"])
@pytest.mark.parametrize("name,url,warned", [
    ("REDIS_URL", "redis://:s3cr3tword@redis.example", "no TLS"), ("REDIS_URL", "rediss://redis.example", None),
    ("REDIS_URL", "redis://127.0.0.1", None), ("REDIS_URL", "redis://[::1]:6379/1", None),
    ("POSTGRESQL_URL", "postgresql://u:s3cr3tword@db.example/d?sslmode=require", "sslmode=verify-full is safe"),
    ("POSTGRESQL_URL", "postgresql://u:s3cr3tword@db.example/d?sslmode=verify-ca", "sslmode=verify-full is safe"),
    ("POSTGRESQL_URL", "postgresql://u@db.example/d", None), ("POSTGRESQL_URL", "postgresql://u@127.0.0.1/d?sslmode=disable", None)])
def test_check_warns_of_another_machine_that_is_reached_without_care(tmp_path, profile, name, url, warned):
    env = {"SECRET_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f1", name: url}
    done = check(tmp_path, SHARED + f"profile: {profile}\nhosts: {{allowed: [api.example]}}\ndata: {{folder: d}}\n", env)
    said = [line for line in done.stderr.splitlines() if "environment: warning:" in line and "safe" in line]
    assert done.returncode == 0 and len(said) == (warned is not None), done.stderr
    assert warned is None or warned in said[0]
    assert "s3cr3tword" not in done.stdout + done.stderr


def test_a_log_file_that_can_not_be_opened(gatehouse, app):
    gateway = gatehouse({"log": {"file": "/nowhere/at/all.log"}}, upstream=app, ready=False)
    assert gateway.wait() in (1, 2)
    assert "/nowhere/at/all.log" in gateway.output()


def test_a_configuration_file_that_is_missing(tmp_path):
    is_refused(run("check", "-c", "missing.yaml", cwd=tmp_path), "missing.yaml")
    assert run("serve", "-c", "missing.yaml", cwd=tmp_path).returncode == 2


def test_nothing_at_all_is_told_what_to_do(tmp_path):
    done = run("serve", cwd=tmp_path)
    assert done.returncode == 2
    assert "http://127.0.0.1:8000" in done.stderr or "gatehouse init" in done.stderr, done.stderr
