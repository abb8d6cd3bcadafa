"""Whose access ends while a request of theirs is still on its way."""
import base64
import hashlib
import hmac
import json
import threading
import time

import httpx
import pytest

from support import message
from support.timing import eventually, guard
from support.visitor import Visitor

SECRET = "5d0c6f5f0a9b4c0e8f7a6b5c4d3e2f1a5d0c6f5f0a9b4c0e8f7a6b5c4d3e2f1a"
CONFIG = {"identity": {"enabled": "on", "registration": "open", "session": {"insecure_cookies": "on"},
                       "token": {"algorithm": "HS256"}},
          "secret_key": SECRET,
          "routes": [{"name": "looked-into", "path": "/echo", "require": {"user": "on"},
                      "dangerous_content": {"checks": ["script"], "fields": ["/text"]}}]}


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, app):
    return shared_gatehouse(CONFIG, app)


class SlowBody:
    """A request whose head is through all that looks at credentials, which 100 tells, and whose body is to come."""

    def __init__(self, gateway, path, fields, body):
        self.body = json.dumps(body).encode()
        self.stream = message.connect(gateway.address)
        fields = {**fields, "Host": "localhost", "Content-Type": "application/json", "Expect": "100-continue",
                  "Content-Length": len(self.body)}
        self.stream.send(f"POST {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n")
        assert self.stream.read_until(b"\r\n\r\n", "100").startswith(b"HTTP/1.1 100 ")

    def finish(self):
        self.stream.send(self.body)
        return self.stream.read_response()


def by_cookie(visitor):
    return {"Cookie": f"session={visitor.cookies['session']}", "X-CSRF-Token": visitor.csrf_token}


def by_token(visitor):
    return {"Authorization": f"Bearer {visitor.tokens['access_token']}"}


@pytest.mark.parametrize("mode, fields, error", [("cookie", by_cookie, "session_invalid"), ("token", by_token, "token_revoked")])
def test_no_key_is_made_for_who_is_logged_out_meanwhile(gateway, mode, fields, error):
    """It would have outlived the session by far."""
    visitor = Visitor(gateway).register(mode=mode)
    slow = SlowBody(gateway, "/api/auth/keys", fields(visitor), {"name": "for later"})
    owner = Visitor(gateway, visitor.name)
    assert owner.login().status_code == 200
    assert visitor.post("/api/auth/logout").status_code == 204
    answer = slow.finish()
    assert (answer.status, answer.json()["error"]) == (401, error)
    assert owner.get("/api/auth/keys").json()["keys"] == []


@pytest.mark.parametrize("mode, fields, error", [("cookie", by_cookie, "session_invalid"), ("token", by_token, "token_revoked")])
def test_nothing_goes_to_the_upstream(gateway, mode, fields, error):
    visitor = Visitor(gateway).register(mode=mode)
    whole = SlowBody(gateway, "/echo", fields(visitor), {"text": "good"})
    assert whole.finish().status == 200
    slow = SlowBody(gateway, "/echo", fields(visitor), {"text": "good"})
    assert visitor.post("/api/auth/logout").status_code == 204
    answer = slow.finish()
    assert (answer.status, answer.json()["error"]) == (401, error)


def test_nor_by_a_key_that_is_revoked(gateway):
    owner = Visitor(gateway).register()
    key = owner.post("/api/auth/keys", {"name": "build"}).json()
    slow = SlowBody(gateway, "/echo", {"X-API-Key": key["key"]}, {"text": "good"})
    assert owner.delete(f"/api/auth/keys/{key['id']}").status_code == 204
    answer = slow.finish()
    assert (answer.status, answer.json()["error"]) == (401, "api_key_invalid")


def expired(token, seconds):
    """The same token, but that it expired so long ago."""
    def text(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    head, payload, _ = token.encode().split(b".")
    claims = json.loads(base64.urlsafe_b64decode(payload + b"=="))
    claims["exp"] = int(time.time()) - seconds
    signed = head + b"." + text(json.dumps(claims).encode())
    return (signed + b"." + text(hmac.digest(SECRET.encode(), signed, hashlib.sha256))).decode()


def test_leeway_holds_to_the_end_of_a_request(gateway, app):
    """identity.token.leeway: 30 s. An answer that takes its time is not cut off in the middle, nor a body refused."""
    visitor = Visitor(gateway).register(mode="token")
    visitor.tokens["access_token"] = expired(visitor.tokens["access_token"], 5)
    assert SlowBody(gateway, "/echo", by_token(visitor), {"text": "good"}).finish().status == 200
    opener = threading.Timer(1.5, lambda: httpx.post(app.url + "/gate/leeway", trust_env=False))  # callers are looked at meanwhile
    opener.start()
    assert "second" in visitor.get("/events/leeway").text
    opener.join()
    visitor.tokens["access_token"] = expired(visitor.tokens["access_token"], 60)
    assert visitor.get("/echo").status_code == 401


# While the answer is on its way.

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nContent-Type: text/plain\r\n\r\nbegun"


def never_ends(upstream, stream):
    """Begins to answer, and goes on when the test is over."""
    if upstream.read_request(stream) is not None:
        stream.send(HEAD)
        upstream.gate.wait(guard(60))


@pytest.fixture
def streams(gatehouse, scripted):
    upstream = scripted(never_ends)
    yield gatehouse({**CONFIG, "server": {"workers": 1}}, upstream)
    upstream.gate.set()


class Listener:
    """Somebody to whom an answer is on its way."""

    def __init__(self, gateway):
        self.visitor = Visitor(gateway).register(mode="token")
        self.stream = message.connect(gateway.address)
        self.stream.send("GET /events HTTP/1.1\r\nHost: localhost\r\n" +
                         "".join(f"{k}: {v}\r\n" for k, v in by_token(self.visitor).items()) + "\r\n")
        self.stream.read_until(b"begun", "the answer's beginning")

    def is_cut(self):
        try:
            while self.stream.sock.recv(65536):
                pass
        except ConnectionResetError:
            return True
        return False


def test_an_answer_under_way_is_cut(streams):
    """One after the other: who was looked at for another's sake is looked at again for his own."""
    hers, his = Listener(streams), Listener(streams)
    assert hers.visitor.post("/api/auth/logout").status_code == 204
    assert hers.is_cut()
    assert his.visitor.me().status_code == 200
    assert his.visitor.post("/api/auth/logout").status_code == 204
    assert his.is_cut()
    eventually(lambda: streams.metrics().value("gatehouse_access_ended_total") == 2, "both are counted")
