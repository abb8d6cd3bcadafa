"""The command line: help, check, init, demo and the rest, and their exit statuses."""
import fcntl
import os
import re
import secrets

import pytest

from support import message
from support.gateway import ROOT, run
from support.message import get
from support.ports import free_port
from support.timing import eventually

COMMANDS = ["serve", "demo", "init", "check", "pipeline", "openapi", "reference", "version", "health"]
UPSTREAM = "upstreams: [{name: api, servers: ['http://127.0.0.1:8000']}]\n"


@pytest.mark.parametrize("argument", ["--help", "-h"])
def test_help_names_every_command(tmp_path, argument):
    done = run(argument, cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    for command in COMMANDS:
        assert re.search(rf"^\s+{command}\b", done.stdout, re.M), command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(tmp_path, command):
    done = run(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert f"gatehouse {command}" in done.stdout


def test_without_a_command_it_says_what_there_is(tmp_path):
    done = run(cwd=tmp_path)
    assert done.returncode == 2 and "serve" in done.stderr


@pytest.mark.parametrize("arguments,words", [
    (["serv"], "serve"), (["--nonsense"], "--nonsense"), (["serve", "--lisen", "x"], "--listen"), (["check", "--config"], "--config"),
    (["serve", "http://a:1", "http://b:1"], "http://b:1"), (["version", "--what"], "--what"), (["init", "--for", "cobol"], "cobol"),
    (["serve", "ftp://a"], "ftp://a"), (["serve", "http://127.0.0.1:1", "--listen", "nowhere"], "nowhere")])
def test_wrong_usage_is_status_2_and_says_what_was_wrong(tmp_path, arguments, words):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [["version"], ["--version"]])
def test_version(tmp_path, arguments):
    done = run(*arguments, cwd=tmp_path)
    version = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text()).group(1)
    assert done.returncode == 0 and version in done.stdout


def test_check(tmp_path):
    (tmp_path / "good.yaml").write_text(UPSTREAM)
    (tmp_path / "bad.yaml").write_text(UPSTREAM + "serverr: {}\n")
    assert run("check", "-c", "good.yaml", cwd=tmp_path).returncode == 0
    done = run("check", "-c", "bad.yaml", cwd=tmp_path)
    assert done.returncode == 2 and "bad.yaml:2:1: error:" in done.stderr + done.stdout


@pytest.mark.parametrize("url,warned", [("redis://cache.internal", True), ("redis://:hunter22@10.0.0.1:6379/2", True),
                                        ("rediss://cache.internal", False), ("redis://127.0.0.1", False), ("unix:///run/redis.sock", False)])
def test_check_warns_of_a_redis_elsewhere_without_tls(tmp_path, url, warned):
    (tmp_path / "gatehouse.yaml").write_text(UPSTREAM)
    done = run("check", cwd=tmp_path, env={"SECRET_KEY": secrets.token_hex(32), "REDIS_URL": url})
    assert done.returncode == 0, done.stderr
    assert ("redis.url names another machine and no TLS" in done.stderr) == warned, done.stderr
    assert "hunter22" not in done.stdout + done.stderr


def test_check_looks_at_the_data_folder_as_serve_does(tmp_path):
    (tmp_path / "gatehouse.yaml").write_text(UPSTREAM + "identity: {enabled: on, deny_by_default: on}\n")
    data = tmp_path / "gatehouse-data"

    def check(status, words, **kwargs):
        done = run("check", cwd=tmp_path, **kwargs)
        assert done.returncode == status and words in done.stdout + done.stderr, done.stderr

    check(0, "0 warnings")
    assert not data.exists()
    data.mkdir(mode=0o700)
    check(0, "0 warnings")
    data.chmod(0o777)
    check(2, "error: data.folder: gatehouse-data: others may write to this folder")
    data.rmdir()
    data.write_text("")
    check(2, "error: data.folder: gatehouse-data: Not a directory")
    (tmp_path / "gatehouse.yaml").write_text(UPSTREAM + "data: {folder: nowhere/data}\nidentity: {enabled: on, deny_by_default: on}\n")
    check(2, "error: data.folder: nowhere: No such file")


def test_check_finds_the_file_in_the_working_directory(tmp_path):
    (tmp_path / "gatehouse.yaml").write_text("serverr: {}\n")
    assert run("check", cwd=tmp_path).returncode == 2
    (tmp_path / "gatehouse.yaml").write_text(UPSTREAM)
    assert run("check", cwd=tmp_path).returncode == 0


def test_pipeline_shows_the_controls_in_their_order(tmp_path):
    (tmp_path / "gatehouse.yaml").write_text(UPSTREAM + "cors: {enabled: true, origins: ['https://a.example']}\n")
    done = run("pipeline", cwd=tmp_path)
    assert done.returncode == 0
    order = [done.stdout.index(name) for name in ("hosts", "cors", "rate_limits")]
    assert order == sorted(order)


def test_reference_names_every_setting(tmp_path):
    done = run("reference", cwd=tmp_path)
    assert done.returncode == 0
    for name in ("rate_limits.default.requests", "RATE_LIMIT_PER_MINUTE", "SECRET_KEY", "GATEHOUSE_SERVER_WORKERS", "cors.origins",
                 "ALLOWED_ORIGINS", "timeouts.client_head", "client_address.trusted_proxies", "TRUSTED_PROXIES"):
        assert name in done.stdout, name


