"""`gatehouse records move`: everything arrives as it was, in both directions, or nothing does."""
import contextlib
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading

import pytest

from support import identity, records, stores
from support.gateway import BINARY, clean_environment, run
from support.records import LOGIN, OWNER, PASSWORD, READONLY, SERVICE
from support.timing import eventually, guard

TABLES = {  # SQLite's name: (PostgreSQL's, its key)
    "secret": ("secret", "name"), "user": ("account", "id"), "user_cutoff": ("user_cutoff", "user"), "session": ("session", "id"),
    "token_life": ("token_life", "seconds"), "ended_session": ("ended_session", "id"), "revoked_token": ("revoked_token", "jti"),
    "device": ("device", "id"), "api_key": ("api_key", "id"), "attempt": ("attempt", "kind, who, place"), "login": ("login", "id"),
    "known_place": ("known_place", "user, place"), "audit": ("audit", "id"), "signing_key": ("signing_key", "kid"),
    "key_generation": ("key_generation", "id")}


def plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


def in_folder(folder):
    """{table: its rows}, as another program sees them."""
    with contextlib.closing(sqlite3.connect(f"file:{folder}/gatehouse.db?mode=ro", uri=True)) as db:
        db.text_factory = lambda b: b.decode("utf-8", "surrogateescape")
        found = {}
        for table, (_, key) in TABLES.items():
            cursor = db.execute(f"SELECT * FROM {table} ORDER BY {key}")
            names = [c[0] for c in cursor.description]
            found[table] = [dict(zip(names, row)) for row in cursor]
        return found


def in_postgres(server, database):
    found = {}
    with server.session(database, "postgres") as cursor:
        cursor.execute("SET search_path = gatehouse")
        for table, (there, key) in TABLES.items():
            cursor.execute(f"SELECT * FROM {there} ORDER BY {key.replace('user', 'user_id')}")
            names = [{"user_id": "user"}.get(c.name, c.name) for c in cursor.description]
            rows = [dict(zip(names, map(plain, row))) for row in cursor]
            extra = {"used_h", "ends_h", "spool_id"} | ({"place"} if table == "signing_key" else set())
            found[table] = [{k: v for k, v in row.items() if k not in extra} for row in rows]
    return found


@pytest.fixture
def move(tmp_path):
    def command(source, target, status=0, env=None, **more):
        done = run("records", "move", "--from", source, "--to", target, cwd=tmp_path, env=LOGIN if env is None else env, seconds=60, **more)
        assert done.returncode == status, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done
    return command


@pytest.fixture
def lived(lived_once, tmp_path):
    """A folder with something of everything, and what its people have in their hands."""
    folder, held = lived_once
    return shutil.copytree(folder, tmp_path / "data"), held


@pytest.fixture(scope="module")
def lived_once(shared_gatehouse, tmp_path_factory):
    data = tmp_path_factory.mktemp("lived") / "data"
    gateway = shared_gatehouse(identity.settings({"devices": {"anonymous": True}}, data={"folder": str(data)}), upstream="http://127.0.0.1:9", env=identity.ENV)
    people = identity.People(gateway)
    ada, bob, carol = people.new(), people.new(email="bob@example.com"), people.new()
    held = {"tokens": ada.tokens(), "key": ada.api_key(), "device": ada.device(), "browser": ada.browser(), "ada": ada, "bob": bob}
    people.post("/refresh", {"refresh_token": bob.tokens()["refresh_token"]})
    held["ended"] = bob.tokens()
    people.post("/logout", headers=identity.bearer(held["ended"]["access_token"]))
    held["revoked"] = bob.tokens()["access_token"]
    assert people.http.post(people.at("/revoke"), data={"token": held["revoked"]}).status_code == 200
    bob.login(password="not the password")
    anonymous = people.device({}, "nobody's")
    assert anonymous["id"]
    people.http.request("POST", people.at("/login"), json={"username": carol.name, "password": "wrong", "mode": "token"},
                        headers={"User-Agent": "caf\xe9".encode("latin-1")})
    place = gateway.folder
    for words in (("user", "disable", carol.name), ("key", "rotate"), ("user", "role", bob.name, "+user")):
        done = run(*words, cwd=place, env=identity.ENV)
        assert done.returncode == 0, done.stderr
    people.close()
    gateway.stop()
    return data, held


