"""Reload: the new configuration without a dropped request, a wrong one refused while the old one stays."""
import signal
import threading

import pytest

from support.message import get
from support.timing import eventually, guard


def limited(n, **more):
    return {"rate_limits": {"rules": [{"name": "t", "limits": [{"requests": n, "window": "1h"}]}]}, **more}


def with_upstream(config, upstream):
    return {**config, "upstreams": [{"name": "api", "servers": [upstream.url]}]}


def test_the_new_configuration_is_taken(gatehouse, scripted):
    a, b = scripted(), scripted()
    gateway = gatehouse(with_upstream({}, a))
    assert gateway.get("/").status_code == 200 and len(a.requests) == 1
    gateway.write(with_upstream({"headers": {"frame_options": "SAMEORIGIN"}}, b))
    gateway.reload()

    def taken():
        answer = gateway.get("/")
        assert answer.status_code == 200
        return answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    eventually(taken, "every worker has it")
    assert b.requests
    assert gateway.metrics().value("gatehouse_reloads_total") == 1
    assert gateway.metrics().value("gatehouse_reloads_failed_total") == 0


@pytest.mark.parametrize("text,place", [("server:\n  worker: 1\n", "gatehouse.yaml:2:3"), ("server: [\n", "gatehouse.yaml:"), ("", "gatehouse")])
def test_a_wrong_configuration_is_refused_and_the_old_one_stays(gatehouse, scripted, text, place):
    upstream = scripted()
    gateway = gatehouse(limited(3), upstream=upstream)
    assert gateway.get("/").status_code == 200
    gateway.write(text)
    gateway.reload()
    assert gateway.metrics().value("gatehouse_reloads_failed_total") == 1
    assert gateway.metrics().value("gatehouse_reloads_total") == 0
    assert [gateway.get("/").status_code for _ in range(3)] == [200, 200, 429], "counters went on as well"
    eventually(lambda: place in gateway.output(), "the error is in the log, with its place")


def test_a_configuration_that_went_missing(gatehouse, scripted):
    gateway = gatehouse({}, upstream=scripted())
    (gateway.folder / "gatehouse.yaml").unlink()
    gateway.reload()
    assert gateway.metrics().value("gatehouse_reloads_failed_total") == 1
    assert gateway.get("/").status_code == 200


def test_counters_of_unchanged_rules_go_on(gatehouse, scripted):
    upstream = scripted()
    config = with_upstream({"rate_limits": {"rules": [
        {"name": "kept", "paths": ["/kept"], "limits": [{"requests": 2, "window": "1h"}]},
        {"name": "changed", "paths": ["/changed"], "limits": [{"requests": 2, "window": "1h"}]}]}}, upstream)
    gateway = gatehouse(config)
    for path in ("/kept", "/changed"):
        assert [gateway.get(path).status_code for _ in range(3)] == [200, 200, 429]
    config["rate_limits"]["rules"][1]["limits"] = [{"requests": 4, "window": "1h"}]
    config["rate_limits"]["rules"].insert(0, {"name": "new", "paths": ["/new"], "limits": [{"requests": 1, "window": "1h"}]})
    gateway.write(config)
    gateway.reload()
    eventually(lambda: gateway.get("/changed").status_code == 200, "the new limit is in use")
    assert gateway.get("/kept").status_code == 429, "the reload freed a blocked client"
    assert [gateway.get("/new").status_code for _ in range(2)] == [200, 429]


def test_a_request_in_progress_is_finished_under_the_old_configuration(gatehouse, app, scripted):
    other = scripted()
    gateway = gatehouse({}, upstream=app)
    with gateway.connect() as stream:
        stream.send(get("/wait/reload"))
        eventually(lambda: app.get("/counted/reload-began").json()["count"] == 1, "it is at the upstream")
        gateway.write(with_upstream({}, other))
        gateway.reload()
        assert gateway.get("/").status_code == 200
        app.post("/gate/reload")
        assert stream.read_response().json() == {"waited": "reload"}
        stream.send(get("/after"))  # the connection stays
        assert stream.read_response().status == 200
    eventually(lambda: other.requests, "the new upstream is used")


