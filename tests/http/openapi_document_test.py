"""OpenAPI documents from files and from upstreams: at start, missing, changed, broken."""
import json
import os
import signal
import time

import pytest

from support.gateway import run
from support.message import get
from support.ports import free_port
from support.scripted import ScriptedUpstream, ok
from support.timing import eventually, guard

NAME = "upstream:/openapi.json"
CONFIG = {"openapi": {"document": NAME}}


def document(*paths, **more):
    return json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
                       "paths": {p: {"get": {"responses": {"200": {"description": "ok"}}}} for p in paths}, **more}).encode()


class Api:
    """An upstream with a document, which a test may change."""

    def __init__(self, answer, address=None):
        self.answer = answer if answer.startswith(b"HTTP/") else ok(answer)
        self.asked = []
        self.upstream = ScriptedUpstream(self._script, address)
        self.url = self.upstream.url

    def set(self, answer):
        self.answer = answer if answer.startswith(b"HTTP/") else ok(answer)

    def _script(self, upstream, stream):
        while True:
            request = upstream.read_request(stream)
            if request is None:
                return
            if request.target == "/openapi.json":
                self.asked.append(request)
                stream.send(self.answer)
            else:
                stream.send(ok(b"served"))

    def close(self):
        self.upstream.close()


@pytest.fixture
def api():
    started = []

    def start(answer=document("/items"), address=None):
        started.append(Api(answer, address))
        return started[-1]
    yield start
    for one in started:
        one.close()


def status(gateway, path="/items"):
    return gateway.exchange(get(path)).status


def error(gateway, path="/items"):
    return gateway.exchange(get(path)).json()["error"]


def events(gateway, name):
    return [e["text"] for e in gateway.log() if e.get("event") == name]


def test_got_once_at_start(gatehouse, api):
    upstream = api()
    gateway = gatehouse(CONFIG, upstream=upstream)
    assert status(gateway) == 200
    assert error(gateway, "/other") == "undeclared_path"
    assert gateway.admin("/readyz").status_code == 200
    assert len(upstream.asked) == 1
    request = upstream.asked[0]
    assert request.start == "GET /openapi.json HTTP/1.1"
    assert request.get("host") == upstream.url.removeprefix("http://")
    assert request.get("accept") == "application/json"


def test_over_a_unix_socket(gatehouse, api, tmp_path):
    gateway = gatehouse(CONFIG, upstream=api(address=str(tmp_path / "api.sock")))
    assert (status(gateway), status(gateway, "/other")) == (200, 404)


def test_from_a_file(gatehouse, scripted, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "api.json").write_bytes(document("/items"))
    gateway = gatehouse({"openapi": {"document": "api.json"}}, upstream=scripted(), folder=folder)
    assert (status(gateway), status(gateway, "/other")) == (200, 404)
    (folder / "api.json").write_bytes(document("/items", "/other"))
    gateway.reload()
    eventually(lambda: status(gateway, "/other") == 200, "the new document is in use")
    (folder / "api.json").unlink()
    gateway.reload()
    assert status(gateway, "/other") == 200
    assert "No such file" in " ".join(events(gateway, "configuration"))


def test_a_file_that_is_not_there_is_an_error_at_start(gatehouse, scripted):
    gateway = gatehouse({"openapi": {"document": "missing.json"}}, upstream=scripted(), ready=False)
    assert gateway.wait() == 2
    assert "missing.json" in gateway.stderr() and "No such file" in gateway.stderr()


def test_an_upstream_that_comes_later(gatehouse, api):
    port = free_port()
    gateway = gatehouse(CONFIG, upstream=f"http://127.0.0.1:{port}")
    answer = gateway.exchange(get("/items"))
    assert answer.status == 503 and answer.json()["error"] == "contract_unavailable"
    assert int(answer.get("retry-after")) > 0
    ready = gateway.admin("/readyz")
    assert ready.status_code == 503 and "OpenAPI" in ready.text
    assert gateway.admin("/healthz").status_code == 200
    upstream = api(address=("127.0.0.1", port))
    eventually(lambda: status(gateway) == 200, "the document is in use", 10)
    assert error(gateway, "/other") == "undeclared_path"
    assert gateway.admin("/readyz").status_code == 200
    missing = events(gateway, "document_missing")
    assert len(missing) == 1 and "refused" in missing[0] and f"127.0.0.1:{port}" in missing[0]
    assert len(events(gateway, "document_got")) == 1
    time.sleep(2.5)
    assert len(upstream.asked) == 1, "it is asked no more once it is there"


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
])
def test_an_answer_that_is_no_document_is_waited_for(gatehouse, api, answer):
    upstream = api(answer)
    if answer.endswith(b"{"):
        upstream.upstream.script = lambda u, stream: (stream.read_head(), stream.send(answer))
    gateway = gatehouse(CONFIG, upstream=upstream)
    assert error(gateway) == "contract_unavailable"
    upstream.upstream.script = upstream._script
    upstream.set(document("/items"))
    eventually(lambda: status(gateway) == 200, "the document is in use", 10)


