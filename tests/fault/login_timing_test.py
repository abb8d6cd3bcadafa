"""Does the time of an answer tell an unknown name from a wrong password, or from a disabled account? Compared by a rank
test, with a difference that is really there as the test's own control: what can't see that one says nothing of the others.

Not a bound on any time: samples of all kinds are taken in turn, in random order, and only their ranks are compared."""
import math
import os
import random
import time

from support import identity, message
from support.hashing import at_normal_priority
from support.identity import ENV, PASSWORD, settings
from support.timing import SOAK

SAMPLES = 600 if SOAK else 120
SEED = int(os.environ.get("GATEHOUSE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
ALPHA = 1e-4  # so rarely it cries out when there is nothing, however noisy the machine is
WRONG = "a wrong one, and long enough"


def mann_whitney(a, b):
    """The two-sided p of the rank-sum test, by its normal approximation with ties: how often samples of one and the same
    distribution differ as much as these."""
    ranked = sorted([(value, 0) for value in a] + [(value, 1) for value in b])
    n, m, total, ties, at = len(a), len(b), 0.0, 0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        same = end - at
        total += (at + end + 1) / 2 * sum(1 for _, which in ranked[at:end] if which == 0)
        ties += same ** 3 - same
        at = end
    u = total - n * (n + 1) / 2
    variance = n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1)))
    if variance == 0:
        return 1.0
    z = max(0.0, abs(u - n * m / 2) - 0.5) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def test_the_rank_test_itself():
    """Known answers, and as many false alarms as it promises."""
    assert mann_whitney([1, 2, 3], [1, 2, 3]) == 1.0
    assert abs(mann_whitney(range(10), range(5, 15)) - 0.00508) < 0.00001  # by hand: U is 12.5, z is 37 / 13.2
    dice = random.Random(1)
    wrong = sum(mann_whitney([dice.expovariate(1) for _ in range(40)], [dice.expovariate(1) for _ in range(40)]) < 0.05
                for _ in range(2000))
    assert 60 < wrong < 140  # of 100 that are to be expected
    assert mann_whitney([dice.gauss(10, 1) for _ in range(120)], [dice.gauss(11, 1) for _ in range(120)]) < ALPHA


def config(passes):
    return settings({"password": {"hash_time": passes, "threads": 1},
                     "attempts": {"max": 1000, "per_address": 100000, "per_account": 100000}}, server={"workers": 1})


def measure(gateway, kinds, dice):
    """Milliseconds by kind, over one connection, in an order nobody knows."""
    times = {kind: [] for kind in kinds}
    order = [kind for kind in kinds for _ in range(SAMPLES)]
    dice.shuffle(order)
    with gateway.connect() as stream:
        for kind in [*kinds, *kinds, *order]:  # the first of each warm up
            name, password = kinds[kind]
            body = b'{"username":"%s","password":"%s","mode":"token"}' % (name.encode(), password.encode())
            request = message.get("/api/auth/login", [("Content-Type", "application/json")], "POST", "localhost", body)
            began = time.perf_counter()
            stream.send(request)
            answer = stream.read_response()
            times[kind].append((time.perf_counter() - began) * 1000)
            assert answer.status == 401 and answer.json()["error"] == "login_failed", answer.body
    return {kind: each[2:] for kind, each in times.items()}


def test_why_a_login_failed_can_not_be_told_by_its_time(gatehouse, scripted):
    print("GATEHOUSE_TEST_SEED =", SEED)
    upstream = scripted()
    gateway = at_normal_priority(gatehouse(config(3), upstream, env=ENV))
    people = identity.People(gateway)
    people.new("user.dear0")  # his hash takes three passes where all others take one, also when it is compared
    gateway.write({**config(1), "upstreams": [{"name": "api", "servers": [upstream.url]}]})
    gateway.reload()
    people.new("user.known")
    people.new("user.ended")
    people.gateway.stop()
    assert identity.change(gateway, "UPDATE user SET disabled = 1 WHERE name = 'user.ended'") == 1
    gateway = at_normal_priority(gatehouse(config(1), upstream, folder=gateway.folder, env=ENV))

    kinds = {"unknown": ("user.nobod", WRONG), "wrong": ("user.known", WRONG),
             "disabled": ("user.ended", WRONG), "disabled, right": ("user.ended", PASSWORD),
             "planted": ("user.dear0", WRONG)}
    times = measure(gateway, kinds, random.Random(SEED))
    said = {}
    for kind in kinds:
        middle = sorted(times[kind])[SAMPLES // 2]
        said[kind] = f"median {middle:.2f} ms, p {mann_whitney(times['unknown'], times[kind]):.2g}"
    print(said)
    assert mann_whitney(times["unknown"], times["planted"]) < ALPHA, f"this machine is too noisy to see anything: {said}"
    for kind in ("wrong", "disabled", "disabled, right"):
        assert mann_whitney(times["unknown"], times[kind]) > ALPHA, f"{kind} takes another time than unknown: {said}"
    # And against each other: an account that is there, whatever is wrong with it.
    assert mann_whitney(times["wrong"], times["disabled, right"]) > ALPHA, said
