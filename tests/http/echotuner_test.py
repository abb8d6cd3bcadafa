"""The EchoTuner example as it is shipped: its own application, gatehouse.yaml and .env.example, and the commands of its
README."""
import itertools
import re
import shutil
import time

import httpx
import pytest

from support.application import Application
from support.client import PLAIN
from support.gateway import ROOT, run
from support.readme import blocks, perform
from support.structured_fields import parse_list
from support.timing import guard
from support.visitor import Visitor

EXAMPLE = ROOT / "examples" / "echotuner"
SETUP, START = 1, 2  # blocks of the README; 0 installs packages
WISH = {"prompt": "slow songs for a rainy evening", "session_id": "s-1", "device_id": "phone_1"}


@pytest.fixture(scope="module")
def application():
    application = Application("app:app", EXAMPLE, health="/config/health")
    yield application
    application.close()


def serve(start, application, folder, **kwargs):
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".env", "gatehouse-data", "__pycache__"))
    perform(blocks((EXAMPLE / "README.md").read_text())[SETUP], folder, {})
    return start(False, upstream=application, args=["-c", "gatehouse.yaml"], folder=folder, **kwargs)


@pytest.fixture(scope="module")
def example(shared_gatehouse, application, tmp_path_factory):
    """As it is shipped, and believes X-Forwarded-For: every test comes from addresses of its own."""
    return serve(shared_gatehouse, application, tmp_path_factory.mktemp("example") / "echotuner",
                 env={"TRUSTED_PROXIES": "127.0.0.1"})


@pytest.fixture
def echotuner(gatehouse, application, tmp_path):
    return lambda **kwargs: serve(gatehouse, application, tmp_path / "echotuner", **kwargs)


_addresses = itertools.count(1)


class Client:
    """An address, and the device on it."""

    def __init__(self, gateway, device=True):
        n = next(_addresses)
        self.id = self.token = None
        self.http = httpx.Client(base_url=gateway.base_url, **PLAIN, timeout=guard(30),
                                 headers={"X-Forwarded-For": f"198.51.{n >> 8}.{n & 255}"})
        if device:
            self.begin()
            assert self.confirm().status_code == 200

    def begin(self):
        answer = self.http.post("/api/auth/devices", json={"name": "phone"})
        if answer.status_code == 201:
            self.id, self.token = answer.json()["id"], answer.json()["device_token"]
        return answer

    def confirm(self):
        answer = self.http.post(f"/api/auth/devices/{self.id}", json={"device_token": self.token})
        self.http.cookies.clear()
        return answer

    def send(self, path, body, **headers):
        proof = {"X-Device-Token": self.token} if self.token else {}
        return self.http.post(path, json=body, headers={**proof, **{n.replace("_", "-"): v for n, v in headers.items()}})

    def generate(self, body=None, **headers):
        return self.send("/playlist/generate", WISH if body is None else body, **headers)

    def refine(self, playlist, **headers):
        return self.send("/playlist/refine", {**WISH, "prompt": "more piano", "playlist_id": playlist}, **headers)


def policies(answer):
    return {(name, p["q"], p["w"]) for name, p in parse_list(answer.headers["RateLimit-Policy"])}


# --- as it is shipped

def test_every_command_of_the_readme(application, echotuner):
    gateway = echotuner()
    steps = [step for block in blocks((EXAMPLE / "README.md").read_text())[START + 1:] for step in block]
    done = perform(steps, gateway.folder, {"localhost:8080": f"localhost:{gateway.port}"})
    codes = {words: re.findall(r"^\d{3}$", next(step.output for step in done if words in step.text), re.M)
             for words in ("seq 8", "seq 6")}
    assert codes == {"seq 8": ["200"] * 7 + ["429"], "seq 6": ["200"] * 5 + ["429"]}
    assert {p.name for p in gateway.folder.iterdir()}.isdisjoint({"device.txt", "playlist.txt"})


def test_the_commands_that_start_it_are_the_ones_tested_here():
    _, setup, start, *_ = blocks((EXAMPLE / "README.md").read_text())
    assert start == ["/usr/bin/python3 -m uvicorn --port 8000 app:app &\ngatehouse serve -c gatehouse.yaml"]
    assert "gatehouse check -c gatehouse.yaml" in setup[0]


def test_the_shipped_files_hold_no_secret_and_pass_check():
    assert not re.search(r"^SECRET_KEY=.", (EXAMPLE / ".env.example").read_text(), re.M)
    done = run("check", "-c", "gatehouse.yaml", "--env-file", ".env.example", cwd=EXAMPLE)
    assert done.returncode == 0 and "0 warnings" in done.stdout, done.stdout + done.stderr


