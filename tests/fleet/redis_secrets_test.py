"""Secrets that nodes of a Redis must agree on with others: secret_key, by which they count, and the password of Redis."""
import json

import pytest

from support.fleet import CountingUpstream
from support.gateway import run
from support.identity import data_folder, settings
from support.servers import Redis
from support.timing import eventually

RULE = {"name": "together", "paths": ["/together/**"], "scope": "global", "limits": [{"requests": 7, "window": "1h"}]}
LIMITS = {"rate_limits": {"rules": [RULE]}, "redis": {"timeout": "10s"}}


@pytest.fixture
def upstream():
    upstream = CountingUpstream()
    yield upstream
    upstream.close()


def said(node, event):
    return [e for e in node.log() if e.get("event") == event]


def others(node):
    metrics = node.metrics()
    return metrics.value("gatehouse_nodes"), metrics.value("gatehouse_nodes_other_secret")


def test_nodes_with_different_secret_keys_are_told_so(shared_gatehouse, servers, upstream, tmp_path):
    """Each counts for itself, so a client gets the limit twice. It is said once at each node, seen in the metrics and in the
    status, and over when all have the same one."""
    redis, nodes = servers[0], []
    for name, key in ("one", "6b" * 32), ("two", "7c" * 32):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "secret").write_text(key)
        (folder / "previous").write_text("8d" * 32)
        nodes.append(shared_gatehouse({**settings(), **LIMITS}, upstream, folder=folder, env={
            "SECRET_KEY_FILE": str(folder / "secret"), "SECRET_KEY_PREVIOUS_FILE": str(folder / "previous"), "REDIS_URL": redis.url, "GATEHOUSE_REDIS_PREFIX": "different"}))
    for node in nodes:
        eventually(lambda node=node: others(node) == (2, 1), "the other node is seen", 30)
    found = [nodes[i % 2].get("/together/x").status_code for i in range(20)]
    assert found.count(200) == 14, found
    for node in nodes:
        line = node.wait_for_log(lambda e: e.get("event") == "redis_other_secret", "it is said", 30)
        assert line["level"] == "warning" and "1 of 2 nodes counts with another secret_key" in line["text"]
        assert "6b" * 8 not in node.output() and "7c" * 8 not in node.output()
        told = run("status", "--json", "--data", data_folder(node), cwd=node.folder)
        assert json.loads(told.stdout)["nodes_other_secret"] == 1, told
    (tmp_path / "two" / "secret").write_text("6b" * 32)
    (tmp_path / "two" / "previous").write_text("7c" * 32)
    nodes[1].reload()
    for node in nodes:
        eventually(lambda node=node: others(node) == (2, 0), "both have the same one", 30)
        node.wait_for_log(lambda e: e.get("event") == "redis_same_secret", "that is said", 30)
        assert len(said(node, "redis_other_secret")) == len(said(node, "redis_same_secret")) == 1
    assert {node.get("/together/x").status_code for node in nodes} == {429}


def test_a_node_that_comes_while_redis_is_away_says_that_it_knows_nobody(shared_gatehouse, upstream, tmp_path):
    redis = Redis()
    redis.stop()
    texts = []
    for number in 0, 2:
        folder = tmp_path / str(number)
        folder.mkdir()
        node = shared_gatehouse({**LIMITS, "redis": {"nodes": number}}, upstream, folder=folder,
                                env={"SECRET_KEY": "6b" * 32, "REDIS_URL": redis.url})
        texts.append(node.wait_for_log(lambda e: e.get("event") == "redis_unavailable", "the outage")["text"])
        found = [node.get("/together/x").status_code for _ in range(10)]
        assert found.count(200) == (7 if number == 0 else 3), found
        node.stop()
    redis.close()
    assert "counts as if it were alone" in texts[0] and "set redis.nodes" in texts[0]
    assert "alone" not in texts[1]