def test_everything_arrives_and_comes_back(lived, postgresql, bare, move, tmp_path):
    folder, held = lived
    before, was = in_folder(folder), in_folder(folder)
    empty = [t for t, rows in before.items() if not rows and t not in ("login", "key_generation")]
    assert not empty, "there is something of everything"
    done = move(folder, postgresql.at(bare))
    there = in_postgres(postgresql, bare)
    for row in before["audit"]:  # one client said something that is no text
        row["user_agent"] = row["user_agent"] and row["user_agent"].replace("\udce9", "\ufffd")
    assert there == before
    assert f"{sum(map(len, before.values())):12}  in all; read again and compared: the same" in done.stdout
    assert f"{len(before['user']):12}  users" in done.stdout
    assert in_folder(folder) == was  # the source is as it was

    back = tmp_path / "back"
    move(postgresql.at(bare), back)
    assert in_folder(back) == before
    assert os.stat(back).st_mode & 0o777 == 0o700 and os.stat(back / "gatehouse.db").st_mode & 0o777 == 0o600


def everybody_goes_on(gateway, held):
    """With what they had in their hands before the move; who was out stays out. Returns the next refresh token."""
    people = identity.People(gateway)
    assert people.me(identity.bearer(held["tokens"]["access_token"])).status_code == 200
    assert people.me({"X-API-Key": held["key"]["key"]}).status_code == 200
    assert people.me({"Cookie": f"session={held['browser'].session}"}).status_code == 200
    identity.problem(people.me(identity.bearer(held["ended"]["access_token"])), 401, "token_revoked")
    identity.problem(people.me(identity.bearer(held["revoked"])), 401, "token_revoked")
    refreshed = people.post("/refresh", {"refresh_token": held["tokens"]["refresh_token"]})
    assert refreshed.status_code == 200, refreshed.text
    assert identity.Person(people, held["bob"].name, held["bob"].password, {"user": {"id": held["bob"].id}}).login().status_code == 200
    people.close()
    return refreshed.json()["refresh_token"]


@stores.one_machine("the folder and the database are the test's own")
def test_nobody_is_signed_out_on_the_way_there_and_back(lived, postgresql, bare, move, gatehouse, tmp_path):
    folder, held = lived
    move(folder, postgresql.at(bare))
    (tmp_path / "node").mkdir(mode=0o700)
    node = gatehouse(identity.settings(data={"folder": str(tmp_path / "node")}), upstream="http://127.0.0.1:9",
                     env={**identity.ENV, "POSTGRESQL_URL": postgresql.at(bare, SERVICE, PASSWORD)})
    held = {**held, "tokens": {**held["tokens"], "refresh_token": everybody_goes_on(node, held)}}
    node.stop()
    move(postgresql.at(bare), tmp_path / "back")
    everybody_goes_on(gatehouse(identity.settings(data={"folder": str(tmp_path / "back")}), upstream="http://127.0.0.1:9", env=identity.ENV), held)


def test_numbers_go_on_behind_the_last(lived, postgresql, bare, move):
    """The next event and the next login must not get a number that is there already."""
    folder = lived[0]
    with contextlib.closing(sqlite3.connect(folder / "gatehouse.db")) as db:
        db.execute("INSERT INTO login VALUES (4711, 1, 0, x'00', x'00', NULL, 1, 1, 1)")
        db.commit()
    move(folder, postgresql.at(bare))
    last = max(row["id"] for row in in_folder(folder)["audit"])
    with postgresql.session(bare, SERVICE) as cursor:
        cursor.execute("INSERT INTO audit(at_s, event) VALUES (1, 'x') RETURNING id")
        assert cursor.fetchone() == (last + 1,)
        cursor.execute("INSERT INTO login(password_n, who, place, whole, begun_s, window_s) VALUES (0, '', '', 0, 0, 0) RETURNING id")
        assert cursor.fetchone() == (4712,)


STRANGE = ["", "a\0b", b"caf\xe9".decode("latin-1"), "日本", "x" * 5000]


