"""A client that checks behaviour and holds connections open; the load itself comes from wrk."""

import dataclasses
import random
import socket

HOST = "api.example.com"
PATH = "/items/1.json"
TOKEN = ("eyJhbGciOiJIUzI1NiJ9." + "k3J9xQ2fZt7Lw0" * 20)[:224]
HEADERS = {
    "Host": HOST,
    "User-Agent": "gatehouse-bench/1",
    "Accept": "application/json",
    "Authorization": f"Bearer {TOKEN}",
    "X-Forwarded-For": "203.0.113.7",
}


def headers_of(caller):
    """HEADERS, with what `caller` (name -> value) shows of itself in place of the token."""
    return {**{name: value for name, value in HEADERS.items() if name != "Authorization"}, **caller}


@dataclasses.dataclass(frozen=True)
class Response:
    status: int
    headers: dict  # lower-case names; of a name sent twice, both values joined by ", "
    body: bytes


class Client:
    """One HTTP/1.1 connection; `source` is the loopback address it comes from."""

    def __init__(self, port, source="127.0.0.1", timeout=5.0):
        self.socket = socket.socket()
        try:
            self.socket.settimeout(timeout)
            self.socket.bind((source, 0))
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.socket.close()

    def _more(self):
        received = self.socket.recv(65536)
        if not received:
            raise ConnectionError("the connection was closed")
        self.rest += received

    def get(self, path=PATH, headers=HEADERS):
        return self._ask("GET", path, headers, b"")

    def post(self, path, body, headers=HEADERS):
        """`body`: JSON, as bytes."""
        return self._ask("POST", path, {**headers, "Content-Type": "application/json", "Content-Length": len(body)}, body)

    def _ask(self, method, path, headers, body):
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers.items()) + "\r\n"
        self.socket.sendall(head.encode() + body)
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        if "content-length" not in headers:
            raise ValueError(f"an answer without Content-Length: {lines[0]}")
        length = int(headers["content-length"])
        while len(self.rest) < length:
            self._more()
        body, self.rest = self.rest[:length], self.rest[length:]
        return Response(int(lines[0].split()[1]), headers, body)


def free_port():
    """A port to listen on, below those that the kernel lends to outgoing connections: the load takes thousands."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