def test_the_password_of_redis_is_changed_by_a_reload(shared_gatehouse, upstream, tmp_path):
    redis, secret = Redis(password="the-first-lighthouse"), tmp_path / "password"
    secret.write_text("the-first-lighthouse")
    node = shared_gatehouse(LIMITS, upstream, folder=tmp_path, env={
        "SECRET_KEY": "6b" * 32, "REDIS_URL": redis.url, "REDIS_PASSWORD_FILE": str(secret)})

    def change(password):
        assert redis.run("CONFIG", "SET", "requirepass", password) == "OK"
        redis.password = password

    def ready():
        return node.metrics().value("gatehouse_redis_connections_ready") == 2  # one a worker

    eventually(ready, "it counts in Redis")
    assert node.get("/together/x").status_code == 200
    change("the-second-lighthouse")
    secret.write_text("the-second-lighthouse")
    node.reload()
    node.wait_for_log(lambda e: e.get("event") == "redis_password_changed", "it is said")
    assert node.get("/together/x").status_code == 200 and ready(), "connections that are there stay"
    assert not said(node, "redis_unavailable") and not said(node, "restart_needed")
    connected = redis.run("CLIENT", "LIST")
    assert int(redis.run("CLIENT", "KILL", "TYPE", "normal")) == 2, connected
    node.wait_for_log(lambda e: e.get("event") == "redis_recovered", "the next ones are made with the new one", 30)
    eventually(ready, "all of them", 30)
    before = node.metrics().value("gatehouse_redis_questions_total")
    assert [node.get("/together/x").status_code for _ in range(6)].count(200) == 5, "what was counted before still counts"
    assert node.metrics().value("gatehouse_redis_questions_total") > before
    secret.write_text("a-wrong-lighthouse")
    node.reload()
    redis.run("CLIENT", "KILL", "TYPE", "normal")
    node.wait_for_log(lambda e: "the password is the one of the last reload" in e.get("text", ""), "that it is wrong is said", 30)
    secret.write_text("the-second-lighthouse")
    node.reload()
    eventually(ready, "it is back by a reload alone", 30)
    assert len(said(node, "redis_password_changed")) == 3
    assert "lighthouse" not in node.output()
    node.stop()
    redis.close()


def test_a_user_of_redis_is_not_left_without_a_password(shared_gatehouse, upstream, tmp_path):
    redis, secret = Redis(users={"gate": ("a-lighthouse", "~* +@all")}), tmp_path / ".env"
    secret.write_text("REDIS_PASSWORD=a-lighthouse\n")
    node = shared_gatehouse(LIMITS, upstream, folder=tmp_path, env={
        "SECRET_KEY": "6b" * 32, "REDIS_URL": redis.url.replace("://", "://gate@")})
    eventually(lambda: node.metrics().value("gatehouse_redis_connections_ready") == 2, "it counts in Redis")
    secret.write_text("\n")
    node.reload()
    node.wait_for_log(lambda e: e.get("event") == "reload_refused", "it is said")
    assert any("names a user but no password is set" in e["text"] for e in said(node, "configuration"))
    redis.run("CLIENT", "KILL", "USER", "gate")
    node.wait_for_log(lambda e: e.get("event") == "redis_recovered", "the one before is still used", 30)
    node.stop()
    redis.close()


def test_the_password_of_another_redis_waits_for_the_restart(shared_gatehouse, upstream, tmp_path):
    redis, other, env = Redis(password="a-lighthouse"), Redis(password="another-lighthouse"), tmp_path / ".env"

    def name(server):
        env.write_text(f"REDIS_URL={server.url}\nREDIS_PASSWORD={server.password}\n")

    name(redis)
    node = shared_gatehouse(LIMITS, upstream, folder=tmp_path, env={"SECRET_KEY": "6b" * 32})
    eventually(lambda: node.metrics().value("gatehouse_redis_connections_ready") == 2, "it counts in Redis")
    name(other)
    node.reload()
    node.wait_for_log(lambda e: e.get("event") == "restart_needed" and e["text"].startswith("redis.url"), "it is said")
    redis.run("CLIENT", "KILL", "TYPE", "normal")
    node.wait_for_log(lambda e: e.get("event") == "redis_recovered", "the password before is still used", 30)
    eventually(lambda: node.metrics().value("gatehouse_redis_connections_ready") == 2, "by all of them", 30)
    assert not said(node, "redis_password_changed") and "lighthouse" not in node.output()
    node.stop()
    redis.close()
    other.close()
