"""Clients that keep asking, each on a connection of its own, and account for every request."""
import threading

from support import message
from support.timing import guard


class Load:
    """n clients call `request(i)` for bytes and read the answer, until stopped. failures: what went wrong."""

    def __init__(self, gateway, request, clients=8):
        self.gateway, self.request = gateway, request
        self.statuses, self.failures = {}, []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._client, args=(i,), daemon=True) for i in range(clients)]
        for thread in self._threads:
            thread.start()

    def _client(self, i):
        n, stream = 0, None
        while not self._stop.is_set():
            n += 1
            try:
                if stream is None:
                    stream = self.gateway.connect()
                stream.send(self.request(i * 1000000 + n))
                answer = stream.read_response()
                with self._lock:
                    self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
                if "close" in answer.tokens("Connection"):
                    stream.close()
                    stream = None
            except (message.Truncated, OSError) as e:
                with self._lock:
                    self.failures.append(repr(e))
                if stream is not None:
                    stream.close()
                    stream = None
        if stream is not None:
            stream.close()

    def total(self):
        return sum(self.statuses.values())

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(guard(30))
            assert not thread.is_alive(), "a client hangs"
        return self
