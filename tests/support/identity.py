"""Accounts, browsers, tokens and false tokens for the tests of who is asking."""
import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import re
import sqlite3
import time

import httpx

from support import stores
from support.gateway import merge, run
from support.timing import eventually, guard

PREFIX = "/api/auth"
SECRET = "8c1f2a7be05d4396b1c0ffab36e2d7549a01c3e5f78b2d46901e3a5c7f9b1d20"
ENV = {"SECRET_KEY": SECRET}
PASSWORD = "grey otter 71 sings loud"
OTHER_PASSWORD = "seven pale lanterns 19"
NAMES = itertools.count(1)

# Open doors for tests that are about something else: cookies over http, and attempts that do not run out.
BASE = {"identity": {"enabled": True, "registration": "open", "session": {"insecure_cookies": True},
                     "attempts": {"per_address": 100000}}}


def settings(over=None, **rest):
    """A configuration with identity on; `over`: settings of identity, the rest: of everything else."""
    return merge(merge(BASE, {"identity": over or {}}), rest)


def name():
    """A user name nobody has."""
    return f"user{next(NAMES)}"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


class Person:
    """An account and its password."""

    def __init__(self, people, name, password, answer):
        self.people, self.name, self.password = people, name, password
        self.id = answer["user"]["id"]

    def login(self, mode="token", password=None, client=None, **kwargs):
        body = {"username": self.name, "password": password or self.password, "mode": mode}
        return (client or self.people.http).post(self.people.at("/login"), json=body, **kwargs)

    def tokens(self, **kwargs):
        answer = self.login("token", **kwargs)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def bearer(self, **kwargs):
        return bearer(self.tokens(**kwargs)["access_token"])

    def browser(self, **kwargs):
        browser = self.people.browser(**kwargs)
        answer = self.login("cookie", client=browser.http)
        assert answer.status_code == 200, answer.text
        return browser

    def api_key(self, headers=None, **body):
        answer = self.people.http.post(self.people.at("/keys"), json={"name": "a key", **body},
                                       headers=headers or self.bearer())
        assert answer.status_code == 201, answer.text
        return answer.json()

    def device(self, headers=None, name=None, confirm=True):
        """A device's id and token."""
        headers = headers or self.bearer()
        return self.people.device(headers, name, confirm)


class People:
    """Everybody at a gateway. `http` is a client that keeps no cookies."""

    def __init__(self, gateway, prefix=PREFIX, headers=None):
        self.gateway, self.prefix, self.headers = gateway, prefix, headers
        self.http = CookielessClient(base_url=gateway.base_url, trust_env=False, timeout=guard(30), headers=headers)

    def at(self, path):
        return path if path.startswith("/.well-known") else self.prefix + path

    def register(self, username=None, password=PASSWORD, mode="none", client=None, headers=None, **more):
        body = {"username": username or name(), "password": password, "mode": mode, **more}
        return (client or self.http).post(self.at("/register"), json=body, headers=headers)

    def new(self, username=None, password=PASSWORD, **more):
        username = username or name()
        answer = self.register(username, password, **more)
        assert answer.status_code == 201, answer.text
        return Person(self, username, password, answer.json())

    def browser(self, headers=None):
        return Browser(self, headers)

    def get(self, path, **kwargs):
        return self.http.get(self.at(path), **kwargs)

    def post(self, path, body=None, **kwargs):
        return self.http.post(self.at(path), json=body, **kwargs) if body is not None \
            else self.http.post(self.at(path), **kwargs)

    def delete(self, path, body=None, **kwargs):
        return self.http.request("DELETE", self.at(path), json=body, **kwargs) if body is not None \
            else self.http.request("DELETE", self.at(path), **kwargs)

    def me(self, headers=None):
        return self.get("/me", headers=headers)

    def device(self, headers=None, name=None, confirm=True):
        begun = self.post("/devices", {"name": name} if name else {}, headers=headers)
        assert begun.status_code == 201, begun.text
        device = begun.json()
        if confirm:
            confirmed = self.post(f"/devices/{device['id']}", {"device_token": device["device_token"]}, headers=headers)
            assert confirmed.status_code == 200, confirmed.text
        return device

    def close(self):
        self.http.close()


class CookielessClient(httpx.Client):
    """What one answer sets is not sent with the next request."""

    def send(self, request, **kwargs):
        answer = super().send(request, **kwargs)
        self.cookies.clear()
        return answer


class Browser:
    """Keeps cookies, and sends the CSRF token with what changes something."""

    def __init__(self, people, headers=None):
        self.people = people
        self.http = httpx.Client(base_url=people.gateway.base_url, trust_env=False, timeout=guard(30),
                                 headers=headers or people.headers)

    @property
    def session(self):
        return self.http.cookies.get("session")

    @property
    def csrf(self):
        return self.http.cookies.get("csrf")

    def request(self, method, path, csrf=True, headers=None, **kwargs):
        headers = dict(headers or {})
        if csrf and self.csrf:
            headers.setdefault("X-CSRF-Token", self.csrf)
        return self.http.request(method, path, headers=headers, **kwargs)

    def at(self, method, path, **kwargs):
        """One of Gatehouse's own endpoints."""
        return self.request(method, self.people.at(path), **kwargs)

    def me(self):
        return self.http.get(self.people.at("/me"))

    def close(self):
        self.http.close()


