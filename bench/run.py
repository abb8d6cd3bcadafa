"""Measures Gatehouse beside HAProxy and nginx. Started by script/bench; see bench/README.md."""

import argparse
import contextlib
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import callers
import logins
import measure
import peers
import report
import sessions
import shared
import validation

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-release"
TARGETS = ("src/gatehouse", "bench/floor", "bench/core_bench", "bench/limiter_bench", "bench/validation_bench",
           "bench/roster_bench", "bench/rate")
SECTIONS = ("cpu", "memory", "start", "logins", "redis", "core", "limiter", "sessions", "validation")


def arguments():
    parser = argparse.ArgumentParser(
        prog="script/bench",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures CPU time a request, memory and start-up of Gatehouse beside HAProxy and nginx,\n"
        "and the floor: a program that forwards bytes without reading them.",
        epilog="workloads:\n"
        + "".join(f"  {name}  {what}\n" for name, what in peers.WORKLOADS.items())
        + "\nmeasured by default: "
        + ", ".join(p.name for p in peers.PEERS.values() if p.default)
        + "\non request (--only): "
        + ", ".join(p.name for p in peers.PEERS.values() if not p.default)
        + "\n\nexamples:\n"
        "  script/bench                          all of it, about twelve minutes\n"
        "  script/bench --quick                  a first impression, about three minutes\n"
        "  script/bench --only gatehouse,haproxy,floor --workloads W1 --sections cpu\n"
        "\nenvironment:\n"
        "  GATEHOUSE_BIN   the gatehouse program, in place of build-release/src/gatehouse\n"
        "\nThe machine needs two processors and should do nothing else meanwhile.\n"
        "Exit status: 0 measured; 1 something failed or did not behave; 2 wrong usage.",
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="runs of each program, interleaved (default 7)")
    parser.add_argument("--seconds", type=int, metavar="N", help="length of a run (default 3)")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 1 second, 5 starts")
    parser.add_argument("--only", metavar="NAME[,NAME]", help="measure these programs only")
    parser.add_argument("--workloads", metavar="W0[,W1]", default=",".join(peers.WORKLOADS), help="default: all")
    parser.add_argument("--sections", metavar="NAME[,NAME]", default=",".join(SECTIONS),
                        help=f"of {', '.join(SECTIONS)}; default: all")
    parser.add_argument("--output", metavar="FOLDER", default=str(ROOT / "bench" / "results"),
                        help="where results go (default bench/results)")
    parser.add_argument("--no-build", action="store_true", help="take build-release as it is")
    parser.add_argument("--install", action="store_true", help="first install missing Debian packages, with apt-get")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 7)
    options.seconds = options.seconds or (1 if options.quick else 3)
    options.starts = 5 if options.quick else 11
    options.workloads = chosen(parser, "--workloads", options.workloads, peers.WORKLOADS)
    options.sections = chosen(parser, "--sections", options.sections, SECTIONS)
    default = ",".join(p.name for p in peers.PEERS.values() if p.default)
    options.explicit = options.only is not None
    options.only = chosen(parser, "--only", options.only or default, peers.PEERS)
    if options.rounds < 1 or options.seconds < 1:
        parser.error("--rounds and --seconds are at least 1")
    return options


def chosen(parser, option, text, known):
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in known:
            parser.error(f"{option}: {name!r} is not one of {', '.join(known)}")
    if not names:
        parser.error(f"{option}: nothing chosen")
    return names


def say(text):
    print(text, file=sys.stderr, flush=True)


def build():
    """Builds of the wanted programs those that the build knows."""
    if not (BUILD / "build.ninja").exists():
        say("configuring build-release")
        subprocess.run(["meson", "setup", str(BUILD), str(ROOT), "--buildtype=release", "-Db_lto=true",
                        "-Dtests=false", "-Dfuzz=false"], check=True, stdout=subprocess.DEVNULL)
    # Asked before what is known: a build.ninja older than its meson.build knows the wrong programs.
    subprocess.run(["ninja", "-C", str(BUILD), "build.ninja"], check=True, stdout=subprocess.DEVNULL)
    known = subprocess.run(["ninja", "-C", str(BUILD), "-t", "targets", "all"],
                           check=True, capture_output=True, text=True).stdout
    known = {line.rpartition(": ")[0] for line in known.splitlines()}
    wanted = [target for target in TARGETS if target in known]
    say("building " + ", ".join(wanted))
    subprocess.run(["ninja", "-C", str(BUILD), *wanted], check=True, stdout=subprocess.DEVNULL)


def programs():
    """Where each program is; those missing are left out."""
    found = {
        "floor": BUILD / "bench" / "floor",
        "gatehouse": pathlib.Path(os.environ.get("GATEHOUSE_BIN") or BUILD / "src" / "gatehouse").absolute(),
    }
    found = {name: str(path) for name, path in found.items() if os.access(path, os.X_OK)}
    search = os.environ.get("PATH", os.defpath) + ":/usr/sbin"
    for name in ("haproxy", "nginx"):
        path = shutil.which(name, path=search)
        if path:
            found[name] = path
    return found


