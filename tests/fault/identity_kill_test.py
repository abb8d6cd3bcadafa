"""Kill -9 of the real program under load, again and again: what was answered over HTTP holds after the restart.

Accounts, passwords, sessions, tokens, keys and devices that were acknowledged are there; what was ended stays ended; and no
refresh token is taken twice outside its grace.

GATEHOUSE_TEST_ROUNDS says how many times; GATEHOUSE_TEST_SEED repeats the dice, as far as threads allow."""
import os
import random
import shutil
import sqlite3
import threading
import time

from support.gateway import SANITIZER
from support.hashing import at_normal_priority
from support.identity import ENV, data_folder
from support.ledger import Client, Inspector, Rotations, configuration
from support.timing import SOAK, guard

ROUNDS = int(os.environ.get("GATEHOUSE_TEST_ROUNDS", "100" if SOAK else "10"))
SEED = int(os.environ.get("GATEHOUSE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
CLIENTS = 5


def look_at_the_file(gateway, tmp_path):
    """A copy of what the killed one left, recovered by SQLite alone."""
    copy = tmp_path / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for file in data_folder(gateway).glob("gatehouse.db*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, copy)
    database = sqlite3.connect(copy / "gatehouse.db")
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        database.close()


def run_and_kill(gateway, people, seed, dice, grace_s, rotations):
    heard = threading.Event()
    shares = [people[i::CLIENTS] for i in range(CLIENTS)]
    sizes = [len(s) for s in shares]
    clients = [Client(gateway, shares[i], seed * 100 + i, grace_s, rotations, heard) for i in range(CLIENTS)]
    for client in clients:
        client.start()
    assert heard.wait(guard(60)), "nothing was answered"
    time.sleep(dice.choice([0.02, 0.2, 1, 2]) * dice.random())
    gateway.process.kill()
    gateway.wait()
    assert not SANITIZER.search(gateway.stderr()), gateway.stderr()[-8000:]
    for client in clients:
        client.join(guard(30))
        assert not client.is_alive(), "a client hangs"
        if client.failure:
            raise client.failure
    for share, size in zip(shares, sizes):
        people.extend(share[size:])
    return [c.person for c in clients if c.person], sum(c.ask.answers for c in clients)


WANTED = {"logins", "sessions in force", "refresh tokens taken", "ended refresh tokens refused", "access tokens refused",
          "keys in force", "keys refused", "devices asked"}


def test_what_was_answered_holds(gatehouse, scripted, tmp_path):
    print("GATEHOUSE_TEST_SEED =", SEED)
    dice, rotations, counts = random.Random(SEED), Rotations(), {}
    people, touched, answers, rounds, upstream = [], [], 0, 0, scripted()
    folder = tmp_path / "gateway"
    folder.mkdir()
    while True:
        grace_s = dice.choice([0, 0, 1])
        gateway = at_normal_priority(gatehouse(configuration(grace_s), upstream, folder=folder, env=ENV))
        inspector = Inspector(gateway, dice, grace_s, rotations, counts)
        last = rounds >= ROUNDS and (WANTED <= set(counts) or rounds >= 5 * ROUNDS)
        others = [p for p in people if p not in touched]
        for person in touched + (others if last else dice.sample(others, min(2, len(others)))):
            inspector.person(person, with_password=last or person in touched[:2])
        inspector.ask.close()
        if last:
            break
        rounds += 1
        touched, heard = run_and_kill(gateway, people, SEED + rounds, dice, grace_s, rotations)
        answers += heard
        look_at_the_file(gateway, tmp_path)
    counts["accounts"] = sum(p.there for p in people)
    print(rounds, "rounds,", answers, "answers under load,", rotations.taken, "refresh tokens taken,",
          rotations.again, "of them again within their grace;", counts)
    assert WANTED <= set(counts), "not everything was seen"
