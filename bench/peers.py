"""Who is measured, at what, and what each has to prove before it is."""

import dataclasses
import json
import pathlib
import re
import secrets
import time

import client
import process
import validation

PROXY_PROCESSOR = 0
LOAD_PROCESSOR = 1  # wrk and the upstream
MAX_CONNECTIONS = 12000
BODY = (json.dumps({"id": 1, "name": "item", "text": ""})[:-2] + "x" * 2000)[:1022] + '"}'

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
}

WORKLOADS = {
    "W0": "plain proxying",
    "W1": "five security headers and a limit per address that never refuses",
    "W2": "W1, and a JWT (HS256): signature, algorithm, issuer, audience, expiry",
    "W3": "every request refused with 429",
    "W4": "a JSON body of 1 KiB posted, plain proxying",
    "W5": "the same body, read and checked against a schema of ten fields first",
    "W6": "W2 with ES256",
    "W7": "W1, and a session cookie",
    "W8": "W1, and an API key",
    "W9": "W1, each request counted in Redis",
    "W10": "W1, counted in Redis by leases",
}
POSTING = ("W4", "W5")
POSTED = "/posted"  # the path they post to


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    program: str  # floor, haproxy, nginx, gatehouse
    workloads: tuple
    unix: bool = False  # the upstream is reached over a unix socket
    default: bool = True


PEERS = {
    p.name: p
    for p in (
        Peer("floor", "floor", ("W0", "W3")),
        Peer("floor-unix", "floor", ("W0",), unix=True),
        Peer("haproxy", "haproxy", ("W0", "W1", "W2", "W3")),
        Peer("nginx", "nginx", ("W0", "W1", "W3")),
        Peer("gatehouse", "gatehouse", tuple(WORKLOADS)),
        Peer("haproxy-unix", "haproxy", ("W0", "W1"), unix=True, default=False),
        Peer("nginx-unix", "nginx", ("W0", "W1"), unix=True, default=False),
        Peer("gatehouse-unix", "gatehouse", ("W0", "W1"), unix=True, default=False),
    )
}

CONFIGURATION = {
    "haproxy": "haproxy-{}.cfg",
    "nginx": "nginx-{}.conf",
    "gatehouse": "gatehouse-{}.yaml",
}
SAME_CONFIGURATION = {"W4": "W0", "W6": "W2", "W7": "W2", "W8": "W2"}

# The workloads that ask who calls -> how the tokens are signed.
COUNTED_IN_REDIS = ("W9", "W10")
ALGORITHMS = {"W2": "HS256", "W6": "ES256", "W7": "HS256", "W8": "HS256"}


class BehaviourError(Exception):
    """A program that does not do the work is not measured."""


