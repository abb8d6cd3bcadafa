"""Every statement that PostgreSQL is given: that it is SQLite's in other words, that its values and columns have the types the
driver reads, that it finds its rows by an index, and that few are in each other's way under SERIALIZABLE."""
import concurrent.futures
import contextlib
import json
import re
import sqlite3

import psycopg2
import pytest

from support import records, statements
from support.gateway import run
from support.records import SETTLE
from support.timing import eventually

POSTGRES = statements.of_postgres()
TEXTS = {name: s.text for name, s in POSTGRES.items() if s.kind != "ABSENT"}
# What is not a query: nothing is planned, nothing is read.
COMMANDS = {"BEGIN", "BEGIN_SNAPSHOT", "BEGIN_PLAIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "ROLLBACK_TO", "CHANGE_TELL",
            "CHANGE_LISTEN", "MOVE_LOCK"}
QUERIES = sorted(set(TEXTS) - COMMANDS)
# These read a table from end to end because all of it is wanted: at the start of a node, or by the operator.
WHOLE = {"USERS_PRESENT", "SESSIONS_ALL", "KEYS_ALL", "ENDED_ALL", "REVOKED_ALL", "DEVICES_CONFIRMED", "CUTOFFS_OF_ERASED",
         "CHANGE_GAPS", "GENERATION_USES", "MOVE_NUMBER_LOGIN", "MOVE_NUMBER_AUDIT",
         *(name for name in TEXTS if name.startswith("MOVE_OUT_"))}
# Never more than a few rows.
SMALL = {"schema_migration", "secret", "token_life", "signing_key", "key_generation", "change_swept", "worker"}
# What the owner does, not the service.
OWNERS = {"SCHEMA_NEXT", "MOVE_NUMBER_LOGIN", "MOVE_NUMBER_AUDIT"}
SYSTEM = re.compile(r"pg_\w+")
TYPES = {"bigint", "text", "bytea"}


def parameters(text):
    return max([0, *(int(n) for n in re.findall(r"[$?](\d+)", text))])


@contextlib.contextmanager
def settled(server, database, user=records.SERVICE):
    with server.session(database, user) as cursor:
        for statement in SETTLE:
            cursor.execute(statement)
        yield cursor


@pytest.fixture(scope="session")
def planned(postgresql, filled):
    """All of them, prepared as the service: (cursor, {name: types of the values})."""
    with settled(postgresql, filled) as cursor:
        for name in QUERIES:
            cursor.execute(f"PREPARE {name.lower()} AS {TEXTS[name]}")
        cursor.execute("SELECT name, parameter_types::text[] FROM pg_prepared_statements")
        yield cursor, dict(cursor.fetchall())


def plan_of(cursor, types, name):
    values = ", ".join("NULL" for _ in types[name.lower()])
    cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE {name.lower()}{f'({values})' if values else ''}")
    return cursor.fetchone()[0][0]["Plan"]


def nodes(plan):
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


# --- SQLite's in other words

