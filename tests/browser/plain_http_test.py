"""Over http by another name than localhost, as in a development network: the browser keeps no Secure cookies there and says
nothing in Sec-Fetch-Site. identity.session.insecure_cookies makes it work, and Origin alone stands against other pages: as it
does in browsers that are too old for Sec-Fetch-Site."""
import pytest

from support.musicgen_page import MusicgenPage
from support.page_attacks import CHANGING, TOOLS
from support.visitor import fresh_name

HOST = "musicgen.test"  # PLAIN_HOST of conftest.py


@pytest.fixture(scope="module")
def gateway(musicgen):
    return musicgen(ALLOWED_HOSTS=f"{HOST},127.0.0.1", GATEHOUSE_IDENTITY_SESSION_INSECURE_COOKIES="on")


@pytest.fixture(scope="module")
def home(gateway):
    return f"http://{HOST}:{gateway.port}"


@pytest.fixture(scope="module")
def victim(driver, home):
    page = MusicgenPage(driver, home).open()
    page.name = fresh_name()
    page.register(page.name)
    yield page
    page.open()
    driver.delete_all_cookies()


@pytest.fixture(scope="module")
def evil(page_server):
    return f"http://{HOST}:{page_server()}/"


def test_the_page_works_with_plain_cookies(driver, victim):
    cookies = {cookie["name"]: cookie for cookie in driver.get_cookies()}
    assert set(cookies) == {"session", "csrf"} and cookies["session"]["httpOnly"] and not cookies["session"]["secure"]
    assert driver.execute_script("return document.cookie") == f"csrf={cookies['csrf']['value']}"
    victim.generate("x")
    victim.wait_for("Generated")
    victim.click("#renew")
    victim.wait_for("Renewed")
    assert victim.open().signed_in_as() == victim.name


@pytest.mark.parametrize("name", CHANGING)
def test_a_page_on_another_port_changes_nothing(driver, victim, gateway, home, app, evil, name):
    before, path = app.get("/counted/echo").json()["count"], f"/echo/{list(CHANGING).index(name)}"
    driver.get(evil)
    assert driver.execute_async_script(TOOLS + CHANGING[name].replace("__Host-csrf", "csrf"), home + path) == "refused"
    line = gateway.access_line(path)
    without_cookie = "without an origin" in name
    assert (line["method"], line["status"]) == ("POST", 401 if without_cookie else 403)
    assert line["reason"] == ("credentials_required" if without_cookie else "csrf_cross_site")
    assert app.get("/counted/echo").json()["count"] == before
    assert victim.open().signed_in_as() == victim.name


def test_a_page_on_another_port_opens_no_websocket(driver, victim, gateway, home, evil):
    driver.get(evil)
    script = 'const s = new WebSocket(url); s.onopen = () => done("read"); s.onerror = no;'
    assert driver.execute_async_script(TOOLS + script, home.replace("http:", "ws:") + "/ws") == "refused"
    assert gateway.access_line("/ws")["reason"] == "csrf_cross_site"


def test_secure_cookies_are_not_kept_here(driver, gateway, musicgen):
    """Why there is that setting, and why it is for development only."""
    secure = musicgen(ALLOWED_HOSTS=f"{HOST},127.0.0.1")
    page = MusicgenPage(driver, f"http://{HOST}:{secure.port}").open()
    driver.delete_all_cookies()
    page.register(fresh_name())
    assert driver.get_cookies() == []
    page.generate("x")
    page.wait_for_error("credentials_required")
