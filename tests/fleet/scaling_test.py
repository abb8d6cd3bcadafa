"""The commands of docs/scaling.md, one after the other: one node, its records moved to PostgreSQL, three nodes and HAProxy."""
import pathlib
import re
import shutil
import tempfile

import httpx
import pytest

from support.client import PLAIN
from support.gateway import ROOT
from support.ports import free_port
from support.readme import blocks, perform
from support.servers import PostgreSQL, Redis, Server, connects
from support.timing import eventually


DOCUMENT = (ROOT / "docs" / "scaling.md").read_text()
(_, ONE, SERVE, USE, POSTGRESQL, MOVE, SETTINGS, TRUST, NODES, HAPROXY, BALANCE, LOOK) = blocks(DOCUMENT)
PORTS = (8000, 8080, 8081, 8082, 8083, 9081, 9082, 9083)


class Balancer(Server):
    """HAProxy with the configuration of the page."""

    def __init__(self, folder, port):
        super().__init__("haproxy")
        self.of, self.port = folder, port
        self.start()

    def command(self):
        return ["haproxy", "-db", "-f", self.of / "haproxy.cfg"]

    def answers(self):
        return connects(self.port)


@pytest.fixture
def place(gatehouse, scripted):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gh-scaling-", dir="/tmp"))
    postgresql, redis = PostgreSQL(), Redis()
    psql = f"psql -h {postgresql.folder} -p {postgresql.port} -U postgres"
    here = {port: free_port() for port in PORTS}
    replace = {f":{port}": f":{number}" for port, number in here.items()}
    replace.update({f"port {port}": f"port {number}" for port, number in here.items()})
    replace.update({"localhost:5432": f"localhost:{postgresql.port}", "localhost:6379": f"localhost:{redis.port}",
                    "sudo -u postgres psql": psql})
    upstream = scripted(address=("127.0.0.1", here[8000]))
    yield folder, here, replace, gatehouse, upstream
    redis.close()
    postgresql.close()
    shutil.rmtree(folder)


def test_every_command_of_the_page(place):
    folder, here, replace, start, upstream = place
    perform(ONE, folder, replace)
    one = start(False, args=["-c", "gatehouse.yaml"], folder=folder, ports=(here[8080], free_port()))
    perform(USE, folder, replace)
    one.stop()
    perform(POSTGRESQL, folder, replace)
    moved = perform(MOVE, folder, replace)[0].output
    assert re.search(r" 1  users$", moved, re.M) and " 1  API keys" in moved and "compared: the same" in moved, moved
    assert (folder / "gatehouse-data" / "gatehouse.moved").exists()
    checked = perform(SETTINGS + TRUST, folder, replace)[0].output
    assert "gatehouse_service" in checked and "0 warnings" in checked, checked
    nodes = [start(False, args=["-c", "gatehouse.yaml"], folder=folder, ports=(here[8080 + i], here[9080 + i]),
                   env={"GATEHOUSE_DATA_FOLDER": f"data-{i}"}) for i in (1, 2, 3)]
    perform(HAPROXY, folder, replace)
    balancer = Balancer(folder, here[8080])
    try:
        eventually(lambda: {httpx.get(f"http://127.0.0.1:{here[8080]}/", **PLAIN).headers["X-Node"] for _ in range(3)}
                   == {"node1", "node2", "node3"}, "all nodes are in")
        eventually(lambda: all(n.metrics().value("gatehouse_nodes") == 3 for n in nodes), "they know of each other")
        done = perform(LOOK, folder, replace)
        text = "\n".join(step.output for step in done)
        assert re.findall(r"^\d{3}$", text, re.M) == ["200"] * 6 + ["429"] * 2
        assert {"node1", "node2", "node3"} <= set(re.findall(r"^x-node: (\w+)", text, re.M | re.I))
        assert "PostgreSQL" in text or "postgresql" in text, done[-1].output
        nodes[0].stop()
        assert {httpx.get(f"http://127.0.0.1:{here[8080]}/", **PLAIN).status_code for _ in range(6)} == {401}
    finally:
        balancer.close()


def test_the_commands_that_start_it_are_the_ones_tested_here():
    assert SERVE == ["gatehouse serve"] and BALANCE == ["haproxy -f haproxy.cfg"]
    assert NODES == ["\n".join(f"GATEHOUSE_DATA_FOLDER=data-{i} gatehouse serve --listen 127.0.0.1:808{i} --admin 127.0.0.1:908{i} &"
                               for i in (1, 2, 3))]
