"""What was measured, as Markdown, CSV and plots, and which targets are met."""

import csv
import dataclasses
import datetime
import os
import pathlib
import re
import statistics
import subprocess

import logins
import measure
import peers
import plot
import sessions
import shared
import validation

PLAIN_OF_HAPROXY = 0.95
POLICY_OF_HAPROXY = 0.90
TOKEN_OF_HAPROXY = 0.80
REFUSAL_OF_NGINX = 0.95
CORE_OF_FLOOR = 0.10
CHECKED_OF_PLAIN = 1.25  # a posted body with a check over one without
OTHER_SIGNATURE = 1.05  # ES256 over HS256, when the tokens were seen before
OTHER_PROOF = 1.10  # a session cookie or API key over a JWT
EXACT, LEASED = 1.4, 1.05  # counted in Redis over counted in the process
BYTES_A_CLIENT = 24
IDLE_MIB = 10
IDLE_CONNECTION_KIB = 4
START_MS = 100
FLAT = 2.0  # the cost at 10,000,000 clients over the cost at 1,000

LOAD = "load average before"
QUIET = 0.5  # a load average up to this disturbs nobody


@dataclasses.dataclass
class Results:
    options: object
    machine: dict
    versions: dict
    samples: list = dataclasses.field(default_factory=list)
    memory: list = dataclasses.field(default_factory=list)
    starts: dict = dataclasses.field(default_factory=dict)  # peer -> sorted seconds
    core: list = dataclasses.field(default_factory=list)
    limiter: list = dataclasses.field(default_factory=list)
    sessions: list = dataclasses.field(default_factory=list)
    validation: list = dataclasses.field(default_factory=list)
    logins: list = dataclasses.field(default_factory=list)
    shared: list = dataclasses.field(default_factory=list)

    def of(self, workload, peer):
        return [s for s in self.samples if s.workload == workload and s.peer == peer]


@dataclasses.dataclass(frozen=True)
class Cost:
    """CPU microseconds a request of one program at one workload."""

    median: float
    best: float
    worst: float
    user: float  # of the median
    requests_a_second: float
    busy: float  # share of its processor

    @classmethod
    def of(cls, samples):
        us = [s.us for s in samples]
        user, system = (sum(getattr(s.cpu, part) for s in samples) for part in ("user", "system"))
        median = statistics.median(us)
        return cls(
            median, min(us), max(us), median * user / max(user + system, 1),
            statistics.median(s.requests / s.seconds for s in samples),
            statistics.median(s.cpu.ns / 1e9 / s.seconds for s in samples),
        )


@dataclasses.dataclass(frozen=True)
class Target:
    name: str
    wanted: str
    measured: str
    met: bool | None  # None: not measured

    @property
    def state(self):
        return {True: "met", False: "not met", None: "not measured"}[self.met]


def machine():
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    system = re.search(r'PRETTY_NAME="?([^"\n]*)', pathlib.Path("/etc/os-release").read_text())
    kernel = re.match(r"[0-9.]*[0-9]", os.uname().release)  # what follows may name a host's own build
    model = re.search(r"model name\s*:\s*(.*)", cpuinfo)
    return {
        "processor": model.group(1) if model else os.uname().machine,
        "processors": str(os.cpu_count()) + (", virtual machine" if " hypervisor" in cpuinfo else ""),
        "memory": f"{int(memory.group(1)) / 1048576:.0f} GiB",
        "system": f"{system.group(1)}, Linux {kernel.group()}",
        LOAD: f"{os.getloadavg()[0]:.2f}",
    }


def _says(command, pattern):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if found else "unknown"


def versions(programs, root):
    found = {"date": datetime.date.today().isoformat()}
    if "gatehouse" in programs:
        found["gatehouse"] = _says(["git", "-C", str(root), "describe", "--always", "--tags", "--dirty"], r"(\S+)")
    if "haproxy" in programs:
        found["haproxy"] = _says([programs["haproxy"], "-v"], r"version (\S+)")
    if "nginx" in programs:
        found["nginx"] = _says([programs["nginx"], "-v"], r"nginx/(\S+)")
    found["wrk"] = _says(["wrk", "-v"], r"wrk (\S+)")
    return found


