"""The gate in front of APIs whose OpenAPI documents it enforces: thousands of generated requests that fit pass, and
mutated ones are refused. What is refused never reaches the upstream."""
import json
import subprocess
import sys

import pytest

from support import message
from support.contract_requests import Requests
from support.gateway import ROOT
from support.openapi_documents import Document

SEED = 20240229
CALLS = 2500


def document_of(folder, module="app:app"):
    """The OpenAPI document that a FastAPI application would serve."""
    file, _, name = module.partition(":")
    code = f"import sys, json; sys.path.insert(0, '.'); import {file}; print(json.dumps({file}.{name}.openapi()))"
    return json.loads(subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True,
                                     text=True, timeout=60).stdout)


# A document in the manner of FastAPI with Pydantic 2: OpenAPI 3.1.
MODERN = {
    "openapi": "3.1.0",
    "info": {"title": "Modern", "version": "1"},
    "paths": {
        "/items/{item_id}": {
            "put": {
                "operationId": "put_item",
                "parameters": [
                    {"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
                    {"name": "q", "in": "query", "required": False,
                     "schema": {"anyOf": [{"type": "string", "maxLength": 20}, {"type": "null"}]}},
                    {"name": "size", "in": "query", "required": True, "schema": {"enum": ["s", "m", "l"]}},
                    {"name": "tags", "in": "query", "required": False,
                     "schema": {"type": "array", "items": {"type": "string", "minLength": 1}}},
                    {"name": "X-Token", "in": "header", "required": True,
                     "schema": {"type": "string", "pattern": "^[a-z]{4,8}$"}},
                    {"name": "theme", "in": "cookie", "required": False, "schema": {"enum": ["dark", "light"]}},
                ],
                "requestBody": {"required": True, "content": {"application/json": {"schema": {
                    "$ref": "#/components/schemas/Item"}}}},
                "responses": {"200": {"description": "done"}},
            },
            "delete": {
                "parameters": [{"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"204": {"description": "gone"}},
            },
        },
        "/items/special": {"get": {"responses": {"200": {"description": "one"}}}},
        "/login": {
            "post": {
                "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": {
                    "type": "object", "required": ["username", "password"],
                    "properties": {"username": {"type": "string", "pattern": "^[a-zA-Z0-9_]+$", "minLength": 3,
                                                "maxLength": 50},
                                   "password": {"type": "string", "minLength": 8, "maxLength": 128},
                                   "remember": {"type": "boolean"}}}}}},
                "responses": {"200": {"description": "in"}},
            },
        },
    },
    "components": {"schemas": {
        "Item": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "price", "kind", "parts"],
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 30},
                "price": {"type": "number", "exclusiveMinimum": 0, "maximum": 10000},
                "count": {"type": "integer", "minimum": 0, "exclusiveMaximum": 100, "multipleOf": 2},
                "kind": {"const": "item"},
                "id": {"type": "string", "format": "uuid"},
                "made": {"type": "string", "format": "date-time"},
                "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "position": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}],
                             "minItems": 2, "maxItems": 2},
                "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}, "maxItems": 5},
                "labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 10}},
            },
        },
        "Part": {
            "type": "object",
            "required": ["code"],
            "properties": {
                "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
                "inner": {"anyOf": [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]},
                "unique": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
            },
        },
    }},
}


@pytest.fixture(scope="module", params=["musicgen", "everything", "modern", "large 3.0", "large 3.1"])
def document(request):
    if request.param == "modern":
        return MODERN
    if request.param.startswith("large"):
        return Document(request.param.split()[1]).value
    return document_of(ROOT / "examples" / request.param)


@pytest.fixture(scope="module")
def gate(shared_gatehouse, shared_scripted, document, tmp_path_factory):
    """A gate that enforces the document, before an upstream that takes anything."""
    file = tmp_path_factory.mktemp("contract") / "openapi.json"
    file.write_text(json.dumps(document))
    gateway = shared_gatehouse({"openapi": {"document": str(file)}}, upstream=shared_scripted())
    return gateway


def send_all(gateway, calls):
    """[(call, the answer's status, the answer)] over one kept-alive connection at a time."""
    stream = None
    for call in calls:
        if stream is None:
            stream = message.connect(gateway.address)
        stream.send(call.bytes(f"127.0.0.1:{gateway.port}"))
        answer = stream.read_response()
        yield call, answer
        if "close" in answer.tokens("connection"):
            stream.close()
            stream = None
    if stream is not None:
        stream.close()


