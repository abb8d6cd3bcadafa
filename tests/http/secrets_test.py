"""Secrets (R1): from where they are read, what is refused, and that nobody gets to see them."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile

import pytest

from support.aws import SecretsManager
from support.certificates import Authority
from support.gateway import BINARY, run
from support.identity import People
from support.process_memory import holding
from support.secret_key import HS256, is_signed_by, token_of, write
from support.timing import eventually, guard

KEY = "d41f0b7c9a3e58624f6d8e1b7c0a9f3527ec"
OTHER = "71b0ce93ad254f8810d6e2fb4a9c3d7746ee"
# From where.

@pytest.mark.parametrize("way", ["NAME_FILE", "own NAME_FILE", "file: in the environment", "file: in .env", "NAME_FILE in .env",
                                 "file: in YAML", "relative", "the environment", ".env", "YAML"])
def test_every_way_gives_the_secret(gatehouse, scripted, tmp_path, way):
    folder = tmp_path / "run"
    folder.mkdir()
    path = write(folder, KEY + "\n")
    config, env, dotenv = HS256, {}, None
    if way in ("file: in YAML", "YAML"):
        config = {**HS256, "secret_key": f"file:{path}" if way == "file: in YAML" else KEY}
    elif way.endswith(".env"):
        dotenv = {"file: in .env": f"SECRET_KEY=file:{path}", "NAME_FILE in .env": f'SECRET_KEY_FILE="{path}"', ".env": f"SECRET_KEY={KEY}"}[way]
    else:
        env = {"NAME_FILE": {"SECRET_KEY_FILE": str(path)}, "own NAME_FILE": {"GATEHOUSE_SECRET_KEY_FILE": str(path)},
               "file: in the environment": {"SECRET_KEY": f"file:{path}"}, "relative": {"SECRET_KEY_FILE": "./secret"},
               "the environment": {"SECRET_KEY": KEY}}[way]
    if dotenv:
        (folder / ".env").write_text(dotenv + "\n")
    gateway = gatehouse(config, upstream=scripted(), env=env, folder=folder)
    token = token_of(gateway)
    assert is_signed_by(token, KEY) and not is_signed_by(token, OTHER)


CHECKED = "upstreams: [{name: api, servers: ['http://127.0.0.1:8000']}]\n"


def check(folder, env=None, text=CHECKED):
    (folder / "gatehouse.yaml").write_text(text)
    done = run("check", "-c", "gatehouse.yaml", cwd=folder, env=env)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("data,words", [
    (b"short\n", "must have 32 to 4096 bytes, not 5"), (b"", "not 0"), (b"\n", "not 0"), (b"a" * 5000, "not 5000"),
    (KEY.encode() + b"\0x", "NUL"), (KEY.encode("utf-16"), "NUL"), (b"a" * 70000, "larger than 64 KiB")])
def test_files_are_read_strictly(tmp_path, data, words):
    path = write(tmp_path, data)
    code, text = check(tmp_path, {"SECRET_KEY_FILE": str(path)})
    assert code == 2 and words in text and "SECRET_KEY_FILE" in text
    code, text = check(tmp_path, text=f"{CHECKED}secret_key: file:{path}\n")
    assert code == 2 and words in text and "gatehouse.yaml:2:" in text


def test_what_is_no_file(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name, words in (("missing", "No such file"), ("folder", "not a regular file"), ("fifo", "not a regular file")):
        code, text = check(tmp_path, {"SECRET_KEY_FILE": str(tmp_path / name)})
        assert code == 2 and words in text and name in text, text


@pytest.mark.parametrize("mode,warned", [(0o600, None), (0o440, None), (0o644, "may read it"), (0o666, "may change it")])
def test_files_that_everybody_may_use_are_warned_of(tmp_path, mode, warned):
    path = write(tmp_path, KEY, mode=mode)
    code, text = check(tmp_path, {"SECRET_KEY_FILE": str(path)})
    assert code == 0, text
    assert ("warning:" in text) == (warned is not None) and (warned or "") in text


def test_a_file_that_does_not_count_need_not_be_there(tmp_path):
    code, text = check(tmp_path, {"SECRET_KEY": KEY}, f"{CHECKED}secret_key: file:/nowhere/at/all\n")
    assert code == 0 and "nowhere" not in text


PRODUCTION = CHECKED + "profile: production\nhosts: {allowed: [api.example.com]}\n"


def test_production_takes_no_secret_from_a_yaml_file_but_where_it_is(tmp_path):
    path = write(tmp_path, KEY)
    assert check(tmp_path, text=f"{PRODUCTION}secret_key: {KEY}\n")[0] == 2
    assert check(tmp_path, text=f"{PRODUCTION}secret_key: file:{path}\n")[0] == 0
    code, text = check(tmp_path, text=f"{PRODUCTION}secret_key: aws:prod/x\nsecrets: {{aws: {{region: eu-west-1}}}}\n")
    assert code == 0 and "aws:prod/x is got when Gatehouse starts; it was not checked" in text


# Reload.

def test_another_secret_key_alone_is_not_taken_at_a_reload(gatehouse, scripted, tmp_path):
    """It was passed over without a word, and the next start failed or ended every session."""
    folder = tmp_path / "run"
    folder.mkdir()
    path = write(folder, KEY)
    gateway = gatehouse(HS256, upstream=scripted(), env={"SECRET_KEY_FILE": str(path)}, folder=folder)
    before = token_of(gateway)
    write(folder, OTHER)
    gateway.reload()
    entry = gateway.wait_for_log(lambda e: "secret_key has changed" in e.get("text", ""), "that the old one goes on")
    assert "secret_key_previous" in entry["text"] and KEY not in entry["text"] and OTHER not in entry["text"]
    assert is_signed_by(token_of(gateway), KEY)
    people = People(gateway)
    assert people.me({"Authorization": f"Bearer {before}"}).status_code == 200
    people.close()


def test_another_secret_key_with_the_one_before_is_taken_at_a_reload(gatehouse, scripted, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    path, env = write(folder, KEY), folder / ".env"
    gateway = gatehouse(HS256, upstream=scripted(), env={"SECRET_KEY_FILE": str(path)}, folder=folder)
    before = token_of(gateway)
    write(folder, OTHER)
    env.write_text(f"SECRET_KEY_PREVIOUS_FILE={write(folder, KEY, 'previous')}\n")
    gateway.reload()
    eventually(lambda: is_signed_by(token_of(gateway), OTHER), "the new one is in use")
    people = People(gateway)
    assert people.me({"Authorization": f"Bearer {before}"}).status_code == 200
    people.close()


def test_a_file_that_went_missing_refuses_the_reload(gatehouse, scripted, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    path = write(folder, KEY)
    gateway = gatehouse(HS256, upstream=scripted(), env={"SECRET_KEY_FILE": str(path)}, folder=folder)
    path.unlink()
    gateway.reload()
    assert gateway.metrics().value("gatehouse_reloads_failed_total") == 1
    assert is_signed_by(token_of(gateway), KEY)


# Nobody gets to see them.

class Marks:
    """One secret for each way, each with a text of its own to look for."""

    def __init__(self, folder):
        self.all = []
        self.authority = Authority(folder)
        self.manager = SecretsManager(self.authority)
        self.access_key = self.new("ACCESSKEY")
        self.token = self.new("SESSIONTOKEN")
        self.manager.keys = {"AKIDMARKED": (self.access_key, self.token)}

    def new(self, name):
        self.all.append(f"{name}7f3b91c04de85a26")
        return self.all[-1] + "9c2d4e6f8a0b1c3d5e7f90"

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": "AKIDMARKED", "AWS_SECRET_ACCESS_KEY": self.access_key, "AWS_SESSION_TOKEN": self.token}

    def bytes(self):
        return [m.encode() for m in self.all]

    def absent(self, text, where):
        data = text if isinstance(text, bytes) else text.encode()
        for mark in self.bytes():
            assert mark not in data, f"{mark} is in {where}"


@pytest.fixture
def marks(tmp_path):
    marks = Marks(tmp_path)
    yield marks
    marks.manager.close()


def with_key(way, marks, folder):
    """(configuration, environment) with the marked secret_key by this way; always with marked AWS credentials."""
    key, env = marks.new("SECRETKEY"), marks.environment()
    config = {**HS256, "secrets": {"refresh": "1s", "aws": marks.manager.settings(marks.authority)}}
    marks.manager.put("gatehouse/all", f'{{"secret_key": "{key}", "other": "{marks.new("OTHERMEMBER")}"}}')
    if way == "aws":
        config["secret_key"] = "aws:gatehouse/all#secret_key"
    elif way == "environment":
        env["SECRET_KEY"] = key
    elif way == "dotenv":
        (folder / ".env").write_text(f'SECRET_KEY="{key}"\n')
    elif way == "yaml":
        config["secret_key"] = key
    else:
        env["SECRET_KEY_FILE"] = str(write(folder, key + "\n"))
    return config, env


WAYS = ["environment", "dotenv", "yaml", "file", "aws"]


def drive(gateway):
    """Requests of many kinds, good and bad, a reload that is taken and one that is refused."""
    people = People(gateway)
    person = people.new()
    headers = person.bearer()
    person.api_key()
    people.me(headers)
    people.me({"Authorization": "Bearer nonsense"})
    person.login("token", password="wrong password here")
    gateway.get("/%zz")
    gateway.request("POST", "/", content=b"x" * 100, headers={"Host": "strange.example"})
    people.close()
    gateway.reload()
    good = (gateway.folder / "gatehouse.yaml").read_text()
    (gateway.folder / "gatehouse.yaml").write_text(good + "\nunknown: setting\n")
    gateway.reload()
    (gateway.folder / "gatehouse.yaml").write_text(good)


@pytest.mark.parametrize("way", WAYS)
def test_secrets_are_not_in_logs_metrics_and_the_process_table(gatehouse, scripted, tmp_path, marks, way):
    folder = tmp_path / "run"
    folder.mkdir()
    config, env = with_key(way, marks, folder)
    gateway = gatehouse(config, upstream=scripted(), env=env, folder=folder)
    pid = gateway.process.pid
    drive(gateway)
    marks.absent(gateway.admin("/metrics").text, "/metrics")
    marks.absent(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes(), "the command line")
    listed = subprocess.run(["ps", "eww", "-o", "args=", str(pid)], capture_output=True, check=True).stdout
    assert b"gatehouse" in listed
    marks.absent(listed, "ps e")
    if os.geteuid() == 0:
        environ = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        assert b"AWS_SECRET_ACCESS_KEY=\0" in environ, "it is there, and empty"
        marks.absent(environ, "the environment")
        assert b"AKIDMARKED" in environ, "what is no secret stays"
    marks.absent(gateway.output(), "log and standard error")
    assert "reload_refused" in gateway.output() and "reloaded" in gateway.output()
    gateway.stop()
    marks.absent(gateway.output(), "log and standard error")
    for command in ("check", "pipeline", "reference"):
        args = ("-c", "gatehouse.yaml") if command != "reference" else ()
        done = run(command, *args, cwd=folder, env=env)
        assert done.returncode == 0, done.stderr
        marks.absent(done.stdout + done.stderr, command)
    for file in (folder / "gatehouse-data").rglob("*"):
        if file.is_file():
            marks.absent(file.read_bytes(), file.name)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the process lets nobody else trace it")
@pytest.mark.unsanitized(reason="a sanitizer keeps what was freed")
@pytest.mark.parametrize("way", WAYS)
def test_secrets_are_in_no_memory_that_a_dump_would_hold(gatehouse, scripted, tmp_path, marks, way):
    folder = tmp_path / "run"
    folder.mkdir()
    config, env = with_key(way, marks, folder)
    gateway = gatehouse(config, upstream=scripted(), env=env, folder=folder)
    drive(gateway)
    gateway.reload()
    assert holding(gateway.process.pid, [b"AKIDMARKED"]), "the search finds what is there"
    found = holding(gateway.process.pid, marks.bytes())
    assert not found, found


@pytest.mark.skipif(os.geteuid() != 0, reason="a core dump's owner must be able to read it")
@pytest.mark.unsanitized(reason="a sanitizer makes no core dump")
@pytest.mark.skipif(not re.fullmatch(r"[\w.%-]+", pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()),
                    reason="core dumps go elsewhere on this machine")
@pytest.mark.parametrize("allowed", [False, True])
def test_a_crash_leaves_no_secret(scripted, tmp_path, marks, allowed):
    """Without secrets.core_dumps a crash leaves nothing at all; with it what is left has no secrets."""
    config, env = with_key("environment", marks, tmp_path)
    text = f"upstreams: [{{name: a, servers: ['{scripted().url}']}}]\nserver: {{listen: ['unix:{tmp_path}/s']}}\nadmin: {{listen: off}}\n" \
           f"identity: {{enabled: on, token: {{algorithm: HS256}}}}\nsecrets: {{core_dumps: {'on' if allowed else 'off'}}}\nlog: {{format: json}}\n"
    (tmp_path / "g.yaml").write_text(text)
    whole = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    process = subprocess.Popen([BINARY, "serve", "-c", "g.yaml"], cwd=tmp_path, env={**env, "PATH": os.environ["PATH"]},
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, whole))
    for line in process.stdout:
        if b'"started"' in line:
            break
    process.send_signal(signal.SIGABRT)
    process.communicate(timeout=guard(30))
    assert process.returncode == -signal.SIGABRT
    cores = [f for f in tmp_path.iterdir() if f.name.startswith("core")]
    assert bool(cores) == allowed
    for core in cores:
        data = core.read_bytes()
        assert b"AKIDMARKED" in data, "it is a dump of this process"
        marks.absent(data, "the core dump")
    del config


def test_what_is_typed_wrong_is_not_shown(tmp_path):
    secret = "MISTYPED81c5d2f7a90b3e64c1d8"
    for env, text in (({"SECRET_KEY_FILE": secret}, CHECKED), ({"SECRET_KEY": secret}, CHECKED),
                      ({}, CHECKED + f"secrets:\n  aws:\n    secret_access_key:{secret}\n"), ({}, CHECKED + f"secret_key: [{secret}]\n"),
                      ({}, CHECKED + f"secret_key: {secret}\nsecret_key: {secret}\n"), ({}, CHECKED + f"secret_key: 'aws:{secret} {secret}'\n"),
                      ({"SECRET_KEY": secret, "GATEHOUSE_SECRET_KEY": secret + "x"}, CHECKED)):
        code, shown = check(tmp_path, env, text)
        assert code == 2 and secret not in shown, shown


def test_no_argument_is_a_secret():
    """What is on a command line everybody on the machine can read."""
    text = subprocess.run([BINARY, "serve", "--help"], capture_output=True, text=True, check=True).stdout
    for command in ("demo", "check", "pipeline", "health", "init"):
        text += subprocess.run([BINARY, command, "--help"], capture_output=True, text=True, check=True).stdout
    options = re.findall(r"--([a-z-]+)", text)
    assert "config" in options
    assert not [o for o in options if re.search("secret|password|key|token", o)], options


@pytest.mark.skipif(os.geteuid() != 0, reason="must run it as somebody else")
@pytest.mark.parametrize("allowed", [False, True])
def test_the_same_user_may_not_look_in(scripted, allowed):
    """What another process of the same user could read: memory, environment, where things lie."""
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if subprocess.run([*nobody, "test", "-x", BINARY]).returncode != 0:
        pytest.skip("others can't reach the program")
    home = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-"))
    os.chown(home, 65534, 65534)
    env = {"PATH": os.environ["PATH"], "SECRET_KEY": KEY, "GATEHOUSE_SECRETS_CORE_DUMPS": "on" if allowed else "off"}
    process = subprocess.Popen([*nobody, BINARY, "serve", scripted().url, "--listen", f"unix:{home}/s", "--admin", "off"], cwd=home,
                               env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        eventually((home / "s").exists, "it listens")
        look = f"for n in ('mem','environ','maps'):\n    try:\n        open('/proc/{process.pid}/'+n,'rb').read(1)\n" \
               f"    except PermissionError:\n        print(n)\n    except OSError:\n        pass\n"
        refused = subprocess.run([*nobody, "/usr/bin/python3", "-c", look], capture_output=True, text=True, check=True).stdout.split()
        assert refused == ([] if allowed else ["mem", "environ", "maps"])
    finally:
        process.terminate()
        process.communicate(timeout=guard(30))
        shutil.rmtree(home)
