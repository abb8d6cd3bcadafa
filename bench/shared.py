"""Counting in Redis: a server of the bench's own, what a request costs it, how long one waits for it, and what happens
when it stands still."""

import csv
import dataclasses
import io
import os
import re
import shutil
import signal
import statistics
import subprocess
import threading
import time

import client
import peers
import process

WORKLOADS = {"W9": "exact", "W10": "leased"}  # -> how they count
RATE, CONNECTIONS = 2000, 16  # requests a second: a moderate rate
TIMEOUT_MS = 50
ASK = 20_000  # of redis-benchmark


class Redis:
    """redis-server on a unix socket in the bench's folder, on the load's processor."""

    def __init__(self, folder):
        self.socket = folder / "redis.sock"
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("redis-server is not there: script/bench --install, or leave out W9, W10 and the section redis")
        self.program = process.Program([program, "--port", "0", "--unixsocket", str(self.socket), "--save", "",
                                        "--appendonly", "no"], peers.LOAD_PROCESSOR, folder, "redis")
        for _ in range(500):
            if self.ask("PING") == "PONG":
                return
            self.program.require_running()
            time.sleep(0.01)
        self.stop()
        raise RuntimeError("redis-server does not answer")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        self.program.child.send_signal(signal.SIGCONT)
        self.program.stop()

    def ask(self, *words):
        done = subprocess.run(["redis-cli", "-s", str(self.socket), *words], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def calls(self):
        """Scripts run so far."""
        found = re.search(r"cmdstat_evalsha:calls=(\d+)", self.ask("INFO", "commandstats"))
        return int(found.group(1)) if found else 0

    def pids(self):
        return self.program.pids()

    def pause(self, on):
        self.program.child.send_signal(signal.SIGSTOP if on else signal.SIGCONT)

    def round_trip_us(self):
        """p50 of PING by redis-benchmark, one connection, no pipeline."""
        out = subprocess.run(["redis-benchmark", "-s", str(self.socket), "-c", "1", "-n", str(ASK), "-t", "ping_mbulk", "--csv"],
                             check=True, capture_output=True, text=True).stdout
        row = list(csv.DictReader(io.StringIO(out)))[0]
        return float(row["p50_latency_ms"]) * 1000


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    value: float
    unit: str


def _rate(program, port, seconds, *more):
    command = ["taskset", "-c", str(peers.LOAD_PROCESSOR), program, "--port", str(port), "--rate", str(RATE), "--seconds",
               str(seconds), "--connections", str(CONNECTIONS), *more]
    for name, value in client.HEADERS.items():
        command += ["--header", f"{name}: {value}"]
    out = subprocess.run([*command, client.PATH], check=True, capture_output=True, text=True).stdout
    return {row["measure"]: float(row["value"]) for row in csv.DictReader(io.StringIO(out))}


def _latencies(bench, options, program):
    """p50 at a fixed rate: counted here, in Redis, by leases; by turns."""
    found = {workload: [] for workload in ("W1", *WORKLOADS)}
    for _ in range(options.rounds):
        for workload, taken in found.items():
            proxy, port, _ = bench.start(peers.PEERS["gatehouse"], workload)
            with proxy:
                _rate(program, port, 1)
                taken.append(_rate(program, port, options.seconds)["p50_us"])
    p50 = {workload: statistics.median(taken) for workload, taken in found.items()}
    yield Row("p50 at a fixed rate, counted in the process", p50["W1"], "us")
    yield Row("p50 at a fixed rate, exact in Redis", p50["W9"], "us")
    yield Row("p50 at a fixed rate, leased from Redis", p50["W10"], "us")
    yield Row("added by exact", p50["W9"] - p50["W1"], "us")
    yield Row("redis-benchmark's own p50 of PING", bench.redis.round_trip_us(), "us")


def _capacity(bench, options, wrk):
    """What a request costs Redis."""
    costs = {}
    for workload in WORKLOADS:
        proxy, port, _ = bench.start(peers.PEERS["gatehouse"], workload)
        with proxy:
            wrk(port, 1)
            calls, cpu = bench.redis.calls(), process.cpu_of(bench.redis.pids())
            requests, _ = wrk(port, options.seconds)
            used = process.cpu_of(bench.redis.pids()) - cpu
            costs[workload] = used.ns / 1000 / requests
            yield Row(f"Redis' CPU a request, {WORKLOADS[workload]}", costs[workload], "us")
            yield Row(f"requests a second of one Redis processor, {WORKLOADS[workload]}", 1e6 / max(costs[workload], 1e-9), "1/s")
            yield Row(f"scripts a request, {WORKLOADS[workload]}", (bench.redis.calls() - calls) / requests, "")
    yield Row("what leasing gains in requests a Redis", costs["W9"] / max(costs["W10"], 1e-9), "times")


def _stopped(bench, program):
    """Redis stands still for two of six seconds under load: how long the slowest request took, beside a run without."""
    proxy, port, _ = bench.start(peers.PEERS["gatehouse"], "W9")
    with proxy:
        _rate(program, port, 1)
        quiet = _rate(program, port, 6)
        timers = [threading.Timer(2, bench.redis.pause, (True,)), threading.Timer(4, bench.redis.pause, (False,))]
        for timer in timers:
            timer.start()
        try:
            loud = _rate(program, port, 6)  # ends the bench when a request is not answered with 200
        finally:
            for timer in timers:
                timer.cancel()
                timer.join()
            bench.redis.pause(False)
    yield Row("slowest request, Redis well", quiet["max_us"], "us")
    yield Row("slowest request, Redis stopped meanwhile", loud["max_us"], "us")
    yield Row("deadline", TIMEOUT_MS * 1000, "us")
    yield Row("requests that failed while it was stopped", 0, "")


def measure(bench, options, program, wrk, say):
    rows = []
    if not os.access(program, os.X_OK):
        return rows
    for part in (_latencies(bench, options, program), _capacity(bench, options, wrk), _stopped(bench, program)):
        for row in part:
            rows.append(row)
            say(f"redis  {row.name}: {row.value:.2f} {row.unit}")
    return rows


def _value(rows, name):
    return next((row.value for row in rows if row.name == name), None)


def targets(rows):
    """(name, wanted, measured, met or None)"""
    slow, deadline, quiet = (_value(rows, name) for name in ("slowest request, Redis stopped meanwhile", "deadline",
                                                             "slowest request, Redis well"))
    name, wanted = "slowest request while Redis is stopped", "<= deadline + the slowest without"
    if slow is None:
        return [(name, wanted, "", None)]
    return [(name, wanted, f"{slow / 1000:.1f} ms ({deadline / 1000:.0f} + {quiet / 1000:.1f})", slow <= deadline + quiet)]


def table(rows):
    return ["", "measured", ""], [[row.name, f"{row.value:.2f}", row.unit] for row in rows]
