"""The threads that hash passwords have the lowest priority there is: on a machine that is busy with something else they
stand still, and a login is refused in the end, as it should be. Tests of anything but that let them run like all others."""
import os
import pathlib


def at_normal_priority(gateway):
    """A started gateway; returned."""
    for task in pathlib.Path(f"/proc/{gateway.process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == "gatehouse-hash":
            os.sched_setscheduler(int(task.name), os.SCHED_OTHER, os.sched_param(0))
    return gateway
