"""The MusicGen example behind TLS, by the nginx configuration of docs/behind-nginx.md."""
import contextlib
import json
import os
import re
import shutil
import ssl
import subprocess

import httpx
import pytest

from support.gateway import ROOT
from support.musicgen_page import MusicgenPage
from support.ports import free_port
from support.timing import eventually, guard
from support.visitor import fresh_name

HOST = "musicgen.localhost"
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
FETCH = """
const done = arguments[arguments.length - 1];
fetch(arguments[0], arguments[1] || {}).then(async a => done([a.status, Object.fromEntries(a.headers), await a.text()]), e => done([0, {}, String(e)]));
"""
FORM = """
const form = Object.assign(document.createElement("form"), {method: "post", action: arguments[0]});
document.body.append(form);
form.submit();
"""


def documented():
    return re.search(r"^```nginx\n(.*?)^```$", (ROOT / "docs" / "behind-nginx.md").read_text(), re.M | re.S).group(1)


class Nginx:
    """The documented configuration with other names, ports and paths; and, as somebody else's, an empty page over TLS on
    another port of the same host."""

    def __init__(self, folder, gatehouse_port):
        self.http_port, self.port, self.evil_port = free_port(), free_port(), free_port()
        self.base_url = f"https://{HOST}:{self.port}"
        self.certificate = folder / "certificate.pem"
        key = folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1", "-keyout", key, "-out", self.certificate],
                       check=True, capture_output=True)
        text = documented()
        for old, new in {"listen 80;": f"listen 127.0.0.1:{self.http_port};", "listen 443 ": f"listen 127.0.0.1:{self.port} ",
                         "https://api.example.com$": f"{self.base_url}$", "api.example.com;": f"{HOST};",
                         "/etc/ssl/certs/api.example.com.pem": str(self.certificate),
                         "/etc/ssl/private/api.example.com.key": str(key), "127.0.0.1:8080": f"127.0.0.1:{gatehouse_port}"}.items():
            assert old in text, old
            text = text.replace(old, new)
        paths = "".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        evil = f"""server {{ listen 127.0.0.1:{self.evil_port} ssl; server_name {HOST}; ssl_certificate {self.certificate};
            ssl_certificate_key {key}; location / {{ default_type text/html; return 200 "<!doctype html><title>page</title><body>"; }} }}"""
        (folder / "nginx.conf").write_text(f"""{'user root;' if os.geteuid() == 0 else ''} worker_processes 1; daemon off; pid {folder}/nginx.pid;
            error_log stderr warn; events {{ }} http {{ access_log off; {paths} {text} {evil} }}""")
        self.process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf"], stdin=subprocess.DEVNULL)
        eventually(self._listens, "nginx listens")

    def _listens(self):
        assert self.process.poll() is None, "nginx did not start"
        with contextlib.suppress(httpx.ConnectError):
            return self.get("/health").status_code == 200

    def get(self, path, source=None, http=False, **kwargs):
        """By an address: the name is resolved by browsers alone."""
        url = f"http://127.0.0.1:{self.http_port}{path}" if http else f"https://127.0.0.1:{self.port}{path}"
        trust = ssl.create_default_context(cafile=str(self.certificate))
        transport = httpx.HTTPTransport(verify=trust, local_address=source)
        with httpx.Client(transport=transport, trust_env=False, timeout=guard(20)) as client:
            headers = {"Host": f"{HOST}:{self.port}", **kwargs.pop("headers", {})}
            return client.get(url, headers=headers, **kwargs)

    def close(self):
        self.process.terminate()
        assert self.process.wait(guard(20)) == 0


@pytest.fixture(scope="module")
def gateway(musicgen, tmp_path_factory):
    return musicgen(GATEHOUSE_PROFILE="production", GATEHOUSE_DATA_FOLDER=str(tmp_path_factory.mktemp("data")),
                    ALLOWED_HOSTS=HOST, TRUSTED_PROXIES="127.0.0.1", ALLOWED_ORIGINS="https://app.example.com")


@pytest.fixture(scope="module")
def nginx(gateway, tmp_path_factory):
    if NGINX is None:
        pytest.skip("nginx is not installed")
    nginx = Nginx(tmp_path_factory.mktemp("nginx"), gateway.port)
    yield nginx
    nginx.close()


