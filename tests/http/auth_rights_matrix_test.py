"""What routes demand of their callers: every demand by every kind of caller, and no spelling of a path that gets round it."""
import random
import re
import urllib.parse

import pytest
from support import identity
from support.identity import bearer, problem, settings
from support.message import get

ROLES = {"user": ["songs:read", "songs:write"], "editor": ["role:user", "songs:publish"], "auditor": ["audit:read"],
         "moderator": ["role:user"], "admin": ["*"]}
REQUIRE = {
    "open": None,
    "public": {"public": True},
    "user": {"user": True},
    "role": {"roles": ["editor", "admin"]},
    "permission": {"permissions": ["songs:read"]},
    "permissions": {"permissions": ["songs:publish", "songs:read"]},
    "audit": {"permissions": ["audit:read"]},
    "scope": {"scopes": ["songs:write"]},
    "scopes": {"scopes": ["songs:write", "songs:read"]},
    "session": {"proofs": ["session"]},
    "token": {"proofs": ["token"]},
    "key": {"proofs": ["api_key"]},
    "people": {"proofs": ["session", "token"]},
    "device": {"device": True},
    "device-user": {"device": True, "user": True},
    "gold": {"claims": {"tier": "gold"}},
    "client": {"claims": {"client_id": "gatehouse", "/aud": "api"}},
    "gold-or": {"claims": {"tier": "gold"}, "unless_role": "editor"},
    "all": {"proofs": ["session", "api_key"], "roles": ["editor"], "permissions": ["songs:publish"], "scopes": ["songs:read"],
            "claims": {"tier": "gold"}, "device": True},
}
# In the order of the file: the first that fits is taken.
ROUTES = [{"name": name, "path": f"/r/{name}", **({"require": require} if require else {})} for name, require in REQUIRE.items()] + [
    {"name": "admin", "path": "/admin/**", "require": {"roles": ["admin"]}},
    {"name": "report", "path": "/reports/annual", "require": {"roles": ["admin"]}},
    {"name": "own", "path": "/users/{id}/**", "require": {"claims": {"user": "{id}"}, "unless_role": "moderator"}},
    {"name": "by_name", "path": "/people/{who}", "require": {"claims": {"name": "{who}"}}},
    {"name": "part", "path": "/teams/{team}/members/{id}", "require": {"claims": {"user": "{id}"}}},
    {"name": "read", "path": "/items", "methods": ["GET"], "require": {"roles": ["admin"]}},
    {"name": "remove", "path": "/things", "methods": ["DELETE", "PUT"], "require": {"roles": ["admin"]}},
]


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


def config(roles=ROLES, **over):
    return settings({"roles": roles, "attempts": {"max": 1000}, **over}, routes=ROUTES)


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse(config(), upstream=upstream, env=identity.ENV)


@pytest.fixture(scope="module")
def people(gateway):
    people = identity.People(gateway)
    yield people
    people.close()


class Caller:
    """One credential: its fields, and what is so of who sends it, by the documentation."""

    def __init__(self, proof, headers, roles=(), tier=None, scopes=None, device=False, claims=None):
        self.proof, self.headers, self.roles, self.tier, self.scopes, self.device = proof, headers, set(roles), tier, scopes, device
        self.claims = {"tier": tier, **(claims or {})}

    def of_roles(self):
        named = set()
        for role in self.roles:
            named |= set(ROLES["user"]) if "role:user" in ROLES[role] else set()
            named |= {p for p in ROLES[role] if not p.startswith("role:")}
        everything = {p for ps in ROLES.values() for p in ps if ":" in p and not p.startswith("role:")}
        return everything if "*" in named else named

    def permissions(self):
        return self.of_roles() if self.scopes is None else self.of_roles() & self.scopes