def costs(results):
    """(workload, peer) -> Cost, in the order of the tables."""
    table = {}
    for workload in peers.WORKLOADS:
        for peer in peers.PEERS:
            samples = results.of(workload, peer)
            if samples:
                table[workload, peer] = Cost.of(samples)
    return table


def ratio(results, workload, peer, other):
    """Ratio of medians, and the lowest and highest ratio within one round; None: not both measured."""
    return _ratio_of(results.of(workload, peer), results.of(workload, other))


def _ratio_of(samples, others):
    a, b = ({s.round: s.us for s in found} for found in (samples, others))
    rounds = sorted(set(a) & set(b))
    if not rounds:
        return None
    within = [a[r] / b[r] for r in rounds]
    return statistics.median(a.values()) / statistics.median(b.values()), min(within), max(within)


def _ratio_target(name, found, wanted):
    limit = f"<= {wanted:.2f}"
    if found is None:
        return Target(name, limit, "", None)
    return Target(name, limit, f"{found[0]:.2f} ({found[1]:.2f} to {found[2]:.2f})", found[0] <= wanted)


def _over_target(results, name, workload, other, wanted):
    return _ratio_target(name, _ratio_of(results.of(workload, "gatehouse"), results.of(other, "gatehouse")), wanted)


def core_row(results):
    """The row named "request"; without one, the slowest."""
    if not results.core:
        return None
    whole = [row for row in results.core if row["name"] == "request"]
    return (whole or sorted(results.core, key=lambda row: -float(row["ns_per_op"])))[0]


def _core_target(results, table):
    name, limit = "core alone, share of the floor's W0", f"<= {CORE_OF_FLOOR:.2f}"
    row, floor = core_row(results), table.get(("W0", "floor"))
    if row is None or floor is None:
        return Target(name, limit, "", None)
    share = float(row["ns_per_op"]) / 1000 / floor.median
    return Target(name, limit, f"{share:.3f} ({row['name']}: {float(row['ns_per_op']):.0f} ns)", share <= CORE_OF_FLOOR)


def limiter_curves(results):
    """number of limits -> {clients: row}"""
    lines = {}
    for row in results.limiter:
        lines.setdefault(int(row["limits"]), {})[int(float(row["clients"]))] = row
    return dict(sorted(lines.items()))


def _limiter_targets(results):
    lines = limiter_curves(results)
    size_name, size_limit = "bytes a tracked client, 1,000,000 of them", f"<= {BYTES_A_CLIENT}"
    flat_name, flat_limit = "cost a check, 10,000,000 clients over 1,000", f"<= {FLAT:.1f}"
    size, flat = Target(size_name, size_limit, "", None), Target(flat_name, flat_limit, "", None)
    if lines and 10**6 in lines[min(lines)]:
        measured = float(lines[min(lines)][10**6]["bytes_per_client"])
        size = Target(size_name, size_limit, f"{measured:.1f} ({min(lines)} limit{'s' * (min(lines) != 1)})",
                      measured <= BYTES_A_CLIENT)
    ends = [(float(line[10**3]["ns_check"]), float(line[10**7]["ns_check"]))
            for line in lines.values() if 10**3 in line and 10**7 in line]
    if ends:
        few, many = max(ends, key=lambda pair: pair[1] / pair[0])
        flat = Target(flat_name, flat_limit, f"{many / few:.1f} ({few:.0f} to {many:.0f} ns)", many / few <= FLAT)
    return [size, flat]


def _memory_targets(results):
    idle_name, idle_limit = "resident memory, idle", f"<= {IDLE_MIB} MiB"
    each_name, each_limit = "memory an idle connection", f"<= {IDLE_CONNECTION_KIB} KiB"
    found = [m for m in results.memory if m.peer == "gatehouse"]
    if not found:
        return [Target(idle_name, idle_limit, "", None), Target(each_name, each_limit, "", None)]
    idle, each = found[0].answered_kib / 1024, found[0].bytes_a_connection / 1024
    return [Target(idle_name, idle_limit, f"{idle:.1f} MiB", idle <= IDLE_MIB),
            Target(each_name, each_limit, f"{each:.2f} KiB", each <= IDLE_CONNECTION_KIB)]