def test_trying_again_does_not_read_the_configuration(gatehouse, api):
    """A file that somebody is editing is not taken before the signal."""
    port = free_port()
    gateway = gatehouse(CONFIG, upstream=f"http://127.0.0.1:{port}")
    gateway.write("this: is not a configuration\n")
    api(address=("127.0.0.1", port))
    eventually(lambda: status(gateway) == 200, "the document is in use", 10)
    assert events(gateway, "reload_refused") == []


def test_a_reload_while_it_is_missing(gatehouse, api):
    port = free_port()
    gateway = gatehouse(CONFIG, upstream=f"http://127.0.0.1:{port}")
    gateway.reload()
    assert gateway.metrics().value("gatehouse_reloads_total") == 1
    assert error(gateway) == "contract_unavailable"
    api(address=("127.0.0.1", port))
    eventually(lambda: status(gateway) == 200, "the document is in use", 10)


def test_only_the_routes_of_its_upstream_wait(gatehouse, api, scripted):
    there, missing = api(), free_port()
    config = {"upstreams": [{"name": "there", "servers": [there.url], "openapi": NAME},
                            {"name": "missing", "servers": [f"http://127.0.0.1:{missing}"], "openapi": NAME},
                            {"name": "none", "servers": [scripted().url]}],
              "routes": [{"name": "a", "path": "/a/**", "upstream": "missing"},
                         {"name": "b", "path": "/b/**", "upstream": "none"}]}
    gateway = gatehouse(config)
    assert status(gateway) == 200
    assert status(gateway, "/b/x") == 200
    assert error(gateway, "/a/x") == "contract_unavailable"
    late = api(document("/a/x"), ("127.0.0.1", missing))
    eventually(lambda: status(gateway, "/a/x") == 200, "the document is in use", 10)
    assert (len(there.asked), len(late.asked)) == (1, 1), "what is there is not got again"


def test_a_changed_document_is_taken_with_the_signal(gatehouse, api):
    upstream = api()
    gateway = gatehouse(CONFIG, upstream=upstream)
    upstream.set(document("/items", "/new"))
    assert status(gateway, "/new") == 404
    gateway.reload()
    eventually(lambda: status(gateway, "/new") == 200, "the new document is in use")
    assert len(upstream.asked) == 2