def expected(require, who):
    """The table of docs/authentication.md, row by row."""
    require = require or {}
    if "public" in require:
        return "ok"
    if set(require) - {"device", "unless_role"}:
        if who.proof is None:
            return "credentials_required"
        if "proofs" in require and who.proof not in require["proofs"]:
            return "proof_not_accepted"
        if "roles" in require and not who.roles & set(require["roles"]):
            return "role_required"
        wanted = set(require.get("permissions", ()))
        if not wanted <= who.of_roles():
            return "permission_required"
        if not wanted <= who.permissions():
            return "insufficient_scope"
        if who.scopes is not None and not set(require.get("scopes", ())) <= who.scopes:
            return "insufficient_scope"
        claims = require.get("claims", {})
        if require.get("unless_role") not in who.roles and any(who.claims.get(n) != v for n, v in claims.items()):
            return "claim_mismatch"
    return "device_required" if require.get("device") and not who.device else "ok"


TOKEN_CLAIMS = {"client_id": "gatehouse", "/aud": "api"}


def all_callers(people):
    """Whoever may ask: nobody, and three people by everything that proves them, with and without a device."""
    callers = {"nobody": Caller(None, {})}
    for who, roles, tier in (("member", ["user"], None), ("editor", ["user", "editor"], "gold"), ("admin", ["admin"], None)):
        person = people.new()
        change = [f"+{r}" for r in roles if r != "user"] + ([] if "user" in roles else ["-user"])
        if change:
            identity.operator(people.gateway, "user", "role", person.name, *change)
        if tier:
            identity.operator(people.gateway, "user", "tier", person.name, tier)
        signed_in = person.bearer()
        key = person.api_key(signed_in)["key"]
        narrow = person.api_key(signed_in, scopes=["songs:read"])["key"]
        device = {"X-Device-Token": person.device(signed_in)["device_token"]}
        session = {"Cookie": f"session={person.browser().session}"}
        common = {"roles": roles, "tier": tier}
        for label, more, has in (("", {}, False), (" on a device", device, True)):
            callers[f"{who} by session{label}"] = Caller("session", {**session, **more}, device=has, **common)
            callers[f"{who} by token{label}"] = Caller("token", {**signed_in, **more}, device=has, claims=TOKEN_CLAIMS, **common)
            callers[f"{who} by key{label}"] = Caller("api_key", {"X-API-Key": key, **more}, device=has, **common)
            callers[f"{who} by narrow key{label}"] = Caller("api_key", {**bearer(narrow), **more}, scopes={"songs:read"}, device=has, **common)
        callers[f"device of {who}"] = Caller(None, device, device=True)
    return callers


@pytest.fixture(scope="module")
def callers(people):
    return all_callers(people)


def verdict(answer):
    return "ok" if answer.status_code == 200 else answer.json()["error"]


@pytest.mark.parametrize("route", REQUIRE)
def test_each_demand_by_every_caller(people, callers, upstream, route):
    before = len(upstream.requests)
    got = {name: verdict(people.http.get(f"/r/{route}", headers=who.headers)) for name, who in callers.items()}
    want = {name: expected(REQUIRE[route], who) for name, who in callers.items()}
    assert got == want
    assert len(upstream.requests) - before == list(want.values()).count("ok")


def test_the_table_above_is_not_all_yes_or_all_no(callers):
    says = {route: {expected(require, who) for who in callers.values()} for route, require in REQUIRE.items()}
    assert {route for route, got in says.items() if len(got) == 1} == {"open", "public"}
    assert set.union(*says.values()) == {"ok", "credentials_required", "proof_not_accepted", "role_required", "permission_required",
                                         "insufficient_scope", "claim_mismatch", "device_required"}


# 401 and 403.

def test_401_comes_first_and_says_how(people, callers):
    answer = people.http.get("/r/all")
    problem(answer, 401, "credentials_required")
    assert answer.headers["www-authenticate"] == 'Bearer realm="gatehouse"', "without an error code: nothing was sent (RFC 6750 section 3)"
    for headers, error in ((bearer("x"), "token_invalid"), ({"X-API-Key": "x"}, "api_key_invalid"), (bearer("ghk_x"), "token_invalid")):
        for path in ("/r/all", "/r/open", "/r/public", "/no/route"):
            answer = people.http.get(path, headers=headers)
            assert answer.status_code == 401 and answer.json()["error"] in (error, "api_key_invalid")
            assert answer.headers["www-authenticate"].startswith('Bearer realm="gatehouse", error="invalid_token", error_description="')