def _start_target(results):
    name, limit = "start-up to the first answer", f"< {START_MS} ms"
    taken = results.starts.get("gatehouse")
    if not taken:
        return Target(name, limit, "", None)
    ms = statistics.median(taken) * 1000
    return Target(name, limit, f"{ms:.0f} ms", ms < START_MS)


def targets(results, table):
    return [
        _ratio_target("plain proxying (W0), of HAProxy", ratio(results, "W0", "gatehouse", "haproxy"), PLAIN_OF_HAPROXY),
        _ratio_target("headers and limit (W1), of HAProxy", ratio(results, "W1", "gatehouse", "haproxy"),
                      POLICY_OF_HAPROXY),
        _ratio_target("headers, limit and JWT (W2), of HAProxy", ratio(results, "W2", "gatehouse", "haproxy"),
                      TOKEN_OF_HAPROXY),
        _ratio_target("all refused (W3), of nginx", ratio(results, "W3", "gatehouse", "nginx"), REFUSAL_OF_NGINX),
        _ratio_target("a posted body checked (W5), of one that is not (W4)",
                      _ratio_of(results.of("W5", "gatehouse"), results.of("W4", "gatehouse")), CHECKED_OF_PLAIN),
        _over_target(results, "ES256 (W6), of HS256 (W2)", "W6", "W2", OTHER_SIGNATURE),
        _over_target(results, "a session cookie (W7), of a JWT (W2)", "W7", "W2", OTHER_PROOF),
        _over_target(results, "an API key (W8), of a JWT (W2)", "W8", "W2", OTHER_PROOF),
        _over_target(results, "counted in Redis (W9), of in the process (W1)", "W9", "W1", EXACT),
        _over_target(results, "counted by leases (W10), of in the process (W1)", "W10", "W1", LEASED),
        *(Target(*row) for row in shared.targets(results.shared)),
        *(Target(*row) for row in logins.targets(results.logins)),
        *(Target(*row) for row in sessions.targets(results.sessions)),
        _core_target(results, table),
        *_limiter_targets(results),
        *_memory_targets(results),
        _start_target(results),
        *(Target(*row) for row in validation.targets(results.validation)),
    ]


def _markdown_table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def _against(results, workload, peer, other):
    found = ratio(results, workload, peer, other)
    if found is None or peer == other or peers.PEERS[peer].program == "floor":
        return ""
    return f"{found[0]:.2f} ({found[1]:.2f} to {found[2]:.2f})"


def floor_of(table, workload, peer):
    """The floor that a program is held against: with the same upstream; W1 and what is built on it are W0's bytes
    and a little more."""
    name = "floor-unix" if peers.PEERS[peer].unix else "floor"
    return table.get(("W0" if workload in ("W1", *peers.ALGORITHMS) else workload, name))


def _cost_rows(results, table):
    for (workload, peer), cost in table.items():
        floor = floor_of(table, workload, peer)
        over = "" if floor is None or peers.PEERS[peer].program == "floor" else f"{cost.user - floor.user:.1f}"
        yield [workload, peer, f"{cost.median:.1f}", f"{cost.best:.1f} to {cost.worst:.1f}", f"{cost.user:.1f}",
               f"{cost.median - cost.user:.1f}", over, _against(results, workload, peer, "haproxy"),
               _against(results, workload, peer, "nginx"), f"{cost.requests_a_second:,.0f}", f"{cost.busy:.0%}"]


def _cpu_section(results, table):
    stolen = sum(s.stolen for s in results.samples) / sum(s.seconds for s in results.samples)
    return [
        "## CPU microseconds a request", "",
        *[f"- {name}: {what}." for name, what in peers.WORKLOADS.items()], "",
        f"{results.options.rounds} interleaved rounds of {results.options.seconds} s, "
        f"{measure.CONNECTIONS} connections. "
        "A ratio is one of medians, in brackets its lowest and highest within a round; below 1 the program in the row "
        f"is the cheaper. The hypervisor took {stolen:.1%} of the time.", "",
        *_markdown_table(["", "program", "median", "range", "user", "system", "user over the floor", "of HAProxy",
                          "of nginx", "requests/s", "processor busy"], _cost_rows(results, table)),
        "![CPU time a request](cpu.svg)", "",
    ]


