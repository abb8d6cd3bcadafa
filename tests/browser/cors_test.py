"""CORS as a browser sees it: what a page of an allowed origin can do, and what another page can't."""
import json

import pytest


@pytest.fixture
def api(gatehouse, app, page_port):
    """A gateway that allows the page when it is opened as 127.0.0.1, not when it is opened as localhost."""
    def start(**more):
        return gatehouse({"cors": {"enabled": True, "origins": [f"http://127.0.0.1:{page_port}"], "methods": ["GET", "POST", "PUT"],
                                   "headers": ["Authorization", "Content-Type"], "credentials": True}, **more}, upstream=app)
    return start


ALLOWED, OTHER = "127.0.0.1", "localhost"
JSON_CALL = {"method": "POST", "headers": {"Authorization": "Bearer token", "Content-Type": "application/json"}, "body": '{"a": 1}'}


def test_a_simple_request(api, page):
    gateway = api()
    answer = page(ALLOWED)(gateway.base_url + "/echo")
    assert answer["status"] == 200 and json.loads(answer["body"])["path"] == "/echo"


def test_a_page_of_another_origin_can_not_read_the_answer(api, page):
    gateway = api()
    assert "error" in page(OTHER)(gateway.base_url + "/echo")


def test_a_preflighted_request(api, page):
    gateway = api()
    answer = page(ALLOWED)(gateway.base_url + "/echo", JSON_CALL)
    seen = json.loads(answer["body"])
    assert answer["status"] == 200 and seen["method"] == "POST" and seen["body"] == '{"a": 1}'
    assert ["authorization", "Bearer token"] in seen["headers"]


def test_a_preflighted_request_of_another_origin_never_arrives(api, page, app):
    gateway = api()
    before = app.get("/counted/echo").json()["count"]
    assert "error" in page(OTHER)(gateway.base_url + "/echo", JSON_CALL)
    assert app.get("/counted/echo").json()["count"] == before
    line = gateway.access_line("/echo")
    assert (line["method"], line["status"], line["reason"]) == ("OPTIONS", 403, "cors_origin_not_allowed")


@pytest.mark.parametrize("call", [{"method": "DELETE"}, {"headers": {"X-Secret": "1"}}])
def test_more_than_is_allowed_never_arrives(api, page, app, call):
    gateway = api()
    before = app.get("/counted/echo").json()["count"]
    assert "error" in page(ALLOWED)(gateway.base_url + "/echo", call)
    assert app.get("/counted/echo").json()["count"] == before


def test_credentials(api, page):
    gateway = api()
    fetch = page(ALLOWED)
    assert fetch(gateway.base_url + "/answer/200?Set-Cookie=session%3Dabc%3B%20Path%3D/", {"credentials": "include"})["status"] == 200
    seen = json.loads(fetch(gateway.base_url + "/echo", {"credentials": "include"})["body"])
    assert ["cookie", "session=abc"] in seen["headers"]


def test_without_the_setting_credentials_are_kept_from_the_page(api, page, page_port):
    gateway = api(cors={"enabled": True, "origins": [f"http://127.0.0.1:{page_port}"], "credentials": False})
    fetch = page(ALLOWED)
    assert "error" in fetch(gateway.base_url + "/echo", {"credentials": "include"})
    assert fetch(gateway.base_url + "/echo", {"credentials": "omit"})["status"] == 200


def test_a_429_and_its_retry_after_can_be_read(api, page):
    gateway = api(rate_limits={"default": {"requests": 1, "window": "1h"}})
    fetch = page(ALLOWED)
    assert fetch(gateway.base_url + "/echo")["status"] == 200
    answer = fetch(gateway.base_url + "/echo")
    assert answer["status"] == 429
    assert int(answer["headers"]["retry-after"]) >= 1
    assert "ratelimit" in answer["headers"] and "ratelimit-policy" in answer["headers"]
    assert json.loads(answer["body"])["error"] == "rate_limit_exceeded"


def test_gatehouses_other_refusals_can_be_read(api, page):
    gateway = api(limits={"body": 10})
    answer = page(ALLOWED)(gateway.base_url + "/echo", {"method": "POST", "body": "x" * 11})
    assert answer["status"] == 413 and json.loads(answer["body"])["error"] == "body_too_large"


def test_a_page_without_an_origin(api, page, driver):
    """A sandboxed frame has the origin "null"."""
    gateway = api()
    page(ALLOWED)
    script = """
    const done = arguments[1];
    addEventListener("message", event => done(event.data), {once: true});
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = `<script>fetch("${arguments[0]}").then(a => parent.postMessage("read " + a.status, "*"),
                                                         e => parent.postMessage("refused", "*"))</` + `script>`;
    document.body.append(frame);
    """
    assert driver.execute_async_script(script, gateway.base_url + "/echo") == "refused"


def test_an_answer_is_not_taken_for_a_script(api, page, driver):
    """nosniff: JSON of the API can't be run as a script by another page."""
    gateway = api()
    page(OTHER)
    script = """
    const done = arguments[1], s = document.createElement("script");
    s.onload = () => done("ran"); s.onerror = () => done("refused"); s.src = arguments[0];
    document.head.append(s);
    """
    assert driver.execute_async_script(script, gateway.base_url + "/echo") == "refused"


def test_the_api_can_not_be_framed(api, page, driver):
    gateway = api()
    page(ALLOWED)
    script = """
    const done = arguments[1], f = document.createElement("iframe");
    f.onload = () => { let inner = null; try { inner = f.contentDocument; } catch (e) { } done(inner === null ? "opaque" : "open"); };
    f.src = arguments[0];
    document.body.append(f);
    """
    assert driver.execute_async_script(script, gateway.base_url + "/docs") == "opaque"
    frames = driver.find_elements("tag name", "iframe")
    driver.switch_to.frame(frames[0])
    try:
        assert "swagger" not in driver.page_source
    finally:
        driver.switch_to.default_content()