def test_403_says_which_scope_would_do(people, callers):
    answer = people.http.get("/r/scopes", headers=callers["member by narrow key"].headers)
    problem(answer, 403, "insufficient_scope")
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"] and 'scope="songs:write"' in answer.headers["www-authenticate"]
    problem(people.http.get("/r/role", headers=callers["member by token"].headers), 403, "role_required")


def test_a_session_that_is_over_is_nobody(people):
    over = {"Cookie": "session=ghs_" + "A" * 80}
    assert people.http.get("/r/open", headers=over).status_code == 200
    assert people.http.get("/r/public", headers=over).status_code == 200
    answer = people.http.get("/r/user", headers=over)
    problem(answer, 401, "session_invalid")
    assert answer.headers["www-authenticate"] == 'Bearer realm="gatehouse"'


def test_two_credentials(people, callers):
    token, key, session = (callers[f"member by {p}"].headers for p in ("token", "key", "session"))
    for route in ("open", "user"):
        answer = people.http.get(f"/r/{route}", headers={**token, **key})
        problem(answer, 400, "credentials_conflict")
        assert 'error="invalid_request"' in answer.headers["www-authenticate"]
        two = [("Authorization", token["Authorization"]), ("Authorization", "Basic eDp5")]
        problem(people.http.get(f"/r/{route}", headers=two), 400, "credentials_conflict")
    assert people.http.get("/r/token", headers={**token, **session}).status_code == 200, "the cookie does not count"
    problem(people.http.get("/r/session", headers={**token, **session}), 403, "proof_not_accepted")
    problem(people.http.get("/r/user", headers={**bearer("x"), **session}), 401, "token_invalid")
    assert people.http.get("/r/session", headers={"Authorization": "Basic eDp5", **session}).status_code == 200, "not ours"


# One's own.

def test_ones_own_and_nobody_elses(people, callers):
    ada, bob = people.new(), people.new()
    signed_in = {"token": ada.bearer(), "session": {"Cookie": f"session={ada.browser().session}"}}
    for headers in (*signed_in.values(), {"X-API-Key": ada.api_key(signed_in["token"])["key"]}):
        for path in (f"/users/{ada.id}", f"/users/{ada.id}/a/b", f"/people/{ada.name}", f"/teams/x/members/{ada.id}", f"/users/{bob.id}/../{ada.id}",
                     "/users/" + "".join(f"%{ord(c):02X}" for c in ada.id)):
            assert verdict(people.http.get(path, headers=headers)) == "ok", path
        for path in (f"/users/{bob.id}", f"/users/{bob.id}/x", f"/people/{bob.name}", f"/teams/{ada.id}/members/{bob.id}", f"/users/{ada.name}",
                     f"/people/{ada.id}", f"/users/{ada.id}x", f"/users/{ada.id}%20", f"/users/{ada.id}%00", f"/users/{ada.id},{bob.id}",
                     f"/users/{ada.id}/../{bob.id}", "/users/{id}", "/users/*", "/users/0", f"/people/{ada.name}%20"):
            assert verdict(people.http.get(path, headers=headers)) in ("claim_mismatch", "target_not_accepted"), path
    problem(people.http.get(f"/users/{ada.id}"), 401, "credentials_required")
    problem(people.http.get(f"/users/{ada.id}", headers=callers["admin by token"].headers), 403, "claim_mismatch")


# Spellings.

def as_upstreams_read(target):
    """The path that the most forgiving upstream takes a target for: unescaped, without parameters, dots, empty segments and case."""
    path = urllib.parse.unquote(re.sub(r"^https?://[^/]*", "", target).partition("?")[0])
    out = []
    for segment in path.lower().split("/"):
        segment = segment.partition(";")[0]
        if segment == "..":
            out = out[:-1]
        elif segment not in ("", "."):
            out.append(segment)
    return out