def alone():
    """Holds a name of the kernel's while this runs, so that no second bench disturbs the first."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind("\0gatehouse-bench")
    except OSError:
        name.close()
        raise RuntimeError("another script/bench is running on this machine") from None
    return name


def allow_many_files(options):
    """Open files for the idle connections, here and in the proxies, which inherit the limit."""
    wanted = 2 * peers.MAX_CONNECTIONS + 1000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if "memory" in options.sections and hard < measure.IDLE_CONNECTIONS + 1000:
            raise RuntimeError(f"{hard} open files are too few for {measure.IDLE_CONNECTIONS} idle connections: "
                               "raise the limit (ulimit -Hn) or leave out the section memory") from None


def measure_cpu(bench, chosen_peers, options, results):
    runs = [(w, p) for w in options.workloads for p in chosen_peers if w in p.workloads]
    for number in range(options.rounds):
        turn = number % len(runs)
        for workload, peer in runs[turn:] + runs[:turn]:  # nobody is always first
            taken = measure.sample(bench, peer, workload, number + 1, options.seconds)
            results.samples.append(taken)
            say(f"round {number + 1}/{options.rounds}  {workload}  {peer.name:14} {taken.us:6.2f} us"
                f"  {taken.requests / taken.seconds:8.0f} requests/s")


def make_callers(bench, chosen_peers, options):
    """Those that the chosen measurements need."""
    wanted = [w for w in options.workloads if "cpu" in options.sections and any(w in p.workloads for p in chosen_peers)]
    if "logins" in options.sections:
        wanted.append(logins.WORKLOAD)
    if set(wanted) & set(peers.ALGORITHMS):
        say(f"making {callers.ACCOUNTS:,} accounts")
        callers.Callers(bench, wanted)


def measure_logins(bench, chosen_peers, options, results):
    program = BUILD / "bench" / logins.PROGRAM
    if os.access(program, os.X_OK) and peers.PEERS["gatehouse"] in chosen_peers:
        results.logins = logins.measure(bench, options, program, say)


def start_redis(bench, options):
    """Where something of it is measured."""
    counts = "cpu" in options.sections and set(options.workloads) & set(shared.WORKLOADS)
    wanted = (counts or "redis" in options.sections) and "gatehouse" in options.only
    return shared.Redis(bench.folder) if wanted else contextlib.nullcontext()


def measure_all(bench, options, results):
    chosen_peers = [peers.PEERS[name] for name in options.only]
    gateways = [p for p in chosen_peers if p.program != "floor" and not p.unix]
    with bench.start_upstream(), start_redis(bench, options) as bench.redis:
        make_callers(bench, chosen_peers, options)
        if "cpu" in options.sections:
            measure_cpu(bench, chosen_peers, options, results)
        if "memory" in options.sections:
            for peer in gateways:
                say(f"memory  {peer.name}")
                results.memory.append(measure.memory(bench, peer))
        if "start" in options.sections:
            for peer in gateways:
                say(f"start-up  {peer.name}")
                results.starts[peer.name] = measure.start_up(bench, peer, options.starts)
        if "logins" in options.sections:
            measure_logins(bench, chosen_peers, options, results)
        if "redis" in options.sections and bench.redis is not None:
            results.shared = shared.measure(bench, options, BUILD / "bench" / logins.PROGRAM, measure.wrk, say)
    if "core" in options.sections:
        results.core = measure.rows_of(BUILD / "bench" / "core_bench", ("name", "ns_per_op"))
    if "limiter" in options.sections:
        results.limiter = measure.rows_of(BUILD / "bench" / "limiter_bench",
                                          ("clients", "limits", "ns_check", "bytes_per_client", "retained"))
    if "sessions" in options.sections:
        results.sessions = measure.rows_of(BUILD / "bench" / sessions.PROGRAM, ("name", "value"))
    if "validation" in options.sections:
        results.versions |= validation.versions()
        results.validation = validation.measure(BUILD, peers.PROXY_PROCESSOR, options, say)


def leave_out_missing(options, found):
    missing = [name for name in options.only if peers.PEERS[name].program not in found]
    if missing and options.explicit:
        raise RuntimeError(f"not there to be measured: {', '.join(missing)}")
    for name in missing:
        say(f"{name} is not there: not measured")
    options.only = [name for name in options.only if name not in missing]


def run(options):
    if not {peers.PROXY_PROCESSOR, peers.LOAD_PROCESSOR} <= os.sched_getaffinity(0):
        raise RuntimeError("processors 0 and 1 are needed: one for the proxy, one for the load")
    if not options.no_build:
        build()
    found = programs()
    leave_out_missing(options, found)
    allow_many_files(options)
    os.sched_setaffinity(0, {peers.LOAD_PROCESSOR})
    results = report.Results(options, report.machine(), report.versions(found, ROOT))
    with alone(), tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        measure_all(peers.Bench(folder, found), options, results)
    print(report.write(results, pathlib.Path(options.output)))


def interrupted(*unused):
    raise KeyboardInterrupt


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, interrupted)  # ends what was started, as Ctrl-C does
    try:
        run(options)
    except (peers.BehaviourError, RuntimeError, OSError, ValueError, subprocess.CalledProcessError) as error:
        say(f"script/bench: {error}")
        return 1
    except KeyboardInterrupt:
        say("script/bench: interrupted")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
