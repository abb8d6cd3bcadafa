"""What a page of another origin can do to somebody who is signed in: nothing.

Two attackers. The `sibling` has the same host and another port: to the browser it is the same site, so every cookie goes with
its requests, and it can read and write the cookies that scripts can. Only what Gatehouse makes of Sec-Fetch-Site and Origin
stands against it. The `stranger` is another site: there SameSite keeps the cookies back, and the request is nobody's.

Every attack must arrive, or it would prove nothing: the log says so, and a test shows that they do harm without the
protection."""
import json
import urllib.parse

import pytest

from support.musicgen_page import MusicgenPage
from support.page_attacks import CHANGING, PREFLIGHTED, READING, TOOLS
from support.timing import eventually
from support.visitor import PASSWORD, Visitor, fresh_name

ATTACKERS = ("sibling", "stranger")


@pytest.fixture(scope="module")
def gateway(musicgen):
    return musicgen()


@pytest.fixture(scope="module")
def home(gateway):
    return gateway.base_url.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def evil(page_server):
    port = page_server()
    return {"sibling": f"http://localhost:{port}/", "stranger": f"http://127.0.0.1:{port}/"}


@pytest.fixture(scope="module")
def victim(driver, home):
    """Signed in, in a tab of its own."""
    driver.delete_all_cookies()
    page = MusicgenPage(driver, home).open()
    name = fresh_name("victim")
    page.register(name)
    page.name, page.tab = name, driver.current_window_handle
    yield page
    driver.switch_to.window(page.tab)
    driver.delete_all_cookies()


@pytest.fixture(scope="module")
def attackers_tab(driver, victim):
    driver.switch_to.new_window("tab")
    tab = driver.current_window_handle
    driver.switch_to.window(victim.tab)
    return tab


@pytest.fixture
def attack(driver, victim, evil, attackers_tab):
    """attack(who, script, url): what the attacker's page, in another tab, could read."""
    def run(who, script, url, more=None):
        driver.switch_to.window(attackers_tab)
        driver.get(evil[who])
        return driver.execute_async_script(TOOLS + script, url, more)
    yield run
    for tab in set(driver.window_handles) - {victim.tab, attackers_tab}:
        driver.switch_to.window(tab)
        driver.close()
    driver.switch_to.window(victim.tab)


def path_of(request):
    """One that no other test has, to be found in the log."""
    return "/echo/" + urllib.parse.quote(request.node.name.replace("[", "-").rstrip("]").replace(" ", "_"))


def changed(app):
    return app.get("/counted/echo").json()["count"]


def still_signed_in(driver, victim):
    driver.switch_to.window(victim.tab)
    victim.open()
    return victim.signed_in_as() == victim.name


REFUSED = {"sibling": (403, "csrf_cross_site"), "stranger": (401, "credentials_required")}


@pytest.mark.parametrize("name", CHANGING)
@pytest.mark.parametrize("who", ATTACKERS)
def test_what_needs_no_preflight_arrives_and_changes_nothing(attack, gateway, home, app, request, who, name):
    before, path = changed(app), path_of(request)
    assert attack(who, CHANGING[name], home + path) == "refused"
    line = gateway.access_line(path)
    # A page without an origin is another site than any.
    expected = REFUSED["stranger" if "without an origin" in name else who]
    assert line["method"] == "POST" and (line["status"], line["reason"]) == expected
    assert changed(app) == before


@pytest.mark.parametrize("who,name", [("stranger", "JSON"), *(("sibling", name) for name in PREFLIGHTED)])
def test_what_needs_a_preflight_does_not_arrive(attack, gateway, home, app, request, who, name):
    before, path = changed(app), path_of(request)
    assert attack(who, PREFLIGHTED[name], home + path) == "refused"
    line = gateway.access_line(path)
    assert (line["method"], line["status"], line["reason"]) == ("OPTIONS", 403, "cors_origin_not_allowed")
    assert changed(app) == before


@pytest.mark.parametrize("name", READING)
@pytest.mark.parametrize("who", ATTACKERS)
def test_nothing_can_be_read(attack, gateway, home, request, who, name):
    path = path_of(request)
    assert attack(who, READING[name], home + path) == "refused"
    line = gateway.access_line(path)
    # The sibling's requests have the cookie, and a GET is let through: it changes nothing, and its answer is not shown.
    assert (line["method"], line["status"]) == ("GET", 200 if who == "sibling" else 401)


@pytest.mark.parametrize("who", ATTACKERS)
def test_a_websocket_can_not_be_opened(attack, gateway, home, who):
    script = 'const s = new WebSocket(url); s.onopen = () => done("read"); s.onerror = no;'
    assert attack(who, script, home.replace("http:", "ws:") + "/ws") == "refused"
    line = gateway.access_line("/ws", 1 + ATTACKERS.index(who))
    assert (line["status"], line["reason"]) == REFUSED[who]


