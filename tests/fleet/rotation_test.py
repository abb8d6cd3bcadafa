"""Keys of a fleet: one node changes them, all use them, and what any node has made is good at all of them meanwhile."""
import concurrent.futures
import itertools

import pytest

from support import identity
from support.gateway import run
from support.identity import SECRET, bearer, settings
from support.timing import eventually

NODES = 3
NEW = "5ea1d0c7b2f94386a1e0d9c8b7a6958473625140f1e2d3c4b5a697887766554f"
CONFIG = settings({"password": {"hash_time": 1}, "session": {"max_per_user": 0}, "rotation": {"every": "30d"},
                   "attempts": {"max": 1000, "per_account": 100000}},
                  postgresql={"timeout": "10s"}, routes=[{"name": "mine", "path": "/**", "require": {"user": True}}])
NEXT, ACTIVE, RETIRING = range(3)


class Nodes:
    """Gateways over one database."""

    def __init__(self, start, folder, postgresql, upstream):
        self.start_gateway, self.postgresql, self.upstream = start, postgresql, upstream
        self.database = postgresql.database(postgresql.template())
        self.folders = [folder / f"node{i}" for i in range(NODES)]
        for each in self.folders:
            each.mkdir()
        self.gateways, self.people = [None] * NODES, [None] * NODES
        for i in range(NODES):
            self.start(i, ready=False)
        for i in range(NODES):
            self.ready(i)

    def start(self, i, ready=True, **secrets):
        environment = {"SECRET_KEY": SECRET, **secrets, "POSTGRESQL_URL": self.postgresql.url(self.database)}
        self.gateways[i] = self.start_gateway(CONFIG, self.upstream, folder=self.folders[i], env=environment, ready=False)
        return self.ready(i) if ready else None

    def ready(self, i):
        self.gateways[i].wait_until_up()
        self.people[i] = identity.People(self.gateways[i])
        return self.gateways[i]

    def stop(self, *numbers):
        for i in numbers or range(NODES):
            self.gateways[i].stop()
            self.people[i].close()

    def execute(self, statement, *values):
        return self.postgresql.execute(statement, values, database=self.database)

    def operator(self, i, *words):
        return run(*words, "--data", identity.data_folder(self.gateways[i]), cwd=self.folders[i])

    def rotate(self, i=0):
        def ask():
            done = self.operator(i, "key", "rotate", "--json")
            return None if identity.SETTLING in done.stderr else done
        done = eventually(ask, "all nodes know the next keys", 30)
        assert done.returncode == 0, done.stderr

    def in_use(self, i, generation):
        """What node i makes says of which keys it is."""
        eventually(lambda: identity.unb64(sign_in(self.people[i])["refresh_token"][4:])[8] == generation,
                   f"node {i} uses keys of generation {generation}", 20)

    def close(self):
        self.stop()
        self.postgresql.drop(self.database)


@pytest.fixture
def nodes(shared_gatehouse, shared_scripted, servers, tmp_path):
    nodes = Nodes(shared_gatehouse, tmp_path, servers[1], shared_scripted())
    nodes.people[0].new("ada")
    yield nodes
    nodes.close()


def sign_in(people):
    return people.post("/login", {"username": "ada", "password": identity.PASSWORD, "mode": "token"}).json()


def test_who_begins_the_ring_begins_it_for_all(nodes):
    assert nodes.execute("SELECT id, state FROM key_generation ORDER BY id") == [(0, ACTIVE), (1, NEXT)]
    assert nodes.execute("SELECT state FROM signing_key ORDER BY state") == [(NEXT,), (ACTIVE,)]
    kids = [{k["kid"] for k in people.get("/.well-known/jwks.json").json()["keys"]} for people in nodes.people]
    assert kids[0] == kids[1] == kids[2] and len(kids[0]) == 2


def test_no_request_is_refused_while_keys_change(nodes):
    """Clients whose requests come to any node go on while one of them changes the keys, twice."""
    stop, answers = [], []

    def client(number):
        dice = itertools.cycle(range(number, number + NODES))
        tokens = sign_in(nodes.people[number % NODES])
        answer = nodes.people[0].post("/login", {"username": "ada", "password": identity.PASSWORD, "mode": "cookie"})
        session = identity.set_cookies(answer)["session"][0]
        while not stop:
            here = nodes.people[next(dice) % NODES].gateway
            with here.client() as http:
                answers.append(http.get("/x", headers=bearer(tokens["access_token"])).status_code)
                answers.append(http.get("/x", headers={"Cookie": f"session={session}"}).status_code)
                answer = http.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
                answers.append(answer.status_code)
                if answer.status_code != 200:
                    return answer.text
                tokens = answer.json()
        return None

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(client, n) for n in range(4)]
        for generation in (1, 2):
            nodes.rotate(generation)  # at another node each time
            for i in range(NODES):
                nodes.in_use(i, generation)
        stop.append(True)
        said = [c.result() for c in clients]
    assert set(answers) == {200} and said == [None] * 4, said
    assert len(answers) > 100


def test_of_many_nodes_one_changes_the_keys_when_it_is_time(nodes):
    nodes.stop()
    assert nodes.execute("UPDATE key_generation SET changed_s = changed_s - 30 * 86400 WHERE state = %s", ACTIVE) == 1
    for i in range(NODES):
        nodes.start(i, ready=False)
    for i in range(NODES):
        nodes.ready(i)
    for i in range(NODES):
        nodes.in_use(i, 1)
    assert nodes.execute("SELECT id, state FROM key_generation ORDER BY id") == [(0, RETIRING), (1, ACTIVE), (2, NEXT)]
    assert nodes.execute("SELECT count(*) FROM audit WHERE event = 'key_rotate'") == [(1,)]
    rotated = [[e for e in gateway.log() if e.get("event") == "keys_rotated"] for gateway in nodes.gateways]
    assert sorted(map(len, rotated)) == [0, 0, 1]


def said_once_though_tried_again(gateway):
    """A node that still has the secret before can't use what was sealed with the new one. It said so every two seconds."""
    eventually(lambda: gateway.metrics().value("gatehouse_reloads_failed_total") >= 3, "it has tried again", 30)
    events = [e["event"] for e in gateway.log() if e.get("event") in ("reload_refused", "configuration")]
    assert events == ["configuration", "reload_refused"]


def test_secret_key_is_changed_node_by_node(nodes):
    sessions = [sign_in(people) for people in nodes.people]

    def all_good():
        for people, tokens in itertools.product(nodes.people, sessions):
            assert people.me(bearer(tokens["access_token"])).status_code == 200
    nodes.stop(0)
    nodes.start(0, SECRET_KEY=NEW, SECRET_KEY_PREVIOUS=SECRET)
    sessions.append(sign_in(nodes.people[0]))
    sessions.append(sign_in(nodes.people[1]))  # which has the one before, and the keys it knows
    all_good()
    refused = nodes.operator(1, "key", "rotate")
    assert refused.returncode == 1 and "secret_key has been changed" in refused.stderr, refused.stderr
    said_once_though_tried_again(nodes.people[1].gateway)
    nodes.stop(1, 2)
    for i in (1, 2):
        nodes.start(i, SECRET_KEY=NEW, SECRET_KEY_PREVIOUS=SECRET)
    all_good()
    nodes.rotate(1)
    for i in range(NODES):
        nodes.in_use(i, 1)
    all_good()
    for i in range(NODES):
        nodes.stop(i)
        nodes.start(i, SECRET_KEY=NEW)
    all_good()
    assert nodes.execute("SELECT count(*) FROM audit WHERE event = 'secret_key_change'") == [(1,)]
