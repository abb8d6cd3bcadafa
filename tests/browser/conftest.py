"""A real browser: Debian's chromium and chromium-driver, driven through python3-selenium."""
import http.server
import shutil
import threading

import pytest

from support.timing import guard

FETCH = """
const done = arguments[arguments.length - 1];
fetch(arguments[0], arguments[1] || {}).then(async answer => {
  const headers = {};
  answer.headers.forEach((value, name) => { headers[name] = value; });
  done({status: answer.status, headers: headers, body: await answer.text()});
}).catch(error => done({error: String(error)}));
"""


class Page(http.server.BaseHTTPRequestHandler):
    """An empty page; which origin it has depends on the name it is opened by."""

    def do_GET(self):
        body = b"<!doctype html><title>page</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def page_port():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    webdriver = pytest.importorskip("selenium.webdriver", reason="python3-selenium is not installed")
    browser, service = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not service:
        pytest.skip("chromium and chromium-driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage",
                     "--no-proxy-server", "--disable-domain-reliability",
                     "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
                     f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    from selenium.webdriver.chrome.service import Service
    chrome = webdriver.Chrome(service=Service(service), options=options)
    chrome.set_script_timeout(guard(20))
    chrome.set_page_load_timeout(guard(20))
    yield chrome
    chrome.quit()


@pytest.fixture
def page(driver, page_port):
    """page(name): opens the page under this host name; returns fetch(url, options) of that page."""
    def open_as(name):
        driver.get(f"http://{name}:{page_port}/")
        return lambda url, options=None: driver.execute_async_script(FETCH, url, options)
    yield open_as
    driver.delete_all_cookies()
