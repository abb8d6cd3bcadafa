"""Where the gateways of the suite keep their state: each in its own memory and folder, or, with GATEHOUSE_TEST_STORES=shared,
in a Redis and a PostgreSQL. Then every folder of a gateway has a database and a prefix of its own, which come by environment
variables: what a test configures stays as it is. Whoever is started again in the same folder finds what was there."""
import atexit
import os
import pathlib
import re

import pytest

from support.servers import PostgreSQL, Redis

SHARED = os.environ.get("GATEHOUSE_TEST_STORES") == "shared"
SECRET = "5b0d1e6f7a983c24d1f06be7358a9c4e2b7f60d3a1c95e847f2d6b03c8a1e952"

one_machine = pytest.mark.one_machine  # (reason): what this looks at is not there with shared stores

_servers = None
_places = {}  # folder: (environment, database)


def servers():
    """The Redis and the PostgreSQL of this process, started at the first use."""
    global _servers
    if _servers is None:
        _servers = Redis(), PostgreSQL()
        atexit.register(end)
    return _servers


def end():
    global _servers
    for server in _servers or ():
        server.close()
    _servers = None


def _place(folder):
    redis, postgresql = servers()
    database = postgresql.database(postgresql.template())
    # Nothing is away here, however busy the machine is.
    environment = {"SECRET_KEY": SECRET, "REDIS_URL": redis.url, "GATEHOUSE_REDIS_PREFIX": database, "GATEHOUSE_REDIS_TIMEOUT": "10s",
                   "POSTGRESQL_URL": postgresql.url(database), "GATEHOUSE_POSTGRESQL_TIMEOUT": "30s"}
    return environment, database


def own(folder, env=None):
    """The environment of a gateway that is started in this folder."""
    if not SHARED:
        return env
    folder = pathlib.Path(folder).resolve()
    if folder not in _places:
        _places[folder] = _place(folder)
    environment = dict(_places[folder][0])
    if "SECRET_KEY_FILE" in (env or {}) or _has_a_secret(folder):
        del environment["SECRET_KEY"]
    return {**environment, **(env or {})}


def _has_a_secret(folder):
    """Does what is configured there name one?"""
    return any(word in file.read_text(errors="replace") for pattern, word in (("*.yaml", "secret_key:"), (".env", "SECRET_KEY"))
               for file in folder.glob(pattern))


def known(folder, env=None):
    """The environment of a command there: the gateway's, if there was one."""
    return own(folder, env) if pathlib.Path(folder).resolve() in _places else env


def database(folder):
    """The name of its database."""
    return _places[pathlib.Path(folder).resolve()][1]


def execute(folder, statement, values=()):
    """One statement on the records there, in SQLite's words."""
    words = re.sub(r"\b(FROM|UPDATE|JOIN|INTO) user\b", r"\1 account", statement)
    words = re.sub(r"\buser\b(?!\.)", "user_id", words.replace("user.", "account."))
    return servers()[1].execute(words.replace("%", "%%").replace("?", "%s") if values else words, values, database(folder))


def everything(folder):
    """All that the records hold: {table: its values, as bytes}."""
    server, name = servers()[1], database(folder)
    tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'gatehouse'", database=name)
    return {table: [v if isinstance(v, bytes) else str(v).encode() for row in server.execute(f"SELECT * FROM {table}", database=name)
                    for v in row] for (table,) in tables}


def give_back(folders):
    """What was made for gateways that are no more."""
    for folder in folders:
        place = _places.pop(pathlib.Path(folder).resolve(), None)
        if place and _servers:
            _servers[1].drop(place[1])
