"""Signing in, as a browser sees it: the page of the MusicGen example, behind Gatehouse as its README starts it."""
import json

import pytest

from support.gateway import run
from support.musicgen_page import MusicgenPage
from support.timing import eventually
from support.visitor import PASSWORD, fresh_name

FETCH = """
const done = arguments[arguments.length - 1];
fetch(arguments[0], arguments[1] || {}).then(async a => done([a.status, await a.text()]), e => done([0, String(e)]));
"""
STORES = "return [localStorage.length, sessionStorage.length, await indexedDB.databases(), await caches.keys()]"


@pytest.fixture(scope="module")
def gateway(musicgen):
    return musicgen()


def fresh(driver):
    """Without cookies, in one window."""
    for window in driver.window_handles[1:]:
        driver.switch_to.window(window)
        driver.close()
    driver.switch_to.window(driver.window_handles[0])
    driver.delete_all_cookies()
    return driver


@pytest.fixture
def local(gateway):
    """By the name that people open it with."""
    return gateway.base_url.replace("127.0.0.1", "localhost")


@pytest.fixture
def page(driver, local):
    return MusicgenPage(fresh(driver), local).open()


def cookies(driver):
    return {cookie["name"]: cookie for cookie in driver.get_cookies()}


def call(driver, method, path, token=None, body=None):
    """Of the page that is open: status and error, or the whole of what came."""
    headers = {"X-CSRF-Token": token} if token else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    options = {"method": method, "headers": headers, **({} if body is None else {"body": json.dumps(body)})}
    status, text = driver.execute_async_script(FETCH, path, options)
    answer = json.loads(text) if text else {}
    return (status, answer["error"]) if "error" in answer else (status, answer)


def test_from_making_an_account_to_signing_out(page, driver):
    name = fresh_name("ada")
    assert page.signed_in_as() is None and page.status() == "Sign in, or make an account"
    page.register(name)
    assert page.signed_in_as() == name
    page.generate("slow rain <b>on</b> a tin roof")
    page.wait_for("Generated")
    assert len(page.tracks()) == 1 and page.tracks()[0].endswith(": slow rain <b>on</b> a tin roof")
    page.open()
    assert page.signed_in_as() == name
    page.click("#logout")
    page.wait_for("Signed out")
    assert page.signed_in_as() is None and cookies(driver) == {}
    assert page.open().signed_in_as() is None
    page.sign_in(name, "not the password at all")
    page.wait_for("The name or the password is wrong.", "login_failed")
    page.sign_in(fresh_name("nobody"))
    page.wait_for("The name or the password is wrong.", "login_failed")
    page.sign_in(name.upper())
    page.wait_for("Signed in")
    assert page.signed_in_as() == name


def test_what_scripts_can_see(page, driver):
    page.register(fresh_name())
    kept = cookies(driver)
    assert set(kept) == {"__Host-session", "__Host-csrf"}
    for cookie in kept.values():
        assert cookie["secure"] and cookie["path"] == "/" and cookie["sameSite"] == "Lax" and cookie["domain"] == "localhost"
    assert kept["__Host-session"]["httpOnly"] and not kept["__Host-csrf"]["httpOnly"]
    assert driver.execute_script("return document.cookie") == f"__Host-csrf={kept['__Host-csrf']['value']}"
    seen = driver.execute_async_script(f"const done = arguments[0]; (async () => {{ {STORES} }})().then(done)")
    assert seen == [0, 0, [], []]
    # A script can't overwrite the one it can't read.
    driver.execute_script("document.cookie = '__Host-session=x; Secure; Path=/'")
    assert cookies(driver)["__Host-session"]["value"] == kept["__Host-session"]["value"]
    # No answer holds the secret of the session.
    for path in ("/api/auth/me", "/api/auth/csrf", "/api/auth/sessions", "/api/auth/account", "/echo/x"):
        assert kept["__Host-session"]["value"] not in json.dumps(call(driver, "GET", path)), path