def spellings(path, chance):
    """Another way to write a path; some are refused, some mean something else."""
    out = []
    for segment in path.strip("/").split("/"):
        letters = [chance.choice([c, c, c.upper(), c.swapcase(), f"%{ord(c):02x}", f"%{ord(c):02X}", f"%{ord(c.upper()):02X}"]) for c in segment]
        out.append("".join(letters) + chance.choice(["", "", "", ";", ";x", ";x=/..", ";a=b;c=%2e", ";%3b"]))
        out += chance.choice([[], [], [], ["."], ["%2e"], ["x", ".."], ["x", "%2E%2e"], [""], [";"], [";x"], ["", ""], ["y", "..;"], ["z", ".%2e"]])
    out = chance.choice([[], [], [""], ["."], ["q", ".."], [";"], [";x", ""], ["public", ".."], ["..;", "x"]]) + out
    text = "/" + "/".join(out) + chance.choice(["", "", "/", "//", "/.", "/x/..", ";", "/;", "?", "?a=b", "/%2e/", "/;x/"])
    return chance.choice([text, text, text, "http://127.0.0.1" + text, "/" + text])


def targets():
    chance = random.Random(7)
    for path in ("/admin", "/admin/users", "/reports/annual", "/r/user", "/r/role", "/users/OTHER", "/users/OTHER/x", "/people/OTHERNAME"):
        yield from (path, path + "/", path.upper(), "/" + path, path + ";", path + "/..;/" + path.split("/")[-1])
        yield from (path + escape for escape in ("%2f", "%5c", "%00"))
        yield from (spellings(path, chance) for _ in range(80))


def protected(path, other):
    """What may not reach the upstream without rights. Ids and names of others are of whoever they name."""
    return path[:1] == ["admin"] or path == ["reports", "annual"] or path in (["r", "user"], ["r", "role"]) \
        or path[:2] == ["users", other.id.lower()] or path == ["people", other.name.lower()]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("who", ["nobody", "member"])
def test_no_spelling_reaches_what_is_protected(gateway, people, upstream, who, method):
    other, person = people.new(), people.new() if who == "member" else None
    fields = list(person.bearer().items()) if person else []
    before, statuses, stream = len(upstream.requests), set(), gateway.connect()
    for target in targets():
        target = target.replace("OTHERNAME", other.name).replace("OTHER", other.id)
        stream.send(get(target, fields, method))
        answer = stream.read_response(to_head=method == "HEAD")
        statuses.add(answer.status)
        if "close" in answer.tokens("connection"):
            stream = gateway.connect()
    assert statuses == {200, 400, 401 if who == "nobody" else 403}
    reached = [r.target for r in upstream.requests[before:]]
    assert reached, "what leads elsewhere is let through"
    let_in = [["r", "user"]] if who == "member" else []
    assert not [t for t in reached if protected(as_upstreams_read(t), other) and as_upstreams_read(t) not in let_in]


def test_the_guess_of_what_upstreams_read_is_as_forgiving_as_it_says():
    for target in ("/Admin", "//admin/", "/%61dmin", "/x/../admin", "/admin;x", "/;y/admin/.", "/%41DMIN;a=b/?c", "http://h/admin"):
        assert as_upstreams_read(target) == ["admin"]


def test_who_has_the_rights_may_spell(people, callers):
    admin = callers["admin by token"].headers
    for path in ("/admin", "/Admin", "/ADMIN/Users/", "/admin;x", "/reports/Annual/"):
        assert verdict(people.http.get(path, headers=admin)) == "ok", path
        assert verdict(people.http.get(path, headers=callers["member by token"].headers)) == "role_required"


# Methods.

def test_head_is_what_get_is(gateway, people, callers):
    for method in ("GET", "HEAD"):
        assert people.http.request(method, "/items").status_code == 401
        assert people.http.request(method, "/items", headers=callers["member by token"].headers).status_code == 403
        assert people.http.request(method, "/items", headers=callers["admin by token"].headers).status_code == 200
    assert people.http.post("/items").status_code == 200, "the route is of GET"
    for odd in ("get", "Get", "GETX", "TRACE", "CONNECT", "PROPFIND"):
        assert gateway.exchange(get("/items", method=odd)).status in (400, 405), odd


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "x-http-METHOD-override", "X_HTTP_Method_Override",
                                  "X-HTTP_Method-Override", "X_Method_Override", "X_HTTP_Method"])
