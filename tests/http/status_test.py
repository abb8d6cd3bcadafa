"""What `gatehouse status` says of a server: itself, what it needs, and which keys are still in use."""
import json
import re
import socket
import time

import pytest

from support import identity, stores
from support.aws import SecretsManager, broken
from support.certificates import Authority
from support.gateway import run
from support.identity import ENV, bearer, settings
from support.timing import eventually


@pytest.fixture
def gateway(gatehouse, scripted):
    return gatehouse(settings(), scripted(), env=ENV)


def status(gateway):
    return json.loads(identity.operator(gateway, "status", "--json"))


def uses(gateway):
    return {g["generation"]: (g["state"], g["sessions"], g["api_keys"], g["devices"]) for g in status(gateway)["keys"]["generations"]}


def test_a_server_and_what_it_needs(gateway):
    before = status(gateway)
    assert before["running"] and not before["draining"] and before["node"] == socket.gethostname()[:64]
    assert (before["nodes"], before["limits_counted"]) == (1, "redis" if stores.SHARED else "here")
    assert [(s["server"], s["state"], s["last_error"]) for s in before["servers"]] == (
        [("redis", "ok", None), ("postgresql", "ok", None)] if stores.SHARED else [])
    assert before["records"] == {"store": "postgresql" if stores.SHARED else "sqlite"} and before["audit_spool"] == {"lines": 0, "bytes": 0}
    assert before["version"] == run("version", cwd=gateway.folder).stdout.split()[1]
    assert 0 <= before["uptime"] <= time.time()
    assert re.fullmatch(r"20..-..-..T..:..:..Z", before["started_at"])
    person = identity.People(gateway).new()
    person.tokens()
    person.api_key()
    after = status(gateway)
    assert (after["roster"]["sessions"], after["roster"]["api_keys"]) == (before["roster"]["sessions"] + 2, 1)
    text = identity.operator(gateway, "status")
    assert ("counted in Redis" if stores.SHARED else "counted by this node for itself") in text and "KEYS" in text
    assert ("audit spool" in text) == stores.SHARED


def test_what_still_uses_old_keys_is_counted_until_nothing_does(gateway):
    people = identity.People(gateway)
    person = people.new()
    tokens, key, device = person.tokens(), person.api_key(headers=person.bearer()), person.device(headers=person.bearer())
    people.device(headers=person.bearer(), confirm=False)
    assert uses(gateway) == {1: ("next", 0, 0, 0), 0: ("active", 4, 1, 2)}
    identity.operator(gateway, "key", "rotate")

    def refreshed():
        """A session goes over to the new keys with its refresh."""
        nonlocal tokens
        answer = people.post("/refresh", {"refresh_token": tokens["refresh_token"]})
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        return uses(gateway)[1][1] == 1
    eventually(refreshed, "new keys are used")
    assert uses(gateway) == {2: ("next", 0, 0, 0), 1: ("active", 1, 0, 0), 0: ("retiring", 3, 1, 2)}
    assert people.post("/keys", {"name": "rolled", "rolls": key["id"], "overlap": 0}, headers=bearer(tokens["access_token"])).status_code == 201
    assert people.delete(f"/devices/{device['id']}", headers=bearer(tokens["access_token"])).status_code == 204
    assert uses(gateway) == {2: ("next", 0, 0, 0), 1: ("active", 1, 1, 0), 0: ("retiring", 3, 0, 1)}
    identity.operator(gateway, "session", "end", "--user", person.name)
    assert uses(gateway)[0] == ("retiring", 0, 0, 1)
    due = status(gateway)["keys"]["rotation_due_at"]
    assert due is not None and due > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 89 * 86400))


def test_keys_that_are_changed_by_command_only(gatehouse, scripted):
    gateway = gatehouse(settings({"rotation": {"every": 0}}), scripted(), env=ENV)
    assert status(gateway)["keys"]["rotation_due_at"] is None
    assert "changed next" not in identity.operator(gateway, "status")


def test_a_stopped_server(gateway):
    gateway.stop()
    said = json.loads(run("status", "--json", cwd=gateway.folder, env=ENV).stdout)
    assert said["running"] is False and "node" not in said and len(said["keys"]["generations"]) == 2
    assert "No server is running." in run("status", cwd=gateway.folder, env=ENV).stdout


def test_a_running_server_is_asked_by_its_folder_alone(gateway, tmp_path):
    folder = identity.data_folder(gateway)
    assert json.loads(run("status", "--json", "--data", folder, cwd=tmp_path).stdout)["running"]
    gateway.stop()
    assert run("status", "--data", folder, cwd=tmp_path).returncode == 1


@stores.one_machine("its secret_key comes from AWS alone")
def test_aws_is_a_server_that_is_needed(gatehouse, scripted, tmp_path):
    authority = Authority(tmp_path)
    manager = SecretsManager(authority)
    manager.put("prod/gatehouse", identity.SECRET)
    config = settings(secret_key="aws:prod/gatehouse", secrets={"refresh": "1s", "aws": manager.settings(authority)})
    gateway = gatehouse(config, scripted(), env={"AWS_EC2_METADATA_DISABLED": "true", **manager.environment()})

    def aws():
        done = run("status", "--json", "--data", identity.data_folder(gateway), cwd=gateway.folder)
        return next(s for s in json.loads(done.stdout)["servers"] if s["server"] == "aws")
    assert (aws()["state"], aws()["last_error"]) == ("ok", None)
    manager.fault = lambda *_: broken()
    eventually(lambda: aws()["state"] == "unavailable", "AWS is seen to fail", 30)
    assert "prod/gatehouse" in aws()["last_error"] and identity.SECRET not in json.dumps(aws())
    assert gateway.metrics().value("gatehouse_server_up", server="aws") == 0
    manager.fault = None
    eventually(lambda: aws()["state"] == "ok", "AWS is seen to work", 30)
    assert "prod/gatehouse" in aws()["last_error"] and aws()["outages"] == 1
    manager.close()


@pytest.mark.parametrize("words, part", [(["status", "now"], "unexpected argument"), (["statu"], "did you mean status?"),
                                         (["status", "--yaml"], "--yaml")])
def test_misuse(tmp_path, words, part):
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 2 and part in done.stderr