@pytest.fixture(scope="module")
def victim(driver, nginx):
    page = MusicgenPage(driver, nginx.base_url).open()
    page.name = fresh_name()
    page.register(page.name)
    yield page
    driver.get(nginx.base_url + "/page/")
    driver.delete_all_cookies()


def still_signed_in(victim):
    return victim.open().signed_in_as() == victim.name


def test_the_whole_page(driver, nginx, victim):
    victim.generate("slow rain on a tin roof")
    victim.wait_for("Generated")
    cookies = {cookie["name"]: cookie for cookie in driver.get_cookies()}
    assert set(cookies) == {"__Host-session", "__Host-csrf"}
    assert all(cookie["secure"] and cookie["domain"] == HOST for cookie in cookies.values()) and cookies["__Host-session"]["httpOnly"]
    victim.click("#renew")
    victim.wait_for("Renewed")
    assert still_signed_in(victim)
    assert driver.execute_script("return performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"


def test_strict_transport_security(driver, nginx, victim, gateway):
    victim.open()
    status, headers, _ = driver.execute_async_script(FETCH, "/echo/hsts")
    assert status == 200 and headers["strict-transport-security"].startswith("max-age=63072000")
    assert "Strict-Transport-Security" not in gateway.get("/health", headers={"Host": HOST}).headers


def test_the_upstream_learns_of_tls_and_of_nobody_elses_word(driver, victim):
    victim.open()
    _, _, text = driver.execute_async_script(FETCH, "/echo/forwarded", {"headers": {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http"}})
    fields = dict(json.loads(text)["headers"])
    assert fields["x-forwarded-proto"] == "https" and fields["x-forwarded-for"].split(",")[-1].strip() == "127.0.0.1"
    assert "203.0.113.7" not in fields["x-forwarded-for"] and fields["x-gatehouse-name"] == victim.name


def test_the_clients_address(nginx, gateway):
    assert nginx.get("/docs?address", source="127.0.0.2", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 200
    assert eventually(lambda: [line for line in gateway.access_lines() if line["client"] == "127.0.0.2"], "the log has it")


def test_http_is_redirected(nginx):
    answer = nginx.get("/page/?a=b", http=True)
    assert answer.status_code == 308 and answer.headers["Location"] == f"{nginx.base_url}/page/?a=b"


def test_a_websocket_over_tls(driver, nginx, victim):
    victim.open()
    script = """
    const done = arguments[0], socket = new WebSocket(`wss://${location.host}/ws`);
    socket.onopen = () => socket.send("hello");
    socket.onmessage = event => { done(event.data); socket.close(); };
    socket.onclose = () => done("closed");
    """
    assert driver.execute_async_script(script) == "hello"


@pytest.mark.parametrize("who,expected", [("another port", (403, "csrf_cross_site")), ("http", (401, "credentials_required")),
                                          ("another name", (401, "credentials_required"))])
def test_a_page_of_another_origin(driver, nginx, victim, gateway, app, page_port, who, expected):
    """Of the same host over TLS on another port; of the same host without TLS, which is another site; of another host."""
    evil = {"another port": f"https://{HOST}:{nginx.evil_port}/", "http": f"http://{HOST}:{page_port}/", "another name": f"http://localhost:{page_port}/"}
    before, path = app.get("/counted/echo").json()["count"], f"/echo/{who.replace(' ', '-')}"
    driver.get(evil[who])
    driver.execute_script(FORM, nginx.base_url + path)
    eventually(lambda: driver.current_url == nginx.base_url + path, "the form is sent")
    line = gateway.access_line(path)
    assert (line["method"], line["status"], line["reason"]) == ("POST", *expected)
    driver.get(evil[who])
    status, _, why = driver.execute_async_script(FETCH, nginx.base_url + path, {"credentials": "include"})
    assert status == 0 and "Failed to fetch" in why
    assert app.get("/counted/echo").json()["count"] - before == (1 if who == "another port" else 0)  # the GET, which it can't read
    assert still_signed_in(victim)


def test_signing_out(driver, nginx, victim):
    victim.open()
    victim.click("#logout")
    victim.wait_for("Signed out")
    assert driver.get_cookies() == [] and victim.open().signed_in_as() is None
    victim.sign_in(victim.name)
    victim.wait_for("Signed in")
