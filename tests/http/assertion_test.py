"""The example of verified assertions, in FastAPI. In Express: tests/embed/assertion_express_test.py."""
import pytest

from support.application import Application
from support.assertion_contract import EXAMPLE, AssertionContract, Place, copied
from support.gateway import run
from support.ports import free_port
from support.readme import blocks


@pytest.fixture(scope="module")
def place(shared_gatehouse, app, tmp_path_factory):
    folder = copied(tmp_path_factory.mktemp("assertion") / "assertion")
    place = Place(shared_gatehouse, folder, app, free_port(),
                  lambda url, port: Application("app:app", folder / "fastapi", port, env={"GATEHOUSE_URL": url}))
    yield place
    place.close()


class TestFastAPI(AssertionContract):
    def test_keys_that_are_not_at_hand(self, place):
        """Nobody is let in while they can't be had."""
        api = Application("app:app", EXAMPLE / "fastapi", env={"GATEHOUSE_URL": "http://127.0.0.1:1"})
        try:
            good = place.assertion()
            statuses = [place.http.get(api.url + "/whoami", headers={"X-Gatehouse-Assertion": good}).status_code for _ in range(3)]
            assert statuses == [503] * 3
        finally:
            api.close()


def test_the_shipped_configuration_passes_check():
    done = run("check", "-c", "gatehouse.yaml", cwd=EXAMPLE)
    assert done.returncode == 0 and "0 warnings" in done.stdout, done.stdout + done.stderr


def test_the_commands_that_start_it_are_the_ones_tested_here():
    _, setup, fastapi, express, gatehouse, _ = blocks((EXAMPLE / "README.md").read_text())
    assert fastapi == ["/usr/bin/python3 -m uvicorn --app-dir fastapi --port 8000 app:app"]
    assert express == ["npm --prefix express ci && node express/app.mjs"]
    assert gatehouse == ["gatehouse serve -c gatehouse.yaml"] and "gatehouse check" in setup[0]
