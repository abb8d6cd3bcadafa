"""Clients and upstreams that misbehave at random: the program must outlive all of it and count right at the end.

GATEHOUSE_TEST_SEED repeats a run, as far as threads allow; GATEHOUSE_TEST_SECONDS makes it longer."""
import os
import random
import threading
import time

from support.gateway import is_sanitized
from support.message import Truncated, get
from support.scripted import ok
from support.timing import SOAK, eventually

SECONDS = float(os.environ.get("GATEHOUSE_TEST_SECONDS", "90" if SOAK else "10"))
SEED = int(os.environ.get("GATEHOUSE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
CLIENTS, SERVERS = 12, 3

SETTINGS = {
    "server": {"workers": 2},
    "timeouts": {"client_head": "1s", "client_body": "1s", "client_idle": "2s", "client_send": "1s", "upstream_connect": "1s",
                 "upstream_first_byte": "1s", "upstream_body": "1s", "upstream_idle": "1s"},
    "limits": {"body": "64KiB"},
    "cors": {"enabled": True, "origins": ["https://app.example.com"]},
    "rate_limits": {"rules": [{"name": "few", "paths": ["/few"], "limits": ["5/second"]}]},
    "upstreams": [{"name": "api", "retries": 2, "fail_threshold": 1000, "max_idle": 4, "max_connections": 16}],
}


def misbehaving(seed):
    """A script whose every connection throws its own dice."""
    numbers, lock = iter(range(1 << 30)), threading.Lock()

    def chunked(stream, dice, whole):
        stream.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(dice.randrange(6)):
            size = dice.choice([1, 15, 16, 255, 4096, 30000])
            stream.send(b"%x%s\r\n%s\r\n" % (size, dice.choice([b"", b";a=b"]), b"c" * size))
        if whole:
            stream.send(b"0\r\n%s\r\n" % dice.choice([b"", b"X-Trailer: 1\r\n"]))

    def until_close(stream, dice):
        stream.send(b"HTTP/1.%d 200 OK\r\n\r\n" % dice.randrange(2) + b"d" * dice.randrange(60000))

    def script(upstream, stream):
        with lock:
            dice = random.Random(seed + next(numbers))
        while True:
            kind = dice.randrange(24)
            if kind == 0:  # an early answer: the body is not read
                stream.read_head()
                stream.send(dice.choice([ok(b"early"), ok(b"no", status="413 Too Large"), b"HTTP/1.1 200 OK\r\n\r\nearly"]))
                if dice.randrange(2):
                    time.sleep(dice.random() / 20)
                    return
                continue
            if kind == 1:
                return stream.reset()
            request = stream.read_request()
            if request is None:
                return
            to_head = request.method == "HEAD"
            if kind == 2:
                return stream.reset()
            if kind == 3:
                return
            if kind == 4:
                return stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")
            if kind == 5:
                stream.send(b"HTTP/1.1 200 OK\r\nContent-Le")
                return stream.reset() if dice.randrange(2) else None
            if kind == 6:
                return stream.send(dice.choice([b"\0" * 100, b"HTTP/2 200\r\n\r\n", b"x" * 70000, b"HTTP/1.1 200 OK\nA: b\n\n"]))
            if kind == 7:
                time.sleep(dice.choice([0.05, 0.3, 1.5]))
                stream.send(ok(b"late"))
            elif kind == 8:
                stream.send(ok(b"one") + ok(b"two"))
            elif kind == 9:
                stream.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * dice.choice([1, 5, 40]) + ok(b"hinted"))
            elif kind == 10:
                stream.send(dice.choice([b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\n\r\n",
                                         b"HTTP/1.1 204 No Content\r\n\r\nbody", b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
                                         b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]))
            elif kind == 11:
                chunked(stream, dice, False)
                return stream.reset() if dice.randrange(2) else None
            elif kind == 12:
                stream.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdeX")
            elif kind == 13:
                return until_close(stream, dice)
            elif kind == 14:
                until_close(stream, dice)
                return stream.reset()
            elif kind == 15:
                for byte in ok(b"drop by drop"):
                    stream.send(bytes([byte]))
            elif kind == 16 and not to_head:
                stream.send(ok(b"b" * dice.choice([100000, 1000000])))
            elif kind == 17:
                stream.send(b"HTTP/1.1 200 OK\r\nX: %s\r\n\r\n" % (b"x" * dice.choice([8000, 16000, 16300, 17000])))
                return
            elif kind in (18, 19) and not to_head:
                chunked(stream, dice, True)
            elif "websocket" in request.tokens("Upgrade"):
                stream.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello")
                for _ in range(dice.randrange(5)):
                    stream.send(stream.read_some() + b"w" * dice.randrange(50000))
                return stream.reset() if dice.randrange(2) else None
            else:
                stream.send(ok(b"" if to_head else b"fine"))
    return script


def some_request(dice):
    target = dice.choice(["/", "/few", "/a%2fb", "/a?b", "//", "/" + "x" * 9000, "*", "http://127.0.0.1/abs"])
    method = dice.choice(["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
    fields = [f for f in (("Connection", dice.choice(["close", "keep-alive", "x-a, x-b", "Host, Content-Length"])),
                          ("Origin", dice.choice(["https://app.example.com", "https://evil.example"])),
                          ("Access-Control-Request-Method", "POST"), ("X-A", "a" * dice.choice([1, 3000])),
                          ("Expect", dice.choice(["100-continue", "else"]))) if dice.randrange(5) == 0]
    kind = dice.randrange(14)
    if kind == 0:
        return dice.choice([b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/3.0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\r\n\r\n",
                            b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", b"A: " + b"x" * 20000])
    if kind == 1:
        return get(target, fields, "POST", body=b"y" * dice.choice([1, 100, 20000, 60000, 70000]))
    if kind in (2, 3, 4):
        chunks = b"".join(b"%x\r\n%s\r\n" % (n, b"z" * n) for n in dice.choices([1, 7, 300, 5000, 20000], k=dice.randrange(6)))
        end = dice.choice([b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\nA: b\r\n\r\n", b"bad\n", b""])
        return get(target, fields + [("Transfer-Encoding", "chunked")], "POST") + chunks + end
    if kind == 5:
        return get("/", [("Connection", "upgrade"), ("Upgrade", "websocket")]) + b"u" * dice.choice([0, 10, 30000])
    if kind == 6:
        return get(target, fields, version="HTTP/1.0")
    if kind == 7:
        return get(target, fields + [("Content-Length", "50"), ("Transfer-Encoding", "chunked")], "POST") + b"0\r\n\r\n"
    return get(target, fields, method, body=b"q" * 10 if method in ("POST", "PUT") else b"")


def one_connection(gateway, dice):
    with gateway.connect() as stream:
        stream.sock.settimeout(dice.choice([0.2, 1, 3]))
        for _ in range(dice.randrange(1, 6)):
            data = b"".join(some_request(dice) for _ in range(dice.choice([1, 1, 1, 2, 8, 40])))
            how = dice.randrange(10)
            if how == 0:
                data = data[:dice.randrange(len(data))]
            if how == 1:
                for i in range(0, min(len(data), 300), 7):
                    stream.send(data[i:i + 7])
            else:
                stream.send(data)
            if how == 2:
                return stream.reset()
            if how == 3:
                stream.sock.shutdown(1)
            if how == 4:
                continue
            if how == 5:
                time.sleep(dice.choice([0.01, 0.1, 1.3]))
            for _ in range(dice.randrange(8)):
                if not stream.read_some():
                    return


def proper(gateway):
    try:
        return gateway.exchange(get("/")).status == 200
    except (OSError, Truncated):
        return False  # the upstreams have not become better


def test_random_peers(gatehouse, scripted):
    print("GATEHOUSE_TEST_SEED =", SEED)
    gateway = gatehouse(SETTINGS, upstream=[scripted(misbehaving(SEED + i * 1000003)) for i in range(SERVERS)])
    end = time.monotonic() + SECONDS
    broken = []

    def client(i):
        dice = random.Random(SEED * 31 + i)
        while time.monotonic() < end and gateway.process.poll() is None:
            try:
                one_connection(gateway, dice)
            except (OSError, Truncated):
                pass  # cut off, as it deserves
            except Exception as e:
                broken.append(repr(e))
                return
    threads = [threading.Thread(target=client, args=(i,), daemon=True) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken and gateway.process.poll() is None, (broken, gateway.stderr()[-8000:])

    def value(name):
        return gateway.metrics().value(f"gatehouse_{name}")
    assert value("requests_total") > 100
    for name in ("exchanges_open", "connections_open", "upstream_connections_open"):
        eventually(lambda: value(name) == 0, f"{name} is 0")
    if not is_sanitized():
        assert gateway.descriptors() < 64
    # Whoever behaves is served as before.
    eventually(lambda: proper(gateway), "a proper answer", 30)
    gateway.stop()
