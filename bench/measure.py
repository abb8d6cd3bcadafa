"""The measurements: CPU time a request, memory, start-up, and the programs that time the core alone."""

import csv
import dataclasses
import io
import os
import re
import subprocess
import time

import client
import peers
import process

CONNECTIONS = 64
IDLE_CONNECTIONS = 10_000
IDLE_A_SOURCE = 1_000  # connections from one loopback address


@dataclasses.dataclass(frozen=True)
class Sample:
    """One run of wrk against one program."""

    workload: str
    peer: str
    round: int
    requests: int
    seconds: float  # wall clock
    cpu: process.Cpu
    stolen: float  # seconds the hypervisor took meanwhile, of all processors

    @property
    def us(self):
        return self.cpu.ns / 1000 / self.requests


@dataclasses.dataclass(frozen=True)
class Memory:
    peer: str
    started_kib: int
    answered_kib: int  # after one request
    proportional_kib: int | None  # then too, pages divided among those that share them
    loaded_kib: int  # after a second of load
    idle_kib: int  # with the idle connections open
    connections: int

    @property
    def bytes_a_connection(self):
        return (self.idle_kib - self.answered_kib) * 1024 / self.connections


def wrk(port, seconds, path=client.PATH, script=None):
    """Runs wrk. Returns completed requests, and those not answered by 2xx or 3xx."""
    command = ["taskset", "-c", str(peers.LOAD_PROCESSOR), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    for name, value in client.HEADERS.items():
        command += ["-H", f"{name}: {value}"]
    if script is not None:
        command += ["-s", str(script)]
    out = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"],
                         check=True, capture_output=True, text=True).stdout
    if "Socket errors" in out:
        errors = out.partition("Socket errors:")[2].splitlines()[0]
        raise peers.BehaviourError(f"connections failed under load:{errors}")
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    if requests == 0:
        raise peers.BehaviourError("no request was answered under load")
    return requests, int(refused.group(1)) if refused else 0


def _check_load(peer, workload, requests, refused):
    wrong = requests - refused if workload == "W3" else refused
    if wrong > requests / 1000 if workload == "W3" else wrong > 0:  # nginx admits one a minute
        raise peers.BehaviourError(f"{peer.name} {workload}: {wrong} of {requests} wrongly answered under load")


def sample(bench, peer, workload, number, seconds):
    """Starts the proxy, checks it, warms it up, and measures one run."""
    proxy, port, _ = bench.start(peer, workload)
    with proxy:
        peers.check_behaviour(bench, peer, workload, port)
        load = bench.load(workload)
        wrk(port, 1, *load)
        pids = proxy.pids()
        stolen, before, begun = process.stolen_seconds(), process.cpu_of(pids), time.perf_counter()
        requests, refused = wrk(port, seconds, *load)
        after, ended = process.cpu_of(pids), time.perf_counter()
        proxy.require_running()
        _check_load(peer, workload, requests, refused)
        return Sample(workload, peer.name, number, requests, ended - begun, after - before,
                      process.stolen_seconds() - stolen)


def _open_idle(port, count, held):
    """Opens `count` connections, each after one answered request, from as many addresses as needed."""
    for i in range(count):
        c = client.Client(port, source=f"127.0.0.{2 + i // IDLE_A_SOURCE}")
        held.append(c)
        answer = c.get()
        if answer.status != 200:
            raise peers.BehaviourError(f"idle connection {i}: status {answer.status}")


def _resident_idle(bench, peer):
    """KiB when started, after one request (VmRSS and PSS), and with the idle connections open."""
    proxy, port, _ = bench.start(peer, "W1", ready=peers.listening)
    held = []
    with proxy:
        try:
            time.sleep(0.5)
            started = process.resident_kib(proxy.pids())
            with client.Client(port) as c:
                c.get()
            answered = process.resident_kib(proxy.pids())
            proportional = process.proportional_kib(proxy.pids())
            _open_idle(port, IDLE_CONNECTIONS, held)
            time.sleep(0.5)
            idle = process.resident_kib(proxy.pids())
            for c in held[::97]:
                if c.get().status != 200:
                    raise peers.BehaviourError(f"{peer.name}: an idle connection was not kept")
        finally:
            for c in held:
                c.close()
    return started, answered, proportional, idle


def memory(bench, peer):
    """Resident memory of a W1 proxy."""
    started, answered, proportional, idle = _resident_idle(bench, peer)
    proxy, port, _ = bench.start(peer, "W1")
    with proxy:
        wrk(port, 1)
        loaded = process.resident_kib(proxy.pids())
    return Memory(peer.name, started, answered, proportional, loaded, idle, IDLE_CONNECTIONS)


def start_up(bench, peer, times):
    """Seconds from spawn to the first answer, sorted."""
    taken = []
    for _ in range(times):
        proxy, _, seconds = bench.start(peer, "W1")
        proxy.stop()
        taken.append(seconds)
    return sorted(taken)


def rows_of(program, fields):
    """The CSV rows a bench program prints, as numbers where they are; [] when there is no such program."""
    if not os.access(program, os.X_OK):
        return []
    out = subprocess.run(["taskset", "-c", str(peers.PROXY_PROCESSOR), program],
                         check=True, capture_output=True, text=True).stdout
    rows = list(csv.DictReader(io.StringIO(out)))
    for row in rows:
        missing = [f for f in fields if row.get(f) in (None, "")]
        if missing:
            raise RuntimeError(f"{os.path.basename(program)}: a row without {', '.join(missing)}: {row}")
    return rows