def test_strange_values_arrive(lived, postgresql, bare, move, tmp_path):
    """Empty is not NULL, the largest and the smallest numbers, bytes that are no text."""
    folder = lived[0]
    with contextlib.closing(sqlite3.connect(folder / "gatehouse.db")) as db:
        user = db.execute("SELECT id FROM user").fetchone()[0]
        db.execute("INSERT INTO revoked_token VALUES (?, ?), (?, ?)", (-1, 2**63 - 1, -2**63, 0))
        db.execute("INSERT INTO attempt VALUES (3, x'', x'00ff', 1, 2, 3, 0)")
        db.execute("INSERT INTO device VALUES (2, NULL, ?, '', x'', 0, 1, 2, 3, 0)", (b"\0" * 16,))
        for i, text in enumerate(STRANGE):
            db.execute("INSERT INTO session(id, user, kind, hash, created_s, used_s, expires_s, idle_s, user_agent, sealed) "
                       "VALUES (?, ?, 1, x'01', 1, 1, 9999999999, 1, ?, ?)", (i + 1, user, text, b"" if i else None))
        db.execute("UPDATE session SET user_agent = CAST(x'636166e9' AS TEXT) WHERE id = 1")
        db.commit()
    before = in_folder(folder)
    done = move(folder, postgresql.at(bare))
    assert "3 texts had bytes that are no text (UTF-8)" in done.stderr
    mended = {1: "caf\ufffd", 2: "a\ufffdb"}
    for row in before["audit"]:
        row["user_agent"] = row["user_agent"] and row["user_agent"].replace("\udce9", "\ufffd")
    wanted = {**before, "session": [{**row, "user_agent": mended.get(row["id"], row["user_agent"])} for row in before["session"]]}
    assert in_postgres(postgresql, bare) == wanted
    assert move(postgresql.at(bare), tmp_path / "back").stderr == ""
    assert in_folder(tmp_path / "back") == wanted


def test_from_one_postgres_to_another(lived, postgresql, bare, move, tmp_path):
    move(lived[0], postgresql.at(bare))
    with postgresql.made() as other:
        move(postgresql.at(bare, SERVICE), postgresql.at(other))  # the service may read all there is
        assert in_postgres(postgresql, other) == in_postgres(postgresql, bare)


# --- refused, and nothing done

def nothing(server, database):
    return not any(in_postgres(server, database).values())


def test_a_target_that_has_something_is_refused(lived, postgresql, database, move, tmp_path):
    postgresql.execute("INSERT INTO gatehouse.token_life VALUES (1800, 0)", database=database)
    assert "the target has token lives already" in move(lived[0], postgresql.at(database), status=1).stderr
    assert len([rows for rows in in_postgres(postgresql, database).values() if rows]) == 1
    postgresql.execute("DELETE FROM gatehouse.token_life", database=database)
    move(lived[0], postgresql.at(database))
    folder = lived[0]
    assert "all records were moved from this folder" in move(postgresql.at(database), folder, status=1).stderr
    (folder / "gatehouse.moved").unlink()
    assert "the target has secrets already" in move(postgresql.at(database), folder, status=1).stderr


def has_no_schema(server, database):
    return server.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'gatehouse'::regnamespace", database=database) == [(0,)]


def test_a_folder_that_was_moved_is_refused(lived, postgresql, bare, move, gatehouse, tmp_path):
    """Started again on the folder, a node went on with accounts of its own, and nobody noticed for a week."""
    folder = lived[0]
    said = move(folder, postgresql.at(bare)).stdout
    assert f"{folder}/secret_key" in said and "marked as moved" in said
    mark = folder / "gatehouse.moved"
    assert mark.read_text() == f"127.0.0.1:{postgresql.port}\n" and mark.stat().st_mode & 0o777 == 0o600
    settings = identity.settings(data={"folder": str(folder)})
    before = in_folder(folder)
    node = gatehouse(settings, upstream="http://127.0.0.1:9", env=identity.ENV, ready=False)
    assert node.wait() == 1
    for word in (str(mark), "were moved", "postgresql.url", "remove this file"):
        assert word in node.stderr()
    with postgresql.made() as other:
        assert "were moved" in move(folder, postgresql.at(other), status=1).stderr
    assert in_folder(folder) == before
    mark.unlink()
    gatehouse(settings, upstream="http://127.0.0.1:9", env=identity.ENV).stop()


def test_what_could_not_be_marked_is_not_said_to_be(lived, postgresql, database, move):
    folder, done = lived[0], []
    holder = postgresql.connect(database)
    holder.autocommit = False
    holder.cursor().execute("LOCK TABLE account")
    mover = threading.Thread(target=lambda: done.append(move(folder, postgresql.at(database))))
    mover.start()
    eventually(lambda: postgresql.execute("SELECT count(*) FROM pg_locks WHERE NOT granted") != [(0,)], "it is on its way", 20)
    (folder / "gatehouse.moved").mkdir()
    holder.rollback()
    holder.close()
    mover.join()
    assert "could not be marked as moved" in done[0].stderr and f"{folder}/secret_key." in done[0].stdout
    assert "marked as moved" not in done[0].stdout


