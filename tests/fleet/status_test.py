"""What `gatehouse status` and the metrics say of PostgreSQL while it is there, while it is not, and after."""
import json
import time

import pytest

from support import identity
from support.gateway import run
from support.identity import SECRET, settings
from support.timing import eventually


@pytest.fixture
def node(shared_gatehouse, shared_scripted, servers, tmp_path):
    postgresql = servers[1]
    database = postgresql.database(postgresql.template())
    environment = {"SECRET_KEY": SECRET, "POSTGRESQL_URL": postgresql.url(database), "GATEHOUSE_POSTGRESQL_TIMEOUT": "500ms"}
    yield shared_gatehouse(settings(), shared_scripted(), folder=tmp_path, env=environment)


def status(node, *words):
    done = run("status", *words, "--data", identity.data_folder(node), cwd=node.folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def of(node):
    """PostgreSQL's state, and all of it."""
    whole = json.loads(status(node, "--json"))
    [server] = whole["servers"]
    assert server["server"] == "postgresql"
    return server, whole


def up(node):
    return node.metrics().value("gatehouse_server_up", server="postgresql")


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_an_outage_is_seen_and_its_end(node, servers, how):
    postgresql = servers[1]
    server, whole = of(node)
    assert (server["state"], server["outages"], server["last_error"]) == ("ok", 0, None) and up(node) == 1
    assert server["where"] == f"127.0.0.1:{postgresql.port}" and f"ok, 127.0.0.1:{postgresql.port}" in status(node)
    assert whole["records"]["store"] == "postgresql" and whole["audit_spool"]["lines"] == 0
    assert len(whole["keys"]["generations"]) == 2
    begin = time.time()
    getattr(postgresql, how)()
    try:
        eventually(lambda: of(node)[0]["state"] == "unavailable", "the outage is seen", 20)
        server, whole = of(node)
        assert server["last_error"] and server["outages"] == 1 and up(node) == 0
        for moment in (server["since"], server["last_error_at"]):
            assert begin - 1 <= time.mktime(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone <= time.time() + 1
        assert whole["keys"]["generations"] is None, "which keys are in use nobody can say now"
        eventually(lambda: of(node)[1]["roster"]["age_ms"] > 1000, "what is known grows old", 20)
        text = status(node)
        assert "PostgreSQL" in text and "unavailable" in text and server["last_error"] in text
    finally:
        postgresql.resume()
        if not postgresql.running():
            postgresql.start()
    eventually(lambda: of(node)[0]["state"] == "ok", "it is back", 30)
    server, whole = of(node)
    assert server["last_error"] and server["outages"] == 1, "what was wrong is still told"
    assert up(node) == 1 and node.metrics().value("gatehouse_server_outages_total", server="postgresql") == 1
    eventually(lambda: of(node)[1]["roster"]["age_ms"] < 1000, "what is known is new again", 30)
    events = [e["event"] for e in node.log() if e.get("event") in ("records_unavailable", "records_recovered")]
    assert events == ["records_unavailable", "records_recovered"], "one line when it begins, one when it is over"


def quiet_outage(node, postgresql, how):
    """Nobody asks the node for what needs PostgreSQL. Returns the reason it gives."""
    getattr(postgresql, how)()
    try:
        eventually(lambda: up(node) == 0, "the outage is seen", 20)
        reason = lines(node)[-1]["text"]
        eventually(lambda: all(c.value("gatehouse_server_up", server="postgresql") == 0 for c in (node.metrics(),)), "and goes on", 5)
    finally:
        postgresql.resume()
        if not postgresql.running():
            postgresql.start()
    eventually(lambda: up(node) == 1, "it is back", 30)
    return reason


def lines(node):
    return [e for e in node.log() if e.get("event") in ("records_unavailable", "records_recovered")]


def test_an_idle_node_sees_an_outage_too(node, servers):
    postgresql = servers[1]
    killed = quiet_outage(node, postgresql, "kill")
    paused = quiet_outage(node, postgresql, "pause")
    assert "nobody listens" in killed and "nobody listens" not in paused, (killed, paused)
    assert [e["event"] for e in lines(node)] == ["records_unavailable", "records_recovered"] * 2
    assert of(node)[0]["outages"] == 2 and "nobody listens" not in of(node)[0]["last_error"], "the reason is the last outage's"


def test_connections_that_are_ended_are_no_outage(node, servers):
    postgresql = servers[1]
    for _ in range(3):
        before = node.metrics().value("gatehouse_records_operations_total")
        postgresql.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gatehouse_service'")
        assert run("user", "list", "--data", identity.data_folder(node), cwd=node.folder).returncode == 0
        eventually(lambda b=before: node.metrics().value("gatehouse_records_operations_total") > b, "it works", 20)
    eventually(lambda: of(node)[1]["roster"]["age_ms"] < 1000, "what is known is new", 30)
    assert lines(node) == [] and of(node)[0]["outages"] == 0


def test_the_reason_is_kept_up_to_date(node, servers):
    """First it is gone, then it is there and lets nobody in."""
    postgresql = servers[1]
    postgresql.kill()
    try:
        eventually(lambda: "nobody listens" in (of(node)[0]["last_error"] or ""), "it is gone", 20)
    finally:
        postgresql.start()
    eventually(lambda: up(node) == 1, "it is back", 30)
    postgresql.execute("ALTER ROLE gatehouse_service CONNECTION LIMIT 0")
    try:
        postgresql.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gatehouse_service'")
        eventually(lambda: "(53300)" in of(node)[0]["last_error"], "it lets nobody in", 20)
        assert up(node) == 0
    finally:
        postgresql.execute("ALTER ROLE gatehouse_service CONNECTION LIMIT -1")
    eventually(lambda: up(node) == 1, "it is back", 30)


def test_nodes_that_only_limit_have_a_status_too(shared_gatehouse, shared_scripted, servers, tmp_path):
    """Without identity there was no socket to ask at, and `status` said that identity is off."""
    redis, upstream = servers[0], shared_scripted()
    environment = {"SECRET_KEY": SECRET, "REDIS_URL": redis.url, "GATEHOUSE_REDIS_PREFIX": "statusonly"}
    nodes = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir(mode=0o700)
        rules = {"rules": [{"name": "all", "counting": "leased", "lease": 5, "limits": ["1000/hour"]}]}
        nodes.append(shared_gatehouse({"data": {"folder": str(tmp_path / name)}, "rate_limits": rules}, upstream, env=environment))

    def said(node):
        done = run("status", "--json", cwd=node.folder, env=environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    eventually(lambda: all(said(node)["nodes"] == 2 for node in nodes), "they know of each other", 20)
    whole = said(nodes[0])
    [server] = whole["servers"]
    assert (server["server"], server["state"]) == ("redis", "ok") and str(redis.port) in server["where"]
    assert whole["limits_counted"] == "redis" and set(whole["leases"]) == {"questions", "limits_counted"}
    assert whole["roster"] is None and whole["keys"] is None
    text = run("status", cwd=nodes[1].folder, env=environment).stdout
    assert "2 nodes" in text and "leases" in text and "Redis" in text and "KEYS" not in text
    done = run("user", "list", cwd=nodes[1].folder, env=environment)
    assert done.returncode == 2 and "identity is off" in done.stderr
    done = run("user", "list", "--data", tmp_path / "one", cwd=tmp_path)
    assert done.returncode == 1 and "identity is off on this server" in done.stderr
    nodes[0].stop()
    assert "no server answers there" in run("status", cwd=nodes[0].folder, env=environment).stderr


def test_a_status_without_a_folder_says_what_is_missing(tmp_path):
    (tmp_path / "gatehouse.yaml").write_text("upstreams: [{name: api, servers: ['http://127.0.0.1:8000']}]\n")
    done = run("status", cwd=tmp_path)
    assert done.returncode == 1 and "GATEHOUSE_DATA_FOLDER" in done.stderr