@pytest.mark.parametrize("who", ATTACKERS)
def test_sending_the_whole_window_by_a_form(attack, driver, gateway, home, app, request, who):
    before, path = changed(app), path_of(request)
    attack(who, 'form("application/x-www-form-urlencoded", {prompt: "evil"}, "_top").submit(); done("sent");', home + path)
    assert eventually(lambda: driver.current_url == home + path and driver.find_element("tag name", "body").text, "the window has gone there")
    line = gateway.access_line(path)
    assert (line["method"], line["status"], line["reason"]) == ("POST", *REFUSED[who])
    assert changed(app) == before


@pytest.mark.parametrize("who", ATTACKERS)
def test_a_window_that_was_opened_can_not_be_looked_into(attack, driver, gateway, home, request, who):
    """A link is followed with the cookie, which SameSite=Lax allows; what it shows stays the victim's."""
    path = path_of(request)
    attack(who, 'window.other = window.open(url); done("opened");', home + path)
    assert gateway.access_line(path)["status"] == 200
    script = """
    try { return String(window.other.document.body.innerText); }
    catch (error) { return error.name; }
    """
    assert eventually(lambda: driver.execute_script(script) != "", "it is another origin's") and driver.execute_script(script) == "SecurityError"


@pytest.mark.parametrize("who", ATTACKERS)
@pytest.mark.parametrize("page", ["/page/", "/docs", "/echo/framed"])
def test_no_page_can_be_framed(attack, home, who, page):
    assert attack(who, "const frame = hole(); frame.src = url;", home + page) == "refused"


# --- at Gatehouse's own endpoints

@pytest.mark.parametrize("who,path,method", [
    ("stranger", "/api/auth/logout", "POST"), ("sibling", "/api/auth/logout", "POST"), ("sibling", "/api/auth/refresh", "POST"),
    ("sibling", "/api/auth/keys", "POST"), ("sibling", "/api/auth/account", "DELETE")])
def test_nobody_is_signed_out_or_changed_by_another_page(attack, driver, victim, gateway, home, who, path, method):
    for name in ("a form", "a form that looks like JSON", "fetch without a body"):
        if method == "POST":
            assert attack(who, CHANGING[name], home + path) == "refused"
    assert attack(who, f'fetch(url, {{method: "{method}", credentials: "include", headers: {{"Content-Type": "application/json"}}, body: "{{}}"}})'
                       '.then(() => done("read"), no);', home + path) == "refused"
    # The whole window: what such an answer says of cookies counts for the browser, whoever sent it there.
    for enctype in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
        if method == "POST":
            n = len([line for line in list(gateway.lines) if path.encode() in line])
            attack(who, f'form("{enctype}", {{}}, "_top").submit(); done();', home + path)
            eventually(lambda: len([line for line in list(gateway.lines) if path.encode() in line]) > n, "it has arrived")
    assert still_signed_in(driver, victim)


@pytest.fixture
def state(request, driver, victim):
    """Of the victim."""
    if request.param == "signed out":
        driver.delete_all_cookies()
    yield request.param
    driver.switch_to.window(victim.tab)
    if request.param == "signed out":
        victim.open()
        victim.sign_in(victim.name)
        victim.wait_for("Signed in")


@pytest.mark.parametrize("endpoint,who,state", [*(("login", who, state) for who in ATTACKERS for state in ("signed in", "signed out")),
                                                ("register", "sibling", "signed out")], indirect=["state"])
def test_nobody_is_signed_in_as_the_attacker(attack, driver, victim, gateway, home, state, who, endpoint):
    """Login CSRF: who is signed in to the attacker's account gives away what they do there."""
    password = PASSWORD.replace(" ", "=", 1)
    mallory = fresh_name("mallory")
    if endpoint == "login":
        assert Visitor(gateway, mallory).register(password)
    # The browser writes name=value: the sign of equality is one of the password's.
    name, value = json.dumps({"username": mallory, "mode": "cookie", "password": password}).split("=", 1)
    url, body = f"{home}/api/auth/{endpoint}", {"body": f"{name}={value}"}
    assert attack(who, 'hole(); form("text/plain", more).submit();', url, {name: value}) == "refused"
    assert attack(who, 'hole(); form("application/x-www-form-urlencoded", more).submit();', url, {"username": mallory, "password": password}) == "refused"
    for options in ('mode: "no-cors"', 'headers: {"Content-Type": "application/json"}'):
        script = f'fetch(url, {{method: "POST", credentials: "include", body: more.body, {options}}}).then(a => done(a.type === "opaque" ? "refused" : "read"), no);'
        assert attack(who, script, url, body) == "refused"
    attack(who, 'form("text/plain", more, "_top").submit(); done("sent");', url, {name: value})
    refused = eventually(lambda: driver.current_url == url and driver.find_element("tag name", "body").text, "the window has gone there")
    assert json.loads(refused)["error"] in ("unsupported_media_type", "csrf_cross_site")
    driver.switch_to.window(victim.tab)
    if state == "signed out":
        assert driver.get_cookies() == []
    else:
        assert still_signed_in(driver, victim)
    if endpoint == "register":
        assert Visitor(gateway, mallory).login(password).json()["error"] == "login_failed"  # there is no such account