def test_a_secret_that_was_made_in_the_folder_opens_the_keys(postgresql, bare, move, gatehouse, tmp_path):
    """As the guide says: what is in the file is the SECRET_KEY of every node; another opens nothing."""
    one = gatehouse(identity.settings(data={"folder": str(tmp_path / "data")}), upstream="http://127.0.0.1:9")
    one.stop()
    move(tmp_path / "data", postgresql.at(bare))
    env = {"SECRET_KEY": (tmp_path / "data" / "secret_key").read_text().rstrip("\n"), "POSTGRESQL_URL": postgresql.at(bare, SERVICE, PASSWORD)}
    gatehouse(identity.settings(data={"folder": str(tmp_path / "node")}), upstream="http://127.0.0.1:9", env=env).stop()
    other = gatehouse(identity.settings(data={"folder": str(tmp_path / "node")}), upstream="http://127.0.0.1:9",
                      env={**env, **identity.ENV}, ready=False)
    assert other.wait() == 1 and "secret_key" in other.stderr()


def test_the_folder_that_was_moved_is_good_for_a_node_on_postgresql(lived, postgresql, bare, move, gatehouse):
    move(lived[0], postgresql.at(bare))
    gatehouse(identity.settings(data={"folder": str(lived[0])}), upstream="http://127.0.0.1:9",
              env={**identity.ENV, "POSTGRESQL_URL": postgresql.at(bare, SERVICE, PASSWORD)}).stop()


def test_what_can_not_be_moved_leaves_no_schema(postgresql, bare, move, tmp_path):
    (tmp_path / "hollow").mkdir(mode=0o700)
    assert "there is no gatehouse.db" in move(tmp_path / "hollow", postgresql.at(bare), status=1).stderr
    assert has_no_schema(postgresql, bare)


def test_a_source_in_use_is_refused(gatehouse, postgresql, bare, move, tmp_path):
    gateway = gatehouse(identity.settings(data={"folder": str(tmp_path / "data")}), upstream="http://127.0.0.1:9", env=identity.ENV)
    said = move(tmp_path / "data", postgresql.at(bare), status=1).stderr
    assert "gatehouse is running on this folder" in said and str(gateway.process.pid) in said
    assert has_no_schema(postgresql, bare)
    assert not (tmp_path / "data" / "gatehouse.moved").exists()


def test_who_may_not_is_told_who_may(lived, postgresql, bare, database, move):
    assert f"gatehouse records migrate '{postgresql.at(bare)}'" in move(lived[0], postgresql.at(bare, SERVICE), status=1).stderr
    said = move(lived[0], postgresql.at(database, SERVICE), status=1).stderr
    assert "nothing was moved" in said and "permission denied" in said
    assert nothing(postgresql, database)
    said = move(postgresql.at(database, READONLY), lived[0].parent / "back", status=1).stderr
    assert "the source can't be read" in said and "permission denied" in said


def test_there_must_be_something_to_move(postgresql, database, bare, move, tmp_path):
    (tmp_path / "hollow").mkdir()
    assert "there is no gatehouse.db" in move(tmp_path / "hollow", postgresql.at(database), status=1).stderr
    assert not (tmp_path / "hollow" / "gatehouse.db").exists()
    assert "there is no gatehouse.db" in move(tmp_path / "nowhere", postgresql.at(database), status=1).stderr
    assert "there are no records" in move(postgresql.at(bare), tmp_path / "back", status=1).stderr
    assert not (tmp_path / "back").exists()
    assert "both are folders" in move(tmp_path / "a", tmp_path / "b", status=2).stderr
    done = run("records", "move", "--from", tmp_path, cwd=tmp_path)
    assert done.returncode == 2 and "needs --from PLACE and --to PLACE" in done.stderr


# --- at one moment