def test_no_field_turns_a_method_into_another(gateway, upstream, name):
    """Some frameworks take a POST with such a field for a DELETE."""
    before = len(upstream.requests)
    answer = gateway.exchange(get("/things", [(name, "DELETE")], "POST", body=b"x"))
    reached = upstream.requests[before:]
    assert answer.status in (200, 400) and (answer.status == 200) == (len(reached) == 1)
    assert not [n for r in reached for n in r.names() if "method" in n.replace("_", "-")]


# At once.

def test_roles_change_at_once(gateway, people):
    person = people.new()
    signed_in, session = person.tokens(), {"Cookie": f"session={person.browser().session}"}
    token = bearer(signed_in["access_token"])
    key = {"X-API-Key": person.api_key(token)["key"]}

    def says(path="/r/role"):
        return [verdict(people.http.get(path, headers=h)) for h in (session, token, key)]
    assert says() == ["role_required"] * 3 and says("/r/user") == ["ok"] * 3
    identity.operator(gateway, "user", "role", person.name, "+editor")
    assert says() == ["ok", "token_revoked", "ok"], "the token says the roles of before"
    fresh = people.post("/refresh", {"refresh_token": signed_in["refresh_token"]}).json()
    token = bearer(fresh["access_token"])
    assert says() == ["ok"] * 3 and says("/r/permissions") == ["ok"] * 3
    identity.operator(gateway, "user", "role", person.name, "-editor", "-user")
    assert says() == ["role_required", "token_revoked", "role_required"]
    assert says("/r/permission") == ["permission_required", "token_revoked", "permission_required"]
    identity.operator(gateway, "user", "tier", person.name, "gold")
    assert says("/r/gold") == ["ok", "token_revoked", "ok"]


def test_who_is_disabled_is_out_at_once(gateway, people):
    person = people.new()
    token = person.bearer()
    device = {"X-Device-Token": person.device(token)["device_token"]}
    session = {"Cookie": f"session={person.browser().session}"}
    key = {"X-API-Key": person.api_key(token)["key"]}
    assert [people.http.get("/r/user", headers=h).status_code for h in (session, token, key)] == [200] * 3
    assert people.http.get("/r/device", headers=device).status_code == 200
    identity.operator(gateway, "user", "disable", person.name)
    assert [people.http.get("/r/user", headers=h).status_code for h in (session, token, key)] == [401] * 3
    assert [people.http.get("/r/open", headers=h).status_code for h in (session, token, key)] == [200, 401, 401]
    problem(people.http.get("/r/device", headers=device), 403, "device_required")


def test_a_role_that_is_configured_no_more_gives_nothing(gatehouse, upstream):
    gateway = gatehouse(config(), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    person = people.new()
    identity.operator(gateway, "user", "role", person.name, "+editor", "+auditor")
    token, session = person.bearer(), {"Cookie": f"session={person.browser().session}"}
    key = {"X-API-Key": person.api_key(token)["key"]}

    def says(path):
        return {verdict(people.http.get(path, headers=h)) for h in (token, session, key)}
    assert says("/r/permissions") == says("/r/audit") == {"ok"}
    upstreams = {"upstreams": [{"name": "api", "servers": [upstream.url]}]}
    less = {name: permissions for name, permissions in ROLES.items() if name != "auditor"} | {"editor": ["songs:publish"], "user": ["audit:read"]}
    gateway.write({**config(less), **upstreams})
    gateway.reload()
    assert says("/r/permissions") == {"permission_required"}, "songs:read is nobody's but the moderators' now"
    assert says("/r/audit") == {"ok"}, "user has it now"
    less["user"] = ["songs:read"]
    less["admin"] = ["*", "audit:read"]
    gateway.write({**config(less), **upstreams})
    gateway.reload()
    assert says("/r/audit") == {"permission_required"} and says("/r/permissions") == {"ok"}
    assert set(people.me(session).json()["permissions"]) == {"songs:publish", "songs:read"}


def test_what_is_not_matched(gatehouse, upstream):
    gateway = gatehouse({**config(), "unmatched": "refuse"}, upstream=upstream, env=identity.ENV)
    for path in ("/no/route", "/r/Open", "/r/open/", "/Admin", "/r/user;x"):
        assert verdict(gateway.get(path)) == "route_not_found"
    assert verdict(gateway.get("/r/open")) == "ok" and verdict(gateway.get("/admin/x")) == "credentials_required"