def set_cookies(answer):
    """The cookies an answer sets: {name: (value, {attribute in lower case: value or True})}."""
    out = {}
    for line in answer.headers.get_list("set-cookie"):
        pair, *attributes = [part.strip() for part in line.split(";")]
        cookie, _, value = pair.partition("=")
        assert cookie not in out, f"{cookie} is set twice"
        out[cookie] = (value, {n.lower(): v if eq else True for n, eq, v in (a.partition("=") for a in attributes)})
    return out


# Refusals.

PROBLEM = {"type", "title", "status", "detail", "instance", "error", "message"}


def problem(answer, status, error):
    """The answer is a refusal of this kind, in the one shape; its body."""
    assert answer.status_code == status, f"{answer.status_code}, not {status}: {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "no-store" in answer.headers["cache-control"]
    body = answer.json()
    assert PROBLEM <= set(body) and body["status"] == status
    assert body["error"] == error, body
    assert ("www-authenticate" in answer.headers) == (status == 401 or error in CHALLENGED), answer.headers
    return body


CHALLENGED = {"insufficient_scope", "credentials_conflict"}


def findings(answer, error="validation_error"):
    """What a 422 lists: {(pointer, type)}."""
    body = problem(answer, 422, error)
    assert body["errors"] and all(e["in"] == "body" and e["detail"] for e in body["errors"])
    return {(e["pointer"], e["type"]) for e in body["errors"]}


def without_ids(answer):
    """What may not tell two refusals apart: status, headers and body but for the decision's id and the date."""
    headers = sorted((n, v) for n, v in answer.headers.multi_items() if n != "date")
    return answer.status_code, headers, re.sub(r"urn:gatehouse:decision:[0-9a-f]+", "", answer.text)


# Tokens, read and crafted.

def b64(data):
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def jwt_parts(token):
    """Header, claims, signature."""
    header, payload, signature = token.split(".")
    return json.loads(unb64(header)), json.loads(unb64(payload)), unb64(signature)


def jwt(header, claims, sign):
    """A token of any header and claims (objects, or texts as they are); sign(bytes) -> bytes."""
    parts = [b64(p if isinstance(p, (str, bytes)) else json.dumps(p)) for p in (header, claims)]
    signed = ".".join(parts)
    return signed + "." + b64(sign(signed.encode()))


def hs256_with(secret):
    secret = secret.encode() if isinstance(secret, str) else secret
    return lambda data: hmac.new(secret, data, hashlib.sha256).digest()


def hs256(claims, secret=SECRET, header=None):
    return jwt({"alg": "HS256", "typ": "at+jwt"} if header is None else header, claims, hs256_with(secret))


def claims_like(token, **over):
    """The claims of a token with some changed; None: left out."""
    claims = {**jwt_parts(token)[1], **over}
    return {n: v for n, v in claims.items() if v is not None}


def now():
    return int(time.time())


# Of a rotation with shared stores: all nodes are to know the next keys first.
SETTLING = "other nodes may not know them yet"


def operator(gateway, *words, stdin=""):
    """A command of the operator's, on the running gateway; what it printed."""
    def ask():
        done = run(*words, cwd=gateway.folder, stdin=stdin, env=ENV)
        return None if SETTLING in done.stderr else done
    done = eventually(ask, "all nodes know the next keys", 30)
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout.strip()


# The disk.

def data_folder(gateway):
    return gateway.folder / "gatehouse-data"


def database(gateway):
    """For looking while the gateway runs, and for changing while it does not."""
    return contextlib.closing(sqlite3.connect(data_folder(gateway) / "gatehouse.db", timeout=guard(10)))


def query(gateway, statement, *values):
    if stores.SHARED:
        return stores.execute(gateway.folder, statement, values)
    with database(gateway) as db:
        return db.execute(statement, values).fetchall()


def change(gateway, statement, *values):
    """One statement; how many rows it changed."""
    if stores.SHARED:
        return stores.execute(gateway.folder, statement, values)
    with database(gateway) as db, db:
        return db.execute(statement, values).rowcount


def on_disk(gateway, secret):
    """Is it anywhere in the data folder, also in what SQLite keeps beside the database? Or in the shared records?"""
    secret = secret.encode() if isinstance(secret, str) else secret
    if stores.SHARED:
        return [table for table, found in stores.everything(gateway.folder).items() if any(secret in value for value in found)]
    return [p.name for p in data_folder(gateway).iterdir() if p.is_file() and secret in p.read_bytes()]


def restarted(start, gateway, config, meanwhile=None, kill=False, **kwargs):
    """The gateway stopped (or killed), and another one over its data folder."""
    if kill:
        gateway.process.kill()
        gateway.wait()
    else:
        gateway.stop()
    if meanwhile:
        meanwhile(gateway)
    return start(config, folder=gateway.folder, env=ENV, **kwargs)
