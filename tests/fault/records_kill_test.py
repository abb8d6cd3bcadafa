"""Kill -9 in the middle of everything, again and again: what was answered is there, and the database is whole.

GATEHOUSE_TEST_ROUNDS says how many times; GATEHOUSE_TEST_SEED repeats the dice, as far as threads allow."""
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import time

from support.timing import SOAK, guard

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("GATEHOUSE_BUILD", ROOT / "build"))
DRIVER = BUILD / "tests" / "unit" / "records_driver"
ROUNDS = int(os.environ.get("GATEHOUSE_TEST_ROUNDS", "300" if SOAK else "30"))
SEED = int(os.environ.get("GATEHOUSE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
OK, NOT_FOUND, REUSED = 1, 2, 8  # enum gh_op_status
REVOKED = 5  # enum gh_lookup_answer


class Told:
    """What was answered. A thing whose last operation was not answered may be in either state: nothing is said of it."""

    def __init__(self):
        self.users, self.sessions, self.keys, self.revoked = set(), {}, set(), set()
        self.ended, self.ended_keys = set(), set()
        self.answers = 0

    def seen_all(self):
        return all((self.users, self.sessions, self.keys, self.revoked, self.ended, self.ended_keys))

    def take(self, begun, status):
        what, *rest = begun
        assert status == OK, f"{begun} was answered {status}"
        self.answers += 1
        if what == "user":
            self.users.add(rest[0])
        elif what == "session":
            self.sessions[int(rest[0])] = 0
        elif what == "refresh":
            self.sessions[int(rest[0])] = int(rest[1]) + 1
        elif what == "end":
            del self.sessions[int(rest[0])]
            self.ended.add(int(rest[0]))
        elif what == "key":
            self.keys.add(int(rest[0]))
        elif what == "endkey":
            self.keys.discard(int(rest[0]))
            self.ended_keys.add(int(rest[0]))
        elif what == "revoke":
            self.revoked.add(int(rest[0]))

    def unsure(self, begun):
        what, *rest = begun
        if what in ("refresh", "end"):
            self.sessions.pop(int(rest[0]), None)
        elif what == "endkey":
            self.keys.discard(int(rest[0]))


def read_lines(text, told):
    under_way = {}
    for line in text.split("\n")[:-1]:  # the last one may be a part
        words = line.split(" ")
        if words[0] == "begin":
            under_way[words[1]] = words[2:]
        elif words[0] == "done":
            told.take(under_way.pop(words[1]), int(words[2]))
    for begun in under_way.values():
        told.unsure(begun)


def run_and_kill(folder, seed, dice, told, tmp_path):
    out = tmp_path / "out"
    with open(out, "wb") as file:
        process = subprocess.Popen([DRIVER, "load", folder, str(seed)], stdout=file, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    end = time.monotonic() + guard(60)
    while out.stat().st_size == 0 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.001)
    assert process.poll() is None, process.stderr.read()
    time.sleep(dice.choice([0.005, 0.03, 0.1, 0.25]) * dice.random())
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.returncode == -signal.SIGKILL, process.stderr.read()
    assert process.stderr.read() == b""
    read_lines(out.read_text(), told)


def numbers(database, sql):
    return {row[0] for row in database.execute(sql)}


def look_at_the_file(folder, told):
    """Nothing is written here: as another reader sees it after the recovery."""
    database = sqlite3.connect(f"file:{folder}/gatehouse.db?mode=ro", uri=True)
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert told.users <= numbers(database, "SELECT name FROM user")
        present = dict(database.execute("SELECT id, number FROM session"))
        assert {s: present.get(s) for s in told.sessions} == told.sessions
        assert not told.ended & set(present)
        assert told.ended <= numbers(database, "SELECT id FROM ended_session")
        keys = numbers(database, "SELECT id FROM api_key")
        assert told.keys <= keys and not told.ended_keys & keys
        assert told.revoked <= numbers(database, "SELECT jti FROM revoked_token")
    finally:
        database.close()


def ask(folder, questions):
    done = subprocess.run([DRIVER, "ask", folder], input="".join(f"{q}\n" for q in questions), capture_output=True, text=True,
                          timeout=guard(60))
    assert (done.returncode, done.stderr) == (0, "")
    return [int(n) for n in done.stdout.split()]


def use_what_is_there(folder, told, dice):
    """The present token of a session is taken; then the one before is a copy, and ends the family."""
    some = dice.sample(sorted(told.sessions), min(6, len(told.sessions)))
    fresh, old = some[::2], [s for s in some[1::2] if told.sessions[s] > 0]
    revoked = dice.sample(sorted(told.revoked), min(5, len(told.revoked)))
    questions = [f"refresh {s} {told.sessions[s]}" for s in fresh] + [f"refresh {s} {told.sessions[s] - 1}" for s in old]
    questions += [f"refresh {s} {told.sessions[s]}" for s in old] + [f"token {t} 0" for t in revoked]
    expected = [OK] * len(fresh) + [REUSED] * len(old) + [NOT_FOUND] * len(old) + [REVOKED] * len(revoked)
    assert ask(folder, questions) == expected, questions
    for s in fresh:
        told.sessions[s] += 1
    for s in old:
        del told.sessions[s]
        told.ended.add(s)


def test_what_was_answered_is_there(tmp_path):
    print("GATEHOUSE_TEST_SEED =", SEED)
    dice, told = random.Random(SEED), Told()
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    rounds = 0
    while rounds < ROUNDS or not told.seen_all():
        rounds += 1
        run_and_kill(folder, SEED + rounds, dice, told, tmp_path)
        if dice.randrange(3):  # sometimes the next one comes upon the killed one's log itself
            use_what_is_there(folder, told, dice)
            look_at_the_file(folder, told)
    use_what_is_there(folder, told, dice)
    look_at_the_file(folder, told)
    print(rounds, "rounds,", told.answers, "answers")
