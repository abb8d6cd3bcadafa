"""Libraries that only some configurations need."""
import os
import pathlib

import pytest

from support import stores
from support.gateway import run
from support.identity import SECRET
from support.timing import eventually

OPTIONAL = ("libpq", "libcurl", "libldap", "libgnutls", "libkrb5")


def loaded(gateway):
    maps = pathlib.Path(f"/proc/{gateway.process.pid}/maps").read_text()
    return {name for name in OPTIONAL if f"/{name}" in maps}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into the process")
def test_what_no_setting_needs_is_not_loaded(gatehouse, scripted):
    gateway = gatehouse({"identity": {"enabled": True, "session": {"insecure_cookies": True}}}, upstream=scripted(),
                        env={"SECRET_KEY": SECRET})
    assert gateway.get("/").status_code == 200
    assert "libcurl" not in loaded(gateway)
    assert ("libpq" in loaded(gateway)) if stores.SHARED else loaded(gateway) == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into the process")
def test_keys_of_an_issuer_need_libcurl(gatehouse, scripted):
    issuer = {"name": "login", "issuer": "https://issuer.example", "audiences": ["api"], "jwks": "https://127.0.0.1:9/keys"}
    gateway = gatehouse({"identity": {"enabled": True, "session": {"insecure_cookies": True}, "issuers": [issuer]}}, upstream=scripted(),
                        env={"SECRET_KEY": SECRET})
    eventually(lambda: "libcurl" in loaded(gateway), "the keys are asked for")
    assert ("libpq" in loaded(gateway)) == stores.SHARED


@pytest.mark.one_machine(reason="the URL is its own")
def test_a_wrong_url_of_a_database_is_seen_by_libpq(tmp_path):
    (tmp_path / "g.yaml").write_text("upstreams: [{name: a, servers: ['http://127.0.0.1:9']}]\nidentity: {enabled: on}\n"
                                     "postgresql: {url: 'postgresql://[::1/x'}\n")
    done = run("check", "-c", "g.yaml", cwd=tmp_path, env={"SECRET_KEY": SECRET})
    assert done.returncode == 2 and "postgresql.url can't be read" in done.stderr, done.stderr


@pytest.mark.one_machine(reason="the URL is its own")
@pytest.mark.parametrize("library, package, setting", [
    ("libpq.so.5", "libpq5", "postgresql: {url: 'postgresql://gatehouse@127.0.0.1/gatehouse'}"),
    ("libcurl.so.4", "libcurl4", "identity: {issuers: [{name: a, issuer: 'https://a.example', audiences: [b], jwks: 'https://127.0.0.1:9/k'}]}")])
def test_a_library_that_is_not_there_is_said_before_the_start(tmp_path, library, package, setting):
    """A broken one stands before the good one."""
    (tmp_path / library).write_bytes(b"")
    (tmp_path / "g.yaml").write_text(f"upstreams: [{{name: a, servers: ['http://127.0.0.1:9']}}]\n{setting}\n")
    env = {"SECRET_KEY": SECRET, "GATEHOUSE_IDENTITY_ENABLED": "on"}
    assert run("check", "-c", "g.yaml", cwd=tmp_path, env=env).returncode == 0
    done = run("check", "-c", "g.yaml", cwd=tmp_path, env={**env, "LD_LIBRARY_PATH": str(tmp_path)})
    assert done.returncode == 2 and f"{library} can't be used: install the package {package} (" in done.stderr, done.stderr