def ours(answer):
    return (answer.get("content-type") or "").startswith("application/problem+json")


def told(call, answer):
    return f"{call.operation}, {call.what}: {answer.status} {answer.body[:600]!r}\n{call.bytes('host')[:1500]!r}"


def test_requests_that_fit_pass(gate, document):
    calls = Requests(document, SEED).fitting(CALLS)
    wrong = [told(c, a) for c, a in send_all(gate, calls) if ours(a) or a.status != 200]
    assert not wrong, f"{len(wrong)} of {CALLS} were refused; the first: {wrong[0]}"


def test_requests_that_do_not_fit_are_refused(gate, document):
    n, wrong = 0, []
    for call, answer in send_all(gate, Requests(document, SEED + 1).breaking(CALLS)):
        n += 1
        if not ours(answer) or answer.status != 422:
            wrong.append(told(call, answer))
    assert n >= CALLS
    assert not wrong, f"{len(wrong)} of {n} passed; the first: {wrong[0]}"


def test_a_refusal_names_what_was_broken(gate, document):
    """The place of the mutation is among the errors."""
    for call, answer in send_all(gate, Requests(document, SEED + 2).breaking(300)):
        places = [(e["in"], e.get("name", ""), e.get("pointer", "")) for e in answer.json()["errors"]]
        if call.what.startswith("body "):
            assert any(p[0] == "body" for p in places), told(call, answer)
        else:
            place, name = call.what.replace(":", " ").split(" ")[:2]
            assert any(p[0] == place and p[1].lower() == name.lower() for p in places), told(call, answer)


def test_optional_members_may_be_null_where_that_is_set(gatehouse, scripted, tmp_path):
    """Pydantic 1 takes null for Optional fields and does not say so in its document."""
    (tmp_path / "api.json").write_text(json.dumps(document_of(ROOT / "examples" / "everything")))
    order = {"name": "a", "size": "small", "kind": "order", "parts": [{"code": "AB-1234"}]}
    contract = {"document": str(tmp_path / "api.json")}
    strict = gatehouse({"openapi": contract}, upstream=scripted())
    lenient = gatehouse({"openapi": {**contract, "optional_null": "on"}}, upstream=scripted())
    for members, in_strict, in_lenient in [({}, 200, 200), ({"note": None}, 422, 200), ({"note": 5}, 422, 422),
                                           ({"name": None}, 422, 422), ({"parts": [{"code": "AB-1234", "weight": None}]}, 422, 200)]:
        assert strict.request("POST", "/orders", json={**order, **members}).status_code == in_strict, members
        assert lenient.request("POST", "/orders", json={**order, **members}).status_code == in_lenient, members


def test_undeclared_paths_and_methods(gate, document):
    refused = gate.request("GET", "/surely/not/declared/anywhere/at/all")
    assert (refused.status_code, refused.json()["error"]) == (404, "undeclared_path")
    methods = {"get", "put", "post", "delete", "patch"}
    path, item = next((p, i) for p, i in document["paths"].items() if methods - set(i))
    missing, methods = sorted(methods - set(item))[0], methods & set(item)
    refused = gate.request(missing.upper(), path.replace("{", "").replace("}", ""))
    assert (refused.status_code, refused.json()["error"]) == (405, "undeclared_method")
    assert {m.upper() for m in methods} <= set(refused.headers["Allow"].replace(" ", "").split(","))


def test_a_parameter_is_searched_by_the_name_of_the_route_too(gatehouse, scripted, tmp_path):
    """A route's {id} is the template's {thing_id}: dangerous_content for path.id must find it."""
    parameter = {"name": "thing_id", "in": "path", "required": True, "schema": {"type": "string"}}
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {
        "/things/{thing_id}": {"get": {"parameters": [parameter], "responses": {"200": {"description": "ok"}}}}}}))
    for field in ("path.id", "path.thing_id"):
        gateway = gatehouse({"openapi": {"document": str(file)}, "routes": [
            {"name": "things", "path": "/things/{id}", "dangerous_content": {"checks": ["script"], "fields": [field]}}]},
            upstream=scripted())
        for target, passes in (("/things/plain", True), ("/things/%3Cscript%3E", False)):
            stream = message.connect(gateway.address)
            stream.send(message.get(target, host=f"127.0.0.1:{gateway.port}"))
            answer = stream.read_response()
            stream.close()
            assert ours(answer) is not passes, (field, target, answer.status)
            assert passes == (answer.status == 200), (field, target, answer.status)
