"""SIGHUP again and again under load: no request is lost, nothing leaks."""
import signal
import time

from support.gateway import is_sanitized
from support.load import Load
from support.message import get
from support.timing import SOAK, eventually

SECONDS = 30 if SOAK else 5


def test_no_request_is_lost(gatehouse, scripted):
    upstreams = [scripted(), scripted()]

    def config(i):
        return {"upstreams": [{"name": "api", "servers": [upstreams[i % 2].url]}],
                "rate_limits": {"rules": [{"name": "t", "limits": [{"requests": 1000000 - i % 3, "window": "1h"}]}]}}
    gateway = gatehouse(config(0))
    warm = Load(gateway, lambda n: get(f"/{n}"))
    for i in range(5):
        time.sleep(0.1)
        gateway.write(config(i))
        gateway.reload()
    assert warm.stop().failures == []
    eventually(lambda: gateway.metrics().value("gatehouse_connections_open") == 0, "the clients are gone")
    rss, descriptors = gateway.rss(), gateway.descriptors()

    load = Load(gateway, lambda n: get(f"/{n}"))
    end, reloads = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        reloads += 1
        gateway.write(config(reloads))
        gateway.signal(signal.SIGHUP)
        time.sleep(0.2)
    load.stop()
    assert load.failures == [] and set(load.statuses) == {200}
    eventually(lambda: gateway.metrics().value("gatehouse_reloads_total") >= reloads // 2, "the reloads happened")
    assert gateway.metrics().value("gatehouse_reloads_failed_total") == 0
    assert len(upstreams[0].requests) > 10 and len(upstreams[1].requests) > 10
    eventually(lambda: gateway.metrics().value("gatehouse_exchanges_open") == 0, "nothing is left open")
    # Kept upstream connections of the last generations may still be there for a moment.
    eventually(lambda: gateway.descriptors() <= descriptors + 16, "descriptors return to their start")
    if not is_sanitized():
        assert gateway.rss() - rss < 16 << 20


def test_wrong_configurations_in_between(gatehouse, scripted):
    gateway = gatehouse({}, upstream=(upstream := scripted()))
    good = {"upstreams": [{"name": "api", "servers": [upstream.url]}]}
    load = Load(gateway, lambda n: get(f"/{n}"), clients=4)
    for i in range(6):
        gateway.write(good if i % 2 else "server: {worker: 1}\n")
        gateway.reload()
    load.stop()
    assert load.failures == [] and set(load.statuses) == {200}
    assert gateway.metrics().value("gatehouse_reloads_failed_total") == 3
    assert gateway.metrics().value("gatehouse_reloads_total") == 3
