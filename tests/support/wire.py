"""The wire between a client and a server, in the hands of a test: it can be cut, and it can lose everything."""
import contextlib
import socket
import threading

from support.message import Stream
from support.ports import free_port


class Wire:
    """Passes TCP on to a port of the loopback interface. `port` is the client's end.

    freeze(): nothing comes through any more, either way, and nobody is told; what was under way is lost with the connection.
    cut(): connections are reset and new ones refused. mend(): new connections work; those that were frozen go on."""

    def __init__(self, to):
        self.to, self.port = to, free_port()
        self._open, self._lock = set(), threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self._listener = None
        self._listen()

    def _listen(self):
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(128)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return  # it was closed
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near):
        self._flows.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self.to), 10)
        except OSError:
            Stream(near).reset()
            return
        far.settimeout(None)
        for each in (near, far):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open.add((near, far))
        back = threading.Thread(target=self._pass, args=(far, near), daemon=True)
        back.start()
        self._pass(near, far)
        back.join()
        with self._lock:
            self._open.discard((near, far))
        for each in (near, far):
            each.close()

    def _pass(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        for each in (source, sink):  # the other direction ends as well
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def connections(self):
        with self._lock:
            return len(self._open)

    def freeze(self):
        self._flows.clear()

    def cut(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._listener = None
        with self._lock:
            for pair in self._open:
                for each in pair:
                    with contextlib.suppress(OSError):
                        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                        each.shutdown(socket.SHUT_RDWR)
        self._flows.set()

    def mend(self):
        self._flows.set()
        if self._listener is None:
            self._listen()

    def close(self):
        if self._listener is not None:
            self.cut()
        self._flows.set()