class Bench:
    """The folder of one run, its upstream, and the way to start a proxy before it."""

    def __init__(self, folder, programs):
        self.folder = pathlib.Path(folder)
        self.programs = programs  # program -> path of its executable
        self.templates = pathlib.Path(__file__).parent / "http"
        self.upstream_port = client.free_port()
        self.socket = self.folder / "upstream.sock"
        items = self.folder / "root" / "items"
        items.mkdir(parents=True)
        (items / "1.json").write_text(BODY)
        self.post_script = self.folder / "post.lua"
        self.post_script.write_text('wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
                                    f"wrk.body = [==[{validation.good_body()}]==]\n")
        self.secret = secrets.token_hex(32)
        self.redis = None  # of the workloads that count there: shared.Redis
        self.callers = None  # of the workloads that ask who calls: callers.Callers
        for reachable in (self.folder, items.parent, items):
            reachable.chmod(0o755)  # nginx started by root serves as another user

    def load(self, workload):
        """The path that is asked for, and wrk's script; None: it needs none."""
        if workload in POSTING:
            return POSTED, self.post_script
        if workload not in ALGORITHMS:
            return client.PATH, None
        script = self.folder / f"{workload}.lua"
        if not script.exists():
            self.callers.write_script(workload, script)
        return client.PATH, script

    def _render(self, template, values):
        text = (self.templates / template).read_text()
        text = re.sub(r"@([A-Z_]+)@", lambda m: str(values[m.group(1)]), text)
        target = self.folder / template
        target.write_text(text)
        return str(target)

    def start_upstream(self):
        conf = self._render("upstream.nginx.conf", {
            "RUN": self.folder, "UPSTREAM_PORT": self.upstream_port, "UPSTREAM_SOCKET": self.socket,
        })
        upstream = process.Program([self.programs["nginx"], "-e", "stderr", "-c", conf],
                                   LOAD_PROCESSOR, self.folder, "upstream-output")
        try:
            first_answer(upstream, self.upstream_port)
        except BaseException:
            upstream.stop()
            raise
        return upstream

    def command(self, peer, workload, port):
        program = self.programs[peer.program]
        tcp = f"127.0.0.1:{self.upstream_port}"
        if peer.program == "floor":
            upstream = f"unix:{self.socket}" if peer.unix else tcp
            way = ["--refuse"] if workload == "W3" else ["--upstream", upstream]
            return [program, "--listen", f"127.0.0.1:{port}", *way]
        by_socket = {"haproxy": "unix@{}", "nginx": "unix:{}", "gatehouse": "unix:{}"}[peer.program]
        by_tcp = {"haproxy": "{}", "nginx": "{}", "gatehouse": "http://{}"}[peer.program]
        name = SAME_CONFIGURATION.get(workload, workload).lower()
        conf = self._render(CONFIGURATION[peer.program].format(name), {
            "RUN": self.folder, "PORT": port, "MAX_CONNECTIONS": MAX_CONNECTIONS,
            "UPSTREAM": by_socket.format(self.socket) if peer.unix else by_tcp.format(tcp),
            "CSP": SECURITY_HEADERS["content-security-policy"],
            "PERMISSIONS": SECURITY_HEADERS["permissions-policy"],
            "SCHEMA": json.dumps(json.loads(validation.SCHEMA.read_text())),
            "REDIS": self.redis.socket if self.redis is not None else "",
            **(self.callers.settings(workload) if workload in ALGORITHMS else {}),
        })
        return {
            "haproxy": [program, "-db", "-f", conf],
            "nginx": [program, "-e", "stderr", "-c", conf],
            "gatehouse": [program, "serve", "-c", conf],
        }[peer.program]

    def start(self, peer, workload, ready=None, processor=PROXY_PROCESSOR):
        """Starts the proxy. Returns it, its port, and the seconds from spawn to its first answer."""
        port = client.free_port()
        command = self.command(peer, workload, port)
        calls = self.redis.calls() if workload in COUNTED_IN_REDIS else None
        begun = time.perf_counter()
        secret = {"SECRET_KEY": self.callers.secret if workload in ALGORITHMS else self.secret}
        proxy = process.Program(command, processor, self.folder, f"{peer.name}-{workload}", **secret)
        try:
            if calls is not None:
                # What it counts alone, before it has found Redis, makes it ask Redis each time for a while.
                _wait(proxy, lambda: None if self.redis.calls() > calls else "it has not asked Redis")
            (ready or first_answer)(proxy, port)
        except BaseException:
            proxy.stop()
            raise
        return proxy, port, time.perf_counter() - begun


def _wait(program, attempt, patience=10.0):
    """Repeats `attempt` until it returns nothing; what it returns or raises is why not yet."""
    deadline = time.perf_counter() + patience
    while time.perf_counter() < deadline:
        try:
            why = attempt()
            if why is None:
                return
        except (OSError, ValueError) as error:
            why = error
        program.require_running()
        time.sleep(0.0005)
    raise RuntimeError(f"{program.command[0].rpartition('/')[2]} is not ready: {why}")