def test_a_new_listener_and_one_that_goes(gatehouse, scripted):
    """Which listeners there are may need a restart; then the reload says so and keeps the old ones."""
    from support import message
    from support.ports import free_port
    gateway = gatehouse({}, upstream=(upstream := scripted()))
    port = free_port()
    gateway.write(with_upstream({"server": {"listen": [f"127.0.0.1:{port}"]}}, upstream))
    gateway.reload()
    try:
        assert message.exchange(("127.0.0.1", port), get("/")).status == 200
    except ConnectionRefusedError:
        assert gateway.get("/").status_code == 200
        assert "restart" in gateway.output()


def test_what_needs_a_restart_is_said_by_name(gatehouse, scripted):
    upstream = scripted()
    gateway = gatehouse({}, upstream=upstream)
    gateway.write(with_upstream({"server": {"workers": 3, "max_connections": 99}, "log": {"health_sample": 7}, "limits": {"head": "32KiB"},
                                 "secrets": {"core_dumps": True}}, upstream))
    gateway.reload()
    settings = {"server.workers", "server.max_connections", "limits.head", "secrets.core_dumps"}

    def told():
        return {e["text"].partition(":")[0] for e in gateway.log() if e.get("event") == "restart_needed"}
    eventually(lambda: len(told()) == len(settings), "its lines are written")
    assert told() == settings


def test_env_files_are_read_again(gatehouse, scripted):
    gateway = gatehouse({}, upstream=scripted())
    (gateway.folder / ".env").write_text("SECURE_HEADERS=false\n")
    assert "X-Frame-Options" in gateway.get("/").headers
    gateway.reload()
    eventually(lambda: "X-Frame-Options" not in gateway.get("/").headers, "the .env file is in use")


def test_sigterm_finishes_what_is_in_progress(gatehouse, app):
    gateway = gatehouse({"server": {"drain_timeout": "30s"}}, upstream=app)
    with gateway.connect() as stream, gateway.connect() as idle:
        idle.send(get("/health"))
        assert idle.read_response().status == 200
        stream.send(get("/wait/drain"))
        eventually(lambda: app.get("/counted/drain-began").json()["count"] == 1, "it is at the upstream")
        gateway.signal(signal.SIGTERM)
        assert idle.at_end(), "an idle connection is closed at once"
        threading.Timer(0.2, lambda: app.post("/gate/drain")).start()
        answer = stream.read_response()
        assert answer.json() == {"waited": "drain"}
        assert stream.at_end()
    assert gateway.wait() == 0


def test_the_drain_has_an_end(gatehouse, app):
    gateway = gatehouse({"server": {"drain_timeout": "1s"}}, upstream=app)
    with gateway.connect() as stream:
        stream.send(get("/wait/drain-end"))
        eventually(lambda: app.get("/counted/drain-end-began").json()["count"] == 1, "it is at the upstream")
        gateway.signal(signal.SIGTERM)
        assert gateway.wait(20) == 0


def test_while_draining_nobody_new_is_let_in(gatehouse, app):
    gateway = gatehouse({"server": {"drain_timeout": "30s"}}, upstream=app)
    with gateway.connect() as stream:
        stream.send(get("/wait/closing"))
        eventually(lambda: app.get("/counted/closing-began").json()["count"] == 1, "it is at the upstream")
        gateway.signal(signal.SIGTERM)

        def closed():
            try:
                gateway.connect().close()
                return False
            except ConnectionResetError:
                return False  # it stood in the queue when the listener was closed
            except ConnectionRefusedError:
                return True
        eventually(closed, "the listener is closed")
        assert gateway.admin("/readyz").status_code == 503
        assert gateway.admin("/healthz").status_code == 200
        app.post("/gate/closing")
        assert stream.read_response().status == 200
    assert gateway.wait() == 0


def test_sigint_ends_it_too(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    gateway.signal(signal.SIGINT)
    assert gateway.wait(guard(20)) == 0


def test_the_end_removes_the_socket_it_listened_on_and_no_other(gatehouse, scripted, tmp_path):
    """server.listen changes only with a restart: what a reload names may be somebody else's."""
    mine, other = tmp_path / "mine.sock", tmp_path / "other.sock"
    others = scripted(address=str(other))
    gateway = gatehouse({"server": {"listen": [f"unix:{mine}"]}}, upstream=others, ready=False)
    eventually(mine.exists, "the socket is there")
    eventually(lambda: gateway.wait_for_log(lambda e: e.get("event") == "started", "started"), "it runs")
    gateway.write({"server": {"listen": [f"unix:{other}"]}, "upstreams": [{"name": "api", "servers": [others.url]}]})
    gateway.reload()
    gateway.stop()
    assert other.exists() and not mine.exists()
