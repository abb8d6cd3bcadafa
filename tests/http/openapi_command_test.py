"""`gatehouse openapi`: what it prints of a document or of two, where errors are, and its exit statuses."""
import json
import re
import subprocess
import sys
import time

import pytest

from support.gateway import ROOT, is_sanitized, run
from support.openapi_documents import Document
from support.timing import guard

SMALL = """openapi: 3.1.0
info: {title: Small, version: '7'}
servers: [{url: https://a.example/v1}]
paths:
  /tracks/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: full, in: query, schema: {type: boolean}}
      responses: {'200': {description: ok}}
  /upload:
    post:
      requestBody: {required: true, content: {application/octet-stream: {schema: {type: string}}}}
  /generate:
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {prompt: {type: string, maxLength: 500}}}}}}
"""

# As FastAPI writes it since 0.100, with Pydantic 2.
MODERN = {
    "openapi": "3.1.0",
    "info": {"title": "FastAPI", "version": "0.1.0"},
    "paths": {
        "/items/{item_id}": {
            "put": {
                "summary": "Put Item",
                "operationId": "put_item_items__item_id__put",
                "parameters": [
                    {"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1, "title": "Item Id"}},
                    {"name": "q", "in": "query", "required": False,
                     "schema": {"anyOf": [{"type": "string", "maxLength": 50, "pattern": "^[a-z]+$"}, {"type": "null"}], "title": "Q"}},
                    {"name": "tag", "in": "query", "required": False,
                     "schema": {"type": "array", "items": {"type": "string"}, "default": [], "title": "Tag"}},
                    {"name": "x-token", "in": "header", "required": True, "schema": {"type": "string", "title": "X-Token"}},
                    {"name": "theme", "in": "cookie", "required": False, "schema": {"const": "dark", "default": "dark", "title": "Theme"}},
                ],
                "requestBody": {"required": True, "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Item"}, "examples": {"normal": {"value": {"name": "a"}}}}}},
                "responses": {
                    "200": {"description": "Successful Response",
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}},
                    "422": {"description": "Validation Error",
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}}}}}},
        "/files": {"post": {
            "operationId": "files",
            "requestBody": {"required": True, "content": {
                "multipart/form-data": {"schema": {"$ref": "#/components/schemas/Body_files"}}}},
            "responses": {"200": {"description": "Successful Response", "content": {"application/json": {"schema": {}}}}}}},
    },
    "components": {"schemas": {
        "Item": {
            "type": "object", "title": "Item", "additionalProperties": False, "required": ["name", "kind"],
            "properties": {
                "name": {"type": "string", "maxLength": 30, "minLength": 1, "title": "Name", "examples": ["Foo", "Bar"]},
                "kind": {"const": "item", "title": "Kind", "type": "string"},
                "price": {"anyOf": [{"type": "number", "exclusiveMinimum": 0.0}, {"type": "string", "pattern": "^\\d+$"}, {"type": "null"}]},
                "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2},
                "pet": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
                        "discriminator": {"propertyName": "type", "mapping": {"cat": "#/components/schemas/Cat"}}},
                "children": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}, "default": []},
                "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
            }},
        "Cat": {"type": "object", "properties": {"type": {"const": "cat"}}, "required": ["type"]},
        "Dog": {"type": "object", "properties": {"type": {"const": "dog"}}, "required": ["type"]},
        "Body_files": {"type": "object", "required": ["files"], "properties": {
            "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
        "HTTPValidationError": {"type": "object", "properties": {
            "detail": {"type": "array", "items": {"$ref": "#/components/schemas/ValidationError"}}}},
        "ValidationError": {"type": "object", "required": ["loc", "msg", "type"], "properties": {
            "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
            "msg": {"type": "string"}, "type": {"type": "string"}}},
    }},
}


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
        return name
    return write


