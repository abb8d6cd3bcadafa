"""The StreamForge example as it is shipped: its own application, gatehouse.yaml and .env.example, two nodes of it with a
PostgreSQL by TLS and a Redis, made by the commands of its README."""
import itertools
import os
import pathlib
import re
import shutil
import tempfile

import httpx
import pytest

from support.application import Application
from support.client import PLAIN
from support.gateway import ROOT, run
from support.readme import blocks, perform
from support.servers import Authorities, PostgreSQL, Redis
from support.structured_fields import parse_list
from support.timing import eventually, guard

EXAMPLE = ROOT / "examples" / "streamforge"
README = (EXAMPLE / "README.md").read_text()
SECRETS, POSTGRESQL, REDIS, CHECK, START = range(1, 6)  # blocks of the README; 0 installs packages
ORIGIN = "https://app.streamforge.example"


class Place:
    """The folder of the example, with a PostgreSQL and a Redis that are as Debian's are at first."""

    def __init__(self):
        # Not in pytest's folder: PostgreSQL's user does not get there.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gh-streamforge-", dir="/tmp")) / "streamforge"
        shutil.copytree(EXAMPLE, self.folder, ignore=shutil.ignore_patterns(".env", "gatehouse-data*", "__pycache__", "secrets", "*.pem",
                                                                            "*.key"))
        self.postgresql, self.redis = PostgreSQL(), Redis()
        self.ports = {"localhost:5432": f"localhost:{self.postgresql.port}", "localhost:6379": f"localhost:{self.redis.port}"}
        psql = f"psql -h {self.postgresql.folder} -p {self.postgresql.port} -U postgres"
        self.replace = {"sudo -u postgres psql": psql, "sudo ": "", "redis-cli": f"redis-cli -p {self.redis.port}"}
        if os.geteuid() != 0:
            self.replace["-o postgres -g postgres "] = ""
        self.perform(SECRETS)
        env = self.folder / ".env"
        text = env.read_text()
        for old, new in self.ports.items():
            assert old in text
            text = text.replace(old, new)
        env.write_text(text)
        self.perform(POSTGRESQL)
        eventually(lambda: self.postgresql.execute("SHOW ssl") == [("on",)], "TLS is on")
        self.perform(REDIS)

    def perform(self, *numbers, more=None):
        steps = [step for number in numbers for step in blocks(README)[number]]
        return perform(steps, self.folder, {**self.replace, **(more or {})})

    def close(self):
        self.postgresql.close()
        self.redis.close()
        shutil.rmtree(self.folder.parent)


@pytest.fixture(scope="module")
def application():
    application = Application("app:app", EXAMPLE)
    yield application
    application.close()


@pytest.fixture(scope="module")
def place():
    place = Place()
    yield place
    place.close()


def serve(start, application, place, number, **env):
    return start(False, upstream=application, args=["-c", "gatehouse.yaml"], folder=place.folder,
                 env={"GATEHOUSE_DATA_FOLDER": "gatehouse-data" + (f"-{number}" if number > 1 else ""), **env})


@pytest.fixture(scope="module")
def nodes(shared_gatehouse, application, place):
    """Two, that believe X-Forwarded-For: every test comes from addresses of its own."""
    assert "0 warnings" in place.perform(CHECK)[0].output
    return [serve(shared_gatehouse, application, place, i, TRUSTED_PROXIES="127.0.0.1") for i in (1, 2)]


