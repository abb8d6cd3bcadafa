"""The records in PostgreSQL, for tests that look at them without a gateway: the shipped files done by psql, roles with
passwords, and rows enough for a plan to matter."""
import contextlib
import os
import subprocess
from urllib.parse import quote

from support.servers import PASSWORD, SQL, PostgreSQL
from support.timing import guard

OWNER, SERVICE, READONLY = "gatehouse_owner", "gatehouse_service", "gatehouse_readonly"

# What a connection of Gatehouse's has set, and so what its plans are made under.
SETTLE = ("SET enable_seqscan = off", "SET plan_cache_mode = force_generic_plan", "SET jit = off")


class Server(PostgreSQL):
    def __init__(self, **kwargs):
        self._patterns = {}
        super().__init__(**kwargs)

    def psql(self, database, *files, user="postgres", text=None, expect=0):
        """Files, or a text, done by psql; what it printed."""
        words = ["psql", "-X", "-q", "-h", str(self.folder), "-p", str(self.port), "-U", user, "-d", database,
                 "-v", "ON_ERROR_STOP=1", "-A", "-t"]
        words += [word for file in files for word in ("-f", str(file))]
        done = subprocess.run(words, input=text, stdin=subprocess.DEVNULL if text is None else None, capture_output=True,
                              text=True, timeout=guard(60), env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD})
        assert done.returncode == expect, f"{files or text}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if expect == 0 else done.stderr

    def roles(self, name):
        """roles.sql, and passwords."""
        self.psql(name, SQL / "roles.sql")
        for role in (OWNER, SERVICE, READONLY):
            self.execute(f"ALTER ROLE {role} PASSWORD %s", (PASSWORD,))

    @contextlib.contextmanager
    def made(self, schema=True):
        name = self.database()
        try:
            self.roles(name)
            if schema:
                self.psql(name, SQL / "schema.sql", user=OWNER)
            yield name
        finally:
            self.drop(name)

    @contextlib.contextmanager
    def copied(self, schema=True):
        """The same, but for what is the database's own: who may connect, what its roles have set."""
        if schema not in self._patterns:
            name = self._patterns[schema] = self.database()
            self.roles(name)
            if schema:
                self.psql(name, SQL / "schema.sql", user=OWNER)
        name = self.database(self._patterns[schema])
        try:
            yield name
        finally:
            self.drop(name)

    def at(self, name, role=OWNER, password=None, more=""):
        """The URL of a database by TCP."""
        return f"postgresql://{role}{':' + quote(password) if password else ''}@127.0.0.1:{self.port}/{name}{more}"

    @contextlib.contextmanager
    def session(self, database, user=SERVICE, **more):
        """A cursor; each statement is a transaction unless one is begun."""
        password = {} if user == "postgres" else {"password": PASSWORD}
        connection = self.connect(database, user, **password, **{"options": "-csearch_path=gatehouse", **more})
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()


# How a command comes by the password of a URL in an argument.
LOGIN = {"PGPASSWORD": PASSWORD}


FILL = """
SET search_path = gatehouse;
INSERT INTO account(id, name, email, hash, roles, created_s, changed_s, disabled)
    SELECT n * 7919, 'user' || n, 'user' || n || '@example.com', 'x', 'user', n, n, (n % 100 = 0)::int FROM generate_series(1, 4000) n;
INSERT INTO user_cutoff SELECT n * 7919, n, n + 100000 FROM generate_series(1, 4000, 4) n;
INSERT INTO user_cutoff SELECT n * 7919 + 1, n, n + 100000 FROM generate_series(1, 500) n;
INSERT INTO session(id, user_id, kind, device, hash, created_s, used_s, expires_s, idle_s, address)
    SELECT n * 104729, (n % 4000 + 1) * 7919, n % 2, CASE WHEN n % 3 = 0 THEN n END, decode(md5(n::text), 'hex'), n * 50, n * 50, n * 50 + 86400,
        3600, '\\x7f000001' FROM generate_series(1, 20000) n;
INSERT INTO token_life VALUES (1800, 0), (900, 5);
INSERT INTO ended_session SELECT n * 3, n FROM generate_series(1, 8000) n;
INSERT INTO revoked_token SELECT n * 3, n FROM generate_series(1, 8000) n;
INSERT INTO device(id, user_id, hash, name, prefix, confirmed, created_s, used_s, expires_s)
    SELECT n, CASE WHEN n % 2 = 0 THEN (n % 4000 + 1) * 7919 END, decode(md5(n::text), 'hex'), 'a device',
        CASE WHEN n % 2 = 1 THEN decode(md5((n / 4)::text), 'hex') END, (n % 5 <> 0)::int, n * 50, n * 50, n * 50 FROM generate_series(1, 8000) n;
INSERT INTO api_key(id, user_id, hash_of_key, name, created_s, expires_s)
    SELECT n * 11, (n % 4000 + 1) * 7919, decode(md5(n::text), 'hex'), 'a key', n, CASE WHEN n % 3 = 0 THEN n * 50 ELSE 0 END
    FROM generate_series(1, 8000) n;
INSERT INTO attempt(kind, who, place, n, last_s, window_s)
    SELECT n % 4 + 1, decode(md5((n / 3)::text), 'hex'), decode(md5(n::text), 'hex'), 1, n * 50, 900 FROM generate_series(1, 8000) n;
INSERT INTO login(user_id, password_n, who, place, whole, begun_s, window_s)
    SELECT n, 0, decode(md5(n::text), 'hex'), decode(md5(n::text), 'hex'), 1, n * 50, 900 FROM generate_series(1, 8000) n;
INSERT INTO known_place(user_id, place, used_s)
    SELECT (n % 4000 + 1) * 7919, decode(md5(n::text), 'hex'), n * 50 FROM generate_series(1, 8000) n;
INSERT INTO audit(at_s, event, user_id, name, actor_user, detail)
    SELECT n, 'auth_attempt', CASE WHEN n % 3 > 0 THEN (n % 4000 + 1) * 7919 END, CASE WHEN n % 3 = 0 THEN 'name' || n END,
        CASE WHEN n % 2 = 0 THEN (n % 4000 + 1) * 7919 END, '{}' FROM generate_series(1, 20000) n;
INSERT INTO signing_key(kid, algorithm, nonce, sealed, state, created_s, changed_s)
    SELECT 'k' || n, 'EdDSA', '\\x00', '\\x00', n, n, n FROM generate_series(0, 2) n;
INSERT INTO key_generation SELECT n, '\\x00', '\\x00', n, n, n FROM generate_series(0, 2) n;
INSERT INTO change(tx, at_s, effect) SELECT pg_current_xact_id(), n, '\\x01' FROM generate_series(1, 8000) n;
VACUUM ANALYZE;
"""


def fill(server, database):
    server.psql(database, text=FILL)