@pytest.mark.parametrize("kind", ["fastapi", "express", "generic"])
def test_init_writes_a_file_that_passes_check_and_serves(tmp_path, gatehouse, app, kind):
    done = run("init", "--for", kind, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    files = {p.name for p in tmp_path.iterdir()}
    assert "gatehouse.yaml" in files
    checked = run("check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    gateway = gatehouse(False, upstream=app, folder=tmp_path, args=["-c", "gatehouse.yaml"])
    assert gateway.get("/health").status_code == 200


@pytest.mark.parametrize("kind", ["fastapi", "express", "generic"])
def test_identity_as_init_suggests_it_leaves_nothing_open_unsaid(tmp_path, kind):
    assert run("init", "--for", kind, cwd=tmp_path).returncode == 0
    text = (tmp_path / "gatehouse.yaml").read_text().replace("    #require:", "    require:")
    parts = [re.sub(r"(?m)^#(?! )", "", re.sub(r"(?m)^#  ", "  ", part)) if re.search(r"(?m)^#(identity|routes):", part) else part
             for part in text.split("\n\n")]
    (tmp_path / "gatehouse.yaml").write_text("\n\n".join(parts))
    done = run("check", cwd=tmp_path)
    assert done.returncode == 0 and "0 warnings" in done.stdout, done.stdout + done.stderr
    assert "deny_by_default: on" in parts[[p.startswith("# Who is asking") for p in parts].index(True)]
    assert "path: /health" in text and "require: { public: on }" in text


def test_init_for_fastapi_offers_the_contract(tmp_path):
    assert run("init", "--for", "fastapi", cwd=tmp_path).returncode == 0
    text = (tmp_path / "gatehouse.yaml").read_text()
    for line in ("#openapi:", "#  document: upstream:/openapi.json", "#  exempt_paths: [/docs, /redoc, /openapi.json]", "    path: /redoc"):
        assert line in text, line


def test_init_does_not_overwrite(tmp_path):
    (tmp_path / "gatehouse.yaml").write_text("mine")
    done = run("init", "--for", "generic", cwd=tmp_path)
    assert done.returncode in (1, 2) and "gatehouse.yaml" in done.stderr
    assert (tmp_path / "gatehouse.yaml").read_text() == "mine"


def test_init_writes_no_shared_secret(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        assert run("init", "--for", "fastapi", cwd=tmp_path / name).returncode == 0

    def secrets(folder):
        return {line.split("=", 1)[1] for p in folder.iterdir() for line in p.read_text().splitlines()
                if line.startswith("SECRET_KEY=") and line.split("=", 1)[1]}
    assert not secrets(tmp_path / "a") & secrets(tmp_path / "b")


def test_demo_end_to_end(gatehouse, tmp_path):
    gateway = gatehouse(False, command="demo", folder=tmp_path)
    answer = gateway.get("/hello")
    assert answer.status_code == 200 and answer.json()["path"] == "/hello"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with gateway.client() as client:
        statuses = [client.get("/hello").status_code for _ in range(200)]
    assert 429 in statuses and statuses[0] == 200
    assert "curl" in gateway.output(), "the demo tells what to try"


def test_health(gatehouse, scripted):
    upstream = scripted()
    gateway = gatehouse({"upstreams": [{"name": "api", "health": {
        "path": "/", "interval": "200ms", "healthy_after": 1, "unhealthy_after": 1}}]}, upstream=upstream)
    admin = f"127.0.0.1:{gateway.admin_port}"
    done = run("health", "--admin", admin, cwd=gateway.folder)
    assert done.returncode == 0, done.stderr
    assert run("health", cwd=gateway.folder, env={"GATEHOUSE_ADMIN_LISTEN": admin}).returncode == 0
    assert run("health", "--admin", f"127.0.0.1:{free_port()}", cwd=gateway.folder).returncode == 1
    upstream.close()
    eventually(lambda: run("health", "--admin", admin, cwd=gateway.folder).returncode == 1, "unhealthy without its upstream")


def test_serve_needs_nothing_but_an_upstream(gatehouse, app):
    gateway = gatehouse(False, upstream=app)
    assert gateway.get("/health").status_code == 200
    assert gateway.get("/health").headers["X-Frame-Options"] == "DENY"


def test_several_listeners(gatehouse, app):
    port = free_port()
    gateway = gatehouse(False, upstream=app, args=["--listen", f"127.0.0.1:{port}"])
    assert gateway.get("/health").status_code == 200
    assert message.exchange(("127.0.0.1", port), get("/health")).status == 200


def test_a_unix_socket_to_listen_on(gatehouse, app, tmp_path):
    path = str(tmp_path / "front.sock")
    gateway = gatehouse(False, upstream=app, args=["--listen", f"unix:{path}"])
    assert message.exchange(path, get("/health", host="localhost")).status == 200
    gateway.stop()
    assert not (tmp_path / "front.sock").exists()


def test_a_unix_socket_left_by_a_crash_is_no_obstacle(gatehouse, app, tmp_path):
    path = str(tmp_path / "front.sock")
    crashed = gatehouse(False, upstream=app, args=["--listen", f"unix:{path}"])
    crashed.process.kill()
    assert crashed.wait() == -9
    gatehouse(False, upstream=app, args=["--listen", f"unix:{path}"])
    assert message.exchange(path, get("/health", host="localhost")).status == 200


@pytest.mark.parametrize("reader", ["gone", "asleep"])
def test_a_log_that_nobody_reads_stops_nothing(gatehouse, app, reader):
    """Standard output is a pipe: closed at the other end, or full."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    gateway = gatehouse({}, upstream=app, stdout=writing)
    os.close(writing)
    if reader == "gone":
        os.close(reading)
    with gateway.client() as client:
        assert {client.get("/health").status_code for _ in range(100)} == {200}
    if reader == "asleep":
        os.close(reading)