def operator(place, *words):
    done = run(*words, cwd=place.folder, env={"GATEHOUSE_DATA_FOLDER": "gatehouse-data"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def keys(nodes, place):
    """A key of each role, and one of nobody's."""
    made = {}
    for role in ("dashboard", "ingest"):
        operator(place, "user", "add", f"keys.{role}", "--role", role, "--no-password")
        made[role] = operator(place, "key", "create", f"keys.{role}", "--name", "test")
    return made


def addresses():
    return (f"198.51.{n >> 8}.{n & 255}" for n in itertools.count(1))


_addresses = addresses()


class Client:
    """An address; asks both nodes in turn."""

    def __init__(self, nodes, key=None):
        headers = {"Host": "localhost", "X-Forwarded-For": next(_addresses), **({"X-API-Key": key} if key else {})}
        self.http = itertools.cycle([httpx.Client(base_url=n.base_url, **PLAIN, timeout=guard(30), headers=headers) for n in nodes])

    def get(self, path="/metrics/overview", **kwargs):
        return next(self.http).get(path, **kwargs)

    def post(self, path, body, **kwargs):
        return next(self.http).post(path, json=body, **kwargs)

    def login(self, username="viewer_1", password="paper lanterns drift", **more):
        return self.post("/auth/login", {"username": username, "password": password, **more})


# --- as it is shipped

def test_every_command_of_the_readme(gatehouse, application):
    place = Place()
    try:
        first, second = (serve(gatehouse, application, place, i) for i in (1, 2))
        done = place.perform(*range(START + 1, len(blocks(README))),
                             more={"localhost:8080": f"localhost:{first.port}", "localhost:8081": f"localhost:{second.port}"})
        codes = re.findall(r"^\d{3}$", next(step.output for step in done if "seq 50" in step.text), re.M)
        assert codes == ["200"] * 98 + ["429"] * 2
        assert "key" in done[-1].output and "ERROR" not in done[-1].output
        first.stop()
        second.stop()
    finally:
        place.close()


def test_the_commands_that_start_it_are_the_ones_tested_here():
    found = blocks(README)
    assert found[CHECK] == ["gatehouse check -c gatehouse.yaml"]
    assert found[START] == ["/usr/bin/python3 -m uvicorn --port 8000 app:app &\ngatehouse serve -c gatehouse.yaml &\n"
                            "GATEHOUSE_DATA_FOLDER=gatehouse-data-2 gatehouse serve -c gatehouse.yaml --listen 127.0.0.1:8081 "
                            "--admin 127.0.0.1:9081"]


def test_the_shipped_files_hold_no_secret():
    for file in EXAMPLE.iterdir():
        assert file.name in {"README.md", "app.py", "gatehouse.yaml", ".env.example"} or file.name.startswith("__"), file
    values = dict(re.findall(r"^(\w+)=(.*)$", (EXAMPLE / ".env.example").read_text(), re.M))
    assert {n for n in values if "SECRET" in n or "PASSWORD" in n} == {"SECRET_KEY_FILE", "POSTGRESQL_PASSWORD_FILE", "REDIS_PASSWORD_FILE"}
    assert "sslmode=verify-full" in values["POSTGRESQL_URL"] and "@" in values["REDIS_URL"] and ":" not in values["REDIS_URL"][8:].split("@")[0]


# --- 100 a minute

def test_a_hundred_a_minute_at_all_nodes_together(nodes, keys):
    client, other = Client(nodes, keys["dashboard"]), Client(nodes, keys["dashboard"])
    answers = [client.get() for _ in range(102)]
    assert [a.status_code for a in answers] == [200] * 100 + [429] * 2
    assert ("overview", 100, 60) in {(name, p["q"], p["w"]) for name, p in parse_list(answers[0].headers["RateLimit-Policy"])}
    body = answers[-1].json()
    assert body["error"] == "rate_limit_exceeded" and body["violated-policies"] == ["overview"]
    assert 1 <= body["retry_after"] == int(answers[-1].headers["Retry-After"]) <= 68
    assert other.get().status_code == 200, "another address has its own"


def test_what_is_refused_for_its_key_uses_nothing_up(nodes, keys):
    client = Client(nodes)
    assert {client.get().status_code for _ in range(20)} == {401}
    answer = client.get(headers={"X-API-Key": keys["dashboard"]})
    assert {name: p["r"] for name, p in parse_list(answer.headers["RateLimit"])}["overview"] == 99


# --- API keys

def test_what_a_key_may(nodes, keys):
    event = {"stream": "live_1", "kind": "play"}
    for _ in nodes:
        reads, writes, nobody = Client(nodes, keys["dashboard"]), Client(nodes, keys["ingest"]), Client(nodes)
        assert reads.get().status_code == 200
        assert reads.post("/events", event).json()["error"] == "permission_required"
        taken = writes.post("/events", event)
        assert taken.status_code == 202 and re.fullmatch("[0-9a-z]{13}", taken.json()["by"])
        assert writes.get().json()["error"] == "permission_required"
        assert nobody.get().json()["error"] == "credentials_required" and nobody.get().status_code == 401
        wrong = Client(nodes, keys["dashboard"][:-1] + ("a" if keys["dashboard"][-1] != "a" else "b")).get()
        assert wrong.status_code == 401 and wrong.json()["error"] == "api_key_invalid"


def test_nobody_says_by_which_key_he_comes(nodes, keys):
    taken = Client(nodes, keys["ingest"]).post("/events", {"stream": "s", "kind": "stop"}, headers={"X-Gatehouse-Key": "forged"})
    assert taken.status_code == 202 and taken.json()["by"] != "forged"


def test_a_revoked_key_is_refused_at_all_nodes(nodes, place):
    operator(place, "user", "add", "leaver", "--role", "dashboard", "--no-password")
    key = operator(place, "key", "create", "leaver", "--name", "old")
    clients = [Client([node], key) for node in nodes]
    assert [c.get().status_code for c in clients] == [200] * 2
    operator(place, "user", "disable", "leaver")
    assert clients[0].get().status_code == 401
    eventually(lambda: clients[1].get().status_code == 401, "the other node knows")


def test_nobody_makes_accounts_or_signs_in_at_gatehouse(nodes):
    client = Client(nodes)
    for path in ("register", "login", "refresh", "keys", "devices"):
        assert client.post(f"/api/auth/{path}", {"username": "a", "password": "b"}).status_code == 404, path


# --- the login's schema

NAMES_REFUSED = ["", "ab", "a" * 51, "a b c", "viewer-1", "vi\u00e9wer", "viewer_1\n", "' OR 1=1 --", 'x"; DROP TABLE viewer', "<b>bold</b>", 7, None, ["viewer_1"]]
NAMES_ALLOWED = ["abc", "a" * 50, "viewer_1", "___", "123"]


def test_the_login_is_the_applications(nodes):
    client = Client(nodes)
    answer = client.login()
    assert answer.status_code == 200 and answer.json()["viewer"] == "viewer_1" and len(answer.json()["ticket"]) >= 32
    wrong = client.login(password="paper lanterns sink")
    assert wrong.status_code == 401 and wrong.json() == {"detail": "Wrong name or password."}
    assert client.login(username="nobody_at_all").json() == wrong.json()


@pytest.mark.parametrize("name", NAMES_REFUSED, ids=repr)
def test_names_that_no_login_has(nodes, name):
    answer = Client(nodes).login(username=name)
    assert answer.status_code == 422
    assert {e["pointer"] for e in answer.json()["errors"]} == {"#/username"} and all(e["detail"] for e in answer.json()["errors"])


@pytest.mark.parametrize("name", NAMES_ALLOWED)
def test_names_that_one_may_have(nodes, name):
    assert Client(nodes).login(username=name, password="x" * 128).status_code == 401


def test_passwords_and_members(nodes):
    client = Client(nodes)
    for password in ("", "1234567", "x" * 129, None, 12345678):
        answer = client.login(password=password)
        assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "#/password"
    assert client.login(admin=True).json()["errors"][0]["type"] == "extra_forbidden"
    client = Client(nodes)
    missing = client.post("/auth/login", {}).json()["errors"]
    assert {(e["pointer"], e["type"]) for e in missing} == {("#/username", "missing"), ("#/password", "missing")}
    assert next(client.http).post("/auth/login", data={"username": "viewer_1", "password": "paper lanterns drift"}).status_code == 415


def test_ten_logins_a_minute_whatever_comes_of_them(nodes):
    client = Client(nodes)
    assert [client.login(password=f"guess {i:03}").status_code for i in range(12)] == [401] * 10 + [429] * 2


# --- hosts, origins, headers

@pytest.mark.parametrize("host, status", [
    ("api.streamforge.example", 200), ("eu.streamforge.example", 200), ("localhost", 200), ("API.STREAMFORGE.EXAMPLE:8443", 200),
    ("streamforge.example", 400), ("evil.example", 400), ("streamforge.example.evil.example", 400), ("evilstreamforge.example", 400)])
def test_hosts(nodes, host, status):
    answer = Client(nodes).get("/health", headers={"Host": host})
    assert answer.status_code == status and (status == 200 or answer.json()["error"] == "host_not_allowed")


def preflight(nodes, origin, method="GET", headers="x-api-key", path="/metrics/overview"):
    return next(Client(nodes).http).options(path, headers={"Origin": origin, "Access-Control-Request-Method": method,
                                                           "Access-Control-Request-Headers": headers})


def test_origins_are_exact(nodes, keys):
    answer = preflight(nodes, ORIGIN)
    assert answer.status_code in (200, 204) and answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Max-Age"] == "3600" and answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert preflight(nodes, "https://streamforge.example").status_code in (200, 204)
    for origin in ("http://app.streamforge.example", "https://app.streamforge.example:8443", "https://evil.example", "null",
                   "https://app.streamforge.example.evil.example", "https://xapp.streamforge.example", "*"):
        refused = preflight(nodes, origin)
        assert refused.status_code == 403 and "Access-Control-Allow-Origin" not in refused.headers, origin
    assert preflight(nodes, ORIGIN, "DELETE").status_code == 403
    assert preflight(nodes, ORIGIN, headers="x-other").status_code == 403
    client = Client(nodes, keys["dashboard"])
    assert client.get(headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in client.get(headers={"Origin": "https://evil.example"}).headers


def test_security_headers(nodes, keys):
    for answer in (Client(nodes, keys["dashboard"]).get(), Client(nodes).get(), Client(nodes).get("/nothing"), Client(nodes).login(username="")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-XSS-Protection"] == "0"


# --- PostgreSQL by TLS, and what it is called by

def test_the_records_travel_by_tls_and_by_nothing_else(nodes, place):
    rows = place.postgresql.execute("SELECT a.usename, s.ssl, s.version FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) "
                                    "WHERE a.datname = 'streamforge' AND a.client_addr IS NOT NULL")
    assert rows and {(name, tls) for name, tls, _ in rows} == {("gatehouse_service", True)}
    assert {version for *_, version in rows} <= {"TLSv1.2", "TLSv1.3"}
    password = (place.folder / "secrets" / "postgresql_password").read_text().strip()
    with pytest.raises(Exception, match="no pg_hba.conf entry|no encryption"):
        place.postgresql.connect("streamforge", "gatehouse_service", host="127.0.0.1", password=password, sslmode="disable")


@pytest.mark.parametrize("wrong, words", [("authority", "certificate"), ("name", "certificate"), ("expired", "expired")])
def test_a_server_that_can_not_prove_who_it_is_gets_nothing(gatehouse, application, nodes, place, tmp_path, wrong, words):
    """A node that comes to it says so and lets nobody in; those that are there already are not concerned."""
    certificates = Authorities(tmp_path)
    shutil.copy(certificates.ca, place.folder / "other-ca.pem")
    server = PostgreSQL(tls=certificates.server(wrong))
    try:
        url = f"postgresql://gatehouse_service@localhost:{server.port}/streamforge?sslmode=verify-full"
        node = gatehouse(False, upstream=application, args=["-c", "gatehouse.yaml"], folder=place.folder, ready=False,
                         env={"GATEHOUSE_DATA_FOLDER": f"gatehouse-data-{wrong}", "POSTGRESQL_URL": url, "POSTGRESQL_CA_FILE": "other-ca.pem"})
        eventually(lambda: words in node.output(), lambda: f"{words} is named:\n{node.output()}")
        assert (place.folder / "secrets" / "postgresql_password").read_text().strip() not in node.output()
        node.process.kill()
        node.wait()
    finally:
        server.close()

