"""Rights: what routes demand of those who ask, 401 before 403, and paths that are one's own."""
import json

import pytest

from support import identity
from support.gateway import run
from support.identity import bearer, claims_like, hs256, problem, settings
from support.message import get

ROUTES = [
    {"name": "members", "path": "/members/**", "require": {"user": True}},
    {"name": "admins", "path": "/admins", "require": {"roles": ["admin"]}},
    {"name": "staff", "path": "/staff", "require": {"roles": ["moderator", "admin"]}},
    {"name": "audit", "path": "/audit", "require": {"permissions": ["audit:read"]}},
    {"name": "manage", "path": "/manage", "require": {"permissions": ["audit:read", "users:manage"]}},
    {"name": "write", "path": "/content", "methods": ["POST"], "require": {"permissions": ["content:create"]}},
    {"name": "read", "path": "/content", "methods": ["GET"], "require": {"permissions": ["content:read"]}},
    {"name": "scoped", "path": "/scoped", "require": {"scopes": ["reports", "content:read"]}},
    {"name": "by_session", "path": "/by/session", "require": {"proofs": ["session"]}},
    {"name": "by_token", "path": "/by/token", "require": {"proofs": ["token"]}},
    {"name": "by_key", "path": "/by/key", "require": {"proofs": ["api_key"], "roles": ["service", "admin"]}},
    {"name": "own", "path": "/users/{id}", "require": {"claims": {"user": "{id}"}, "unless_role": "moderator"}},
    {"name": "own_more", "path": "/users/{id}/**", "require": {"claims": {"user": "{id}"}}},
    {"name": "named", "path": "/names/{name}", "require": {"claims": {"name": "{name}"}}},
    {"name": "team", "path": "/teams/{team}/{page}", "require": {"claims": {"team": "{team}", "unit": "sales"}}},
    {"name": "gold", "path": "/gold", "require": {"claims": {"tier": "gold"}}},
    {"name": "device", "path": "/device", "require": {"device": True}},
    {"name": "device_user", "path": "/device/user", "require": {"device": True, "user": True}},
]


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    """HS256, so that the tests can say who somebody is."""
    return shared_gatehouse(settings({"token": {"algorithm": "HS256"}, "verifications": "100000/minute", "session": {"max_per_user": 0},
                                      "devices": {"anonymous": True, "anonymous_per_address": 1000}}, routes=ROUTES),
                            upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


@pytest.fixture(scope="module")
def person(people):
    return people.new()


@pytest.fixture(scope="module")
def base(person):
    return person.tokens()["access_token"]


@pytest.fixture(scope="module")
def being(base):
    """Headers of somebody with these claims."""
    numbers = iter(range(10 ** 6))
    return lambda **claims: bearer(hs256(claims_like(base, sid=None, jti=f"j{next(numbers)}", **claims)))


# Roles and permissions.

EVERYBODY = ["user", "premium", "moderator", "admin", "service"]
ALLOWED = {"/members/x": EVERYBODY, "/admins": ["admin"], "/staff": ["moderator", "admin"], "/audit": ["admin"], "/manage": ["admin"],
           "/content": EVERYBODY, "POST /content": ["user", "premium", "moderator", "admin"]}


@pytest.mark.parametrize("where", ALLOWED)
def test_who_may_what(people, being, where):
    method, _, path = where.rpartition(" ")
    for role in EVERYBODY:
        answer = people.http.request(method or "GET", path, headers=being(roles=[role]))
        assert answer.status_code == (200 if role in ALLOWED[where] else 403), f"{role}: {answer.text}"
    if where != "/members/x":
        for roles in ([], None, ["nobody"], ["Admin"], ["admin "], ["administrator"]):
            assert people.http.request(method or "GET", path, headers=being(roles=roles)).status_code == 403, roles


def test_one_of_several_roles_is_enough(people, being):
    for roles, status in ((["user", "admin"], 200), (["unknown", "moderator"], 200), (["user", "premium"], 403)):
        assert people.http.get("/staff", headers=being(roles=roles)).status_code == status


def test_the_reasons(people, being):
    problem(people.http.get("/admins", headers=being(roles=["user"])), 403, "role_required")
    problem(people.http.get("/audit", headers=being(roles=["user"])), 403, "permission_required")


def test_the_five_roles_out_of_the_box(people, being):
    permissions = {role: set(people.me(being(roles=[role])).json()["permissions"]) for role in EVERYBODY}
    assert permissions["user"] < permissions["premium"] < permissions["admin"]
    assert permissions["user"] < permissions["moderator"] < permissions["admin"]
    assert permissions["service"] == {"content:read", "metrics:read", "tokens:introspect"}
    assert permissions["premium"] - permissions["user"] == {"content:export"}
    assert len(permissions["admin"]) >= 15 and {"users:manage", "roles:manage", "audit:read"} <= permissions["admin"]
    together = set(people.me(being(roles=["service", "premium"])).json()["permissions"])
    assert together == permissions["service"] | permissions["premium"]


def test_rights_by_each_proof(gateway, people):
    """By the records for sessions and keys, by what is in it for a token."""
    admin = people.new()
    tokens, browser, key = admin.tokens(), admin.browser(), admin.api_key()
    proofs = [bearer(tokens["access_token"]), {"Cookie": f"session={browser.session}"}, {"X-API-Key": key["key"]}, bearer(key["key"])]
    assert [people.http.get("/admins", headers=h).status_code for h in proofs] == [403] * 4
    identity.operator(gateway, "user", "role", admin.name, "+admin")
    proofs[0] = bearer(people.post("/refresh", {"refresh_token": tokens["refresh_token"]}).json()["access_token"])
    assert [people.http.get("/admins", headers=h).status_code for h in proofs] == [200] * 4
    identity.operator(gateway, "user", "role", admin.name, "-admin")
    assert [people.http.get("/admins", headers=h).status_code for h in proofs] == [401, 403, 403, 403]


# 401 before 403.

@pytest.mark.parametrize("path", ["/members/x", "/admins", "/staff", "/audit", "/content", "/scoped", "/by/session", "/by/token", "/by/key",
                                  "/users/1", "/names/x", "/gold", "/device/user"])
def test_nobody_is_asked_who_he_is(people, upstream, path):
    before = len(upstream.requests)
    answer = people.http.get(path)
    problem(answer, 401, "credentials_required")
    assert answer.headers["www-authenticate"] == 'Bearer realm="gatehouse"'
    over = people.http.get(path, headers={"Cookie": "session=ghs_" + "A" * 80})
    assert over.status_code == 401
    assert people.http.get(path, headers={"Authorization": "Basic eDp5"}).status_code == 401
    assert len(upstream.requests) == before


def test_open_routes_are_open(people, upstream):
    for path in ("/", "/open", "/by", "/users", "/devices"):
        assert people.http.get(path).status_code == 200


def test_a_refused_request_eats_no_quota(gatehouse, upstream):
    gateway = gatehouse(settings(routes=[{"name": "members", "path": "/members", "require": {"roles": ["user"]}}],
                                 rate_limits={"rules": [{"name": "few", "limits": ["2/hour"], "paths": ["/members"]}]}),
                        upstream=upstream, env=identity.ENV)
    person = identity.People(gateway).new()
    assert [gateway.get("/members").status_code for _ in range(5)] == [401] * 5
    headers = person.bearer()
    assert [gateway.get("/members", headers=headers).status_code for _ in range(3)] == [200, 200, 429]


# Scopes.

def test_scopes_of_a_route(people, being):
    assert people.http.get("/scoped", headers=being()).status_code == 200, "who is not narrowed has all"
    assert people.http.get("/scoped", headers=being(scope="content:read reports other")).status_code == 200
    for scope in ("content:read", "reports", "reportsx content:read", "other"):
        answer = people.http.get("/scoped", headers=being(scope=scope))
        problem(answer, 403, "insufficient_scope")
        missing = "content:read" if scope == "reports" else "reports"
        assert answer.headers["www-authenticate"].startswith('Bearer realm="gatehouse", error="insufficient_scope"')
        assert answer.headers["www-authenticate"].endswith(f', scope="{missing}"')


def test_scopes_narrow_permissions(people, being):
    """What the roles give and the scopes took away, a better token would have."""
    answer = people.http.get("/audit", headers=being(roles=["admin"], scope="content:read"))
    problem(answer, 403, "insufficient_scope")
    assert 'scope="audit:read"' in answer.headers["www-authenticate"]
    problem(people.http.get("/audit", headers=being(roles=["user"], scope="audit:read")), 403, "permission_required")
    assert people.http.get("/audit", headers=being(roles=["admin"], scope="audit:read")).status_code == 200


# Proofs.

def test_ways_to_prove_who_one_is(gateway, people):
    service = people.new()
    identity.operator(gateway, "user", "role", service.name, "+service")
    proofs = {"session": {"Cookie": f"session={service.browser().session}"}, "token": service.bearer(),
              "key": {"X-API-Key": service.api_key()["key"]}}
    for proof, headers in proofs.items():
        for path in ("session", "token", "key"):
            answer = people.http.get(f"/by/{path}", headers=headers)
            if path == proof:
                assert answer.status_code == 200
            else:
                problem(answer, 403, "proof_not_accepted")
    problem(people.http.get("/by/key", headers={"X-API-Key": people.new().api_key()["key"]}), 403, "role_required")


# Paths that are one's own.

def test_ones_own_path(people, person, being):
    other = people.new()
    proofs = [person.bearer(), {"Cookie": f"session={person.browser().session}"}, {"X-API-Key": person.api_key()["key"]}]
    for headers in proofs:
        for path, status in ((f"/users/{person.id}", 200), (f"/users/{other.id}", 403), (f"/users/{person.id}/things/7", 200),
                             (f"/users/{other.id}/things/7", 403), (f"/users/{person.name}", 403)):
            answer = people.http.get(path, headers=headers)
            assert answer.status_code == status, path
            assert status == 200 or problem(answer, 403, "claim_mismatch")


def test_a_role_that_need_not_be_the_owner(people, being):
    for roles, status in ((["moderator"], 200), (["admin"], 403), (["user", "moderator"], 200)):
        assert people.http.get("/users/0123456789abc", headers=being(roles=roles)).status_code == status
    assert people.http.get("/users/0123456789abc/x", headers=being(roles=["moderator"])).status_code == 403


def encoded(text):
    return "".join(f"%{ord(c):02x}" for c in text)


def test_other_spellings_of_a_path(gateway, upstream, people, person):
    """What is compared is what the upstream gets, whatever the sender wrote."""
    other = people.new()
    token = person.tokens()["access_token"]
    mine, his = person.id, other.id
    for path, status in ((f"/users/{encoded(mine)}", 200), (f"/users/{encoded(his)}", 403), (f"/users/x/../{mine}", 200),
                         (f"/users/{mine}/../{his}", 403), (f"/users/{mine}%2f..%2f{his}", 400), (f"/users/{his};{mine}", 403),
                         (f"/users/{mine}%00", 400), (f"//users/{his}", 403), (f"/./users/{his}", 403), (f"/users//{his}", 403),
                         (f"/%75sers/{his}", 403), (f"/users/{mine}?id={his}", 200), (f"/users/{his}?id={mine}", 403),
                         (f"/users/{mine.upper()}", 403), (f"/users/{mine}.", 403), (f"/users/%20{mine}", 403),
                         (f"/users/{mine}%", 400), (f"/users/{mine}%2", 400), (f"/users/%25x{mine}", 403), (f"/users/%2541{mine}", 400)):
        before = len(upstream.requests)
        answer = gateway.exchange(get(path, [("Authorization", f"Bearer {token}")]))
        assert answer.status == status or (status == 403 and answer.status == 404), f"{path}: {answer.body}"
        assert len(upstream.requests) == before + (answer.status == 200)
        if answer.status == 200:
            assert mine in upstream.requests[-1].target.partition("?")[0] and his not in upstream.requests[-1].target.partition("?")[0]


@pytest.mark.parametrize("path", ["/Admins", "/ADMINS", "/admins/", "/Admins/", "/%41dmins", "/AdMiNs//"])
def test_a_spelling_that_many_upstreams_take_for_the_same(gateway, upstream, being, path):
    """Frameworks take "/Admins/" for "/admins": the demands hold for it, too."""
    before = len(upstream.requests)
    for headers, status in (({}, 401), (being(roles=["user"]), 403)):
        answer = gateway.exchange(get(path, list(headers.items())))
        assert answer.status == status, answer.body
    assert len(upstream.requests) == before
    assert gateway.exchange(get(path, list(being(roles=["admin"]).items()))).status == 200


def test_claims_of_a_token(people, being):
    org = {"unit": "sales"}
    for path, claims, status in (("/teams/red/1", {"team": "red", **org}, 200), ("/teams/blue/1", {"team": "red", **org}, 403),
                                 ("/teams/red/1", {"team": "red"}, 403), ("/teams/red/1", {"team": "red", "unit": "it"}, 403),
                                 ("/teams/red/1", {"team": ["red"], **org}, 403), ("/teams/red/1", org, 403),
                                 ("/teams/7/1", {"team": 7, **org}, 200), ("/teams/true/1", {"team": True, **org}, 403),
                                 ("/teams/%C3%A4/1", {"team": "\u00e4", **org}, 200), ("/teams/null/1", {"team": None, **org}, 403),
                                 ("/teams/a%20b/1", {"team": "a b", **org}, 200), ("/teams/a+b/1", {"team": "a b", **org}, 403)):
        answer = people.http.get(path, headers=being(**claims))
        assert answer.status_code == status, f"{path}, {claims}: {answer.text}"


def test_claims_that_a_session_has_not(people, person):
    """A claim of the token is not in a session or key: there it fits nothing."""
    for headers in ({"Cookie": f"session={person.browser().session}"}, {"X-API-Key": person.api_key()["key"]}):
        problem(people.http.get("/teams/red/1", headers=headers), 403, "claim_mismatch")


def test_names_and_tiers_as_claims(gateway, people, being):
    person = people.new()
    session = {"Cookie": f"session={person.browser().session}"}
    for headers in (session, person.bearer()):
        assert people.http.get(f"/names/{person.name}", headers=headers).status_code == 200
        problem(people.http.get("/names/somebody", headers=headers), 403, "claim_mismatch")
        problem(people.http.get("/gold", headers=headers), 403, "claim_mismatch")
    identity.operator(gateway, "user", "tier", person.name, "gold")
    assert people.http.get("/gold", headers=session).status_code == 200
    assert people.http.get("/gold", headers=being(tier="gold")).status_code == 200


# Devices.

def test_a_route_for_registered_devices(people, person):
    anonymous = people.device()["device_token"]
    headers = person.bearer()
    own, foreign = person.device(headers)["device_token"], people.new().device()["device_token"]
    for more in ({}, {"X-Device-ID": "x"}, {"X-Device-Token": "ghd_" + "A" * 80}, {"X-Device-Token": person.device(headers, confirm=False)["device_token"]}):
        problem(people.http.get("/device", headers=more), 403, "device_required")
        problem(people.http.get("/device", headers={**headers, **more}), 403, "device_required")
    assert people.http.get("/device", headers={"X-Device-Token": anonymous}).status_code == 200
    problem(people.http.get("/device/user", headers={"X-Device-Token": anonymous}), 401, "credentials_required")
    for path in ("/device", "/device/user"):
        assert people.http.get(path, headers={**headers, "X-Device-Token": own}).status_code == 200
        problem(people.http.get(path, headers={**headers, "X-Device-Token": foreign}), 403, "device_required")


# Settings.

def test_deny_by_default(gatehouse, upstream):
    routes = [{"name": "open", "path": "/open/**", "require": {"public": True}}, {"name": "plain", "path": "/plain"},
              {"name": "admins", "path": "/admins", "require": {"roles": ["admin"]}}]
    gateway = gatehouse(settings({"deny_by_default": True}, routes=routes), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    headers = person.bearer()
    for path in ("/plain", "/anything", "/", "/Open/x", "/open", "/openx"):
        expected = 200 if path == "/open" else 401
        assert gateway.get(path).status_code == expected, path
        assert gateway.get(path, headers=headers).status_code == 200
    assert gateway.get("/open/x").status_code == 200
    problem(gateway.get("/admins", headers=headers), 403, "role_required")
    assert people.get("/csrf").status_code == 200 and people.get("/.well-known/jwks.json").status_code == 200, "our own say it themselves"


def test_public_counts_before_all(gatehouse, upstream):
    gateway = gatehouse(settings(routes=[{"name": "open", "path": "/a/open", "require": {"public": True}},
                                         {"name": "all", "path": "/**", "require": {"user": True}}]), upstream=upstream, env=identity.ENV)
    assert gateway.get("/a/open").status_code == 200
    problem(gateway.get("/a/other"), 401, "credentials_required")
    problem(gateway.get("/a/open", headers=bearer("x")), 401, "token_invalid")


def test_roles_of_ones_own(gatehouse, upstream):
    roles = {"reader": ["things:read"], "writer": ["role:reader", "things:write"], "chief": ["*"]}
    routes = [{"name": "read", "path": "/read", "require": {"permissions": ["things:read"]}},
              {"name": "write", "path": "/write", "require": {"permissions": ["things:write"]}},
              {"name": "chiefs", "path": "/chiefs", "require": {"roles": ["chief"]}}]
    gateway = gatehouse(settings({"roles": roles, "new_user_roles": ["reader"], "token": {"algorithm": "HS256"}}, routes=routes),
                        upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    token = people.new().tokens()["access_token"]
    assert identity.jwt_parts(token)[1]["roles"] == ["reader"]
    for role, expected in (("reader", [200, 403, 403]), ("writer", [200, 200, 403]), ("chief", [200, 200, 200]), ("admin", [403] * 3)):
        headers = bearer(hs256(claims_like(token, roles=[role], sid=None, jti=role)))
        assert [gateway.get(p, headers=headers).status_code for p in ("/read", "/write", "/chiefs")] == expected, role


def test_rights_change_with_a_reload(gatehouse, upstream):
    def config(role):
        return settings(routes=[{"name": "a", "path": "/a", "require": {"roles": [role]}}],
                        upstreams=[{"name": "api", "servers": [upstream.url]}])
    gateway = gatehouse(config("admin"), env=identity.ENV)
    headers = identity.People(gateway).new().bearer()
    assert gateway.get("/a", headers=headers).status_code == 403
    gateway.write(config("user"))
    gateway.reload()
    assert gateway.get("/a", headers=headers).status_code == 200


@pytest.mark.parametrize("config, says", [
    ({"routes": [{"name": "a", "path": "/a", "require": {"user": True}}]}, "require needs identity.enabled: on"),
    ({"identity": {"enabled": True}, "routes": [{"name": "a", "path": "/a", "require": {"roles": ["boss"]}}]}, "boss"),
    ({"identity": {"enabled": True}, "routes": [{"name": "a", "path": "/a", "require": {"claims": {"user": "{id}"}}}]}, "no {id}"),
    ({"identity": {"enabled": True}, "routes": [{"name": "a", "path": "/a", "require": {"public": True, "user": True}}]}, "require.public"),
    ({"identity": {"enabled": True}, "routes": [{"name": "a", "path": "/a", "require": {"unless_role": "admin"}}]}, "unless_role"),
    ({"identity": {"enabled": True, "roles": {"a": ["role:b"], "b": ["role:a"]}, "new_user_roles": ["a"]}}, "itself"),
    ({"rate_limits": {"rules": [{"name": "a", "limits": ["1/minute"], "scope": "user"}]}}, "identity.enabled: on")])
def test_demands_that_can_not_be_meant_are_errors(tmp_path, config, says):
    (tmp_path / "gatehouse.yaml").write_text(json.dumps({"upstreams": [{"name": "api", "servers": ["http://127.0.0.1:1"]}], **config}))
    done = run("check", "-c", "gatehouse.yaml", cwd=tmp_path)
    assert done.returncode == 2 and says in done.stderr, done.stderr
