"""Runs the real program and watches it from outside."""
import copy
import functools
import json
import os
import pathlib
import re
import signal
import subprocess
import threading

import httpx
import yaml

from support import message, stores
from support.client import PLAIN
from support.ports import free_port
from support.timing import eventually, guard

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("GATEHOUSE_BIN", str(ROOT / "build" / "src" / "gatehouse"))
SANITIZER = re.compile(r"ERROR: \w*Sanitizer|WARNING: ThreadSanitizer|runtime error:|SUMMARY: \w+Sanitizer")

# What every test starts from: no rate limit but the test's own, a short drain.
BASE = {
    "server": {"workers": 2, "drain_timeout": "5s"},
    "log": {"format": "json", "health_sample": 1},
    "rate_limits": {"default": {"requests": 0}},
}


def merge(base, over):
    out = copy.deepcopy(base)
    for key, value in over.items():
        out[key] = merge(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return out


@functools.cache
def is_sanitized():
    """Was the program built with a sanitizer? Its memory figures mean nothing then."""
    with open(BINARY, "rb") as f:
        data = f.read()
    return b"__asan_init" in data or b"__tsan_init" in data


def clean_environment(extra=None):
    keep = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR") or k.endswith("SAN_OPTIONS")}
    keep.update(extra or {})
    return keep


def run(*args, cwd, env=None, stdin=None, seconds=20):
    """A command that ends by itself: CompletedProcess with text output."""
    return subprocess.run([BINARY, *map(str, args)], cwd=cwd, env=clean_environment(stores.known(cwd, env)), input=stdin,
                          capture_output=True, text=True, timeout=guard(seconds))


class Gateway:
    def __init__(self, folder, config, env=None, args=(), base=True, upstream=None, command="serve",
                 config_file="gatehouse.yaml", stdout=subprocess.PIPE, ports=None):
        self.folder = pathlib.Path(folder)
        self.port, self.admin_port = ports or (free_port(), free_port())
        self.address = ("127.0.0.1", self.port)
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.admin_url = f"http://127.0.0.1:{self.admin_port}"
        self.command, self.config_file, self.base = command, config_file, base
        self.lines, self.errors = [], []
        self._news = threading.Condition()
        argv = [BINARY, command]
        if upstream:
            argv.append(upstream)
        if config is False:  # all by the command line
            argv += ["--listen", f"127.0.0.1:{self.port}", "--admin", f"127.0.0.1:{self.admin_port}"]
        else:
            self.write(config)
            argv += ["-c", config_file]
        argv += [str(a) for a in args]
        if os.geteuid() != 0:  # else /proc would not tell us what it costs
            env = {"GATEHOUSE_SECRETS_CORE_DUMPS": "on", **(env or {})}
        self.process = subprocess.Popen(argv, cwd=self.folder, env=clean_environment(stores.own(self.folder, env)),
                                        stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE)
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                         for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.errors)) if pair[0]]
        for reader in self._readers:
            reader.start()

    def write(self, config):
        """The configuration file: a dict (with this suite's base under it) or YAML text as it is."""
        if isinstance(config, dict):
            if self.base:
                listen = {"server": {"listen": [f"127.0.0.1:{self.port}"]},
                          "admin": {"listen": f"127.0.0.1:{self.admin_port}"}}
                config = merge(merge(BASE, listen), config)
            config = yaml.safe_dump(config, sort_keys=False)
        else:
            config = config.replace("PORT", str(self.port)).replace("ADMIN", str(self.admin_port))
        (self.folder / self.config_file).write_text(config)

    def _read(self, pipe, into):
        for line in pipe:
            with self._news:
                into.append(line)
                self._news.notify_all()

    def wait_until_up(self):
        def up():
            if self.process.poll() is not None:
                for reader in self._readers:
                    reader.join(guard(5))
                raise AssertionError(f"ended with {self.process.returncode} at start:\n{self.stderr()}\n{self.stdout()}")
            try:
                httpx.get(self.admin_url + "/healthz", **PLAIN).raise_for_status()
                message.connect(self.address).close()
                return True
            except (OSError, httpx.TransportError):
                return False
        eventually(up, "gatehouse listens", 20)
        return self

    # What it said.
    def stderr(self):
        return b"".join(self.errors).decode(errors="replace")

    def stdout(self):
        return b"".join(self.lines).decode(errors="replace")

    def output(self):
        return self.stdout() + self.stderr()

    def log(self):
        """All lines of the log. A line that is not one JSON object fails the test."""
        with self._news:
            lines = list(self.lines)
        out = []
        for line in lines:
            assert line.endswith(b"\n"), f"a log line without end: {line!r}"
            text = line[:-1].decode("utf-8")
            assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", text), f"a line break or control in {line!r}"
            entry = json.loads(text)
            assert isinstance(entry, dict), line
            out.append(entry)
        return out

    def access_lines(self):
        return [e for e in self.log() if e["type"] == "access"]

    def wait_for_log(self, matches, what, seconds=10):
        return eventually(lambda: next((e for e in self.log() if matches(e)), None), f"a log line: {what}", seconds)

    def access_line(self, path, n=1):
        """The nth access line of this path."""
        mark = json.dumps(path).encode()  # most lines need not be read for it

        def probe():
            with self._news:
                lines = [line for line in self.lines if mark in line]
            found = [e for e in map(json.loads, lines) if e["type"] == "access" and e.get("path") == path]
            return found[n - 1] if len(found) >= n else None
        return eventually(probe, f"access line {n} of {path}", 10)

    # What it does.
    def client(self, **kwargs):
        kwargs.setdefault("timeout", guard(30))
        return httpx.Client(base_url=self.base_url, **PLAIN, **kwargs)

    def get(self, path="/", **kwargs):
        with self.client() as client:
            return client.get(path, **kwargs)

    def request(self, method, path="/", **kwargs):
        with self.client() as client:
            return client.request(method, path, **kwargs)

    def connect(self, source=None):
        return message.connect(self.address, source)

    def exchange(self, request, to_head=False, source=None):
        return message.exchange(self.address, request, to_head, source)

    def admin(self, path):
        return httpx.get(self.admin_url + path, **PLAIN, timeout=guard(10))

    def metrics(self):
        from support.prometheus import Metrics
        return Metrics(self.admin("/metrics").text)

    # What it costs.
    def rss(self):
        """Resident memory in bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    # Its end.
    def signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        """SIGHUP, and waits until the new configuration is in use or refused."""
        before = self._reloads()
        self.signal(signal.SIGHUP)
        eventually(lambda: self._reloads() != before, "a reload")

    def _reloads(self):
        metrics = self.metrics()
        return metrics.value("gatehouse_reloads_total"), metrics.value("gatehouse_reloads_failed_total")

    def wait(self, seconds=30):
        code = self.process.wait(guard(seconds))
        for reader in self._readers:
            reader.join(guard(5))
        return code

    def stop(self):
        """SIGTERM; it must end with status 0 and without a sanitizer's report."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.wait()
            raise AssertionError(f"still there long after SIGTERM:\n{self.stderr()[-4000:]}")
        assert not SANITIZER.search(self.stderr()), self.stderr()[-8000:]
        assert code == 0, f"ended with {code}:\n{self.stderr()[-4000:]}"
