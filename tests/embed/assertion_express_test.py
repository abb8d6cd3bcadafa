"""The example of verified assertions, in Express with npm's jose. In FastAPI: tests/http/assertion_test.py."""
import os
import shutil
import subprocess

import httpx
import pytest

from support.assertion_contract import AssertionContract, Place, copied
from support.client import PLAIN
from support.gateway import clean_environment
from support.ports import free_port
from support.timing import eventually, guard


class Express:
    def __init__(self, folder, port, gatehouse):
        self.process = subprocess.Popen(["node", "express/app.mjs"], cwd=folder, stdin=subprocess.DEVNULL,
                                        env=clean_environment({"PORT": str(port), "GATEHOUSE_URL": gatehouse}))

        def up():
            assert self.process.poll() is None, "the API did not start"
            try:
                return httpx.get(f"http://127.0.0.1:{port}/health", **PLAIN).status_code == 200
            except httpx.TransportError:
                return False
        eventually(up, "the API listens", 30)

    def close(self):
        self.process.terminate()
        self.process.wait(guard(10))


@pytest.fixture(scope="module")
def place(shared_gatehouse, app, tmp_path_factory):
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no node with npm")
    folder = copied(tmp_path_factory.mktemp("assertion") / "assertion")
    done = subprocess.run(["npm", "--prefix", "express", "ci"], cwd=folder, env=os.environ, capture_output=True, text=True,
                          timeout=guard(300), stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"npm ci: {done.stdout}{done.stderr}"
    place = Place(shared_gatehouse, folder, app, free_port(), lambda url, port: Express(folder, port, url))
    yield place
    place.close()


class TestExpress(AssertionContract):
    def test_express_says_nothing_of_itself(self, place):
        assert "X-Powered-By" not in place.direct().headers
