"""HTTP/1 messages over a plain socket, for tests that must see or send the exact bytes."""
import socket

from support.timing import guard


class Truncated(Exception):
    """The peer closed before the message was complete. `got`: what there was of it."""

    def __init__(self, what, got=b""):
        super().__init__(f"{what}: {got[:200]!r}")
        self.got = got


class Message:
    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.start = lines[0]
        self.head = head
        self.fields = []
        for line in lines[1:]:
            if line:
                name, _, value = line.partition(":")
                self.fields.append((name, value.strip(" \t")))
        self.body = b""
        self.trailers = b""
        self.chunks = []        # sizes of the chunks, as they came
        self.extensions = []    # chunk extensions, as they came
        self.informational = [] # 1xx answers before this one

    @property
    def status(self):
        return int(self.start.split(" ")[1])

    @property
    def method(self):
        return self.start.split(" ")[0]

    @property
    def target(self):
        return self.start.split(" ")[1]

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def get(self, name):
        """The one value; None when absent; a second field line of the name fails the test."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    def names(self):
        return [n.lower() for n, _ in self.fields]

    def tokens(self, name):
        return [t.strip().lower() for v in self.all(name) for t in v.split(",") if t.strip()]

    def json(self):
        import json
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.start!r} {len(self.body)} bytes>"


class Stream:
    """A connected socket with a read buffer."""

    def __init__(self, sock, timeout=None):
        self.sock = sock
        self.buffer = b""
        sock.settimeout(guard(15) if timeout is None else timeout)

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    def _fill(self):
        more = self.sock.recv(65536)
        self.buffer += more
        return len(more) > 0

    def read_until(self, end, what):
        while end not in self.buffer:
            if not self._fill():
                raise Truncated(what, self.buffer)
        at = self.buffer.index(end) + len(end)
        got, self.buffer = self.buffer[:at], self.buffer[at:]
        return got

    def read_exactly(self, n, what):
        while len(self.buffer) < n:
            if not self._fill():
                raise Truncated(what, self.buffer)
        got, self.buffer = self.buffer[:n], self.buffer[n:]
        return got

    def read_some(self):
        """Whatever comes next; b"" at the end."""
        if not self.buffer:
            self._fill()
        got, self.buffer = self.buffer, b""
        return got

    def read_to_end(self):
        """All until the peer closes; a reset counts as an end."""
        try:
            while self._fill():
                pass
        except ConnectionResetError:
            pass
        got, self.buffer = self.buffer, b""
        return got

    def read_chunked(self, message):
        body = []
        while True:
            line = self.read_until(b"\r\n", "chunk size")[:-2]
            size, _, extension = line.partition(b";")
            if extension:
                message.extensions.append(extension)
            n = int(size, 16)
            if n == 0:
                break
            message.chunks.append(n)
            body.append(self.read_exactly(n, "chunk data"))
            assert self.read_exactly(2, "chunk end") == b"\r\n"
        while True:
            line = self.read_until(b"\r\n", "trailers")
            if line == b"\r\n":
                break
            message.trailers += line
        message.body = b"".join(body)

    def read_head(self, what="head"):
        return Message(self.read_until(b"\r\n\r\n", what))

    def read_request(self, on_head=None):
        """A whole request as an upstream reads it; None when the connection ended before one began.
        on_head(stream, message) is called before its body is read."""
        try:
            message = self.read_head("request head")
        except Truncated as e:
            if e.got:
                raise
            return None
        if on_head:
            on_head(self, message)
        if "chunked" in message.tokens("transfer-encoding"):
            self.read_chunked(message)
        elif message.get("content-length"):
            message.body = self.read_exactly(int(message.get("content-length")), "request body")
        return message

    def read_response(self, to_head=False):
        """A whole final response; the 1xx before it are in .informational."""
        before = []
        message = self.read_head("response head")
        while 100 <= message.status < 200 and message.status != 101:
            before.append(message)
            message = self.read_head("response head")
        message.informational = before
        if to_head or message.status in (101, 204, 304):
            return message
        if "chunked" in message.tokens("transfer-encoding"):
            self.read_chunked(message)
        elif message.get("content-length") is not None:
            message.body = self.read_exactly(int(message.get("content-length")), "response body")
        else:
            message.body = self.read_to_end()
        return message

    def at_end(self):
        """Did the peer close, with nothing left to read? Waits for it."""
        try:
            return not self.buffer and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def reset(self):
        """Closes with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.sock.close()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def connect(address, source=None):
    """A Stream to ("127.0.0.1", 8080), ("::1", 8080) or a Unix socket's path; `source`: own address."""
    if isinstance(address, str):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(guard(15))
        sock.connect(address)
    else:
        sock = socket.create_connection(address, guard(15), (source, 0) if source else None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Stream(sock)


def exchange(address, request, to_head=False, source=None):
    """One request on a connection of its own."""
    with connect(address, source) as stream:
        stream.send(request)
        return stream.read_response(to_head)


def get(target="/", fields=(), method="GET", host="127.0.0.1", body=b"", version="HTTP/1.1"):
    """The bytes of a plain request."""
    lines = [f"{method} {target} {version}", f"Host: {host}"] if host is not None else [f"{method} {target} {version}"]
    lines += [f"{n}: {v}" for n, v in fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