def _memory_section(results):
    rows = [[m.peer, f"{m.started_kib / 1024:.1f}", f"{m.answered_kib / 1024:.1f}",
             "unknown" if m.proportional_kib is None else f"{m.proportional_kib / 1024:.1f}", f"{m.loaded_kib / 1024:.1f}",
             f"{m.idle_kib / 1024:.1f}", f"{m.bytes_a_connection:,.0f}"] for m in results.memory]
    return [
        "## Resident memory, MiB", "",
        "W1, room for 1,000,000 addresses and "
        f"{peers.MAX_CONNECTIONS:,} connections; VmRSS of all processes added up, though nginx's two share "
        "pages: \"proportional\" (PSS) divides those. nginx sets part of what a connection needs aside when it starts.", "",
        *_markdown_table(["program", "started", "after a request", "of it proportional", "after load",
                          f"{measure.IDLE_CONNECTIONS:,} idle connections", "bytes each"], rows),
    ]


def _start_section(results):
    rows = [[peer, f"{statistics.median(t) * 1000:.1f}", f"{t[0] * 1000:.1f} to {t[-1] * 1000:.1f}", str(len(t))]
            for peer, t in results.starts.items()]
    return ["## Start-up, milliseconds from spawn to the first answer", "",
            *_markdown_table(["program", "median", "range", "starts"], rows)]


def _logins_section(results):
    return ["## Other requests beside logins", "",
            f"Microseconds that requests with a JWT (W2) waited for their answer, at {logins.RATE:,} a second, without and "
            f"with {logins.SIGNING_IN} connections that sign in all the time with wrong passwords.", "",
            *_markdown_table(*logins.table(results.logins))]


def _shared_section(results):
    return ["## Counting in Redis", "",
            f"At a fixed rate of {shared.RATE:,} requests a second; Redis on a unix socket, on the load's processor.", "",
            *_markdown_table(*shared.table(results.shared))]


def _sessions_section(results):
    return ["## A million sessions", "", *_markdown_table(*sessions.table(results.sessions))]


def _core_section(results):
    return ["## The core alone", "",
            *_markdown_table(["operation", "ns"], [[r["name"], f"{float(r['ns_per_op']):.1f}"] for r in results.core])]


def _limiter_section(results):
    rows = [[f"{int(float(r['clients'])):,}", r["limits"], f"{float(r['ns_check']):.1f}",
             f"{float(r['bytes_per_client']):.1f}", r["retained"]] for r in results.limiter]
    return ["## The limiter alone", "",
            *_markdown_table(["clients", "limits", "ns a check", "bytes a client", "retained"], rows),
            "![Cost of a check](limiter.svg)", ""]


def _validation_section(results):
    return ["## Reading a body and checking it against a schema", "",
            "A body of 1 KiB with ten fields, and arrays of it. CPU time of one thread; of all threads where the program "
            "has more. Memory: what the request's arena got from the heap.", "",
            *_markdown_table(*validation.table(results.validation))]


def markdown(results, table):
    lines = ["# Measured", "", "Written by `script/bench`; bench/README.md says how to read it.", ""]
    lines += _markdown_table(["", ""], [[k, v] for k, v in (results.versions | results.machine).items()])
    if float(results.machine[LOAD]) > QUIET:
        lines += ["**The machine was busy with something else: take the figures as a first impression.**", ""]
    lines += ["## Targets", "", *_markdown_table(
        ["target", "wanted", "measured", ""],
        [[t.name, t.wanted, t.measured, t.state] for t in targets(results, table)])]
    if results.samples:
        lines += _cpu_section(results, table)
    if results.memory:
        lines += _memory_section(results)
    if results.starts:
        lines += _start_section(results)
    if results.logins:
        lines += _logins_section(results)
    if results.shared:
        lines += _shared_section(results)
    if results.core:
        lines += _core_section(results)
    if results.limiter:
        lines += _limiter_section(results)
    if results.sessions:
        lines += _sessions_section(results)
    if results.validation:
        lines += _validation_section(results)
    return "\n".join(lines).rstrip() + "\n"


