"""One variable scales every time limit of the suite: GATEHOUSE_TEST_TIMEOUT (a factor, default 1).

Time limits are guards against a hang. No test passes or fails by how fast something was.
"""
import os
import time

FACTOR = float(os.environ.get("GATEHOUSE_TEST_TIMEOUT", "1"))
LARGE = os.environ.get("GATEHOUSE_TEST_LARGE") == "1"
SOAK = os.environ.get("GATEHOUSE_TEST_SOAK") == "1"


def guard(seconds):
    """How long to wait before a hang is called a hang."""
    return seconds * FACTOR


def eventually(probe, what, seconds=15):
    """The first true answer of probe(); fails with `what`, a text or what makes one, when there is none in time."""
    end = time.monotonic() + guard(seconds)
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"never happened: {what() if callable(what) else what}")
        time.sleep(0.02)
