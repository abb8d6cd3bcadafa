"""Limits of a fleet: whichever node a request comes to, all nodes count together."""
import time

import pytest

from support import message
from support.fleet import Caller, Count, CountingUpstream, Traffic, figures, most_in_a_window, refused_too_early
from support.timing import SOAK, eventually

NODES = 3
LATE = 0.2  # of the window: a used unit comes back one tick late at most, and no limit has fewer than six ticks
SECONDS = 60 if SOAK else 12

EXACT = {"name": "exact", "paths": ["/exact/**"], "limits": [{"requests": 20, "window": "2s"}]}
TWO_WINDOWS = {"name": "windows", "paths": ["/windows/**"], "limits": [{"requests": 10, "window": "1s"}, {"requests": 30, "window": "6s"}]}
LEASED = {"name": "leased", "paths": ["/leased/**"], "counting": "leased", "lease": 5, "limits": [{"requests": 100, "window": "1s"}]}
TOGETHER = {"name": "together", "paths": ["/together/**"], "scope": "global", "limits": [{"requests": 7, "window": "1h"}]}
BUCKET = {"name": "bucket", "paths": ["/bucket/**"], "algorithm": "token_bucket", "burst": 10, "limits": [{"requests": 120, "window": "1m"}]}
HOUR = {"name": "hour", "paths": ["/hour/**"], "limits": [{"requests": 5, "window": "1h"}]}
CONFIG = {"rate_limits": {"rules": [EXACT, TWO_WINDOWS, LEASED, TOGETHER, BUCKET, HOUR]}, "redis": {"timeout": "10s"}}


@pytest.fixture(scope="module")
def fleet(make_fleet):
    return make_fleet(CONFIG)


def addresses(first, n):
    return [f"127.0.{first}.{i + 1}" for i in range(n)]


def by_address(fleet, path, sources, clients, seconds, pause=0.005):
    """Traffic from some addresses at once: {address: its answers}."""
    load = Traffic(lambda source, i: fleet.connect(source), {source: lambda i, n: (path, ()) for source in sources}, clients, pause)
    time.sleep(seconds)
    load.stop()
    return {source: load.between(what=source) for source in sources}


def all_of(found):
    return [a for answers in found.values() for a in answers]


def served_by_all(answers):
    admitted = {node for node in (a.node for a in answers if a.status == 200)}
    assert len(admitted) == NODES, f"let through by {admitted} only"


def test_an_exact_limit_is_kept_by_all_nodes_together(fleet, report):
    found = by_address(fleet, "/exact/x", addresses(10, 3), 6, SECONDS)
    count = Count(all_of(found), fleet.upstream)
    most, windows = 0, 0
    for answers in found.values():
        admitted = [a for a in answers if a.status == 200]
        windows += len(admitted)
        most = max(most, most_in_a_window(admitted, 2))
        assert refused_too_early(answers, 20, 2, 2 * LATE) == []
        assert len(admitted) >= 20 * int(SECONDS / (2 + 2 * LATE)), "used units did not come back"
    report(f"{count}; at most {most} of 20 in any of {windows} windows; {figures(all_of(found))}")
    assert count.failed == 0 and count.lost == 0, count.failures[:5]
    assert most == 20
    served_by_all(all_of(found))
    assert sum(fleet.upstream.seen[a.number] for a in all_of(found)) == count.admitted, "a refused request reached the upstream"


def test_all_windows_of_a_rule_hold_at_once(fleet, report):
    found = by_address(fleet, "/windows/x", addresses(11, 2), 4, SECONDS)
    count = Count(all_of(found), fleet.upstream)
    report(count)
    for answers in found.values():
        admitted = [a for a in answers if a.status == 200]
        assert most_in_a_window(admitted, 1) == 10
        assert most_in_a_window(admitted, 6) == 30
    assert count.failed == 0 and count.lost == 0, count.failures[:5]
    served_by_all(all_of(found))


