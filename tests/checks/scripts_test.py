"""The scripts say what they do, refuse what they do not know, and sum up truthfully."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = sorted(p for p in (ROOT / "script").iterdir() if p.is_file()) + [ROOT / ".ci" / "run"]


def run(*command, cwd="/", **env):
    return subprocess.run([str(word) for word in command], cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_help_from_any_directory(script):
    done = run(script, "--help")
    assert done.returncode == 0, done.stderr
    assert str(script.relative_to(ROOT)) in done.stdout, done.stdout[:100]
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize("name", ["bootstrap", "check", "test"])
def test_an_unknown_word_is_refused(name):
    done = run(ROOT / "script" / name, "nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr and f"script/{name}" in done.stderr


@pytest.mark.parametrize("check, test, last, status", [
    ("echo '3 passed, 0 failed'", "echo '4 passed, 0 failed'", "7 passed, 0 failed", 0),
    ("echo '3 passed, 0 failed, 1 skipped'", "echo '4 passed, 0 failed, 2 skipped'", "7 passed, 0 failed, 3 skipped", 0),
    ("echo '3 passed, 1 failed'; exit 1", "echo '4 passed, 0 failed'", "7 passed, 1 failed", 1),
    ("exit 1", "echo '4 passed, 0 failed'", "4 passed, 1 failed", 1),
    ("echo '3 passed, 0 failed'; exit 1", "echo '4 passed, 0 failed'", "7 passed, 1 failed", 1),
    ("echo '3 passed, 0 failed'", "echo '4 passed, 0 failed'; echo more", "3 passed, 1 failed", 1),
    ("echo '3 passed, 0 failed'", "kill -9 $$", "3 passed, 1 failed", 1),
    ("[ \"$CI\" = true ] && ! read -r && echo '1 passed, 0 failed'", "echo '1 passed, 0 failed'", "2 passed, 0 failed", 0),
])
def test_ci_sums_up_both_steps(tmp_path, check, test, last, status):
    (tmp_path / ".ci").mkdir()
    (tmp_path / "script").mkdir()
    (tmp_path / ".ci/run").write_text((ROOT / ".ci/run").read_text())
    for name, body in (("check", check), ("test", test)):
        (tmp_path / "script" / name).write_text(f"#!/bin/bash\n{body}\n")
        (tmp_path / "script" / name).chmod(0o755)
    done = run("bash", tmp_path / ".ci/run")
    assert done.stdout.splitlines()[-1] == last, done.stdout + done.stderr
    assert done.returncode == status


def test_bootstrap_can_be_left_out():
    assert run(ROOT / "script/bootstrap", "all", GATEHOUSE_SKIP_BOOTSTRAP="1", PATH="/usr/bin:/bin").returncode == 0


@pytest.mark.parametrize("arguments, received", [
    ([], ["demo"]), (["--listen", "x"], ["demo", "--listen", "x"]),
    (["http://127.0.0.1:8000"], ["serve", "http://127.0.0.1:8000"]), (["unix:/x", "--admin", "off"], ["serve", "unix:/x", "--admin", "off"]),
    (["-c", "a.yaml"], ["serve", "-c", "a.yaml"]), (["--config=a.yaml"], ["serve", "--config=a.yaml"]), (["wrong"], ["serve", "wrong"]),
])
def test_server_starts_the_program(tmp_path, arguments, received):
    """With stand-ins for Meson and Ninja: what is built is a program that says how it was called."""
    project, tools = tmp_path / "project", tmp_path / "tools"
    (project / "script" / "lib").mkdir(parents=True)
    tools.mkdir()
    for name in ("server", "lib/common.sh"):
        (project / "script" / name).write_text((ROOT / "script" / name).read_text())
        (project / "script" / name).chmod(0o755)
    (project / "script/bootstrap").write_text("#!/bin/sh\n[ \"$1\" = build ]\n")
    (tools / "meson").write_text("#!/bin/sh\nmkdir -p \"$2/src\" && touch \"$2/build.ninja\"\n")
    (tools / "ninja").write_text("#!/bin/sh\nprintf '#!/bin/sh\\npwd; printf \"%%s\\\\n\" \"$@\"; exit 7\\n' > build-release/src/gatehouse\n"
                                 "chmod +x build-release/src/gatehouse\n")
    for path in (project / "script/bootstrap", tools / "meson", tools / "ninja"):
        path.chmod(0o755)
    done = run(project / "script/server", *arguments, cwd=tmp_path, PATH=f"{tools}:{os.environ['PATH']}")
    assert done.returncode == 7, done.stderr
    assert done.stdout.splitlines() == [str(tmp_path), *received]
