"""Forged requests, all combinations: sites, origins, tokens, proofs, methods, forms, and paths that look exempt."""
import base64
import itertools
import os

import pytest
from support import identity
from support.gateway import run
from support.identity import bearer, problem, set_cookies, settings
from support.message import get

LISTED, FOREIGN = "https://app.example.com", "https://evil.example"
SAFE, UNSAFE = ("GET", "HEAD", "OPTIONS"), ("POST", "PUT", "PATCH", "DELETE")
SITES = (None, "same-origin", "same-site", "cross-site", "none", "nonsense")
ORIGINS = (None, "own", LISTED, FOREIGN, "null")
CSRF = {"origins": [LISTED], "exempt_paths": ["/webhooks/**", "/ping"]}


class Visitor:
    """A signed-in browser and what it can be made to send, byte by byte, over connections that are kept."""

    def __init__(self, gateway, **names):
        self.gateway, self.people = gateway, identity.People(gateway)
        self.name = identity.name()
        browser = identity.Browser(self.people)
        answer = self.people.register(self.name, mode="cookie", client=browser.http)
        assert answer.status_code == 201, answer.text
        self.browser, self.token, self.cookie = browser, answer.json()["csrf_token"], f"session={browser.session}"
        self.own = gateway.base_url
        self.stream = None

    def send(self, method="POST", path="/songs", fields=(), body=b"", cookie=None):
        """fields: names and values; None values are left out. The answer, read whole."""
        fields = [(n, v) for n, v in dict(fields).items() if v is not None]
        if cookie is not False:
            fields.append(("Cookie", cookie or self.cookie))
        self.stream = self.stream or self.gateway.connect()
        self.stream.send(get(path, fields, method, self.own.removeprefix("http://"), body))
        answer = self.stream.read_response(to_head=method == "HEAD")
        if "close" in answer.tokens("connection"):
            self.stream = None
        return answer

    def origin(self, origin):
        return self.own if origin == "own" else origin