BROKEN = {
    "not JSON": b'{"openapi": ',
    "no document": b'{"swagger": "2.0", "paths": {}}',
    "a reference to nothing": document("/items", components={"schemas": {"a": {"$ref": "#/components/schemas/nothing"}}}).replace(
        b'"responses": {"200": {"description": "ok"}}',
        b'"parameters": [{"$ref": "#/components/parameters/none"}], "responses": {"200": {"description": "ok"}}'),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_document_is_an_error_at_start(gatehouse, api, text):
    gateway = gatehouse(CONFIG, upstream=api(text), ready=False)
    assert gateway.wait() == 2
    assert f"{NAME}:1:" in gateway.stderr(), gateway.stderr()


@pytest.mark.parametrize("answer", [*BROKEN.values(), b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", None],
                         ids=[*BROKEN.keys(), "an error", "gone"])
def test_a_reload_without_a_good_document_keeps_the_old_one(gatehouse, api, answer):
    port = free_port()
    upstream = api(address=("127.0.0.1", port))
    gateway = gatehouse(CONFIG, upstream=upstream)
    if answer is None:
        upstream.close()
    else:
        upstream.set(answer)
    gateway.reload()
    assert gateway.metrics().value("gatehouse_reloads_failed_total") == 1
    assert len(events(gateway, "reload_refused")) == 1
    assert any(NAME in text for text in events(gateway, "configuration"))
    if answer is None:
        upstream = api(document("/items"), ("127.0.0.1", port))
    assert (status(gateway), status(gateway, "/new")) == (200, 404)
    upstream.set(document("/new"))
    gateway.reload()
    eventually(lambda: (status(gateway), status(gateway, "/new")) == (404, 200), "the new document is in use")


def test_a_document_that_comes_late_and_broken_is_said_once(gatehouse, api):
    port = free_port()
    gateway = gatehouse(CONFIG, upstream=f"http://127.0.0.1:{port}")
    upstream = api(BROKEN["no document"], ("127.0.0.1", port))
    eventually(lambda: events(gateway, "reload_refused"), "it is refused", 10)
    time.sleep(4.5)
    assert len(upstream.asked) >= 2
    assert len(events(gateway, "reload_refused")) == 1
    assert error(gateway) == "contract_unavailable"
    upstream.set(document("/items"))
    eventually(lambda: status(gateway) == 200, "the document is in use", 10)


def silent(upstream, stream):
    request = upstream.read_request(stream)
    if request.target == "/openapi.json":
        upstream.gate.wait(guard(60))
    else:
        stream.send(ok(b"served"))


def test_an_upstream_that_says_nothing_holds_up_nobody(gatehouse, api):
    upstream = api()
    gateway = gatehouse(CONFIG, upstream=upstream)
    upstream.upstream.script = silent
    gateway.signal(signal.SIGHUP)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        before = time.monotonic()
        assert gateway.admin("/healthz").status_code == 200
        assert status(gateway) == 200
        assert time.monotonic() - before < guard(1)
    begin = time.monotonic()
    gateway.stop()
    assert time.monotonic() - begin < guard(4), "the end waits for a reload"


def test_signals_while_a_reload_is_under_way(gatehouse, api):
    upstream = api()
    gateway = gatehouse(CONFIG, upstream=upstream)

    def slow(scripted, stream):
        request = scripted.read_request(stream)
        time.sleep(0.5)
        upstream.asked.append(request)
        stream.send(upstream.answer)
    upstream.upstream.script = slow
    for _ in range(5):
        gateway.signal(signal.SIGHUP)
        time.sleep(0.05)
    eventually(lambda: gateway.metrics().value("gatehouse_reloads_total") == 2, "one more reload for all that came meanwhile")
    time.sleep(1)
    assert gateway.metrics().value("gatehouse_reloads_total") == 2


def test_check_asks_nobody(api, tmp_path):
    upstream = api()
    (tmp_path / "g.yaml").write_text(f"upstreams: [{{name: api, servers: ['{upstream.url}']}}]\nopenapi: {{document: '{NAME}'}}\n")
    done = run("check", "-c", "g.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert NAME in done.stderr and "when Gatehouse starts" in done.stderr
    assert upstream.upstream.connections == 0


def test_a_broken_document_does_not_keep_out_a_good_one_that_comes_with_it(gatehouse, api):
    """Whichever is asked first, and also when what the broken one says changes all the time."""
    ports = [free_port() for _ in range(3)]
    config = {"upstreams": [{"name": f"u{n}", "servers": [f"http://127.0.0.1:{port}"], "openapi": NAME} for n, port in enumerate(ports)],
              "routes": [{"name": f"r{n}", "path": f"/{n}/**", "upstream": f"u{n}"} for n in range(3)]}
    gateway = gatehouse(config)

    def changing(scripted, stream):
        request = scripted.read_request(stream)
        if request is not None:
            broken.asked.append(request)
            stream.send(ok(b'{"swagger": "%d"}' % len(broken.asked)))
    stopped = gateway.process.pid
    os.kill(stopped, signal.SIGSTOP)
    try:
        for n in (0, 2):
            api(document(f"/{n}/x"), ("127.0.0.1", ports[n]))
        broken = api(address=("127.0.0.1", ports[1]))
        broken.upstream.script = changing
    finally:
        os.kill(stopped, signal.SIGCONT)
    eventually(lambda: (status(gateway, "/0/x"), status(gateway, "/2/x")) == (200, 200), "the good ones are in use", 25)
    assert len(broken.asked) > 0
    assert error(gateway, "/1/x") == "contract_unavailable"