def test_the_table_of_the_readme_is_what_is_enforced(example):
    client = Client(example)
    made = client.generate()
    assert ("playlist_generate", 10, 300) in policies(made)
    assert ("playlist_refine", 20, 300) in policies(client.refine(made.json()["playlist_id"]))
    assert ("auth_init", 5, 60) in policies(client.send("/auth/init", {"device_id": "d"}))
    assert ("search", 100, 60) in policies(client.http.get("/search?q=rain"))


# --- device scope

def test_without_a_device(example):
    stranger = Client(example, device=False)
    for path, body in (("/playlist/generate", WISH), ("/playlist/refine", {**WISH, "playlist_id": "p"})):
        for headers in ({}, {"X_Device_ID": "phone_1"}, {"X_Device_Token": "ghd_" + "A" * 43}, {"X_Gatehouse_Device": "phone_1"}):
            answer = stranger.send(path, body, **{n.replace("_", "-"): v for n, v in headers.items()})
            assert answer.status_code == 400
            assert answer.json()["error"] == "device_id_required" and answer.json()["message"] == "Device ID required"


def test_a_device_counts_only_once_it_is_confirmed(example):
    client = Client(example, device=False)
    begun = client.begin().json()
    assert begun["confirmed"] is False and begun["expires_in"] == 1800
    assert client.generate().json()["error"] == "device_id_required"
    other = Client(example, device=False)
    other.begin()
    wrong = client.http.post(f"/api/auth/devices/{client.id}", json={"device_token": other.token})
    assert wrong.status_code == 404 and client.generate().status_code == 400
    assert client.confirm().json() == {"id": client.id, "confirmed": True} and client.generate().status_code == 200


def test_each_device_has_ten_playlists_in_five_minutes(example):
    one, other = Client(example), Client(example)
    answers = [one.generate() for _ in range(11)]
    assert [a.status_code for a in answers] == [200] * 10 + [429]
    refused = answers[10].json()
    assert refused["error"] == "rate_limit_exceeded" and 1 <= refused["retry_after"] == int(answers[10].headers["Retry-After"])
    assert refused["violated-policies"] == ["playlist_generate"]
    assert other.generate().status_code == 200
    # Neither another address nor another name of the device makes it another device.
    other.token = one.token
    assert other.generate().status_code == 429
    assert other.generate({**WISH, "device_id": "phone_2"}).status_code == 429
    assert other.generate(**{"X-Device-ID": one.id}).status_code == 429
    assert other.generate(**{"X-Device-ID": "phone_2"}).status_code == 400
    # What is used up here is not used up there.
    assert one.refine("p").status_code == 404


def test_each_device_has_twenty_refinements_in_five_minutes(example):
    one = Client(example)
    playlist = one.generate().json()["playlist_id"]
    answers = [one.refine(playlist) for _ in range(21)]
    assert [a.status_code for a in answers] == [200] * 20 + [429]
    assert answers[20].json()["violated-policies"] == ["playlist_refine"]


def test_nobody_refines_another_devices_playlist(example):
    one, other = Client(example), Client(example)
    playlist = one.generate().json()["playlist_id"]
    assert other.refine(playlist).status_code == 404
    assert other.refine(playlist, **{"X-Gatehouse-Device": one.id}).status_code == 404
    assert one.refine(playlist).json()["prompt"] == WISH["prompt"] + ", more piano"


def test_an_address_makes_itself_no_more_than_twenty_devices(example):
    client = Client(example, device=False)
    begun = [client.begin() for _ in range(21)]
    assert [a.status_code for a in begun] == [201] * 20 + [409] and begun[20].json()["error"] == "too_many_devices"
    assert Client(example).generate().status_code == 200


def test_a_device_that_is_removed_is_none(example):
    one, other = Client(example), Client(example)
    assert other.http.delete(f"/api/auth/devices/{one.id}", headers={"X-Device-Token": other.token}).status_code == 404
    assert one.generate().status_code == 200
    assert one.http.delete(f"/api/auth/devices/{one.id}", headers={"X-Device-Token": one.token}).status_code == 204
    assert one.generate().json()["error"] == "device_id_required"
    assert one.confirm().status_code == 404


def test_a_registration_that_is_not_confirmed_in_time(echotuner):
    client = Client(echotuner(env={"DEVICE_REGISTRATION_TIMEOUT": "1"}), device=False)
    assert client.begin().json()["expires_in"] == 1
    time.sleep(2.1)  # the second it began in, and one more
    assert client.confirm().json()["error"] == "device_expired" and client.generate().status_code == 400


