"""What others notice of logins that saturate the password pool: the latency of requests at a fixed rate, without and
with them, by turns in one run of the gateway."""

import csv
import dataclasses
import io
import re
import statistics
import subprocess
import time

import client
import peers

RATE = 2000  # requests a second: a small part of what it can do
CONNECTIONS = 16
SIGNING_IN = 32  # connections that sign in, one login after the other: more than are hashed at once, fewer than may wait
TWICE = 2.0
PROGRAM = "rate"
WORKLOAD = "W2"


@dataclasses.dataclass(frozen=True)
class Latency:
    """Of the requests of one measurement, in microseconds."""

    round: int
    logins: float | None  # answered in a second; None: none were tried
    p50: float
    p99: float
    p999: float


def _headers(headers):
    return [argument for name, value in headers.items() for argument in ("--header", f"{name}: {value}")]


def _ask(program, port, headers, seconds):
    command = ["taskset", "-c", str(peers.LOAD_PROCESSOR), program, "--port", str(port), "--rate", str(RATE),
               "--seconds", str(seconds), "--connections", str(CONNECTIONS), *_headers(headers), client.PATH]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {row["measure"]: float(row["value"]) for row in csv.DictReader(io.StringIO(out))}


class _Flood:
    """wrk that signs in, with wrong passwords, until it is ended or its time is over."""

    def __init__(self, port, script, seconds):
        self.seconds = seconds
        command = ["taskset", "-c", str(peers.LOAD_PROCESSOR), "wrk", "-t1", f"-c{SIGNING_IN}", f"-d{seconds}s",
                   "--timeout", "10s", "-H", f"Host: {client.HOST}", "-s", str(script), f"http://127.0.0.1:{port}/"]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.child.kill()
        self.child.communicate()

    def logins_a_second(self):
        """Waits for its end. Each login must have been tried: none may have been refused before."""
        out, _ = self.child.communicate()
        found = {int(status): int(n) for status, n in re.findall(r"^status\s+(\d+)\s+(\d+)", out, re.MULTILINE)}
        if self.child.returncode != 0 or found.get(401, 0) == 0 or any(found.get(s) for s in (200, 429, 503)):
            raise peers.BehaviourError(f"logins with a wrong password were answered so: {found}")
        return found[401] / self.seconds


def measure(bench, options, program, say):
    """Latencies without and with logins, by turns."""
    found = []
    script = bench.folder / "logins.lua"
    bench.callers.write_login_script(script)
    proxy, port, _ = bench.start(peers.PEERS["gatehouse"], WORKLOAD)
    headers = bench.callers.headers(WORKLOAD)
    with proxy:
        _ask(program, port, headers, 1)
        for number in range(1, options.rounds + 1):
            quiet = _ask(program, port, headers, options.seconds)
            with _Flood(port, script, options.seconds + 2) as flood:
                time.sleep(1)  # until the pool has more than it can do
                loud = _ask(program, port, headers, options.seconds)
                logins = flood.logins_a_second()
            for row, tried in ((quiet, None), (loud, logins)):
                found.append(Latency(number, tried, row["p50_us"], row["p99_us"], row["p999_us"]))
            say(f"logins  round {number}/{options.rounds}  p99 {quiet['p99_us']:.0f} us, "
                f"{loud['p99_us']:.0f} us beside {logins:.0f} logins a second")
        proxy.require_running()
    return found


def ratio(latencies):
    """The median of the ratios of p99 within a round, the lowest and the highest; None: not measured."""
    p99 = {(latency.round, latency.logins is None): latency.p99 for latency in latencies}
    within = [p99[number, False] / p99[number, True] for number, quiet in p99 if quiet and (number, False) in p99]
    return (statistics.median(within), min(within), max(within)) if within else None


def targets(latencies):
    """(name, wanted, measured, met or None)"""
    name, wanted = "p99 of other requests while logins saturate the password pool, of that without", f"<= {TWICE:.1f}"
    found = ratio(latencies)
    if found is None:
        return [(name, wanted, "", None)]
    return [(name, wanted, f"{found[0]:.2f} ({found[1]:.2f} to {found[2]:.2f})", found[0] <= TWICE)]


def table(latencies):
    """Head and rows of the report's table."""
    rows = [[str(latency.round), "none" if latency.logins is None else f"{latency.logins:.0f}",
             f"{latency.p50:.0f}", f"{latency.p99:.0f}", f"{latency.p999:.0f}"] for latency in latencies]
    return ["round", "logins a second", "p50, µs", "p99, µs", "p99.9, µs"], rows
