import contextlib

import pytest

from support import stores
from support.application import Application
from support.gateway import BINARY, Gateway, is_sanitized
from support.scripted import ScriptedUpstream, answer_ok


def pytest_report_header(config):
    return f"gatehouse: {BINARY}" + (", with Redis and PostgreSQL" if stores.SHARED else "")


def pytest_collection_modifyitems(config, items):
    """What is of one machine alone is no test with shared stores, what a sanitizer replaces is none with it."""
    left = [item for item in items if stores.SHARED and item.get_closest_marker("one_machine")
            or item.get_closest_marker("unsanitized") and is_sanitized()]
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)


@pytest.fixture(scope="session", autouse=True)
def _shared_stores():
    yield
    stores.end()


@contextlib.contextmanager
def gateways(folders):
    started = []

    def start(config=None, upstream=None, ready=True, **kwargs):
        """A running gatehouse. config: a dict over the suite's base, YAML text as it is (PORT and ADMIN are filled
        in), or False: no file, all by the command line. upstream: a URL, something with .url, or a list of them.
        ready=False: does not wait, for one that is expected to fail."""
        if config is None:
            config = {}
        if config is False and upstream is not None:
            kwargs["upstream"] = upstream if isinstance(upstream, str) else upstream.url
        elif upstream is not None:
            assert isinstance(config, dict), "YAML text names its own upstreams"
            servers = upstream if isinstance(upstream, list) else [upstream]
            servers = [s if isinstance(s, str) else s.url for s in servers]
            if "upstreams" in config:
                config = {**config, "upstreams": [{**config["upstreams"][0], "servers": servers}]}
            else:
                config = {**config, "upstreams": [{"name": "api", "servers": servers}]}
        folder = kwargs.pop("folder", None) or folders()
        gateway = Gateway(folder, config, **kwargs)
        started.append(gateway)
        return gateway.wait_until_up() if ready else gateway

    yield start
    failures = []
    for gateway in reversed(started):
        if gateway.process.returncode is None or gateway.process.returncode == 0:
            try:
                gateway.stop()
            except AssertionError as e:
                failures.append(str(e))
    stores.give_back({gateway.folder for gateway in started})
    assert not failures, "\n".join(failures)


@pytest.fixture
def gatehouse(tmp_path):
    n = iter(range(1000))

    def folder():
        path = tmp_path / f"gatehouse{next(n)}"
        path.mkdir()
        return path

    with gateways(folder) as start:
        yield start


@pytest.fixture(scope="module")
def shared_gatehouse(tmp_path_factory):
    """As `gatehouse`, for a whole file: for tests that do not disturb each other."""
    with gateways(lambda: tmp_path_factory.mktemp("gatehouse")) as start:
        yield start


@pytest.fixture(scope="session")
def app():
    application = Application()
    yield application
    application.close()


@pytest.fixture
def applications():
    """Starts further FastAPI upstreams."""
    started = []

    def start(**kwargs):
        started.append(Application(**kwargs))
        return started[-1]
    yield start
    for application in started:
        application.close()


@pytest.fixture
def scripted():
    """Starts scripted upstreams."""
    started = []

    def start(script=answer_ok, address=None):
        started.append(ScriptedUpstream(script, address))
        return started[-1]
    yield start
    for upstream in started:
        upstream.close()


@pytest.fixture(scope="module")
def shared_scripted():
    started = []

    def start(script=answer_ok, address=None):
        started.append(ScriptedUpstream(script, address))
        return started[-1]
    yield start
    for upstream in started:
        upstream.close()
