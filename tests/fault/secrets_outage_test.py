"""AWS goes away while Gatehouse runs: the last good values stay in use, nobody waits, and one line says so. It comes back:
one line says that, and nobody has to do anything."""
import json
import threading

import pytest

from support import aws
from support.aws import KEY_ID, SecretsManager
from support.certificates import Authority
from support.gateway import merge
from support.secret_key import HS256, is_signed_by, token_of
from support.timing import eventually

KEY = "3c5a7e9b1d2f4608a1b2c3d4e5f60718ee03"


@pytest.fixture
def manager(tmp_path):
    authority = Authority(tmp_path)
    manager = SecretsManager(authority)
    manager.authority = authority
    manager.put("prod/gatehouse", json.dumps({"secret_key": KEY, "note": "one"}))
    yield manager
    manager.close()


@pytest.fixture
def gateway(gatehouse, scripted, manager, tmp_path):
    config = merge(HS256, {"secret_key": "aws:prod/gatehouse#secret_key",
                           "secrets": {"refresh": "1s", "aws": manager.settings(manager.authority)}})
    env = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", **manager.environment()}
    return gatehouse(config, upstream=scripted(), env=env)


def value(gateway, name):
    return gateway.metrics().value(f"gatehouse_secrets{name}")


def events(gateway, name):
    return [e for e in gateway.log() if e.get("event") == name]


def wait_for_failures(gateway, more):
    goal = value(gateway, "_failures_total") + more
    eventually(lambda: value(gateway, "_failures_total") >= goal, f"{more} more failures", 60)


def unreachable(manager):
    manager.stop()


FAULTS = {"nobody listens": unreachable,
          "it hangs": lambda m: setattr(m, "fault", lambda name, stage: "hang"),
          "it is broken": lambda m: setattr(m, "fault", lambda name, stage: aws.broken()),
          "it throttles": lambda m: setattr(m, "fault", lambda name, stage: aws.throttled()),
          "access is denied": lambda m: m.denied.add(KEY_ID),
          "the key is gone": lambda m: m.keys.clear(),
          "the secret is gone": lambda m: m.secrets.clear()}


def mend(manager, fault):
    if fault == "nobody listens":
        manager.start()
    manager.released.set()
    manager.fault = None
    manager.denied.clear()
    manager.keys = {KEY_ID: (aws.SECRET_KEY, None)}
    manager.secrets["prod/gatehouse"] = [json.dumps({"secret_key": KEY, "note": "one"})]


@pytest.mark.parametrize("fault", FAULTS)
def test_an_outage_and_its_end(gateway, manager, fault):
    assert value(gateway, "") == 2 and value(gateway, "_failing") == 0
    before = token_of(gateway)
    FAULTS[fault](manager)
    wait_for_failures(gateway, 3)
    assert value(gateway, "_failing") > 0 and value(gateway, "") == 2
    assert is_signed_by(token_of(gateway), KEY), "the last good value is in use"
    assert gateway.get("/", headers={"Authorization": f"Bearer {before}"}).status_code == 200
    lines = eventually(lambda: events(gateway, "secrets_unavailable"), "it is said")
    assert len(lines) == 1, "one line, however often it fails"
    assert "aws:prod/gatehouse" in lines[0]["text"] and "stays in use" in lines[0]["text"] and KEY not in lines[0]["text"]
    mend(manager, fault)
    eventually(lambda: value(gateway, "_failing") == 0, "all is well again", 60)
    eventually(lambda: events(gateway, "secrets_recovered"), "it is said")
    assert len(events(gateway, "secrets_recovered")) == 1 == len(events(gateway, "secrets_unavailable"))
    assert not events(gateway, "reloaded"), "nothing has changed"
    eventually(lambda: value(gateway, "_age_seconds") <= 3, "it is got again", 30)


@pytest.mark.parametrize("fault", ["nobody listens", "it is broken", "access is denied"])
def test_a_reload_in_an_outage(gateway, manager, fault):
    """The operator changes something else meanwhile."""
    FAULTS[fault](manager)
    config = (gateway.folder / "gatehouse.yaml").read_text()
    (gateway.folder / "gatehouse.yaml").write_text(config + "methods: {allowed: [GET, POST]}\n")
    gateway.reload()
    assert gateway.metrics().value("gatehouse_reloads_total") == 1, gateway.output()
    eventually(lambda: gateway.request("DELETE", "/").status_code == 405, "the new configuration is in use")
    assert is_signed_by(token_of(gateway), KEY)
    mend(manager, fault)


def test_no_request_waits_for_aws(gateway, manager):
    """AWS answers nothing for the whole time; requests go on, and so do reloads of the same configuration."""
    manager.fault = lambda name, stage: "hang"
    wait_for_failures(gateway, 1)
    statuses, over = [], threading.Event()

    def ask():
        while not over.is_set():
            statuses.append(gateway.get("/").status_code)
    thread = threading.Thread(target=ask)
    thread.start()
    gateway.reload()
    wait_for_failures(gateway, 1)
    over.set()
    thread.join()
    assert len(statuses) > 20 and set(statuses) == {200}
    manager.released.set()


def test_a_change_during_an_outage_is_seen_behind_it(gateway, manager):
    manager.stop()
    wait_for_failures(gateway, 1)
    manager.put("prod/gatehouse", json.dumps({"secret_key": KEY, "note": "two"}))
    manager.start()
    gateway.wait_for_log(lambda e: e.get("event") == "reloaded", "the change is in use", 60)


def test_stopping_does_not_wait_for_aws(gateway, manager):
    manager.fault = lambda name, stage: "hang"
    asked = len(manager.asked)
    eventually(lambda: len(manager.asked) > asked, "a request is on its way")
    gateway.stop()
    manager.released.set()