def test_csrf_tokens_of_the_page(page, driver):
    page.register(fresh_name())
    first = cookies(driver)["__Host-csrf"]["value"]
    assert call(driver, "POST", "/echo/x") == (403, "csrf_missing")
    assert call(driver, "POST", "/echo/x", "no token of ours") == (403, "csrf_mismatch")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert call(driver, method, "/echo/x") == (403, "csrf_missing")
        assert call(driver, method, "/echo/x", first)[0] == 200
    status, given = call(driver, "GET", "/api/auth/csrf")
    assert status == 200 and (given["header"], given["field"]) == ("X-CSRF-Token", "csrf_token")
    assert call(driver, "POST", "/echo/x", given["csrf_token"])[0] == 200
    assert call(driver, "POST", "/echo/x", first)[0] == 200  # another tab may still have it
    page.click("#logout")
    page.wait_for("Signed out")
    page.register(fresh_name())
    assert call(driver, "POST", "/echo/x", first) == (403, "csrf_stale")


def test_the_page_gets_itself_another_token(page, driver):
    """Its CSRF cookie was lost, or is of another session."""
    page.register(fresh_name())
    for spoil in ("__Host-csrf=; Max-Age=0", "__Host-csrf=nonsense"):
        driver.execute_script(f"document.cookie = '{spoil}; Secure; Path=/'")
        page.generate("x")
        page.wait_for("Generated")


def test_a_form_of_ones_own_page(page, driver, local):
    page.register(fresh_name())
    submit = """
    const form = document.createElement("form");
    form.method = "post"; form.action = arguments[0]; form.enctype = arguments[1];
    for (const [name, value] of Object.entries(arguments[2])) form.append(Object.assign(document.createElement("input"), {name, value}));
    document.body.append(form);
    form.submit();
    """
    for enctype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        page.open()
        token = cookies(driver)["__Host-csrf"]["value"]
        driver.execute_script(submit, "/echo/form", enctype, {"csrf_token": token, "title": "Rain"})
        eventually(lambda: driver.current_url == local + "/echo/form", "the form is sent")
        seen = json.loads(driver.find_element("tag name", "body").text)
        assert seen["method"] == "POST" and "Rain" in seen["body"]
        page.open()
        driver.execute_script(submit, "/echo/form", enctype, {"title": "Rain"})
        eventually(lambda: driver.current_url == local + "/echo/form", "the form is sent")
        assert json.loads(driver.find_element("tag name", "body").text)["error"] == "csrf_missing"


def test_refresh_in_two_tabs_at_once(page, driver):
    page.register(fresh_name())
    watch = """
    window.results = [];
    new BroadcastChannel("renew").onmessage = async () => {
      const token = document.cookie.match(/__Host-csrf=([^;]*)/)[1];
      const sent = performance.timeOrigin + performance.now();
      const answer = await fetch("/api/auth/refresh", {method: "POST", headers: {"X-CSRF-Token": token}});
      window.results.push([answer.status, sent, performance.timeOrigin + performance.now()]);
    };
    """
    tabs = [driver.current_window_handle]
    driver.execute_script(watch)
    for _ in range(2):
        driver.switch_to.new_window("tab")
        tabs.append(driver.current_window_handle)
        page.open()
        driver.execute_script(watch)
    together = 0
    for n in range(1, 6):
        before = cookies(driver)["__Host-session"]["value"]
        driver.execute_script("""const all = new BroadcastChannel("renew"); all.postMessage(0); all.onmessage = () => {};""")
        for tab in tabs[:2]:
            driver.switch_to.window(tab)
            eventually(lambda: len(driver.execute_script("return window.results")) == n, "the tab has renewed")
        spans = []
        for tab in tabs[:2]:
            driver.switch_to.window(tab)
            spans.append(driver.execute_script("return window.results")[-1])
        assert [span[0] for span in spans] == [200, 200]
        together += spans[0][1] < spans[1][2] and spans[1][1] < spans[0][2]
        # The first time; within its grace the new one stays.
        assert (cookies(driver)["__Host-session"]["value"] != before) == (n == 1)
        for tab in tabs:
            driver.switch_to.window(tab)
            assert call(driver, "GET", "/api/auth/me")[0] == 200
        driver.switch_to.window(tabs[2])
    assert together > 0, "no two were under way at the same time"
    for tab in tabs:
        driver.switch_to.window(tab)
        page.generate("still here")
        page.wait_for("Generated")