def test_a_limit_of_all_together_has_exactly_so_many_winners(fleet, report):
    found = by_address(fleet, "/together/x", addresses(12, 6), 2, 2)
    count = Count(all_of(found), fleet.upstream)
    report(count)
    assert (count.admitted, count.failed, count.lost) == (7, 0, 0), count.failures[:5]


def test_nodes_count_together_when_secret_key_has_changed(shared_gatehouse, servers, tmp_path):
    """One node has heard of the change, the other was started after it."""
    redis, upstream, secret = servers[0], CountingUpstream(), tmp_path / "secret_key"
    environment = {"SECRET_KEY_FILE": str(secret), "REDIS_URL": f"redis://127.0.0.1:{redis.port}", "GATEHOUSE_REDIS_PREFIX": "changed"}
    nodes = []
    for name, key in ("old", "6b" * 32), ("new", "7c" * 32):
        secret.write_text(key)
        for node in nodes:
            node.reload()
        (tmp_path / name).mkdir()
        nodes.append(shared_gatehouse(CONFIG, upstream, folder=tmp_path / name, env=environment))
    for node in nodes:
        eventually(lambda node=node: node.metrics().value("gatehouse_nodes") == 2, "both nodes know of each other", 30)
    found = [nodes[i % 2].get("/together/x").status_code for i in range(12)]
    for node in nodes:
        node.stop()
    upstream.close()
    assert found.count(200) == 7, found


def test_a_bucket_is_one_bucket(fleet, report):
    """A burst of ten, and two a second after that."""
    [answers] = by_address(fleet, "/bucket/x", addresses(13, 1), 8, 3).values()
    count = Count(answers, fleet.upstream)
    admitted = [a for a in answers if a.status == 200]
    span = max(a.got for a in answers) - min(a.sent for a in answers)
    report(f"{count} in {span:.1f} s")
    assert count.admitted <= 10 + 2 * span + 1
    begin = min(a.got for a in admitted)
    for refused in (a for a in answers if a.status == 429):
        assert sum(a.sent <= refused.got for a in admitted) > 10 + 2 * (refused.sent - begin) - 1.1, "refused too early"
    assert count.failed == 0 and count.lost == 0, count.failures[:5]


def test_what_one_node_counted_another_one_says(fleet):
    """RateLimit names what is left for all nodes."""
    left = []
    for i in range(6):
        with fleet.gateway(i).connect("127.0.14.1") as stream:
            stream.send(message.get("/exact/y"))
            left.append(stream.read_response().get("RateLimit").partition(";r=")[2].partition(";")[0])
    assert left == ["19", "18", "17", "16", "15", "14"]


def test_a_leased_limit_is_never_exceeded(fleet, report):
    """A lease is charged as of its end, so what is spent of it is counted for a whole window after that. What nodes hold and do
    not spend is missed by others for a while, so it may be fewer."""
    found = by_address(fleet, "/leased/x", addresses(15, 2), 8, SECONDS, pause=0.002)
    count = Count(all_of(found), fleet.upstream)
    most, windows = 0, 0
    for answers in found.values():
        admitted = [a for a in answers if a.status == 200]
        windows += len(admitted)
        most = max(most, most_in_a_window(admitted, 1))
    report(f"{count}; at most {most} of 100 in any of {windows} windows; {figures(all_of(found))}")
    assert most <= 100
    assert count.failed == 0 and count.lost == 0, count.failures[:5]
    served_by_all(all_of(found))


def test_clients_are_told_apart_by_the_proxy_protocol(make_fleet, report):
    """Where the balancer says who it is before anything else, and nobody's X-Forwarded-For counts."""
    fleet = make_fleet(CONFIG, proxy_protocol="v2")
    sources, answers = addresses(16, 3), []
    for source in sources:
        caller = Caller(lambda: fleet.connect(source))
        answers += [caller.ask("/hour/x", [("X-Forwarded-For", f"203.0.113.{i}")]) for i in range(8)]
        caller.close()
    count = Count(answers, fleet.upstream)
    report(count)
    assert [a.status for a in answers] == ([200] * 5 + [429] * 3) * len(sources)
    assert count.lost == 0 and len({a.node for a in answers}) == NODES