def test_ten_devices_of_a_user(example):
    user = Visitor(example).register()
    begun = [user.post("/api/auth/devices", {"name": f"d{n}"}) for n in range(11)]
    assert [a.status_code for a in begun] == [201] * 10 + [409] and begun[10].json()["error"] == "too_many_devices"
    device = begun[0].json()
    assert user.post(f"/api/auth/devices/{device['id']}", {"device_token": device["device_token"]}).json()["confirmed"] is True
    listed = user.get("/api/auth/devices").json()["devices"]
    assert {d["name"]: d["confirmed"] for d in listed} == {f"d{n}": n == 0 for n in range(10)}
    assert user.post("/playlist/generate", WISH).status_code == 200  # by the cookie that confirming gave
    stranger = Client(example)
    stranger.token = device["device_token"]
    assert stranger.generate().status_code == 200  # who has a device's token is that device


# --- the other scopes

def test_five_a_minute_for_an_address_whatever_its_device(example):
    one = Client(example)
    answers = [one.send("/auth/init", {"device_id": f"d{n}", "platform": "ios"}) for n in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [429]
    assert answers[5].json()["violated-policies"] == ["auth_init"]
    one.begin()
    one.confirm()
    assert one.send("/auth/init", {"device_id": "d"}).status_code == 429
    assert Client(example).send("/auth/init", {"device_id": "d"}).status_code == 200
    begun = answers[0].json()
    assert re.fullmatch("[a-zA-Z0-9_-]+", begun["session_id"]) and f"state={begun['session_id']}" in begun["auth_url"]


def test_a_hundred_searches_a_minute_for_a_session(example):
    first, second = Visitor(example).register(), Visitor(example)
    second.name = first.name
    assert second.login().status_code == 200
    statuses = [first.get("/search?q=rain").status_code for _ in range(101)]
    assert statuses == [200] * 100 + [429]
    assert second.get("/search?q=rain").status_code == 200  # of the same user, from the same address
    assert Client(example, device=False).http.get("/search?q=RAIN").json() == {"songs": ["Rain on Tin", "Night Train North"]}


# --- input

PROMPT_REFUSED = [
    ("", "string_too_short"), (" \t", "string_pattern_mismatch"), ("x" * 501, "string_too_long"), (7, "string_type"), (None, "string_type"),
    (["x"], "string_type")]
DANGEROUS = ["<script>alert(1)</script>", "a <SCRIPT src=x>", "javascript:alert(1)", "JaVaScRiPt:x", "java\tscript:x", "see data:text/html,<b>", "\u202egnp.exe"]
IDS_REFUSED = ["", "a b", "a/b", "a\n", "\u00e9", "a;b", "../a", "<a>", "a" * 129]
IDS_ALLOWED = ["a", "A-b_9", "-", "_", "0" * 128]


def test_prompts(example):
    client = Client(example)
    assert client.generate({**WISH, "prompt": "x" * 500}).status_code == 200
    assert client.generate({**WISH, "prompt": "rock & roll, <3"}).json()["prompt"] == "rock & roll, <3"
    for prompt, kind in PROMPT_REFUSED:
        answer = client.generate({**WISH, "prompt": prompt})
        assert answer.status_code == 422 and [(e["pointer"], e["type"]) for e in answer.json()["errors"]] == [("#/prompt", kind)], prompt


@pytest.mark.parametrize("prompt", DANGEROUS)
def test_dangerous_prompts(example, prompt):
    answer = Client(example).generate({**WISH, "prompt": prompt})
    assert answer.status_code == 422 and answer.json()["error"] == "dangerous_content"
    answer = Client(example, device=False).http.get("/search", params={"q": prompt})
    assert answer.status_code == 422 and answer.json()["error"] == "dangerous_content"


@pytest.mark.parametrize("member", ["session_id", "device_id"])
def test_ids(example, member):
    for value in IDS_ALLOWED:
        client = Client(example)
        assert client.generate({**WISH, member: value}).status_code == 200, value
    for i, value in enumerate(IDS_REFUSED):
        client = Client(example) if i % 10 == 0 else client
        answer = client.generate({**WISH, member: value})
        assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == f"#/{member}", value


def test_bodies_and_parameters(example):
    client = Client(example)
    missing = client.generate({"prompt": "x"}).json()["errors"]
    assert {(e["pointer"], e["type"]) for e in missing} == {("#/session_id", "missing"), ("#/device_id", "missing")}
    assert client.generate({**WISH, "admin": True}).json()["errors"][0]["type"] == "extra_forbidden"
    assert client.http.post("/playlist/generate", data=WISH, headers={"X-Device-Token": client.token}).status_code == 415
    assert client.send("/auth/init", {"device_id": "d", "platform": "toaster"}).status_code == 422
    for query in ("", "?q=", "?q=x&limit=0", "?q=x&limit=51", "?q=x&limit=ten", "?q=x&more=1", "?q=" + "x" * 101):
        assert client.http.get("/search" + query).status_code == 422, query
    assert client.http.get("/docs").status_code == 404 and client.http.get("/playlist/generate").status_code == 404
    assert client.http.get("/config/health").json() == {"status": "healthy"}