def test_check_lists_operations_and_what_is_not_enforced(tmp_path, write):
    done = run("openapi", "check", write("api.yaml", SMALL), cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Small 7 (OpenAPI 3.1.0): 3 operations"
    assert re.fullmatch(r"  GET +/tracks/\{id\} +path id, query full\?", lines[1])
    assert re.fullmatch(r"  POST +/upload +body application/octet-stream \(streams\)", lines[2])
    assert re.fullmatch(r"  POST +/generate +body\? application/json", lines[3])
    assert "api.yaml:13:47: not enforced: /paths/~1upload/post/requestBody/content/application~1octet-stream: " in done.stdout
    assert "api.yaml:3:11: note: /servers/0: " in done.stdout and "openapi.prefix" in done.stdout
    assert lines[-1].startswith("ok: api.yaml")


def test_a_prefix_stands_before_every_path(tmp_path, write):
    done = run("openapi", "check", write("api.yaml", SMALL), "--prefix", "/v1", cwd=tmp_path)
    assert done.returncode == 0 and " /v1/tracks/{id} " in done.stdout and "note:" not in done.stdout


def test_check_for_programs(tmp_path, write):
    done = run("openapi", "check", "--json", write("api.yaml", SMALL), cwd=tmp_path)
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["title"] == "Small" and said["openapi"] == "3.1.0"
    assert [(o["method"], o["path"]) for o in said["operations"]] == \
        [("GET", "/tracks/{id}"), ("POST", "/upload"), ("POST", "/generate")]
    assert said["operations"][0]["parameters"][1] == {"name": "full", "in": "query", "required": False}
    assert said["operations"][1]["body"] == {"required": True, "streams": True, "types": ["application/octet-stream"]}
    assert [m["level"] for m in said["messages"]] == ["note", "unenforced"]
    assert said["messages"][1]["line"] == 13


def test_standard_input(tmp_path):
    done = run("openapi", "check", "-", cwd=tmp_path, stdin=json.dumps(MODERN))
    assert done.returncode == 0 and "(OpenAPI 3.1.0): 2 operations" in done.stdout, done.stderr


def test_all_errors_are_told_with_their_places(tmp_path, write):
    text = SMALL.replace("in: query", "in: body").replace("type: integer", "type: whole").replace("requestBody: {content", "requestBdoy: {content")
    done = run("openapi", "check", write("api.yaml", text), cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    places = re.findall(r"^api\.yaml:(\d+):(\d+): error: (/\S+): ", done.stderr, re.M)
    assert [(line, pointer) for line, _, pointer in places] == [
        ("8", "/paths/~1tracks~1{id}/get/parameters/0/schema/type"), ("9", "/paths/~1tracks~1{id}/get/parameters/1/in"),
        ("16", "/paths/~1generate/post/requestBdoy")]
    assert "did you mean requestBody?" in done.stderr
    for_programs = run("openapi", "check", "--json", "api.yaml", cwd=tmp_path)
    assert for_programs.returncode == 1 and len(json.loads(for_programs.stdout)["messages"]) == 5


@pytest.mark.parametrize("text,said", [
    ("a: [1\n", r"api\.yaml:2:1: error: "), ("{\"a\": }", r"api\.yaml:1:7: error: "), ("", r"api\.yaml:1:1: error: "),
    ("swagger: '2.0'\n", r"Swagger 2\.0"), ("a: 1\n", "no OpenAPI document")])
def test_what_is_no_document(tmp_path, write, text, said):
    done = run("openapi", "check", write("api.yaml", text), cwd=tmp_path)
    assert done.returncode == 1 and re.search(said, done.stderr), done.stderr


def test_what_a_document_says_cannot_write_to_the_terminal(tmp_path, write):
    evil = {"openapi": "3.1.0", "info": {"title": "\x1b[2J\u009b31m", "version": "\r"},
            "paths": {"/a": {"get": {"\x1b]0;x\x07": 1, "parameters": [{"name": "\x1b[1m", "in": "query", "schema": {"format": "\x1b"}}]}}}}
    for arguments in (["check"], ["check", "--json"]):
        done = run("openapi", *arguments, write("api.json", evil), cwd=tmp_path)
        assert done.returncode == 0
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stdout + done.stderr)


@pytest.mark.parametrize("arguments,said", [
    ([], "check FILE, or diff OLD NEW"), (["chek", "x"], "did you mean check?"), (["dif", "x", "y"], "did you mean diff?"),
    (["show"], "it has check and diff"), (["check"], "openapi check FILE"), (["check", "a", "b"], "openapi check FILE"),
    (["diff", "a"], "openapi diff OLD NEW"), (["check", "a", "--jsno"], "--json"), (["diff", "a", "b", "--prefix", "/x"], "--prefix"),
    (["check", "a", "b", "c"], '"c"'),
    (["check", "http://127.0.0.1:8000/openapi.json"], "| gatehouse openapi check -"),
    (["check", "upstream:/openapi.json"], "curl"), (["diff", "a", "https://a.example/b"], "curl")])
def test_wrong_usage(tmp_path, arguments, said):
    done = run("openapi", *arguments, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and done.stdout == "", done.stderr


def test_a_file_that_is_not_there(tmp_path, write):
    done = run("openapi", "check", "nowhere.yaml", cwd=tmp_path)
    assert done.returncode == 1 and "nowhere.yaml: No such file" in done.stderr
    done = run("openapi", "diff", "nowhere.yaml", write("api.yaml", SMALL), cwd=tmp_path)
    assert done.returncode == 2 and "nowhere.yaml" in done.stderr
    done = run("openapi", "check", ".", cwd=tmp_path)
    assert done.returncode == 1 and "directory" in done.stderr


@pytest.mark.parametrize("change,status,lines", [
    (("x", "x"), 0, []),
    (("maxLength: 500", "maxLength: 600"), 0, ["POST /generate: request body /prompt: maxLength 500 -> 600"]),
    (("maxLength: 500", "maxLength: 300"), 1, ["POST /generate: request body /prompt: maxLength 500 -> 300 (breaking)"]),
    (("name: full, in: query", "name: full, in: query, required: true"), 1,
     ["GET /tracks/{id}: query full: now required (breaking)"]),
    (("/upload:", "/uploads:"), 1, ["POST /upload: removed (breaking)", "POST /uploads: added"])])
def test_diff(tmp_path, write, change, status, lines):
    write("old.yaml", SMALL)
    write("new.yaml", SMALL.replace(*change))
    done = run("openapi", "diff", "old.yaml", "new.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[:-1]) == (status, lines), done.stderr
    said = json.loads(run("openapi", "diff", "--json", "old.yaml", "new.yaml", cwd=tmp_path).stdout)
    assert said["lines"] == lines and said["changes"] == len(lines)
    assert said["breaking"] == sum("(breaking)" in line for line in lines)


def test_diff_of_a_document_that_cannot_be_used(tmp_path, write):
    write("old.yaml", SMALL)
    write("new.yaml", SMALL.replace("type: integer", "type: whole"))
    for order in (["old.yaml", "new.yaml"], ["new.yaml", "old.yaml"]):
        done = run("openapi", "diff", *order, cwd=tmp_path)
        assert done.returncode == 2 and "new.yaml:8:" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("example", ["musicgen", "everything"])
def test_what_fastapi_writes_has_no_errors(tmp_path, example):
    text = subprocess.run([sys.executable, "-B", "-c", "import json, app; print(json.dumps(app.app.openapi()))"],
                          cwd=ROOT / "examples" / example, capture_output=True, text=True, check=True).stdout
    said = json.loads(run("openapi", "check", "--json", "-", cwd=tmp_path, stdin=text).stdout)
    assert [m for m in said["messages"] if m["level"] == "error"] == []
    assert len(said["operations"]) == sum(len(item) for item in json.loads(text)["paths"].values())


def test_what_fastapi_writes_today_has_no_errors(tmp_path):
    said = json.loads(run("openapi", "check", "--json", "-", cwd=tmp_path, stdin=json.dumps(MODERN)).stdout)
    assert [m["text"] for m in said["messages"] if m["level"] == "error"] == []
    assert [m["pointer"] for m in said["messages"]] == ["/components/schemas/Body_files/properties/files/items/format"]


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_large_documents(tmp_path, write, version):
    """1,200 operations, 900 schemas: the same from JSON and YAML, and soon."""
    document = Document(version)
    assert sum(len(item) - 1 for item in document.value["paths"].values()) >= 1200
    write("large.json", document.text("json"))
    write("large.yaml", document.text("yaml"))
    said = []
    for name in ("large.json", "large.yaml"):
        start = time.monotonic()
        done = run("openapi", "check", "--json", name, cwd=tmp_path)
        if not is_sanitized():
            assert time.monotonic() - start < guard(5)
        assert done.returncode == 0, done.stdout[-3000:]
        said.append(json.loads(done.stdout))
    assert len(said[0]["operations"]) == 1200
    assert said[0]["operations"] == said[1]["operations"]
    assert [(m["pointer"], m["text"]) for m in said[0]["messages"]] == [(m["pointer"], m["text"]) for m in said[1]["messages"]]
    same = run("openapi", "diff", "large.json", "large.yaml", cwd=tmp_path)
    assert same.returncode == 0 and same.stdout == "0 changes, 0 of them breaking\n", same.stdout[:2000] + same.stderr


def test_one_change_in_a_large_document(tmp_path, write):
    document = Document("3.1")
    write("old.json", document.text("json"))
    document.value["components"]["parameters"]["p0"]["schema"] = {"type": "string", "const": "only"}
    uses = sum({"$ref": "#/components/parameters/p0"} in operation["parameters"]
               for item in document.value["paths"].values() for name, operation in item.items() if name != "parameters")
    write("new.json", document.text("json"))
    done = run("openapi", "diff", "old.json", "new.json", cwd=tmp_path)
    assert done.returncode == 1
    changed = {line.split(": ")[0] for line in done.stdout.splitlines()[:-1]}
    assert len(changed) == uses > 10
    assert all(" p0: " in line for line in done.stdout.splitlines()[:-1])
