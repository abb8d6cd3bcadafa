"""CSRF: what a browser sends by itself must come from a page of ours. Fetch-Metadata, Origin, then the session's token."""
import base64
import itertools
import os

import pytest

from support import identity
from support.identity import b64, bearer, problem, settings, unb64
from support.message import get
from support.ports import free_port
from support.timing import eventually

LISTED = "https://app.example.com"


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse(settings({"csrf": {"origins": [LISTED], "exempt_paths": ["/webhooks/**", "/hook"]}, "session": {"max_per_user": 0}}), upstream=upstream,
                            env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


@pytest.fixture(scope="module")
def person(people):
    return people.new()


@pytest.fixture(scope="module")
def browser(person):
    return person.browser()


@pytest.fixture(scope="module")
def cookie(browser):
    return {"Cookie": f"session={browser.session}"}


def own(gateway):
    return gateway.base_url


# The matrix: Sec-Fetch-Site, Origin, token, for a request with the session's cookie.

SITES = [None, "same-origin", "same-site", "cross-site", "none", "anything", "Same-Origin"]
ORIGINS = [None, "own", "own https", "own host, other port", "listed", "foreign", "null", "listed with more", "own in capitals"]
TOKENS = ["absent", "good", "stale", "forged", "empty"]


def origin_of(gateway, kind):
    return {"own": own(gateway), "own https": f"https://127.0.0.1:{gateway.port}", "own host, other port": f"http://127.0.0.1:{free_port()}",
            "listed": LISTED, "foreign": "https://attacker.example", "null": "null", "listed with more": LISTED + ".attacker.example",
            "own in capitals": own(gateway).replace("http", "HTTP")}[kind]


def expected(site, origin, token):
    trusted = origin in ("own", "own https", "listed")
    if site in ("same-origin", "none"):
        ours = True
    elif site is not None:
        ours = trusted
    else:
        ours = origin is None or trusted
    if not ours:
        return "csrf_cross_site"
    return {"absent": "csrf_missing", "good": None, "stale": "csrf_stale", "forged": "csrf_mismatch", "empty": "csrf_mismatch"}[token]


@pytest.fixture(scope="module")
def tokens(people, browser):
    raw = bytearray(unb64(browser.csrf))
    raw[-1] ^= 1
    return {"absent": None, "good": browser.csrf, "stale": people.new().browser().csrf, "forged": b64(bytes(raw)), "empty": ""}


@pytest.mark.parametrize("site", SITES)
def test_the_matrix(gateway, people, upstream, cookie, tokens, site):
    for origin, token in itertools.product(ORIGINS, TOKENS):
        headers = dict(cookie)
        if site is not None:
            headers["Sec-Fetch-Site"] = site
        if origin is not None:
            headers["Origin"] = origin_of(gateway, origin)
        if tokens[token] is not None:
            headers["X-CSRF-Token"] = tokens[token]
        before = len(upstream.requests)
        answer = people.http.post("/things", json={}, headers=headers)
        error = expected(site, origin, token)
        what = f"{site}, {origin}, {token}: {answer.text}"
        assert answer.status_code == (403 if error else 200), what
        assert error is None or answer.json()["error"] == error, what
        assert len(upstream.requests) == before + (error is None), what


@pytest.mark.parametrize("method, safe", [("GET", True), ("HEAD", True), ("OPTIONS", True), ("POST", False), ("PUT", False),
                                          ("PATCH", False), ("DELETE", False)])
def test_methods_that_change_something_are_checked(people, cookie, browser, method, safe):
    foreign = {**cookie, "Origin": "https://attacker.example", "Sec-Fetch-Site": "cross-site"}
    assert people.http.request(method, "/things", headers=foreign).status_code == (200 if safe else 403)
    assert people.http.request(method, "/things", headers=cookie).status_code == (200 if safe else 403)
    assert people.http.request(method, "/things", headers={**cookie, "X-CSRF-Token": browser.csrf}).status_code == 200


def test_a_safe_method_stays_what_it_is(people, upstream, cookie):
    """Frameworks take another method from these; the upstream must see what was checked."""
    problem(people.http.get("/things", headers={**cookie, "X_HTTP_Method_Override": "DELETE"}), 400, "malformed_request")
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert people.http.get("/things", headers={**cookie, name: "DELETE"}).status_code == 200
        seen = upstream.requests[-1]
        assert seen.method == "GET" and "method" not in "".join(n for n, _ in seen.fields).lower()


@pytest.mark.parametrize("proof", ["token", "api_key", "nobody", "a session that is over"])
def test_what_no_browser_sends_by_itself_needs_none(people, person, proof):
    headers = {"token": lambda: person.bearer(), "api_key": lambda: {"X-API-Key": person.api_key()["key"]}, "nobody": dict,
               "a session that is over": lambda: {"Cookie": "session=ghs_" + "A" * 80}}[proof]()
    for more in ({}, {"Sec-Fetch-Site": "cross-site", "Origin": "https://attacker.example"}, {"X-CSRF-Token": "garbage"}):
        assert people.http.post("/things", json={}, headers={**headers, **more}).status_code == 200


def test_a_token_beside_the_cookie_needs_none(people, person, cookie):
    assert people.http.post("/things", json={}, headers={**cookie, **person.bearer()}).status_code == 200
    problem(people.http.post("/things", json={}, headers={**cookie, **bearer("garbage")}), 401, "token_invalid")
    problem(people.http.post("/things", json={}, headers={**cookie, "Authorization": "Basic eDp5"}), 403, "csrf_missing")


# The token.

def test_the_endpoint_gives_a_page_its_token(people, browser, cookie):
    answer = people.get("/csrf", headers=cookie)
    body = answer.json()
    assert body["header"] == "X-CSRF-Token" and body["field"] == "csrf_token" and "no-store" in answer.headers["cache-control"]
    assert identity.set_cookies(answer)["csrf"][0] == body["csrf_token"] != browser.csrf
    for token in (body["csrf_token"], browser.csrf):
        assert people.http.post("/things", json={}, headers={**cookie, "X-CSRF-Token": token}).status_code == 200


def test_the_endpoint_has_none_where_none_is_needed(people, person):
    for headers in ({}, person.bearer(), {"X-API-Key": person.api_key()["key"]}):
        answer = people.get("/csrf", headers=headers)
        assert answer.status_code == 200 and answer.json()["csrf_token"] is None and "set-cookie" not in answer.headers


def test_a_foreign_page_can_not_read_it(people, cookie):
    """Without CORS for its origin the browser keeps the answer from it."""
    answer = people.get("/csrf", headers={**cookie, "Origin": "https://attacker.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_token_is_of_its_session_alone(people, person, browser, cookie):
    again = person.browser()
    problem(people.http.post("/things", headers={**cookie, "X-CSRF-Token": again.csrf}), 403, "csrf_stale")
    before = again.csrf
    person.login("cookie", client=again.http)
    problem(again.request("POST", "/things", csrf=False, headers={"X-CSRF-Token": before}), 403, "csrf_stale")
    assert again.request("POST", "/things").status_code == 200


def test_the_cookie_alone_is_no_token(people, browser, cookie):
    """It is sent by itself, and a page of a sibling domain may have set it: a pair of cookie and header that the attacker
    made up, or took from a session of his own, is worth nothing."""
    problem(people.http.post("/things", headers={"Cookie": f"{cookie['Cookie']}; csrf={browser.csrf}"}), 403, "csrf_missing")
    made_up = "A" * 64
    problem(people.http.post("/things", headers={"Cookie": f"{cookie['Cookie']}; csrf={made_up}", "X-CSRF-Token": made_up}),
            403, "csrf_mismatch")
    his = people.new().browser().csrf
    problem(people.http.post("/things", headers={"Cookie": f"{cookie['Cookie']}; csrf={his}", "X-CSRF-Token": his}), 403, "csrf_stale")
    assert people.http.post("/things", headers={"Cookie": f"{cookie['Cookie']}; csrf=x", "X-CSRF-Token": browser.csrf}).status_code == 200


def test_each_bit_of_a_token_counts(people, browser, cookie):
    raw = unb64(browser.csrf)
    assert len(raw) == 48
    for at in range(0, 48, 3):
        changed = bytearray(raw)
        changed[at] ^= 0x10
        answer = people.http.post("/things", headers={**cookie, "X-CSRF-Token": b64(bytes(changed))})
        assert answer.status_code == 403 and answer.json()["error"] in ("csrf_mismatch", "csrf_stale")
    for text in (browser.csrf[:-1], browser.csrf + "A", browser.csrf + "=", browser.csrf.swapcase(), '"' + browser.csrf + '"',
                 browser.csrf + ", " + browser.csrf, "x" * 4000):
        problem(people.http.post("/things", headers={**cookie, "X-CSRF-Token": text}), 403, "csrf_mismatch")


def test_two_token_fields_are_none(gateway, browser, cookie):
    fields = [("Cookie", cookie["Cookie"]), ("X-CSRF-Token", browser.csrf), ("x-csrf-token", browser.csrf)]
    answer = gateway.exchange(get("/things", fields, method="POST"))
    assert answer.status == 403 and answer.json()["error"] == "csrf_mismatch"


def test_a_token_in_the_address_or_in_json_is_not_looked_for(people, browser, cookie):
    problem(people.http.post(f"/things?csrf_token={browser.csrf}", headers=cookie), 403, "csrf_missing")
    problem(people.http.post("/things", json={"csrf_token": browser.csrf}, headers=cookie), 403, "csrf_missing")
    problem(people.http.post("/things", content=f"csrf_token={browser.csrf}".encode(), headers={**cookie, "Content-Type": "text/plain"}),
            403, "csrf_missing")


# In a form.

def multipart(*pairs):
    lines = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in pairs)
    return {"content": (lines + "--b--\r\n").encode(), "type": "multipart/form-data; boundary=b"}


def urlencoded(*pairs):
    return {"content": "&".join(f"{n}={v}" for n, v in pairs).encode(), "type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("form", [urlencoded, multipart])
def test_a_form_with_the_token(people, upstream, browser, cookie, form):
    made = form(("title", "x"), ("csrf_token", browser.csrf), ("more", "y"))
    answer = people.http.post("/form", content=made["content"], headers={**cookie, "Content-Type": made["type"]})
    assert answer.status_code == 200
    assert upstream.requests[-1].body == made["content"], "it reaches the upstream as it came"


@pytest.mark.parametrize("form", [urlencoded, multipart])
@pytest.mark.parametrize("pairs, error", [
    ([("title", "x")], "csrf_missing"), ([("csrf_token", "")], "csrf_mismatch"), ([("csrf_token", "forged")], "csrf_mismatch"),
    ([("csrf_token", "STALE")], "csrf_stale"), ([("csrf_token", "GOOD"), ("csrf_token", "GOOD")], "csrf_mismatch"),
    ([("CSRF_TOKEN", "GOOD")], "csrf_missing"), ([("csrf_token[]", "GOOD")], "csrf_missing"), ([], "csrf_missing"),
])
def test_a_form_without_it(people, upstream, browser, cookie, tokens, form, pairs, error):
    made = form(*((n, v.replace("GOOD", browser.csrf).replace("STALE", tokens["stale"])) for n, v in pairs))
    before = len(upstream.requests)
    answer = people.http.post("/form", content=made["content"], headers={**cookie, "Content-Type": made["type"]})
    problem(answer, 403, error)
    assert len(upstream.requests) == before


def test_a_form_of_another_page_is_refused_before_it_is_read(gateway, cookie):
    """Nothing of the body is waited for."""
    with gateway.connect() as stream:
        stream.send(get("/form", [("Cookie", cookie["Cookie"]), ("Origin", "https://attacker.example"), ("Content-Length", "1000"),
                                  ("Content-Type", "application/x-www-form-urlencoded")], method="POST"))
        assert stream.read_response().json()["error"] == "csrf_cross_site"


def test_forms_that_can_not_be_read(people, browser, cookie):
    broken = [("multipart/form-data; boundary=b", b"--b\r\nno form"), ("multipart/form-data", b"x"),
              ("application/x-www-form-urlencoded", b"csrf_token=%zz&%"), ("application/x-www-form-urlencoded", b"\xff=\xfe")]
    for content_type, content in broken:
        answer = people.http.post("/form", content=content, headers={**cookie, "Content-Type": content_type})
        assert answer.status_code in (403, 415, 422) and answer.json()["error"] != "validation_error", answer.text
    good = urlencoded(("csrf_token", browser.csrf))["content"]
    problem(people.http.post("/form", content=good, headers={**cookie, "Content-Type": "application/x-www-form-urlencoded",
                                                             "Content-Encoding": "gzip"}), 403, "csrf_missing")


def test_a_form_with_the_header_is_not_read(gateway, upstream, browser, cookie):
    """Streamed on, however large."""
    with gateway.connect() as stream:
        before = upstream.heads
        stream.send(get("/form", [("Cookie", cookie["Cookie"]), ("X-CSRF-Token", browser.csrf), ("Content-Length", "10"),
                                  ("Content-Type", "application/x-www-form-urlencoded")], method="POST"))
        stream.send("a=1")
        eventually(lambda: upstream.heads > before, "the head at the upstream")
        stream.send("&b=2345")
        assert stream.read_response().status == 200


# Where no token is needed, and where it is by the origin alone.

@pytest.mark.parametrize("path, exempt", [("/webhooks/stripe", True), ("/webhooks/a/b", True), ("/hook", True), ("/hooks", False),
                                          ("/hook/x", False), ("/x/../hook", True), ("/webhooks/../things", False),
                                          ("/webhooks/%2e%2e/things", False), ("//hook", True)])
def test_exempt_paths(gateway, cookie, path, exempt):
    fields = [("Cookie", cookie["Cookie"]), ("Origin", "https://attacker.example")]
    assert gateway.exchange(get(path, fields, method="POST")).status == (200 if exempt else 403)


BEGIN = {"/login": lambda p: {"username": p.name, "password": p.password}, "/register": lambda p: {"username": identity.name(), "password": p.password},
         "/refresh": lambda p: {"refresh_token": p.tokens()["refresh_token"]}}


@pytest.mark.parametrize("path", BEGIN)
def test_nobody_is_signed_in_by_a_foreign_page(gateway, people, person, path):
    """Login CSRF: the victim would go on in the attacker's account."""
    for headers in ({"Origin": "https://attacker.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                    {"Origin": "null"}, {"Referer": "https://attacker.example/page"},
                    {"Sec-Fetch-Site": "cross-site", "X-CSRF-Token": person.browser().csrf}):
        answer = people.post(path, BEGIN[path](person), headers=headers)
        problem(answer, 403, "csrf_cross_site")
        assert "set-cookie" not in answer.headers
    for headers in ({}, {"Origin": own(gateway)}, {"Origin": LISTED}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
                    {"Referer": own(gateway) + "/page"}):
        assert people.post(path, BEGIN[path](person), headers=headers).status_code in (200, 201)


def test_a_plain_form_signs_nobody_in(people, person):
    """What a form can send without asking: no type that is taken."""
    text = b'{"username":"%s","password":"%s"}' % (person.name.encode(), person.password.encode())
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
        problem(people.http.post(people.at("/login"), content=text, headers={"Content-Type": content_type}), 415, "unsupported_media_type")
    answer = people.http.post(people.at("/refresh"), headers={"Cookie": f"session={person.browser().session}"})
    assert answer.status_code == 200, "no body: a page that is not ours says where it is from"


@pytest.mark.parametrize("method, path, body", [
    ("POST", "/logout", {"all": True}), ("POST", "/password", {"current_password": identity.PASSWORD, "new_password": identity.OTHER_PASSWORD}),
    ("DELETE", "/sessions", None), ("DELETE", "/sessions/0123456789abc", None), ("POST", "/keys", {"name": "k"}),
    ("DELETE", "/keys/0123456789abc", None), ("POST", "/devices", {}), ("POST", "/devices/0123456789abc", {"device_token": "x"}),
    ("DELETE", "/devices/0123456789abc", None), ("DELETE", "/account", {"password": identity.PASSWORD})])
def test_endpoints_of_our_own_are_checked_as_any(people, browser, cookie, method, path, body):
    for headers, error in (({}, "csrf_missing"), ({"Origin": "https://attacker.example"}, "csrf_cross_site"),
                           ({"X-CSRF-Token": "forged"}, "csrf_mismatch")):
        problem(people.http.request(method, people.at(path), json=body, headers={**cookie, **headers}), 403, error)
    assert browser.me().status_code == 200


def test_a_foreign_form_revokes_nothing(people, cookie):
    problem(people.http.post(people.at("/revoke"), data={"token": "x"}, headers={**cookie, "Origin": "https://attacker.example"}),
            403, "csrf_cross_site")


def handshake(origin=None, **more):
    fields = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), **more}
    if origin:
        fields["Origin"] = origin
    return list(fields.items())


def test_a_websocket_from_another_page_is_refused(shared_gatehouse, app):
    """Browsers send the cookie with the handshake, whoever's page it is."""
    gateway = shared_gatehouse(settings({"csrf": {"origins": [LISTED]}}), upstream=app, env=identity.ENV)
    cookie = {"Cookie": f"session={identity.People(gateway).new().browser().session}"}
    for origin, status in ((own(gateway), 101), (LISTED, 101), ("https://attacker.example", 403), ("null", 403),
                           (f"http://127.0.0.1:{free_port()}", 403), (None, 101)):
        with gateway.connect() as stream:
            stream.send(get("/ws", handshake(origin, **cookie), host=f"127.0.0.1:{gateway.port}"))
            answer = stream.read_response()
            assert answer.status == status, origin
            assert status == 101 or answer.json()["error"] == "csrf_cross_site"
    with gateway.connect() as stream:  # who has no cookie has nothing to lose
        stream.send(get("/ws", handshake("https://attacker.example"), host=f"127.0.0.1:{gateway.port}"))
        assert stream.read_response().status == 101


# Where a request is from.

def fields_post(gateway, cookie, token, *fields, host=None):
    return gateway.exchange(get("/things", [("Cookie", cookie["Cookie"]), ("X-CSRF-Token", token), *fields], method="POST",
                                host=host or f"127.0.0.1:{gateway.port}"))


def test_fields_twice_are_not_believed(gateway, browser, cookie):
    origin = ("Origin", own(gateway))
    for fields in ([origin, origin], [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "same-origin")],
                   [("Referer", own(gateway)), ("Referer", own(gateway))], [origin, ("Origin", "https://attacker.example")]):
        answer = fields_post(gateway, cookie, browser.csrf, *fields)
        assert answer.status == 403 and answer.json()["error"] == "csrf_cross_site", fields


@pytest.mark.parametrize("referer, ours", [("{own}/page?x=1", True), ("{own}", True), ("{own}.attacker.example/", False),
                                           ("https://attacker.example/{own}/", False), ("https://attacker.example/", False),
                                           ("http://127.0.0.1:1/", False), ("{own}@attacker.example/", False), ("x", False), ("", False),
                                           ("about:blank", False), (LISTED + "/page", True)])
def test_the_referer_where_there_is_no_origin(gateway, browser, cookie, referer, ours):
    answer = fields_post(gateway, cookie, browser.csrf, ("Referer", referer.format(own=own(gateway))))
    assert answer.status == (200 if ours else 403)


def test_the_origin_is_compared_with_the_host_that_was_asked_for(gateway, browser, cookie):
    for host, origin, status in (("localhost:{p}", "http://localhost:{p}", 200), ("localhost:{p}", "http://127.0.0.1:{p}", 403),
                                 ("127.0.0.1", "http://127.0.0.1", 200), ("127.0.0.1", "http://127.0.0.1:80", 403),
                                 ("127.0.0.1", "https://127.0.0.1", 200), ("127.0.0.1", "http://127.0.0.1:{p}", 403)):
        answer = fields_post(gateway, cookie, browser.csrf, ("Origin", origin.format(p=gateway.port)), host=host.format(p=gateway.port))
        assert answer.status == status, (host, origin, answer.body)


def test_behind_a_proxy_the_host_that_the_browser_asked_for_counts(gatehouse, upstream):
    gateway = gatehouse(settings(client_address={"trusted_proxies": ["127.0.0.1/32"], "source": "x-forwarded-for"},
                                 hosts={"allowed": ["api.example.com", "127.0.0.1"]}), upstream=upstream, env=identity.ENV)
    browser = identity.People(gateway).new().browser()
    forwarded = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Host": "api.example.com", "X-Forwarded-Proto": "https"}
    for origin, status in (("https://api.example.com", 200), ("http://api.example.com", 403), ("https://attacker.example", 403)):
        assert browser.request("POST", "/things", headers={**forwarded, "Origin": origin}).status_code == status, origin
    direct = {"X-Forwarded-Host": "attacker.example", "Origin": "https://attacker.example"}
    assert browser.request("POST", "/things", headers=direct).status_code in (400, 403)


# Settings.

def test_names_of_ones_own(gatehouse, upstream):
    gateway = gatehouse(settings({"csrf": {"header": "X-XSRF-TOKEN", "field": "_token"}}), upstream=upstream, env=identity.ENV)
    browser = identity.People(gateway).new().browser()
    assert browser.request("POST", "/things", csrf=False, headers={"X-XSRF-TOKEN": browser.csrf}).status_code == 200
    problem(browser.request("POST", "/things"), 403, "csrf_missing")
    assert browser.http.post("/form", data={"_token": browser.csrf}).status_code == 200
    problem(browser.http.post("/form", data={"csrf_token": browser.csrf}), 403, "csrf_missing")
    assert browser.http.get("/api/auth/csrf").json() | {"csrf_token": 0} == {"csrf_token": 0, "header": "X-XSRF-TOKEN", "field": "_token"}


def test_other_hosts_of_the_same_site_are_trusted_when_it_is_said(gatehouse, upstream):
    gateway = gatehouse(settings({"csrf": {"same_site": True}}), upstream=upstream, env=identity.ENV)
    browser = identity.People(gateway).new().browser()
    assert browser.request("POST", "/things", headers={"Sec-Fetch-Site": "same-site"}).status_code == 200
    problem(browser.request("POST", "/things", csrf=False, headers={"Sec-Fetch-Site": "same-site"}), 403, "csrf_missing")
    problem(browser.request("POST", "/things", headers={"Sec-Fetch-Site": "cross-site"}), 403, "csrf_cross_site")


def test_switched_off(gatehouse, upstream):
    gateway = gatehouse(settings({"csrf": {"enabled": False}}), upstream=upstream, env=identity.ENV)
    browser = identity.People(gateway).new().browser()
    assert browser.request("POST", "/things", csrf=False, headers={"Origin": "https://attacker.example"}).status_code == 200


def test_origins_of_cors_with_credentials_are_trusted(gatehouse, upstream):
    cors = {"enabled": True, "origins": [LISTED], "credentials": True, "methods": ["POST"], "headers": ["X-CSRF-Token"]}
    gateway = gatehouse(settings(cors=cors), upstream=upstream, env=identity.ENV)
    browser = identity.People(gateway).new().browser()
    page = {"Origin": LISTED, "Sec-Fetch-Site": "cross-site"}
    answer = browser.request("POST", "/things", headers=page)
    assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == LISTED
    problem(browser.request("POST", "/things", csrf=False, headers=page), 403, "csrf_missing")
    problem(browser.request("POST", "/things", headers={**page, "Origin": "https://other.example"}), 403, "csrf_cross_site")


def test_the_log_says_why(gateway, people, cookie):
    refused = people.http.post("/logged", headers={**cookie, "Origin": "https://attacker.example"})
    problem(refused, 403, "csrf_cross_site")
    line = gateway.access_line("/logged")
    assert line["reason"] == "csrf_cross_site" and line["detail"] and line["id"] in refused.json()["instance"]
