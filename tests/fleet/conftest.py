"""Fleets of three nodes, and the figures their tests print."""
import pytest

from support.fleet import Fleet
from support.servers import PostgreSQL, Redis

_said = []


@pytest.fixture
def report(request):
    """say(text): a line of figures, which the end of the run shows whether the test passed or not."""
    def say(text):
        line = f"{request.node.name}: {text}"
        print(line)
        _said.append(line)
    return say


def pytest_terminal_summary(terminalreporter):
    if _said:
        terminalreporter.section("figures")
        for line in _said:
            terminalreporter.line(line)


@pytest.fixture(scope="module")
def servers():
    """A Redis and a PostgreSQL, for the tests of a file."""
    redis, postgresql = Redis(), PostgreSQL()
    yield redis, postgresql
    postgresql.close()
    redis.close()


@pytest.fixture(scope="module")
def make_fleet(shared_gatehouse, servers, tmp_path_factory):
    """Starts fleets that live as long as the file's tests."""
    made = []

    def make(config=None, **kwargs):
        redis, postgresql = servers
        made.append(Fleet(shared_gatehouse, tmp_path_factory.mktemp("fleet"), redis, postgresql, config, **kwargs))
        return made[-1]
    yield make
    for fleet in made:
        fleet.close()