def verdict(answer):
    """Forwarded, or why not."""
    if answer.status == 200:
        return "ok"
    if not answer.body:
        return answer.status
    assert answer.json()["status"] == answer.status and answer.get("content-type") == "application/problem+json"
    assert answer.status == 403 or not answer.json()["error"].startswith("csrf")
    return answer.json()["error"]


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    routes = {"routes": [{"name": "members", "path": "/members/**", "require": {"user": True}}]}
    return shared_gatehouse(settings({"csrf": CSRF, "attempts": {"max": 1000}}, **routes), upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def ada(gateway):
    return Visitor(gateway)


@pytest.fixture(scope="module")
def eve(gateway):
    """Somebody else, with a session and a token of her own."""
    return Visitor(gateway)


@pytest.fixture(scope="module")
def credentials(ada):
    token = ada.people.post("/login", {"username": ada.name, "password": identity.PASSWORD, "mode": "token"}).json()["access_token"]
    key = ada.people.post("/keys", {"name": "a key"}, headers=bearer(token)).json()["key"]
    return {"bearer": bearer(token), "api key": {"X-API-Key": key}, "key as bearer": bearer(key), "nobody": {}, "cookie": {}}


def forged(token):
    return token[:-1] + ("A" if token[-1] != "A" else "B")


def urlencoded(token, name="csrf_token", before="a=1&"):
    return "application/x-www-form-urlencoded", f"{before}{name}={token}".encode()


def multipart(token, name="csrf_token"):
    body = f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{token}\r\n--xx--\r\n'
    return "multipart/form-data; boundary=xx", body.encode()


# By the documented rules: what is not "ok" is refused for that.

def by_site(site, origin):
    trusted = origin in ("own", LISTED)
    if site in ("same-origin", "none"):
        return "ok"
    if site is None and origin is None:
        return "ok"
    return "ok" if trusted else "csrf_cross_site"


def by_rules(method, proof, site, origin, token):
    if proof != "cookie" or method in SAFE:
        return "ok"
    if by_site(site, origin) != "ok":
        return "csrf_cross_site"
    return {"header": "ok", "urlencoded": "ok", "multipart": "ok", "absent": "csrf_missing", "stale": "csrf_stale",
            "forged": "csrf_mismatch"}[token]


def presented(how, ada, eve):
    """Fields and body that bring a token so."""
    if how in ("urlencoded", "multipart"):
        kind, body = (urlencoded if how == "urlencoded" else multipart)(ada.token)
        return {"Content-Type": kind}, body
    token = {"header": ada.token, "stale": eve.token, "forged": forged(ada.token), "absent": None}[how]
    return {"X-CSRF-Token": token, "Content-Type": "application/json"}, b"{}"


TOKENS = ("header", "urlencoded", "multipart", "absent", "stale", "forged")


@pytest.mark.parametrize("method", SAFE + UNSAFE)
@pytest.mark.parametrize("proof", ["cookie", "bearer", "api key", "key as bearer", "nobody"])
def test_every_site_origin_and_token(ada, eve, credentials, upstream, proof, method):
    tokens = TOKENS if proof == "cookie" else ("absent", "forged")
    wrong, passed, before = [], 0, len(upstream.requests)
    for site, origin, token in itertools.product(SITES, ORIGINS, tokens):
        fields, body = presented(token, ada, eve)
        if method in SAFE:
            fields.pop("Content-Type")
            body = b""
        fields |= {"Sec-Fetch-Site": site, "Origin": ada.origin(origin), **credentials[proof]}
        # A browser adds the cookie to whatever a page has it send.
        answer = ada.send(method, "/songs", fields, body, cookie=False if proof == "nobody" else None)
        expected = by_rules(method, proof, site, origin, token)
        passed += expected == "ok"
        if verdict(answer) != expected:
            wrong.append((site, origin, token, verdict(answer), "not", expected))
    assert not wrong
    assert len(upstream.requests) - before == passed, "what was refused went no further"


def test_the_token_is_demanded_also_where_nobody_need_be_known(ada):
    assert verdict(ada.send("POST", "/songs")) == verdict(ada.send("POST", "/members/x")) == "csrf_missing"
    assert verdict(ada.send("POST", "/members/x", {"X-CSRF-Token": ada.token})) == "ok"


# Origins, letter by letter.

def others(own):
    port = int(own.rpartition(":")[2])
    return {own: "ok", own.replace("http:", "https:"): "ok", LISTED: "ok", f"http://127.0.0.1:{port ^ 1}": None, "http://127.0.0.1": None,
            own + "/": None, f"http://localhost:{port}": None, own + ".evil.example": None, f"http://127.0.0.1:{port}0": None,
            f"{own} {own}": None, f"{LISTED}, {FOREIGN}": None, LISTED.upper(): None, LISTED + ".": None, LISTED + ":443": None,
            LISTED.replace("https", "http"): None, LISTED + ".evil.example": None, "https://x" + LISTED[8:]: None,
            "https://example.com": None, "https://app.example.com@evil.example": None, "file://": None, "app.example.com": None, "*": None}


def test_origins_that_look_alike(ada):
    got = {origin: verdict(ada.send(fields={"Origin": origin, "X-CSRF-Token": ada.token})) for origin in others(ada.own)}
    assert got == {origin: says or "csrf_cross_site" for origin, says in others(ada.own).items()}


@pytest.mark.parametrize("referer, says", [
    ("{own}/page?x=http://evil.example/", "ok"), ("{own}", "ok"), (LISTED + "/a/b#c", "ok"), (FOREIGN + "/", "csrf_cross_site"),
    (FOREIGN + "/?{own}/", "csrf_cross_site"), ("{own}.evil.example/", "csrf_cross_site"), ("http://evil.example#{own}", "csrf_cross_site"),
    ("{own}@evil.example/", "csrf_cross_site"), ("about:blank", "csrf_cross_site"), ("", "csrf_cross_site")])
def test_without_origin_the_referer_counts(ada, referer, says):
    referer = referer.format(own=ada.own)
    token = {"X-CSRF-Token": ada.token}
    assert verdict(ada.send(fields={"Referer": referer, **token})) == says
    # An Origin says more than it, and Sec-Fetch-Site more than both.
    assert verdict(ada.send(fields={"Referer": referer, "Origin": FOREIGN, **token})) == "csrf_cross_site"
    assert verdict(ada.send(fields={"Referer": referer, "Origin": ada.own, **token})) == "ok"
    assert verdict(ada.send(fields={"Referer": referer, "Sec-Fetch-Site": "same-origin", **token})) == "ok"
    assert verdict(ada.send(fields={"Referer": ada.own, "Sec-Fetch-Site": "cross-site", **token})) == "csrf_cross_site"


# Tokens.

@pytest.mark.parametrize("change", [lambda t: "", lambda t: t[:-1], lambda t: t + "A", lambda t: t[:-4], lambda t: t.swapcase(),
                                    lambda t: t[4:] + t[:4], lambda t: "A" * len(t), lambda t: t + "=", lambda t: f'"{t}"', lambda t: f"{t},{t}",
                                    lambda t: base64.b64encode(t.encode()).decode(), lambda t: t * 100],
                         ids=["empty", "short", "long", "a group short", "case", "turned", "zeros", "padding", "quotes", "twice", "coded", "huge"])
def test_tokens_that_are_not_ours(ada, change):
    assert verdict(ada.send(fields={"X-CSRF-Token": change(ada.token)})) == "csrf_mismatch"
    kind, body = urlencoded(change(ada.token).replace("=", "%3D").replace("+", "%2B"))
    assert verdict(ada.send(fields={"Content-Type": kind}, body=body)) == "csrf_mismatch"


FORMS = [
    (urlencoded("{t}", before=""), "ok"),
    (urlencoded("{t}&b=%26", before="csrf_token2=x&"), "ok"), (urlencoded("{t}", "csrf%5ftoken"), "ok"),
    (urlencoded("{t}", "CSRF_TOKEN"), "csrf_missing"), (urlencoded("{t}", "csrf_token[]"), "csrf_missing"), (urlencoded("{t}", "x"), "csrf_missing"),
    (urlencoded("{t}&csrf_token={t}"), "csrf_mismatch"), (urlencoded("{t}&csrf_token="), "csrf_mismatch"), (urlencoded(""), "csrf_mismatch"),
    (("application/x-www-form-urlencoded", b"csrf_token"), "csrf_mismatch"), (("application/x-www-form-urlencoded", b""), "csrf_missing"),
    (urlencoded("{e}"), "csrf_stale"), (multipart("{t}"), "ok"), (multipart("{e}"), "csrf_stale"), (multipart("{t}", "x"), "csrf_missing"),
    (multipart("{t}\r\n"), "csrf_mismatch"), (("multipart/form-data; boundary=yy", multipart("{t}")[1]), "csrf_missing"),
    (("multipart/form-data", multipart("{t}")[1]), "csrf_missing"),
    (("multipart/form-data; boundary=xx", multipart("{t}")[1][:-4]), "csrf_missing"),
    (("text/plain", urlencoded("{t}")[1]), "csrf_missing"), (("application/json", b'{{"csrf_token":"{t}"}}'), "csrf_missing"),
    ((None, urlencoded("{t}")[1]), "csrf_missing")]


@pytest.mark.parametrize("form, says", FORMS, ids=[f"{n}-{says}" for n, (_, says) in enumerate(FORMS)])
def test_tokens_in_forms(ada, eve, upstream, form, says):
    kind, body = form
    body = body.decode().format(t=ada.token, e=eve.token).encode()
    assert verdict(ada.send(fields={"Content-Type": kind}, body=body)) == says
    if says == "ok":
        assert upstream.requests[-1].body == body and upstream.requests[-1].get("content-type") == kind, "as it came"


def test_a_form_in_chunks_and_one_that_is_coded(ada, upstream):
    kind, body = urlencoded(ada.token)
    head = get("/songs", [("Cookie", ada.cookie), ("Content-Type", kind), ("Transfer-Encoding", "chunked")], "POST")
    chunks = b"".join(b"1\r\n" + bytes([byte]) + b"\r\n" for byte in body) + b"0\r\n\r\n"
    assert verdict(ada.gateway.exchange(head + chunks)) == "ok" and upstream.requests[-1].body == body
    assert verdict(ada.send(fields={"Content-Type": kind, "Content-Encoding": "gzip"}, body=body)) == "csrf_missing"


# Exempt paths.

@pytest.mark.parametrize("path, says", [
    ("/webhooks", "ok"), ("/webhooks/a/b", "ok"), ("/ping", "ok"), ("/x/../ping", "ok"), ("/%70ing", "ok"), ("//webhooks//a", "ok"),
    ("/webhooks/../songs", "csrf_cross_site"), ("/webhooks/%2e%2e/songs", "csrf_cross_site"), ("/webhooks/..", "csrf_cross_site"),
    ("/webhooksx", "csrf_cross_site"), ("/Webhooks/a", "csrf_cross_site"), ("/webhooks;x/a", "csrf_cross_site"), ("/ping/", "csrf_cross_site"),
    ("/ping/x", "csrf_cross_site"), ("/Ping", "csrf_cross_site"), ("/songs?/webhooks/a", "csrf_cross_site")])
def test_exempt_paths(ada, upstream, path, says):
    assert verdict(ada.send(path=path, fields={"Origin": FOREIGN})) == says
    if says == "ok":
        assert upstream.requests[-1].target in ("/webhooks", "/webhooks/a", "/webhooks/a/b", "/ping")


def test_everything_exempt_is_an_error_at_start(tmp_path):
    (tmp_path / "gatehouse.yaml").write_text("upstreams: [{name: api, servers: [http://127.0.0.1:1]}]\n"
                                             "identity: {enabled: on, csrf: {exempt_paths: [/**]}}\n")
    done = run("check", "-c", "gatehouse.yaml", cwd=tmp_path)
    assert done.returncode == 2 and "exempt_paths" in done.stderr and "identity.csrf.enabled" in done.stderr, done.stderr


# WebSockets.

def handshake(ada, site, origin, proof=None, cookie=None):
    fields = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-Fetch-Site": site, "Origin": ada.origin(origin)}
    return verdict(ada.send("GET", "/ws", {**fields, **(proof or {})}, cookie=cookie))


def test_a_web_socket_from_another_origin_is_refused(ada, credentials, upstream):
    got = {(site, origin): handshake(ada, site, origin) for site in SITES for origin in ORIGINS}
    assert got == {(site, origin): by_site(site, origin) for site in SITES for origin in ORIGINS}
    assert handshake(ada, "cross-site", FOREIGN, credentials["bearer"]) == "ok", "no page can have a browser send that"
    assert upstream.requests[-1].get("upgrade") == "websocket"
    assert handshake(ada, "cross-site", FOREIGN, cookie=False) == "ok"


# Our own endpoints.

def endpoint_verdict(answer, passed):
    """What is meant is refused later, for another reason; so nothing is hashed."""
    assert answer.status >= 400
    error = answer.json()["error"]
    return "ok" if error in passed else error


@pytest.mark.parametrize("endpoint, passed", [("/login", {"validation_error"}), ("/register", {"validation_error"}),
                                              ("/refresh", {"refresh_invalid"})])
def test_signing_in_is_for_pages_of_ours(ada, endpoint, passed):
    body = b'{"refresh_token":"x"}' if endpoint == "/refresh" else b'{"username":"x"}'
    for cookie in (False, None):
        cookie = False if endpoint == "/refresh" else cookie
        got = {(site, origin): endpoint_verdict(ada.send("POST", "/api/auth" + endpoint, {
            "Sec-Fetch-Site": site, "Origin": ada.origin(origin), "Content-Type": "application/json"}, body, cookie), passed)
            for site in SITES for origin in ORIGINS}
        assert got == {(site, origin): by_site(site, origin) for site in SITES for origin in ORIGINS}


def test_a_foreign_page_can_neither_sign_in_nor_out_nor_renew(ada):
    """All that costs or gives something, whole and right but for the page it comes from."""
    signing_in = {"username": ada.name, "password": identity.PASSWORD}
    browser = ada.browser
    for headers in ({"Origin": FOREIGN}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        for path, body in (("/login", signing_in), ("/register", {**signing_in, "username": identity.name()}), ("/refresh", None),
                           ("/logout", None), ("/logout", {"all": True}), ("/password", {}), ("/keys", {"name": "x"}), ("/devices", {})):
            # Even with the right token: a page of ours does not say that it is another's.
            answer = browser.at("POST", path, json=body, headers=headers)
            problem(answer, 403, "csrf_cross_site")
            assert "set-cookie" not in answer.headers
    assert browser.me().status_code == 200


def test_the_token_outlives_a_renewal_and_not_a_new_login(gateway):
    visitor = Visitor(gateway)
    browser, first = visitor.browser, visitor.token
    renewed = browser.at("POST", "/refresh", csrf=False)
    assert renewed.status_code == 200 and f"session={browser.session}" != visitor.cookie
    assert set(set_cookies(renewed)) == {"session", "csrf"}
    second = renewed.json()["csrf_token"]
    asked = browser.at("GET", "/csrf").json()["csrf_token"]
    cookie = f"session={browser.session}"
    for token in (first, second, asked):
        assert verdict(visitor.send(fields={"X-CSRF-Token": token}, cookie=cookie)) == "ok"
    anew = browser.http.post("/api/auth/login", json={"username": visitor.name, "password": identity.PASSWORD})
    assert anew.status_code == 200
    cookie = f"session={browser.session}"
    for token in (first, second, asked):
        assert verdict(visitor.send(fields={"X-CSRF-Token": token}, cookie=cookie)) == "csrf_stale"
    assert verdict(visitor.send(fields={"X-CSRF-Token": anew.json()["csrf_token"]}, cookie=cookie)) == "ok"
    assert browser.csrf == anew.json()["csrf_token"], "the page's cookie has the new one"


# Settings.

def asked(visitor, **fields):
    """A change, from there; with the token."""
    return verdict(visitor.send(fields={"X-CSRF-Token": visitor.token, **{n.replace("_", "-"): v for n, v in fields.items()}}))


def test_origins_of_cors_when_it_allows_credentials(gatehouse, upstream):
    def visitor(cors, csrf=None):
        return Visitor(gatehouse(settings({"csrf": csrf} if csrf else None, cors={"enabled": True, "origins": [LISTED], **cors}),
                                 upstream=upstream, env=identity.ENV))
    with_credentials = visitor({"credentials": True})
    assert asked(with_credentials, Origin=LISTED) == asked(with_credentials, Sec_Fetch_Site="cross-site", Origin=LISTED) == "ok"
    assert asked(with_credentials, Origin=FOREIGN) == "csrf_cross_site"
    assert asked(visitor({"credentials": False}), Origin=LISTED) == "csrf_cross_site"
    named = visitor({"credentials": True}, {"origins": ["https://only.example"]})
    assert asked(named, Origin="https://only.example") == "ok"
    assert asked(named, Origin=LISTED) == "csrf_cross_site", "csrf.origins take the place of cors.origins"


def test_a_strangers_forwarded_host_is_not_believed(ada):
    fields = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "Origin": FOREIGN}
    assert asked(ada, **fields) == "csrf_cross_site"