def first_answer(program, port):
    """Waits until the program answers a request as one that it may answer."""

    def attempt():
        with client.Client(port) as c:
            status = c.get().status
        return None if status in (200, 401, 429) else f"status {status}"

    _wait(program, attempt)


def listening(program, port):
    """Waits until the program accepts a connection."""
    _wait(program, lambda: client.Client(port).close())


def _require(peer, workload, holds, what):
    if not holds:
        raise BehaviourError(f"{peer.name} {workload}: {what}")


def _check_refusal(peer, port):
    with client.Client(port) as c:
        answers = [c.get() for _ in range(4)]  # on one connection: a refusal must not close it
    for answer in answers:
        _require(peer, "W3", answer.status == 429, f"status {answer.status}, expected 429")


def _check_seen(peer, workload, port, headers):
    """What the upstream was sent, and that its connection is kept alive."""
    with client.Client(port) as c:
        for _ in range(3):
            seen = json.loads(c.get("/seen", headers).body)
    expected = {field: headers.get(field, "") for field in ("Host", "User-Agent", "Accept", "Authorization")}
    if workload in ALGORITHMS and peer.program == "gatehouse":
        expected["Authorization"] = ""  # it keeps its own credentials to itself, and says whose they are
        _require(peer, workload, seen["user"] != "" and seen["cookie"] == "" and seen["api_key"] == "",
                 f"the upstream saw {seen}")
    for field, value in expected.items():
        got = seen[field.lower().replace("-", "_")]
        _require(peer, workload, got == value, f"the upstream saw {field}: {got!r}")
    _require(peer, workload, seen["protocol"] == "HTTP/1.1", f"the upstream saw {seen['protocol']}")
    _require(peer, workload, seen["connection_requests"] >= 3, "the upstream connection is not reused")


def _check_posting(peer, workload, port):
    """The body arrives; a wrong one does too, or is refused with 422 on a connection that stays open."""
    body = validation.good_body().encode()
    with client.Client(port) as c:
        for posted in (body, *(json.dumps(wrong).encode() for wrong in validation.wrong_bodies()), body):
            answer = c.post(POSTED, posted)
            refused = posted != body and workload == "W5"
            expected = 422 if refused else 200
            _require(peer, workload, answer.status == expected, f"status {answer.status}, expected {expected}: {posted}")
            seen = None if refused else json.loads(answer.body)
            _require(peer, workload, refused or seen["length"] == str(len(posted)), f"the upstream saw {seen}")
            _require(peer, workload, refused or seen["type"] == "application/json", f"the upstream saw {seen}")


def _check_callers(peer, workload, port, callers):
    """Who shows nothing, or what is no good, is refused on a connection that stays open."""
    with client.Client(port) as c:
        for what, caller in callers.wrong(workload):
            answer = c.get(headers=client.headers_of(caller))
            _require(peer, workload, answer.status == 401, f"{what}: status {answer.status}, expected 401")


def check_behaviour(bench, peer, workload, port):
    """Raises BehaviourError unless the proxy does the whole work, and no more than it."""
    if workload == "W3":
        return _check_refusal(peer, port)
    if workload in POSTING:
        return _check_posting(peer, workload, port)
    headers = client.HEADERS
    if workload in ALGORITHMS:
        headers = bench.callers.headers(workload)
        _check_callers(peer, workload, port, bench.callers)
    with client.Client(port) as c:
        answers = [c.get(headers=headers), c.get(headers=headers)]
    for answer in answers:
        _require(peer, workload, answer.status == 200, f"status {answer.status}, expected 200")
        _require(peer, workload, answer.body == BODY.encode(), f"a body of {len(answer.body)} bytes, not the file's")
        for name, value in SECURITY_HEADERS.items():
            expected = None if workload == "W0" else value
            got = answer.headers.get(name)
            _require(peer, workload, got == expected, f"{name}: {got!r}, expected {expected!r}")
    return _check_seen(peer, workload, port, headers)