# --- cookies

@pytest.mark.parametrize("same_site,of_stranger", [("strict", 401), ("lax", 200)])
def test_links_and_same_site(attack, driver, victim, gateway, home, request, same_site, of_stranger):
    """With strict a link on another site is followed without the cookie; one on the same site is not another site's."""
    file = gateway.folder / "gatehouse.yaml"
    shipped = file.read_text()
    file.write_text(shipped.replace("identity:\n", f"identity:\n  session: {{ same_site: {same_site} }}\n", 1))
    gateway.reload()
    try:
        victim.click("#renew")
        victim.wait_for("Renewed")
        for who, status in (("stranger", of_stranger), ("sibling", 200)):
            path = f"{path_of(request)}-{who}"
            attack(who, "location = url; done();", home + path)
            assert gateway.access_line(path)["status"] == status
    finally:
        file.write_text(shipped)
        gateway.reload()
        assert still_signed_in(driver, victim)


def test_what_a_sibling_can_do_to_cookies(attack, driver, victim, home, app, request):
    """It can read and write the CSRF cookie, which no port keeps apart. That gains it nothing, and the page helps itself."""
    before = changed(app)
    theirs = next(cookie for cookie in driver.get_cookies() if cookie["name"] == "__Host-session")
    seen = attack("sibling", """
        document.cookie = "__Host-session=evil; Secure; Path=/";
        const seen = document.cookie;
        document.cookie = "__Host-csrf=evil; Secure; Path=/";
        done(seen);""", home)
    assert "__Host-csrf=" in seen and "session" not in seen
    assert attack("sibling", CHANGING["a form with what may be the token"], home + path_of(request)) == "refused"
    driver.switch_to.window(victim.tab)
    assert {c["name"]: c["value"] for c in driver.get_cookies()} == {"__Host-session": theirs["value"], "__Host-csrf": "evil"}
    victim.open()
    victim.generate("after the attack")
    victim.wait_for("Generated")
    assert changed(app) == before


def test_other_hosts_can_not_set_our_cookies(driver, victim, home, evil):
    """__Host- cookies have no domain: a name below ours can't set them for us."""
    driver.switch_to.new_window("tab")
    driver.get(evil["sibling"].replace("localhost", "below.localhost"))
    driver.execute_script("""
    for (const domain of ["", "; Domain=localhost", "; Domain=below.localhost"])
      for (const name of ["__Host-session", "__Host-csrf", "session"]) document.cookie = `${name}=evil${domain}; Secure; Path=/`;
    """)
    driver.close()
    driver.switch_to.window(victim.tab)
    victim.open()
    assert {c["name"] for c in driver.get_cookies()} == {"__Host-session", "__Host-csrf"}
    assert "evil" not in [c["value"] for c in driver.get_cookies()]


def test_the_attacks_are_real(attack, driver, victim, gateway, home, app, request):
    """Without the protection the sibling's requests do what they say."""
    path, before = path_of(request), changed(app)
    file = gateway.folder / "gatehouse.yaml"
    protected = file.read_text()
    file.write_text(protected.replace("identity:\n", "identity:\n  csrf: { enabled: off }\n", 1))
    gateway.reload()
    try:
        for n, name in enumerate(CHANGING, 1):
            attack("sibling", CHANGING[name], home + path)
            assert gateway.access_line(path, n)["status"] == (401 if "without an origin" in name else 200), name
        assert changed(app) == before + len(CHANGING) - 1
        assert attack("sibling", 'const s = new WebSocket(url); s.onopen = () => done("read"); s.onerror = no;', home.replace("http:", "ws:") + "/ws") == "read"
        attack("sibling", CHANGING["fetch without a body"], home + "/api/auth/logout")
        driver.switch_to.window(victim.tab)
        assert victim.open().signed_in_as() is None
    finally:
        file.write_text(protected)
        gateway.reload()
    victim.sign_in(victim.name)
    victim.wait_for("Signed in")
