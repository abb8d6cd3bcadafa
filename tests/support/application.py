"""A FastAPI application as an upstream, in a process of its own."""
import os
import pathlib
import subprocess
import sys

import httpx

from support.client import PLAIN
from support.ports import free_port
from support.timing import eventually, guard

HTTP = pathlib.Path(__file__).resolve().parents[1] / "http"


class Application:
    def __init__(self, module="upstream_app:app", folder=HTTP, port=None, health="/health", env=None):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "--app-dir", str(folder), "--host", "127.0.0.1", "--port", str(self.port),
             "--log-level", "warning", "--timeout-keep-alive", "300", module],
            stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})

        def up():
            assert self.process.poll() is None, "the upstream did not start"
            try:
                return httpx.get(self.url + health, **PLAIN).status_code == 200
            except httpx.TransportError:
                return False
        eventually(up, "the upstream listens", 30)

    def get(self, path):
        """Past the gateway."""
        return httpx.get(self.url + path, **PLAIN, timeout=guard(10))

    def post(self, path):
        return httpx.post(self.url + path, **PLAIN, timeout=guard(10))

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(guard(5))
        except subprocess.TimeoutExpired:
            self.process.kill()  # uvicorn waits for open connections; the test is over
            self.process.wait()
