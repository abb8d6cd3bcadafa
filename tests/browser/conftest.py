"""A real browser: Debian's chromium and chromium-driver, driven through python3-selenium."""
import http.server
import shutil
import threading
import urllib.parse

import pytest
import yaml

from support.application import Application
from support.gateway import ROOT
from support.readme import blocks, perform
from support.timing import guard

EXAMPLE = ROOT / "examples" / "musicgen"
PLAIN_HOST = "musicgen.test"  # without TLS, to the browser anybody's: no Secure cookies, no Sec-Fetch-Site
FETCH = """
const done = arguments[arguments.length - 1];
fetch(arguments[0], arguments[1] || {}).then(async answer => {
  const headers = {};
  answer.headers.forEach((value, name) => { headers[name] = value; });
  done({status: answer.status, headers: headers, body: await answer.text()});
}).catch(error => done({error: String(error)}));
"""


class Page(http.server.BaseHTTPRequestHandler):
    """An empty page; which origin it has depends on the name and port it is opened by. /redirect?URL leads there."""

    def do_GET(self):
        body = b"<!doctype html><title>page</title>"
        path, _, query = self.path.partition("?")
        self.send_response(307 if path == "/redirect" else 200)
        if path == "/redirect":
            self.send_header("Location", urllib.parse.unquote(query))
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def page_server():
    """Starts servers of empty pages; returns the port of each."""
    servers = []

    def start():
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server.server_address[1]
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def page_port(page_server):
    return page_server()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """Starts browsers, each with a profile of its own."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="python3-selenium is not installed")
    browser, service = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not service:
        pytest.skip("chromium and chromium-driver are not installed")
    from selenium.webdriver.chrome.service import Service
    started = []

    def start():
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        options.accept_insecure_certs = True  # the tests make certificates of their own
        for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                         "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage",
                         "--no-proxy-server", "--disable-domain-reliability", "--disable-popup-blocking",
                         f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost",
                         f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
            options.add_argument(argument)
        chrome = webdriver.Chrome(service=Service(service), options=options)
        started.append(chrome)
        chrome.set_script_timeout(guard(20))
        chrome.set_page_load_timeout(guard(20))
        return chrome
    yield start
    for chrome in started:
        chrome.quit()


@pytest.fixture(scope="session")
def driver(chromium):
    return chromium()


@pytest.fixture(scope="session")
def second_driver(chromium):
    """Somebody else's browser, or one's own on another machine."""
    return chromium()


@pytest.fixture
def page(driver, page_port):
    """page(name): opens the page under this host name; returns fetch(url, options) of that page."""
    def open_as(name):
        driver.get(f"http://{name}:{page_port}/")
        return lambda url, options=None: driver.execute_async_script(FETCH, url, options)
    yield open_as
    driver.delete_all_cookies()


@pytest.fixture(scope="session")
def musicgen_application():
    application = Application("app:app", EXAMPLE)
    yield application
    application.close()


@pytest.fixture(scope="module")
def musicgen(shared_gatehouse, musicgen_application, app, page_port, tmp_path_factory):
    """The MusicGen example as its README starts it, with two routes more, of an upstream that shows what reached it. Pages of
    http://localhost:page_port may call it; no limits for an address, which all tests share."""
    def start(**env):
        folder = tmp_path_factory.mktemp("musicgen") / "musicgen"
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".env", "gatehouse-data", "__pycache__"))
        perform(blocks((EXAMPLE / "README.md").read_text())[1], folder, {})
        config = yaml.safe_load((EXAMPLE / "gatehouse.yaml").read_text())
        config["upstreams"] = [{"name": "musicgen", "servers": [musicgen_application.url]}, {"name": "echo", "servers": [app.url]}]
        config["routes"] += [{"name": name, "path": path, "upstream": "echo", "require": {"user": True}}
                             for name, path in (("echo", "/echo/**"), ("socket", "/ws"))]
        config["rate_limits"]["rules"] = [rule for rule in config["rate_limits"]["rules"] if rule["name"] != "sign_in"]
        return shared_gatehouse(config, folder=folder, env={
            "RATE_LIMIT_PER_MINUTE": "100000", "ALLOWED_ORIGINS": f"http://localhost:{page_port}", **env})
    return start
