"""Real servers for the tests: Redis, PostgreSQL and HAProxy from Debian's packages, each in a folder of its own below /tmp, on
ports of its own. They can be killed, paused and started again, and nothing of them is left when their test run is over: they
die with the process that started them, however it ends.

PostgreSQL does not run as root: there it is started as the user postgres."""
import atexit
import contextlib
import itertools
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import psycopg2

from support.certificates import Authority
from support.ports import free_port
from support.timing import eventually, guard

POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
SQL = pathlib.Path(__file__).resolve().parents[2] / "sql" / "postgresql"
PASSWORD = "three-quiet-lighthouses"  # of each of the roles
NAMES = itertools.count(1)


def family(pid):
    """A process and all that came from it and is still there."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                after = (entry / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(after[1]), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def is_there(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Server:
    """A process in a folder of its own. `start` may be called again after `stop` and `kill`: what is in the folder stays."""

    user, gentle = None, signal.SIGTERM

    def __init__(self, stem):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"gh-{stem}-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.process, self.paused = None, False
        self._log = self.folder / "log"
        atexit.register(self.close)

    def command(self):
        raise NotImplementedError

    def answers(self):
        """Is it ready for clients?"""
        raise NotImplementedError

    def as_its_user(self, *command):
        """Who goes on as another user, and ends with the process that started it."""
        change = [f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"] if self.user else []
        return ["setpriv", "--pdeathsig", "KILL", *change, "--", *map(str, command)]

    def start(self, wait=True):
        assert not self.running()
        assert threading.current_thread() is threading.main_thread(), "it would end with this thread"
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(self.as_its_user(*self.command()), cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        if wait:
            self.wait_until_up()
        return self

    def wait_until_up(self):
        def up():
            assert self.running(), f"{type(self).__name__} ended with {self.process.returncode}:\n{self.log()[-4000:]}"
            return self.answers()
        eventually(up, lambda: f"{type(self).__name__} is ready:\n{self.log()[-4000:]}", 30)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        return self._log.read_text(errors="replace")

    def send(self, number):
        self.process.send_signal(number)

    def stop(self):
        """As an operator does it; waits for the end."""
        if self.running():
            self.resume()
            self.send(self.gentle)
            try:
                self.process.wait(guard(20))
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        """kill -9 of the process and of all that came from it; they are gone then."""
        pids = self._all(signal.SIGKILL)
        self.process.wait(guard(20))
        eventually(lambda: not any(is_there(pid) for pid in pids), "all of it is gone")
        self.paused = False

    def pause(self):
        """It is there and says nothing: its sockets are open, the kernel takes connections for it."""
        self._all(signal.SIGSTOP)
        self.paused = True

    def resume(self):
        if self.paused:
            self._all(signal.SIGCONT)
            self.paused = False

    def _all(self, number):
        # The first one first: it makes no more of them then.
        if number == signal.SIGSTOP:
            self.send(number)
        pids = family(self.process.pid)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return pids

    def restart(self):
        self.stop()
        return self.start()

    def close(self):
        """Its end, and that of its folder."""
        atexit.unregister(self.close)
        if self.running():
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Redis(Server):
    """redis-server without a disk, unless `keep`: then each command is in its file before it is answered.

    tls: files (certificate, key): its `port` speaks TLS then, and nothing else. users: {name: (password, its ACL rules)}.
    """

    def __init__(self, tls=None, password=None, users=None, keep=False, port=None, start=True):
        super().__init__("redis")
        self.port, self.tls, self.password, self.users, self.keep = port or free_port(), tls, password, users or {}, keep
        self.socket = self.folder / "redis.sock"
        if start:
            self.start()

    @property
    def url(self):
        return f"{'rediss' if self.tls else 'redis'}://127.0.0.1:{self.port}"

    @property
    def unix_url(self):
        return f"unix://{self.socket}"

    def command(self):
        words = ["redis-server", "--bind", "127.0.0.1", "--unixsocket", self.socket, "--save", "", "--dir", self.folder,
                 "--databases", "16"]
        if self.tls:
            words += ["--port", 0, "--tls-port", self.port, "--tls-cert-file", self.tls[0], "--tls-key-file", self.tls[1],
                      "--tls-auth-clients", "no"]
        else:
            words += ["--port", self.port]
        if self.keep:
            words += ["--appendonly", "yes", "--appendfsync", "always"]
        if self.password:
            words += ["--requirepass", self.password]
        for name, (password, rules) in self.users.items():
            words += ["--user", name, "on", f">{password}", *rules.split()]
        return words

    def answers(self):
        return self.run("PING") == "PONG"

    def run(self, *words):
        """One command by redis-cli, over the unix socket; what it printed."""
        login = ["-a", self.password, "--no-auth-warning"] if self.password else []
        done = subprocess.run(["redis-cli", "-s", str(self.socket), *login, *map(str, words)], capture_output=True, text=True,
                              timeout=guard(10))
        return done.stdout.strip()

    def keys(self, pattern="*"):
        return self.run("--scan", "--pattern", pattern).split()


def _cluster(folder, user):
    """What initdb makes, made once and copied from then on; for all processes of a run. Returns its folder."""
    kept = pathlib.Path(f"/tmp/gh-initdb-{os.geteuid()}-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}")
    ready = kept / "ready"
    try:
        kept.mkdir(mode=0o755)
    except FileExistsError:
        eventually(ready.exists, "another process made a cluster", 60)
        return kept / "data"
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    if user:
        shutil.chown(kept, user, user)
    words = [POSTGRES / "initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "-D", kept / "data"]
    change = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"] if user else []
    subprocess.run([*change, *map(str, words)], check=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    ready.touch()
    return kept / "data"


class PostgreSQL(Server):
    """PostgreSQL 15. The superuser postgres comes by the unix socket without a password; all others by TCP, with one.

    safe: what it acknowledges is on disk. tls: files (certificate, key): TCP is for those with TLS then. client_ca: a
    certificate of the client's own is asked for, and is enough.
    """

    gentle = signal.SIGINT  # "fast": sessions are ended

    def __init__(self, safe=False, tls=None, client_ca=None, port=None, start=True):
        super().__init__("pg")
        self.port, self.safe, self.tls, self.client_ca = port or free_port(), safe, tls, client_ca
        self.user = "postgres" if os.geteuid() == 0 else None
        self.data = self.folder / "data"
        shutil.copytree(_cluster(self.folder, self.user), self.data)
        self._configure()
        for path in (self.folder, self.data, *self.data.rglob("*")):
            if self.user:
                shutil.chown(path, self.user, self.user)
        self.data.chmod(0o700)
        self._template = None
        if start:
            self.start()

    def _configure(self):
        lines = [f"port = {self.port}", "listen_addresses = '127.0.0.1'", f"unix_socket_directories = '{self.folder}'",
                 "max_connections = 200", "shared_buffers = 64MB", "log_min_messages = warning", "timezone = 'UTC'"]
        if not self.safe:
            lines += ["fsync = off", "full_page_writes = off"]
        secure = "host"
        if self.tls:
            secure = "hostssl"
            for word, file in zip(("cert", "key"), self.tls):
                copy = self.data / f"server-{word}.pem"
                shutil.copy(file, copy)
                copy.chmod(0o600)
                lines.append(f"ssl_{word}_file = '{copy}'")
            lines.append("ssl = on")
        if self.client_ca:
            shutil.copy(self.client_ca, self.data / "clients.pem")
            lines.append(f"ssl_ca_file = '{self.data}/clients.pem'")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        how = "cert" if self.client_ca else "scram-sha-256"
        (self.data / "pg_hba.conf").write_text(f"local all postgres trust\nlocal all all scram-sha-256\n{secure} all all 127.0.0.1/32 {how}\n")

    def command(self):
        return [POSTGRES / "postgres", "-D", self.data]

    def answers(self):
        try:
            self.connect().close()
            return True
        except psycopg2.OperationalError:
            return False

    def connect(self, database="postgres", user="postgres", **more):
        """A connection, by the unix socket unless `more` says otherwise."""
        connection = psycopg2.connect(**{"host": str(self.folder), "port": self.port, "dbname": database, "user": user,
                                         "options": "-c search_path=gatehouse", **more})
        connection.autocommit = True
        return connection

    def execute(self, statement, values=(), database="postgres"):
        """One statement of the superuser's: its rows, or how many it changed."""
        with contextlib.closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()] \
                if cursor.description else cursor.rowcount

    def crash(self):
        """Ends as it does when one of its own processes has died: at once, without a checkpoint."""
        self.send(signal.SIGQUIT)
        self.process.wait(guard(20))

    def close(self):
        left = self.data / "postmaster.pid"  # of one that was killed: its bit of shared memory is still there
        if self.running():
            self.resume()
            self.crash()
        with contextlib.suppress(OSError, IndexError):
            subprocess.run(["ipcrm", "-m", left.read_text().splitlines()[6].split()[1]], capture_output=True, check=False)
        super().close()

    def database(self, template="template0"):
        """The name of a database of one's own."""
        name = f"gatehouse_{os.getpid()}_{next(NAMES)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def template(self):
        """The name of a database with the roles and the schema that are shipped."""
        if self._template is None:
            name = self.database()
            self.execute((SQL / "roles.sql").read_text(), database=name)
            for role in ("owner", "service", "readonly"):
                self.execute(f"ALTER ROLE gatehouse_{role} PASSWORD %s", (PASSWORD,))
            self.execute((SQL / "schema.sql").read_text(), database=name)
            self._template = name
        return self._template

    def url(self, database, port=None, user="gatehouse_service"):
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{port or self.port}/{database}"

    def drop(self, name):
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class HAProxy(Server):
    """Round robin over nodes, without stickiness. Which of them are well it asks their admin listeners.

    proxy_protocol: v1 or v2 to the nodes, instead of X-Forwarded-For. A request that came to nobody, or whose node ended before
    it had answered, is given to another one if it can be done twice."""

    def __init__(self, nodes, proxy_protocol=None):
        super().__init__("haproxy")
        self.nodes, self.proxy_protocol, self.port = nodes, proxy_protocol, free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.address = ("127.0.0.1", self.port)
        self.start()

    def command(self):
        sent = {"v1": " send-proxy", "v2": " send-proxy-v2"}.get(self.proxy_protocol, "")
        servers = "\n".join(f"    server node{i} 127.0.0.1:{n.port} check port {n.admin_port}{sent}" for i, n in enumerate(self.nodes, 1))
        (self.folder / "haproxy.cfg").write_text(f"""\
global
    maxconn 2000
    stats socket {self.folder}/admin.sock level admin
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    retries 3
    option redispatch 1
    {"" if self.proxy_protocol else "option forwardfor"}
frontend clients
    bind 127.0.0.1:{self.port}
    default_backend nodes
backend nodes
    balance roundrobin
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost
    retry-on conn-failure empty-response
    http-request disable-l7-retry if !{{ method GET HEAD }}
    http-response set-header X-Served-By %s
    default-server inter 200ms fall 2 rise 1
{servers}
""")
        return ["haproxy", "-db", "-f", self.folder / "haproxy.cfg"]

    def ask(self, command):
        """One command to its administration socket."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(guard(10))
            s.connect(str(self.folder / "admin.sock"))
            s.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: s.recv(65536), b"")).decode()

    def states(self):
        """{node: UP or DOWN}."""
        rows = [line.split(",") for line in self.ask("show stat -1 4 -1").splitlines()]
        name, status = rows[0].index("svname"), rows[0].index("status")
        return {row[name]: row[status].split()[0] for row in rows[1:] if len(row) > status}

    def answers(self):
        try:
            return connects(self.port) and set(self.states().values()) == {"UP"}
        except OSError:
            return False


class Authorities:
    """Certificates for servers: those that are right, and each way to be wrong."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.right, self.other = Authority(self.folder), Authority(self.folder, "Somebody else's authority")
        self.ca = self.right.file

    def server(self, wrong=None):
        """Certificate and key: as they should be, or with `wrong`: "authority", "name" or "expired"."""
        names = ["other.example", "192.0.2.1"] if wrong == "name" else ["localhost", "127.0.0.1"]
        return (self.other if wrong == "authority" else self.right).issue(*names, expired=wrong == "expired")
