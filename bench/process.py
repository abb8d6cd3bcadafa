"""Programs under measurement: started, pinned, accounted for by the kernel, and ended."""

import dataclasses
import os
import pathlib
import signal
import subprocess

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
ANY = os.sched_getaffinity(0)  # as this began with


@dataclasses.dataclass(frozen=True)
class Cpu:
    """CPU time used so far: exact nanoseconds, and the kernel's user/system split in clock ticks."""

    ns: int
    user: int
    system: int

    def __sub__(self, earlier):
        return Cpu(self.ns - earlier.ns, self.user - earlier.user, self.system - earlier.system)


def _stat(pid):
    """The fields of /proc/PID/stat after the program's name, which may hold spaces."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(pid):
    """`pid` and all that descend from it."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(int(_stat(entry)[1]), []).append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended meanwhile
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def cpu_of(pids):
    """CPU time of the processes, all threads together."""
    ns = user = system = 0
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            ns += int(pathlib.Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])
        fields = _stat(pid)
        user += int(fields[11])
        system += int(fields[12])
    return Cpu(ns, user, system)


def resident_kib(pids):
    """VmRSS of the processes added up; pages that two of them share count twice."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def proportional_kib(pids):
    """PSS of the processes added up: a page shared by n processes counts 1/n to each. None: not allowed to know."""
    total = 0
    for pid in pids:
        try:
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        except PermissionError:
            return None
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total


def stolen_seconds():
    """Time the hypervisor gave to others, over all processors."""
    return int(pathlib.Path("/proc/stat").read_text().split()[8]) / CLOCK_TICKS


class Program:
    """A child in its own process group, bound to one processor (None: to none); ends with the `with` block."""

    def __init__(self, command, processor, folder, name, **environment):
        self.command = command
        self.log = pathlib.Path(folder, f"{name}.log")
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **environment},
                start_new_session=True,
                preexec_fn=lambda: os.sched_setaffinity(0, ANY if processor is None else {processor}),
            )

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    def pids(self):
        return tree(self.child.pid)

    def require_running(self):
        if self.child.poll() is not None:
            tail = self.log.read_text(errors="replace").strip().splitlines()[-8:]
            ended = f"{os.path.basename(self.command[0])} ended with status {self.child.returncode}"
            raise RuntimeError("\n  ".join([ended, *tail]))

    def stop(self):
        """SIGTERM to the program; what is left of its group after three seconds is killed."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(3)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()
