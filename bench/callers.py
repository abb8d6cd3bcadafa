"""The callers of the workloads that ask who calls: accounts, their tokens, session cookies and API keys.

Gatehouse itself makes them, in a data folder that is then used for all runs. HAProxy is given the same tokens."""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import re
import secrets
import shutil
import time

import client
import peers

ACCOUNTS = 1000
ISSUER, AUDIENCE = "gatehouse", "api"
AT_ONCE = 8  # accounts being made: a few wait, so that no processor does
PASSWORD_THREADS = 2
MAKER = "gatehouse"


class Callers:
    """`shown`: workload -> what each account shows of itself, as {field: value}."""

    def __init__(self, bench, workloads):
        self.secret = secrets.token_hex(32)
        self.shown = {}
        self._names = [f"caller-{number:04}" for number in range(ACCOUNTS)]
        self._passwords = [secrets.token_hex(16) for _ in self._names]
        self._bench = bench
        self._refresh = {}
        wanted = [w for w in workloads if w in peers.ALGORITHMS]
        self.folders = {peers.ALGORITHMS[w]: bench.folder / f"data-{peers.ALGORITHMS[w]}" for w in ["W2", *wanted]}
        bench.callers = self
        if wanted:
            self._make("W2", lambda port: self._make_accounts(port, wanted))
        if "W6" in wanted:
            shutil.copytree(self.folders["HS256"], self.folders["ES256"])
            self._make("W6", lambda port: self._show("W6", port, self._refreshed))

    def _make(self, workload, make):
        maker = peers.PEERS[MAKER]
        proxy, port, _ = self._bench.start(maker, workload, processor=None)
        with proxy:
            make(port)

    def _make_accounts(self, port, wanted):
        self._show("W2", port, self._registered)
        if "W7" in wanted:
            self._show("W7", port, self._signed_in)
        if "W8" in wanted:
            self._show("W8", port, self._given_key)

    def _show(self, workload, port, one):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            done = pool.map(lambda number: one(port, number), range(ACCOUNTS))
            self.shown[workload] = list(done)

    def _ask(self, port, path, caller, members):
        with client.Client(port) as c:
            answer = c.post(f"/api/auth/{path}", json.dumps(members).encode(), client.headers_of(caller))
        if answer.status not in (200, 201):
            raise peers.BehaviourError(f"{path}: status {answer.status}: {answer.body.decode()}")
        return answer, json.loads(answer.body)

    def _registered(self, port, number):
        _, found = self._ask(port, "register", {}, {"username": self._names[number],
                                                    "password": self._passwords[number], "mode": "token"})
        self._refresh[number] = found["refresh_token"]
        return {"Authorization": "Bearer " + found["access_token"]}

    def _refreshed(self, port, number):
        _, found = self._ask(port, "refresh", {}, {"refresh_token": self._refresh[number]})
        return {"Authorization": "Bearer " + found["access_token"]}

    def _signed_in(self, port, number):
        answer, _ = self._ask(port, "login", {}, {"username": self._names[number],
                                                  "password": self._passwords[number], "mode": "cookie"})
        return {"Cookie": re.search(r"__Host-session=[^;]+", answer.headers["set-cookie"]).group()}

    def _given_key(self, port, number):
        _, found = self._ask(port, "keys", self.shown["W2"][number], {"name": "bench"})
        return {"X-API-Key": found["key"]}

    def settings(self, workload):
        """For the configurations."""
        algorithm = peers.ALGORITHMS[workload]
        return {"SECRET": self.secret, "ISSUER": ISSUER, "AUDIENCE": AUDIENCE, "ALGORITHM": algorithm,
                "DATA": self.folders[algorithm], "PASSWORD_THREADS": PASSWORD_THREADS}

    def headers(self, workload, number=0):
        return client.headers_of(self.shown[workload][number % ACCOUNTS])

    def write_login_script(self, target):
        """For wrk: each request signs in as the next caller, with a wrong password."""
        listed = "".join(f'"{name}",\n' for name in self._names)
        target.write_text(f"local names = {{\n{listed}}}\n" + LOGINS)

    def write_script(self, workload, target):
        """For wrk: each request shows the next caller."""
        listed = "".join(f'{{["{name}"]="{value}"}},\n'
                         for caller in self.shown[workload] for name, value in caller.items())
        target.write_text(f"local callers = {{\n{listed}}}\n" + SCRIPT)

    def wrong(self, workload):
        """What lets nobody in -> the fields that show it."""
        (name, value), = self.shown[workload][0].items()
        yield "nothing", {}
        yield "a changed end", {name: value[:-8] + ("A" if value[-8] != "A" else "B") + value[-7:]}
        yield "a missing end", {name: value[:-1]}
        if peers.ALGORITHMS[workload] == "HS256" and name == "Authorization":
            for what, token in self._forged(value.removeprefix("Bearer ")):
                yield what, {name: "Bearer " + token}

    def _forged(self, token):
        """Tokens that this secret has signed, though one thing is wrong with each; and not signed."""
        head, claims = (json.loads(_decoded(part)) for part in token.split(".")[:2])
        head = {"alg": "HS256", "typ": head["typ"]}
        now = int(time.time())
        for what, change in (("expired", {"exp": now - 3600}), ("another issuer's", {"iss": "another"}),
                             ("for another audience", {"aud": "another"})):
            yield what, self._signed(head, {**claims, **change})
        yield "an algorithm named none", self._signed({**head, "alg": "none"}, claims).rpartition(".")[0] + "."
        yield "another algorithm's name", self._signed({**head, "alg": "HS512"}, claims)
        yield "another secret", self._signed(head, claims, "another")

    def _signed(self, head, claims, secret=None):
        text = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        mac = hmac.new((secret or self.secret).encode(), text.encode(), hashlib.sha256)
        return f"{text}.{_encoded(mac.digest())}"


def _encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


SCRIPT = """
local requests, at = {}, 0
function init()
  for number, caller in ipairs(callers) do
    local headers = {}
    for name, value in pairs(wrk.headers) do
      if name ~= "Authorization" then headers[name] = value end
    end
    for name, value in pairs(caller) do headers[name] = value end
    requests[number] = wrk.format("GET", wrk.path, headers)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
"""

LOGINS = """
local requests, at, threads = {}, 0, {}
function setup(thread)
  table.insert(threads, thread)
end
function init()
  for number, name in ipairs(names) do
    local headers = { ["Host"] = wrk.headers["Host"], ["Content-Type"] = "application/json" }
    local body = string.format('{"username":"%s","password":"a wrong one, and long enough"}', name)
    requests[number] = wrk.format("POST", "/api/auth/login", headers, body)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function response(status)
  _G["status_" .. status] = (_G["status_" .. status] or 0) + 1
end
function done()
  for _, status in ipairs({ 200, 401, 429, 503 }) do
    print("status", status, threads[1]:get("status_" .. status) or 0)
  end
end
"""