def test_a_source_that_is_written_to_is_read_at_one_moment(postgresql, move, tmp_path):
    with postgresql.made() as source, postgresql.made() as target:
        with postgresql.session(source, OWNER) as cursor:
            cursor.execute("INSERT INTO audit(at_s, event) SELECT n, 'before' FROM generate_series(1, 20000) n")
        over = threading.Event()

        def write():
            """Each account comes with its event, in one transaction; accounts are read long before events."""
            with postgresql.session(source, SERVICE) as cursor:
                n = 0
                while not over.is_set():
                    n += 1
                    cursor.execute("BEGIN")
                    cursor.execute("INSERT INTO account(id, name, roles, created_s, changed_s) VALUES (%s, %s, '', 0, 0)", (n, f"u{n}"))
                    cursor.execute("INSERT INTO audit(at_s, event, user_id) VALUES (0, 'user_create', %s)", (n,))
                    cursor.execute("COMMIT")
        writer = threading.Thread(target=write)
        writer.start()
        try:
            move(postgresql.at(source), postgresql.at(target))
        finally:
            over.set()
            writer.join(guard(20))
        there = in_postgres(postgresql, target)
        assert len(there["audit"]) - 20000 == len(there["user"])
        assert len(in_postgres(postgresql, source)["user"]) > len(there["user"]) > 0 or not there["user"]


# --- interrupted

def many(server, name, rows=40000):
    with server.session(name, OWNER) as cursor:
        cursor.execute("INSERT INTO audit(at_s, event, detail) SELECT n, 'x', repeat('y', 100) FROM generate_series(1, %s) n", (rows,))


def start(tmp_path, source, target):
    return subprocess.Popen([BINARY, "records", "move", "--from", str(source), "--to", str(target)], cwd=tmp_path, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment(LOGIN))


def under_way(server, target, process):
    """It has written some, and is not done."""
    def seen():
        assert process.poll() is None, process.communicate()
        return server.execute("SELECT pg_relation_size('gatehouse.audit') > 100000", database=target) == [(True,)]
    eventually(seen, "rows are on their way", 30)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_interrupted_nothing_is_there(how, postgresql, move, tmp_path):
    with postgresql.made() as source, postgresql.made() as target:
        many(postgresql, source)
        process = start(tmp_path, postgresql.at(source), postgresql.at(target))
        under_way(postgresql, target, process)
        process.send_signal(how)
        process.communicate(timeout=guard(20))
        assert process.returncode == -how
        eventually(lambda: postgresql.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (target,)) == [(0,)],
                   "the server has noticed", 20)
        assert nothing(postgresql, target)
        move(postgresql.at(source), postgresql.at(target))
        assert len(in_postgres(postgresql, target)["audit"]) == 40000


def test_into_a_folder_interrupted_nothing_is_there(postgresql, move, tmp_path):
    """Or all of it, when it was done just before."""
    with postgresql.made() as source:
        many(postgresql, source)
        for attempt in range(10):
            folder = tmp_path / f"back{attempt}"
            process = start(tmp_path, postgresql.at(source), folder)
            log = folder / "gatehouse.db-wal"
            eventually(lambda: process.poll() is not None or (log.exists() and log.stat().st_size > 500000), "rows are on their way", 30)
            process.kill()
            process.communicate(timeout=guard(20))
            there = in_folder(folder)
            if not there["audit"]:
                break
            assert len(there["audit"]) == 40000
        assert not any(there.values())
        move(postgresql.at(source), folder)
        assert len(in_folder(folder)["audit"]) == 40000


def test_a_target_that_dies_has_nothing(move, postgresql, tmp_path):
    server = records.Server(safe=True)
    try:
        with server.made() as target, postgresql.made() as source:
            many(postgresql, source)
            process = start(tmp_path, postgresql.at(source), server.at(target))
            under_way(server, target, process)
            server.kill()
            out, err = process.communicate(timeout=guard(60))
            assert process.returncode == 1 and "nothing was moved" in err, out + err
            server.start()
            assert nothing(server, target)
            move(postgresql.at(source), server.at(target))
    finally:
        server.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_moves_as_the_folders_owner(lived, postgresql, bare, move, tmp_path):
    """What root left in the folder its server could not use. What is root's alone is read before that."""
    nobody = 65534
    url = tmp_path / "url"
    url.write_text(postgresql.at(bare, OWNER, PASSWORD))
    url.chmod(0o600)
    with tempfile.TemporaryDirectory(dir="/tmp") as place:  # the one of the test is root's all the way down
        os.chown(place, nobody, nobody)
        data, back = shutil.copytree(lived[0], pathlib.Path(place, "data")), pathlib.Path(place, "back")
        back.mkdir(mode=0o700)
        for path in (data, back, *data.iterdir()):
            os.chown(path, nobody, nobody)
        move(data, f"file:{url}")
        move(f"file:{url}", back)
        for folder in (data, back):
            assert {path.stat().st_uid for path in folder.iterdir()} == {nobody}