def test_many_refreshes_of_one_page_at_once(page, driver):
    """Tabs that woke up together refreshed one after the other. A request that was still under way with the cookie before
    the last but one got 401, and a refresh with it would have ended the session."""
    page.register(fresh_name())
    script = """
    const done = arguments[0], token = document.cookie.match(/__Host-csrf=([^;]*)/)[1];
    const one = path => fetch(path, {method: path.endsWith("me") ? "GET" : "POST", headers: {"X-CSRF-Token": token}}).then(a => a.status);
    const paths = [];
    for (let i = 0; i < 6; i++) paths.push("/api/auth/refresh", "/api/auth/me", "/echo/x");
    Promise.all(paths.map(one)).then(done);
    """
    assert driver.execute_async_script(script) == [200] * 18
    assert page.open().signed_in_as() is not None


def test_sign_out_everywhere(page, driver, second_driver, local, gateway):
    name = fresh_name()
    page.register(name)
    other = MusicgenPage(fresh(second_driver), local).open()
    other.sign_in(name)
    other.wait_for("Signed in")
    stream = """
    const done = arguments[0];
    window.ended = null;
    window.socket = new WebSocket(`ws://${location.host}/ws`);
    socket.onopen = () => socket.send("hello");
    socket.onmessage = event => done(event.data);
    socket.onclose = event => { window.ended = event.code; done("closed"); };
    """
    assert second_driver.execute_async_script(stream) == "hello"
    other.generate("before")
    other.wait_for("Generated")
    page.click("#logout-all")
    page.wait_for("Signed out")
    # The other browser has lost access at its next request, and what it had open is closed.
    other.generate("after")
    other.wait_for_error("session_invalid")
    assert other.signed_in_as() is None and other.tracks() == []
    assert eventually(lambda: second_driver.execute_script("return window.ended"), "the WebSocket is closed")
    assert other.open().signed_in_as() is None
    other.sign_in(name)
    other.wait_for("Signed in")


def test_a_disabled_user_is_out_at_the_next_request(page, gateway):
    name = fresh_name()
    page.register(name)
    assert run("user", "disable", name, cwd=gateway.folder).returncode == 0
    page.generate("x")
    page.wait_for_error("session_invalid")
    assert page.signed_in_as() is None
    page.sign_in(name)
    page.wait_for_error("login_failed")


def test_a_new_session_at_each_login(page, driver, local):
    """A session that was there before, of whoever, is not what a login makes one's own."""
    name = fresh_name()
    page.register(name)
    before = cookies(driver)["__Host-session"]["value"]
    answer = call(driver, "POST", "/api/auth/login", body={"username": name, "password": PASSWORD})
    assert answer[0] == 200 and cookies(driver)["__Host-session"]["value"] != before
    assert len(call(driver, "GET", "/api/auth/sessions")[1]["sessions"]) == 1


def test_a_page_of_an_allowed_origin(page, driver, local, page_port):
    """A page on another port, which ALLOWED_ORIGINS names: it signs in, gets a token and changes something."""
    name = fresh_name()
    driver.get(f"http://localhost:{page_port}/")

    def fetch(method, path, token=None, body=None):
        headers = {"Content-Type": "application/json", **({"X-CSRF-Token": token} if token else {})}
        options = {"method": method, "headers": headers, "credentials": "include", **({"body": json.dumps(body)} if body else {})}
        status, text = driver.execute_async_script(FETCH, local + path, options)
        return status, json.loads(text) if status else text
    assert fetch("POST", "/api/auth/register", body={"username": name, "password": PASSWORD})[0] == 201
    status, given = fetch("GET", "/api/auth/csrf")
    assert status == 200
    assert fetch("POST", "/generate", given["csrf_token"], {"prompt": "x"})[0] == 200
    assert fetch("POST", "/generate", None, {"prompt": "x"})[1]["error"] == "csrf_missing"
    driver.get(f"http://127.0.0.1:{page_port}/")  # the same page by another name is another origin
    assert fetch("GET", "/api/auth/me")[0] == 0