@pytest.fixture(scope="module")
def sqlite(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sqlite")
    done = run("user", "list", cwd=folder, env={"SECRET_KEY": "5" * 64, "GATEHOUSE_IDENTITY_ENABLED": "on", "GATEHOUSE_DATA_FOLDER": "data"})
    assert done.returncode == 0, done.stderr
    with contextlib.closing(sqlite3.connect(folder / "data" / "gatehouse.db")) as db:
        yield db


def test_every_statement_of_the_table_is_known():
    assert set(statements.of_sqlite()) == {name for name, s in POSTGRES.items() if s.kind != "OWN"}
    assert not set(statements.of_sqlite()) & {name for name, s in POSTGRES.items() if s.kind == "OWN"}


@pytest.mark.parametrize("name", [n for n, s in POSTGRES.items() if s.kind == "STATEMENT"])
def test_it_takes_as_many_values_as_sqlites(name):
    assert parameters(TEXTS[name]) == parameters(statements.of_sqlite()[name].text)


@pytest.mark.parametrize("name", [n for n in QUERIES if POSTGRES[n].kind == "STATEMENT"])
def test_it_has_the_columns_of_sqlites_in_their_order(name, sqlite, postgresql, filled):
    ours = statements.of_sqlite()[name].text
    with contextlib.closing(sqlite.cursor()) as cursor, settled(postgresql, filled) as other:
        cursor.execute("SAVEPOINT here")
        try:
            cursor.execute(ours, [0] * parameters(ours))
            wanted = [column[0] for column in cursor.description or []]
        except sqlite3.IntegrityError:
            wanted = []  # an INSERT that would be one; it has no columns
        cursor.execute("ROLLBACK TO here")
        other.execute(f"PREPARE it AS {TEXTS[name]}")
        other.execute("SELECT parameter_types::text[] FROM pg_prepared_statements WHERE name = 'it'")
        types = other.fetchone()[0]
        other.execute("BEGIN")
        try:
            other.execute("EXECUTE it" + (f"({', '.join('NULL' for _ in types)})" if types else ""))
            columns = [column[0] for column in other.description or []]
        except psycopg2.IntegrityError:
            columns = []
    assert len(columns) == len(wanted)
    named = [(a, b) for a, b in zip(wanted, columns) if re.fullmatch(r"\w+", a) and not a.isdigit() and a != "NULL"]
    for here, there in named:
        assert there == {"user": "user_id"}.get(here, here)


# --- types

def test_values_have_the_types_that_the_driver_sends(planned):
    _, types = planned
    assert {name.upper() for name in types} == set(QUERIES)
    for name, found in types.items():
        assert set(found) <= TYPES, name
        assert len(found) == parameters(TEXTS[name.upper()]), name


def test_columns_have_the_types_that_the_driver_reads(postgresql, filled):
    asked = [n for n in QUERIES if n not in ("SCHEMA_LOCK", "ATTEMPT_HOLD", "TRANSACTION_END")]  # nobody reads what these give
    lines = postgresql.psql(filled, text="\n".join(f"\\echo @{name}\n{TEXTS[name]} \\gdesc" for name in asked), user=records.SERVICE)
    found = {part.split("\n")[0]: [line for line in part.split("\n") if "|" in line] for part in lines.split("@")[1:]}
    assert set(found) == set(asked) and len(found["USER_BY_ID"]) == 14
    for name, columns in found.items():
        for column in columns:
            assert column.rpartition("|")[2] in TYPES, f"{name}: {column}"


# --- by an index

@pytest.mark.parametrize("name", [n for n in QUERIES if n not in WHOLE | OWNERS])
def test_it_finds_its_rows_by_an_index(name, planned):
    for node in nodes(plan_of(*planned, name)):
        table = node.get("Relation Name", "")
        if table in SMALL or SYSTEM.fullmatch(table):
            continue
        assert node["Node Type"] != "Seq Scan", json.dumps(node, indent=1)
        if node["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Index Scan"):
            # Without a condition it reads the index from end to end: fine only for a first or last row.
            assert "Index Cond" in node or name in ("CHANGE_POSITION", "CHANGE_LAST"), json.dumps(node, indent=1)


def test_the_planner_would_see_a_missing_index(postgresql, filled):
    """The test above can fail."""
    with settled(postgresql, filled, "postgres") as cursor:
        cursor.execute("SET search_path = gatehouse")
        cursor.execute("BEGIN")
        cursor.execute("DROP INDEX session_user_id")
        cursor.execute(f"PREPARE it AS {TEXTS['SESSIONS_OF_USER']}")
        plan = plan_of(cursor, {"sessions_of_user": ["bigint"], "it": ["bigint"]}, "it")
        assert any(node["Node Type"] == "Seq Scan" for node in nodes(plan))
        cursor.execute("ROLLBACK")


def test_a_small_table_is_read_by_index_too(postgresql, database):
    """A database that was just begun: with a few rows in a page the planner would read the page, and then every transaction
    that writes to the table would be in the way of every other."""
    with postgresql.session(database, records.OWNER) as cursor:
        cursor.execute("INSERT INTO account(id, name, roles, created_s, changed_s) SELECT n, 'u' || n, '', 0, 0 FROM generate_series(1, 3) n")
        cursor.execute("INSERT INTO session(id, user_id, kind, hash, created_s, used_s, expires_s, idle_s) "
                       "SELECT n, n, 1, '', 0, 0, 0, 0 FROM generate_series(1, 3) n")
        cursor.execute("INSERT INTO attempt(kind, who, place, n, last_s, window_s) SELECT n, '', '', 1, 1, 1 FROM generate_series(1, 3) n")
        cursor.execute("ANALYZE")
    with settled(postgresql, database) as cursor:
        for name in ("USER_BY_ID", "USER_BY_NAME", "SESSION_BY_ID", "SESSIONS_OF_USER", "ATTEMPT_GET", "ATTEMPT_SET"):
            cursor.execute(f"PREPARE {name.lower()} AS {TEXTS[name]}")
            plan = plan_of(cursor, {name.lower(): ["x"] * parameters(TEXTS[name])}, name)
            assert not [n for n in nodes(plan) if n["Node Type"] == "Seq Scan"], name


# --- under SERIALIZABLE

READS = {"USER_BY_ID": (7919,), "USER_BY_NAME": ("user17",), "USER_TAKEN": (1, "user17", "user18@example.com"),
         "USER_COUNTS": (7919, 0), "SESSION_BY_ID": (104729,), "SESSIONS_OF_USER": (7919,), "SESSIONS_OF_DEVICE": (3,),
         "REVOKED_GET": (3,), "DEVICE_BY_ID": (2,), "DEVICES_OF_USER": (7919 * 3,), "DEVICE_COUNT": (7919 * 3, 0),
         "DEVICE_COUNT_ANONYMOUS": (b"\x00" * 16, 0), "KEY_BY_ID": (11,), "KEYS_OF_USER": (7919,), "KEY_COUNTS": (7919, 0),
         "ATTEMPT_GET": (1, b"\x01" * 16, b"\x02" * 16), "LOGIN_GET": (17,), "PLACE_KNOWN": (7919, b"\x01" * 16),
         "SESSION_ROTATE": (104729, b"h", b"s", 60, None, 0), "SESSION_USED": (104729, 60, None), "DEVICE_USED": (2, 60),
         "KEY_USED": (11, 60), "USER_LOGGED_IN": (7919, 60), "ATTEMPT_TAKE_BACK": (1, b"\x01" * 16, b"\x02" * 16)}


def execute(cursor, name, values=()):
    text = re.sub(r"\$(\d+)", lambda m: f"%(v{m[1]})s", TEXTS[name].replace("%", "%%"))
    cursor.execute(text, {f"v{i}": v for i, v in enumerate(values, 1)})


@pytest.mark.parametrize("name", sorted(READS))
def test_it_watches_few_pages(name, postgresql, filled):
    """What SERIALIZABLE remembers of a read: rows and single pages of an index, never a table or an index as a whole."""
    with settled(postgresql, filled) as cursor:
        execute(cursor, "BEGIN")
        execute(cursor, name, READS[name])
        cursor.execute("SELECT locktype, relation::regclass::text FROM pg_locks WHERE mode = 'SIReadLock' AND pid = pg_backend_pid()")
        locks = cursor.fetchall()
        cursor.execute("ROLLBACK")
    assert not [lock for lock in locks if lock[0] == "relation"], locks
    assert len([lock for lock in locks if lock[0] == "page"]) <= 4, locks


@pytest.fixture
def small(postgresql, database):
    """A few rows, all of a table in one page: whoever is in somebody's way at all is so here."""
    with postgresql.session(database, records.OWNER) as cursor:
        cursor.execute("INSERT INTO account(id, name, roles, created_s, changed_s) SELECT n, 'u' || n, '', 0, 0 FROM generate_series(1, 8) n")
        cursor.execute("INSERT INTO session(id, user_id, kind, hash, created_s, used_s, expires_s, idle_s) "
                       "SELECT n, n, 1, '', 0, 0, 0, 0 FROM generate_series(1, 8) n")
        cursor.execute("INSERT INTO api_key(id, user_id, hash_of_key, created_s, expires_s) SELECT n, n, '', 0, 0 FROM generate_series(1, 8) n")
        cursor.execute("INSERT INTO device(id, user_id, hash, confirmed, created_s, expires_s) SELECT n, n, '', 1, 0, 0 FROM generate_series(1, 8) n")
    return database


def refresh(cursor, n, now=10):
    execute(cursor, "SESSION_BY_ID", (n,))
    execute(cursor, "USER_BY_ID", (n,))
    execute(cursor, "SESSION_ROTATE", (n, b"next", b"sealed", now, None, 0))
    execute(cursor, "USER_HOLD", (n,))
    execute(cursor, "CHANGE_ADD", (b"\x01",))


def test_refreshes_of_different_sessions_are_in_nobodys_way(postgresql, small):
    with contextlib.ExitStack() as stack:
        all = [stack.enter_context(settled(postgresql, small)) for _ in range(8)]
        for cursor in all:
            execute(cursor, "BEGIN")
        for n, cursor in enumerate(all, 1):
            refresh(cursor, n)
        for cursor in all:
            execute(cursor, "COMMIT")
        all[0].execute("SELECT count(*) FROM session WHERE number = 1")
        assert all[0].fetchone() == (8,)


def test_the_same_session_is_refreshed_once(postgresql, small):
    """The test above can fail; and this is what makes one successor of many."""
    with settled(postgresql, small) as one, settled(postgresql, small) as two:
        for cursor in (one, two):
            execute(cursor, "BEGIN")
            execute(cursor, "SESSION_BY_ID", (1,))
        execute(one, "SESSION_ROTATE", (1, b"next", b"sealed", 10, None, 0))
        execute(one, "COMMIT")
        with pytest.raises(psycopg2.errors.SerializationFailure):
            execute(two, "SESSION_ROTATE", (1, b"other", b"sealed", 10, None, 0))


def test_times_of_use_are_in_no_operations_way(postgresql, small):
    """The uses of a whole node are written while operations run that read and write the same rows' tables."""
    with settled(postgresql, small) as house, settled(postgresql, small) as one, settled(postgresql, small) as two:
        execute(one, "BEGIN")
        execute(two, "BEGIN")
        execute(one, "SESSIONS_OF_USER", (1,))
        execute(two, "SESSIONS_OF_USER", (2,))
        execute(house, "BEGIN_PLAIN")
        for n in range(3, 9):
            execute(house, "SESSION_USED", (n, 7200, None))
            execute(house, "KEY_USED", (n, 7200))
            execute(house, "DEVICE_USED", (n, 7200))
        refresh(one, 1)
        execute(house, "COMMIT")
        refresh(two, 2)
        execute(one, "COMMIT")
        execute(two, "COMMIT")


def test_who_holds_an_account_is_not_overtaken(postgresql, small):
    """A role was taken away while a refresh that had read it was still under way: the refresh must not tell the old role after
    the change was told."""
    with settled(postgresql, small) as reader, settled(postgresql, small) as writer:
        execute(reader, "BEGIN")
        execute(reader, "USER_BY_ID", (1,))
        execute(writer, "BEGIN")
        execute(writer, "USER_SET", (1, None, "fewer", None, 0, 10))
        execute(writer, "USER_HOLD", (1,))
        execute(writer, "CHANGE_ADD", (b"\x01fewer",))
        execute(writer, "COMMIT")
        with pytest.raises(psycopg2.errors.SerializationFailure):
            execute(reader, "USER_HOLD", (1,))


KNOCK = (1, b"who" * 5, b"place" * 3)


def look(cursor, hold=True):
    """The first half of an attempt with one name from one place: how many there were."""
    if hold:
        execute(cursor, "ATTEMPT_HOLD", KNOCK)
    execute(cursor, "ATTEMPT_GET", KNOCK)
    return (cursor.fetchone() or (0,))[0]


def count(cursor, n):
    execute(cursor, "ATTEMPT_SET", (*KNOCK, n + 1, 10, 900))
    execute(cursor, "COMMIT")


def waits(server):
    return server.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == [(1,)]


def test_attempts_at_once_are_all_counted(postgresql, small):
    """Guessing in parallel must not be counted as one guess, not even the first time."""
    with settled(postgresql, small) as one, settled(postgresql, small) as two, concurrent.futures.ThreadPoolExecutor(1) as pool:
        for n in (0, 2):
            execute(one, "BEGIN_PLAIN")
            execute(two, "BEGIN_PLAIN")
            assert look(one) == n
            other = pool.submit(look, two)
            eventually(lambda: waits(postgresql), "the second waits for the first")
            count(one, n)
            assert other.result() == n + 1
            count(two, n + 1)


def test_without_what_is_held_one_would_be_lost(postgresql, small):
    """The test above can fail."""
    with settled(postgresql, small) as one, settled(postgresql, small) as two:
        execute(one, "BEGIN_PLAIN")
        execute(two, "BEGIN_PLAIN")
        assert look(one, hold=False) == look(two, hold=False) == 0
        count(one, 0)
        count(two, 0)
        execute(one, "ATTEMPT_GET", KNOCK)
        assert one.fetchone()[0] == 1


def test_who_signs_in_sees_the_account_as_it_is_now(postgresql, small):
    """It waits for one who is changing the account, and reads it after that."""
    with settled(postgresql, small) as admin, settled(postgresql, small) as login, \
            concurrent.futures.ThreadPoolExecutor(1) as pool:
        execute(login, "BEGIN_PLAIN")
        execute(login, "USER_BY_NAME", ("u1",))
        execute(admin, "BEGIN")
        execute(admin, "USER_SET", (1, None, "fewer", None, 1, 10))
        execute(admin, "CUTOFF_SET", (1, 77, 99))
        waiting = pool.submit(execute, login, "USER_HOLD", (1,))
        eventually(lambda: waits(postgresql), "the login waits")
        execute(admin, "COMMIT")
        waiting.result()
        execute(login, "USER_BY_ID", (1,))
        account = login.fetchone()
        assert account[3] == "fewer" and account[5] == 1 and account[12:] == (77, 99)
        execute(login, "COMMIT")


def test_who_changes_an_account_sees_who_signed_in(postgresql, small):
    """He began before and would miss the new session: he has to do it again."""
    with settled(postgresql, small) as admin, settled(postgresql, small) as login:
        execute(admin, "BEGIN")
        execute(admin, "SESSIONS_OF_USER", (1,))
        execute(login, "BEGIN_PLAIN")
        execute(login, "USER_HOLD", (1,))
        execute(login, "SESSION_ADD", (99, 1, 1, None, b"h", 0, 0, 0, None, None, 0))
        execute(login, "USER_LOGGED_IN", (1, 10))
        execute(login, "COMMIT")
        with pytest.raises(psycopg2.errors.SerializationFailure):
            execute(admin, "USER_SET", (1, None, "fewer", None, 1, 10))


# --- changes

def position(cursor):
    """The largest transaction, the last id, the snapshot."""
    execute(cursor, "CHANGE_POSITION")
    return cursor.fetchone()


def read(cursor, since):
    """What is new since that position, as [(id, effect)], and the next one."""
    execute(cursor, "CHANGE_READ", (since[0], since[2]))
    rows = cursor.fetchall()
    new = [row for row in rows if row[3] is not None]
    assert [row[3] for row in new] == sorted(row[3] for row in new)
    return [(row[3], bytes(row[4])) for row in new], (max([since[0], *(row[2] for row in new)]), max([since[1], *(row[3] for row in new)]), rows[0][1])


def swept(cursor):
    execute(cursor, "CHANGE_READ", (0, "1:1:"))
    return cursor.fetchone()[0]


def test_changes_are_read_once_and_those_of_slow_transactions_later(postgresql, small):
    with settled(postgresql, small) as feed, settled(postgresql, small) as slow, settled(postgresql, small) as fast, \
            settled(postgresql, small) as undone:
        at = position(feed)
        assert at[:2] == (0, 0)
        for cursor, text in ((slow, b"slow"), (undone, b"undone"), (fast, b"fast"), (fast, b"again")):
            execute(cursor, "BEGIN") if cursor is not fast else None
            execute(cursor, "CHANGE_ADD", (text,))
        new, at = read(feed, at)
        assert new == [(3, b"fast"), (4, b"again")]
        assert at[:2] == position(feed)[:2]
        assert read(feed, at)[0] == []
        from_here = position(feed)  # as a node that begins now
        execute(undone, "ROLLBACK")
        new, at = read(feed, at)
        assert new == []
        execute(fast, "CHANGE_ADD", (b"last",))
        execute(slow, "COMMIT")
        assert read(feed, from_here)[0] == [(1, b"slow"), (5, b"last")]
        new, at = read(feed, at)
        assert new == [(1, b"slow"), (5, b"last")]
        assert read(feed, at)[0] == []


def test_a_transaction_under_way_for_long_keeps_nothing_from_being_read(postgresql, small):
    """Another database's work, for hours: what comes after it is read once, and only what is new."""
    with settled(postgresql, small) as feed, settled(postgresql, small) as long, settled(postgresql, small) as fast:
        execute(long, "BEGIN")
        long.execute("SELECT pg_current_xact_id()")
        at = position(feed)
        for i in range(1, 20):
            execute(fast, "CHANGE_ADD", (b"%d" % i,))
            new, at = read(feed, at)
            assert new == [(i, b"%d" % i)]
        execute(long, "CHANGE_ADD", (b"at last",))
        execute(long, "COMMIT")
        assert read(feed, at)[0] == [(20, b"at last")]


def test_numbers_of_transactions_that_a_crash_gives_again(postgresql, small):
    """One that was undone before the crash, and was seen as over, has its number drawn again: what the new one writes is
    read. The snapshot alone would call it seen; the largest transaction of a row does not."""
    with settled(postgresql, small) as feed:
        execute(feed, "CHANGE_ADD", (b"before",))
        largest, last, snapshot = position(feed)
        low, high, _ = snapshot.split(":")
        execute(feed, "CHANGE_ADD", (b"after",))
        assert read(feed, (largest, last, f"{int(low) + 1000}:{int(high) + 1000}:"))[0] == [(2, b"after")]


def test_the_service_can_tell_which_server_it_is(postgresql, small):
    with settled(postgresql, small) as cursor:
        execute(cursor, "CHANGE_SERVER")
        assert re.fullmatch(r"\d{15,20}:0000000[1-9]", cursor.fetchone()[0])


def test_old_changes_are_swept_and_it_is_known_how_far(postgresql, small):
    with settled(postgresql, small) as cursor:
        for text in (b"1", b"2", b"3"):
            execute(cursor, "CHANGE_ADD", (text,))
        execute(cursor, "CHANGE_SWEEP")
        assert position(cursor)[1] == 3 and swept(cursor) == 0
        postgresql.execute("UPDATE gatehouse.change SET at_s = at_s - 3601 WHERE id < 3", database=small)
        execute(cursor, "CHANGE_SWEEP")
        assert position(cursor)[1] == 3 and swept(cursor) == 2
        assert read(cursor, (0, 0, "1:1:"))[0] == [(3, b"3")]
        postgresql.execute("UPDATE gatehouse.change SET at_s = at_s - 3601", database=small)
        execute(cursor, "CHANGE_SWEEP")
        execute(cursor, "CHANGE_SWEEP")
        assert position(cursor)[:2] == (0, 3) and swept(cursor) == 3


def test_one_node_sweeps_at_a_time(postgresql, small):
    with settled(postgresql, small) as one, settled(postgresql, small) as two:
        execute(one, "BEGIN_PLAIN")
        execute(one, "SWEEP_TURN")
        assert one.fetchone() == (1,)
        execute(two, "SWEEP_TURN")
        assert two.fetchone() == (0,)
        execute(one, "COMMIT")
        execute(two, "SWEEP_TURN")
        assert two.fetchone() == (1,)


# --- the audit trail

def test_an_event_that_waited_is_written_once(postgresql, small):
    with settled(postgresql, small) as cursor:
        event = (5, "logout", 1, None, 1, None, None, None, None, "curl", None, None)
        for _ in range(2):
            execute(cursor, "AUDIT_REPLAY", (*event, b"\x01" * 16))
        execute(cursor, "AUDIT_REPLAY", (*event, b"\x02" * 16))
        execute(cursor, "AUDIT_ADD", event)
        execute(cursor, "AUDIT_ADD", event)
        execute(cursor, "AUDIT_OF_USER", (1,))
        rows = cursor.fetchall()
        assert len(rows) == 4 and len({row[0] for row in rows}) == 4