def _csv_rows(results, table):
    yield "section", "workload", "program", "measure", "unit", "value"
    for name, value in (results.versions | results.machine).items():
        yield "setting", "", "", name, "", value
    for t in targets(results, table):
        yield "target", "", "gatehouse", t.name, t.wanted, t.state
    for (workload, peer), cost in table.items():
        for measure_name in ("median", "best", "worst", "user"):
            yield "cpu", workload, peer, measure_name, "us/request", f"{getattr(cost, measure_name):.3f}"
        yield "cpu", workload, peer, "throughput", "requests/s", f"{cost.requests_a_second:.0f}"
    for s in results.samples:
        yield "round", s.workload, s.peer, str(s.round), "us/request", f"{s.us:.3f}"
    for m in results.memory:
        for field in ("started_kib", "answered_kib", "proportional_kib", "loaded_kib", "idle_kib"):
            yield "memory", "W1", m.peer, field.removesuffix("_kib"), "KiB", getattr(m, field)
        yield "memory", "W1", m.peer, "idle connection", "bytes", f"{m.bytes_a_connection:.0f}"
    for peer, taken in results.starts.items():
        yield "start", "W1", peer, "median", "ms", f"{statistics.median(taken) * 1000:.2f}"
    for latency in results.logins:
        what = f"round {latency.round}, " + ("no logins" if latency.logins is None else f"{latency.logins:.0f} logins/s")
        for name in ("p50", "p99", "p999"):
            yield "logins", logins.WORKLOAD, "gatehouse", f"{name}, {what}", "us", f"{getattr(latency, name):.1f}"
    for row in results.shared:
        yield "redis", "", "gatehouse", row.name, row.unit, f"{row.value:.2f}"
    for row in results.sessions:
        yield "sessions", "", "gatehouse", row["name"], row["unit"], row["value"]
    for row in results.core:
        yield "core", "", "gatehouse", row["name"], "ns", row["ns_per_op"]
    for row in results.limiter:
        what = f"{row['clients']} clients, {row['limits']} limits"
        yield "limiter", "", "gatehouse", what, "ns/check", row["ns_check"]
        yield "limiter", "", "gatehouse", what, "bytes/client", row["bytes_per_client"]
    for row in results.validation:
        what = f"{row['bytes']} bytes, round {row['round']}"
        yield "validation", row["name"], row["program"], what, "ns", row["ns_per_op"]


def _bars(table):
    groups = []
    for workload, what in peers.WORKLOADS.items():
        found = {peer: cost for (w, peer), cost in table.items() if w == workload}
        if found:
            floor = floor_of(table, workload, "floor")
            groups.append(plot.Group(f"{workload}: {what}",
                                     [plot.Bar(p, c.median, c.best, c.worst, c.user) for p, c in found.items()],
                                     floor.median if floor else None))
    return plot.bars("CPU microseconds a request",
                     "Median; whisker: all rounds; pale: kernel, full: the program's own; dashed: the floor, "
                     "bytes forwarded unread.", groups)


def _curves(results):
    series = {f"{n} limit{'s' * (n != 1)}": [(c, float(row["ns_check"])) for c, row in line.items()]
              for n, line in limiter_curves(results).items()}
    return plot.curves("Nanoseconds a limit check", "By the number of clients the limiter keeps count of.", series,
                       "clients")


def write(results, folder):
    """Writes all files into `folder`. Returns the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    table = costs(results)
    text = markdown(results, table)
    (folder / "results.md").write_text(text)
    with (folder / "results.csv").open("w", newline="") as f:
        csv.writer(f, lineterminator="\n").writerows(_csv_rows(results, table))
    for name, wanted, draw in (("cpu.svg", bool(table), lambda: _bars(table)),
                               ("limiter.svg", bool(results.limiter), lambda: _curves(results))):
        if wanted:
            (folder / name).write_text(draw())
        else:
            (folder / name).unlink(missing_ok=True)  # one of an earlier run would not belong here
    return text
