"""An upstream that does exactly what a test tells it, also what no honest server would."""
import socket
import threading
import traceback

from support.message import Stream, Truncated
from support.timing import guard


def ok(body=b"ok", fields=(), status="200 OK"):
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nContent-Type: text/plain\r\n"
    head += "".join(f"{n}: {v}\r\n" for n, v in fields)
    return head.encode("latin-1") + b"\r\n" + body


def answer_ok(upstream, stream):
    """The default script: answers every whole request with 200, HEAD without the body."""
    body = b"ok"
    while True:
        request = upstream.read_request(stream)
        if request is None:
            return
        answer = ok(body)
        stream.send(answer[:-len(body)] if request.method == "HEAD" else answer)


def always(raw, close=False):
    """A script that answers every whole request with these bytes; `close`: and then closes."""
    def script(upstream, stream):
        while True:
            request = upstream.read_request(stream)
            if request is None:
                return
            stream.send(raw)
            if close:
                return
    return script


class ScriptedUpstream:
    """Each connection runs `script(upstream, stream)` in a thread and is closed when it returns.

    requests: whole requests read, in order.  heads: how many began with a whole head.
    partial: what ended before it was whole.
    """

    def __init__(self, script=answer_ok, address=None):
        self.script = script
        self.requests = []
        self.partial = []
        self.heads = 0
        self.failures = []
        self.connections = 0
        self.open = 0
        self._streams = set()
        self._lock = threading.Lock()
        self._closing = False
        self.gate = threading.Event()  # for scripts that wait for their test
        if isinstance(address, str):
            self._server = socket.socket(socket.AF_UNIX)
            self._server.bind(address)
            self.url = f"unix:{address}"
        else:
            self._server = socket.socket()
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._server.bind(address or ("127.0.0.1", 0))
            self.port = self._server.getsockname()[1]
            self.url = f"http://127.0.0.1:{self.port}"
        self._server.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock):
        stream = Stream(sock, guard(60))
        with self._lock:
            self.connections += 1
            self.open += 1
            self._streams.add(stream)
        try:
            self.script(self, stream)
        except (Truncated, OSError) as e:
            with self._lock:
                self.partial.append(e)
        except Exception:
            if not self._closing:
                self.failures.append(traceback.format_exc())
        finally:
            stream.close()
            with self._lock:
                self.open -= 1
                self._streams.discard(stream)

    def read_request(self, stream):
        request = stream.read_request(self._head)
        if request is not None:
            with self._lock:
                self.requests.append(request)
        return request

    def _head(self, stream, head):
        with self._lock:
            self.heads += 1
        if head.tokens("expect") == ["100-continue"]:
            stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def close_connections(self):
        with self._lock:
            for stream in self._streams:
                try:
                    stream.sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # already gone

    def close(self):
        """Stops listening and drops all connections. A script that broke fails the test here."""
        self._closing = True
        self.gate.set()
        try:
            self._server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # a listening Unix socket has nothing to shut down
        self._server.close()
        self.close_connections()
        assert not self.failures, "the upstream's script broke:\n" + "\n".join(self.failures)
