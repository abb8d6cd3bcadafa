"""Checked input through the real program: routes[].validate, dangerous_content, sanitize, OpenAPI documents."""
import gzip
import json

import pytest

from support.message import get
from support.timing import eventually

SONG = {"type": "object", "required": ["prompt"], "additionalProperties": False,
        "properties": {"prompt": {"type": "string", "minLength": 1, "maxLength": 500},
                       "seconds": {"type": "integer", "minimum": 1},
                       "ratio": {"type": "number"},
                       "tracks": {"type": "array", "maxItems": 3,
                                  "items": {"type": "object", "required": ["title"],
                                            "properties": {"title": {"type": "string"}}}}}}
ID = {"type": "string", "pattern": "^[a-z0-9]+$", "maxLength": 8}

CONFIG = json.loads(json.dumps({  # copies: YAML would write what occurs twice as an alias
    "schemas": {"id": ID},
    "routes": [
        {"name": "body", "methods": ["POST"], "path": "/body", "validate": {"body": SONG}},
        {"name": "optional", "methods": ["POST", "GET"], "path": "/optional",
         "validate": {"body": SONG, "body_required": False}},
        {"name": "query", "path": "/query", "validate": {"query": {
            "required": ["q"], "additionalProperties": False,
            "properties": {"q": {"type": "string", "minLength": 2}, "limit": {"type": "integer", "maximum": 100},
                           "tag": {"type": "array", "items": {"$ref": "#/schemas/id"}, "maxItems": 2}}}}},
        {"name": "open", "path": "/open", "validate": {"query": {"properties": {"limit": {"type": "integer"}}}}},
        {"name": "path", "path": "/items/{id}", "validate": {"path": {"properties": {"id": {"$ref": "#/schemas/id"}}}}},
        {"name": "fields", "path": "/fields", "validate": {
            "headers": {"required": ["X-Device-ID"], "properties": {"X-Device-ID": {"$ref": "#/schemas/id"}}},
            "cookies": {"properties": {"theme": {"enum": ["dark", "light"]}}}}},
        {"name": "form", "methods": ["POST"], "path": "/form", "validate": {
            "content_types": ["application/x-www-form-urlencoded", "multipart/form-data"],
            "body": {"type": "object", "required": ["name"], "additionalProperties": False,
                     "properties": {"name": {"type": "string", "maxLength": 5}, "age": {"type": "integer"},
                                    "tag": {"type": "array", "items": {"type": "string"}}}}}},
        {"name": "watched", "methods": ["POST"], "path": "/watched", "validate": {"body": SONG, "mode": "observe"}},
        {"name": "text", "methods": ["POST"], "path": "/text",
         "validate": {"content_types": ["text/plain"], "body": {"type": "string", "maxLength": 10}}},
        {"name": "image", "methods": ["PUT"], "path": "/image", "validate": {"content_types": ["image/*"]}},
    ],
}))


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse(CONFIG, upstream)


@pytest.fixture
def expect(gateway, upstream):
    """One request, and what becomes of it: the upstream's request, or the refusal's (status, problem)."""
    def ask(method, path, passes, gateway=gateway, upstream=upstream, **kwargs):
        before = len(upstream.requests)
        answer = gateway.request(method, path, **kwargs)
        if passes:
            assert answer.status_code == 200, answer.text
            assert len(upstream.requests) == before + 1
            return upstream.requests[-1]
        assert answer.status_code >= 400, f"{method} {path} got through"
        assert len(upstream.requests) == before, "what was refused reached the upstream"
        return answer
    return ask


def found(answer):
    """(in, place, type) of each error of a refusal."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return [(e["in"], e.get("name", e.get("pointer")), e["type"]) for e in answer.json()["errors"]]


def post_raw(gateway, path, body, content_type="application/json", fields=()):
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{n}: {v}\r\n" for n, v in fields)
    return gateway.exchange(head.encode() + b"\r\n" + body)


# Bodies

GOOD_BODIES = [{"prompt": "x"}, {"prompt": "x" * 500, "seconds": 1}, {"prompt": "\u00e4" * 500},
               {"prompt": "x", "seconds": 3.0}, {"prompt": "x", "ratio": -1e30},
               {"prompt": "x", "tracks": [{"title": "a"}, {"title": "b", "more": None}]}]

BAD_BODIES = [
    ({}, [("body", "#/prompt", "missing")]),
    ({"prompt": ""}, [("body", "#/prompt", "string_too_short")]),
    ({"prompt": "x" * 501}, [("body", "#/prompt", "string_too_long")]),
    ({"prompt": 5}, [("body", "#/prompt", "string_type")]),
    ({"prompt": None}, [("body", "#/prompt", "string_type")]),
    ({"prompt": "x", "seconds": "3"}, [("body", "#/seconds", "int_type")]),
    ({"prompt": "x", "seconds": True}, [("body", "#/seconds", "int_type")]),
    ({"prompt": "x", "seconds": 0}, [("body", "#/seconds", "greater_than_equal")]),
    ({"prompt": "x", "admin": True}, [("body", "#/admin", "extra_forbidden")]),
    ({"prompt": "x", "tracks": [{"title": 1}]}, [("body", "#/tracks/0/title", "string_type")]),
    ({"prompt": "x", "tracks": [{"title": "a"}] * 4}, [("body", "#/tracks", "too_long")]),
    ([], [("body", "#", "dict_type")]),
    ("x", [("body", "#", "dict_type")]),
    ({"prompt": "", "seconds": 0}, [("body", "#/prompt", "string_too_short"), ("body", "#/seconds", "greater_than_equal")]),
]


@pytest.mark.parametrize("body", GOOD_BODIES)
def test_good_bodies_arrive_as_they_were_sent(expect, body):
    text = json.dumps(body, indent=2)
    request = expect("POST", "/body", True, content=text, headers={"Content-Type": "application/json"})
    assert request.body == text.encode()
    assert request.get("Content-Length") == str(len(text))


@pytest.mark.parametrize("body, errors", BAD_BODIES)
def test_bad_bodies_are_refused_with_what_to_correct(expect, body, errors):
    answer = expect("POST", "/body", False, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"] == "validation_error"
    assert found(answer) == errors


@pytest.mark.parametrize("text", [
    b"", b" ", b"{", b'{"prompt": "x"', b'{"prompt": "x"} x', b'{"prompt": "x",}', b"{'prompt': 'x'}", b'\xef\xbb\xbf{"prompt":"x"}',
    b'{"prompt": "\xff"}', b'{"prompt": "\xc0\xaf"}', b'{"prompt": "\\ud800"}', b'{"prompt": "a\nb"}',
    b'{"prompt": "x", "prompt": "y"}', b'{"prompt": "x", "\\u0070rompt": "y"}', b'{"prompt": "x", "seconds": 01}',
    b'{"prompt": "x", "seconds": NaN}', b'{"prompt": "x", "ratio": .5}', b'/* */ {"prompt": "x"}'])
def test_what_is_not_strict_json_is_refused(gateway, upstream, text):
    before = len(upstream.requests)
    answer = post_raw(gateway, "/body", text)
    assert answer.status == 422, answer.body
    assert answer.json()["error"] == "validation_error"
    [error] = answer.json()["errors"]
    assert error["in"] == "body" and error["type"] in ("json_invalid", "missing"), error
    assert len(upstream.requests) == before


@pytest.mark.parametrize("text", [
    b'{"prompt": ' + b"[" * 40 + b"]" * 40 + b"}", b'{"a":' * 200 + b"1" + b"}" * 200,
    b'{"prompt": "x", "ratio": ' + b"9" * 1000 + b"}", b'{"prompt": "x", "ratio": 1e999999999}',
    b'{"prompt": "x", "tracks": [' + b",".join([b"0"] * 60000) + b"]}"])
def test_what_is_too_large_in_its_kind_is_refused(gateway, upstream, text):
    before = len(upstream.requests)
    answer = post_raw(gateway, "/body", text)
    assert answer.status == 422, answer.body
    assert len(upstream.requests) == before
    assert len(answer.body) < 4096


def test_a_body_over_the_size_is_refused(gateway, upstream):
    before = len(upstream.requests)
    answer = post_raw(gateway, "/body", json.dumps({"prompt": "x" * (1 << 20)}).encode())
    assert (answer.status, answer.json()["error"]) == (413, "body_too_large")
    chunk = b"20000\r\n" + b" " * 0x20000 + b"\r\n"
    answer = gateway.exchange(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                              b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 9 + b"0\r\n\r\n")
    assert (answer.status, answer.json()["error"]) == (413, "body_too_large")
    assert len(upstream.requests) == before


def test_a_chunked_body_is_checked_too(gateway, upstream):
    def send(body):
        return gateway.exchange(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                b"Transfer-Encoding: chunked\r\n\r\n" +
                                b"".join(b"1\r\n" + body[i:i + 1] + b"\r\n" for i in range(len(body))) + b"0\r\n\r\n")
    assert send(b'{"prompt": "x"}').status == 200
    assert upstream.requests[-1].body == b'{"prompt": "x"}'
    assert send(b'{"prompt": 1}').status == 422


def test_a_missing_body_is_refused_where_one_is_required(expect):
    answer = expect("POST", "/body", False)
    assert answer.status_code in (415, 422)
    expect("POST", "/optional", True)
    expect("GET", "/optional", True)
    assert found(expect("POST", "/optional", False, json={}))[0] == ("body", "#/prompt", "missing")


def test_many_findings_are_bounded_and_counted(expect, gatehouse, upstream):
    answer = expect("POST", "/body", False, json={"prompt": "x", **{f"x{i}": 1 for i in range(50)}})
    assert len(answer.json()["errors"]) == 32
    assert answer.json()["errors_omitted"] == 18
    few = gatehouse({**CONFIG, "validation": {"max_errors": 2}}, upstream)
    answer = expect("POST", "/body", False, gateway=few, json={"prompt": "x", **{f"x{i}": 1 for i in range(5)}})
    assert (len(answer.json()["errors"]), answer.json()["errors_omitted"]) == (2, 3)


def test_long_names_never_cost_the_answer(expect):
    answer = expect("POST", "/body", False, json={"prompt": "x", **{f"{i}" + "\u00e4" * 3000: 1 for i in range(30)}})
    body = answer.json()
    assert len(body["errors"]) + body["errors_omitted"] == 30
    assert len(answer.content) <= 16384


def test_values_are_never_echoed(expect):
    answer = expect("POST", "/body", False, json={"prompt": {"secret-value-17": "hunter2"}, "tracks": [{"title": ["hunter3"]}]})
    assert "hunter" not in answer.text


# Media types

@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded",
                                  "application/jsonp", "json", "application/json, text/plain", "application/json; charset=\"utf-8"])
def test_other_media_types_get_415_and_hear_what_is_taken(gateway, upstream, kind):
    before = len(upstream.requests)
    answer = post_raw(gateway, "/body", b'{"prompt": "x"}', kind)
    assert (answer.status, answer.json()["error"]) == (415, "unsupported_media_type")
    assert answer.get("Accept") == "application/json"
    assert len(upstream.requests) == before


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "application/json; charset=utf-8",
                                  'application/json;charset="UTF-8"'])
def test_spellings_of_the_media_type(gateway, kind):
    assert post_raw(gateway, "/body", b'{"prompt": "x"}', kind).status == 200


def test_a_body_without_a_type_is_refused(gateway):
    answer = gateway.exchange(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 15\r\n\r\n{\"prompt\": \"x\"}")
    assert answer.status == 415


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip"])
def test_coded_bodies_are_refused(gateway, upstream, coding):
    before = len(upstream.requests)
    body = gzip.compress(b'{"prompt": "x"}')
    answer = post_raw(gateway, "/body", body, fields=[("Content-Encoding", coding)])
    assert (answer.status, answer.json()["error"]) == (415, "unsupported_content_coding")
    assert len(upstream.requests) == before
    assert post_raw(gateway, "/body", b'{"prompt": "x"}', fields=[("Content-Encoding", "identity")]).status == 200


def test_text_bodies(gateway):
    assert post_raw(gateway, "/text", b"0123456789", "text/plain").status == 200
    assert post_raw(gateway, "/text", b"0123456789x", "text/plain").status == 422
    assert post_raw(gateway, "/text", b"\xff", "text/plain").status == 422


def test_a_type_alone_lets_the_body_stream(expect, gateway):
    body = bytes(range(256)) * 8192  # over validation.max_body: nobody reads it
    request = expect("PUT", "/image", True, content=body, headers={"Content-Type": "image/png"})
    assert request.body == body
    assert gateway.request("PUT", "/image", content=b"x", headers={"Content-Type": "text/plain"}).status_code == 415


# Parameters

@pytest.mark.parametrize("query", ["q=ab", "q=ab&limit=100", "q=%C3%A4b", "q=ab&tag=x&tag=y", "q=a+b"])
def test_good_queries(expect, query):
    assert expect("GET", "/query?" + query, True).target == "/query?" + query


@pytest.mark.parametrize("query, errors", [
    ("", [("query", "q", "missing")]),
    ("q=a", [("query", "q", "string_too_short")]),
    ("q=ab&limit=101", [("query", "limit", "less_than_equal")]),
    ("q=ab&limit=ten", [("query", "limit", "int_parsing")]),
    ("q=ab&limit=", [("query", "limit", "int_parsing")]),
    ("q=ab&limit=1e1x", [("query", "limit", "int_parsing")]),
    ("q=ab&q=cd", [("query", "q", "extra_forbidden")]),
    ("q=ab&x=1", [("query", "x", "extra_forbidden")]),
    ("q=ab&tag=A", [("query", "tag", "string_pattern_mismatch")]),
    ("q=ab&tag=a&tag=b&tag=c", [("query", "tag", "too_long")]),
])
def test_bad_queries(expect, query, errors):
    answer = expect("GET", "/query?" + query, False)
    assert answer.status_code == 422
    assert found(answer) == errors


def test_an_open_query_takes_what_is_not_declared(expect):
    expect("GET", "/open?limit=5&utm=x&utm=y", True)
    expect("GET", "/open", True)
    expect("GET", "/open?limit=x", False)


def test_path_parameters(expect):
    expect("GET", "/items/abc9", True)
    for bad in ("/items/ABC", "/items/a%20b", "/items/123456789", "/items/a.b"):
        answer = expect("GET", bad, False)
        assert (answer.status_code, found(answer)[0][:2]) == (422, ("path", "id"))


def test_headers_and_cookies(expect):
    expect("GET", "/fields", True, headers={"X-Device-ID": "abc", "Cookie": "theme=dark; other=1"})
    assert found(expect("GET", "/fields", False)) == [("header", "x-device-id", "missing")]
    answer = expect("GET", "/fields", False, headers={"X-Device-ID": "A!", "Cookie": "theme=blue"})
    assert [f[:2] for f in found(answer)] == [("header", "x-device-id"), ("cookie", "theme")]


def test_head_is_checked_like_get(expect):
    expect("HEAD", "/items/abc", True)
    answer = expect("HEAD", "/items/ABC", False)
    assert answer.status_code == 422 and answer.content == b""
    assert int(answer.headers["Content-Length"]) > 100


# Forms

def test_urlencoded_forms(expect):
    request = expect("POST", "/form", True, data={"name": "ada", "age": "36", "tag": ["x", "y"]})
    assert request.body == b"name=ada&age=36&tag=x&tag=y"
    answer = expect("POST", "/form", False, data={"name": "ada lovelace", "age": "old", "x": "1"})
    assert sorted(found(answer)) == [("body", "#/age", "int_parsing"), ("body", "#/name", "string_too_long"),
                                     ("body", "#/x", "extra_forbidden")]
    assert found(expect("POST", "/form", False, data={"age": "1"})) == [("body", "#/name", "missing")]


@pytest.mark.parametrize("body", [b"name=%", b"name=%zz", b"name=%ff", b"name=a%00"])
def test_broken_forms(gateway, upstream, body):
    before = len(upstream.requests)
    assert post_raw(gateway, "/form", body, "application/x-www-form-urlencoded").status == 422
    assert len(upstream.requests) == before


def test_multipart_forms(expect):
    request = expect("POST", "/form", True, files={"name": (None, "ada"), "age": (None, "36")})
    assert request.body.count(b"form-data") == 2
    answer = expect("POST", "/form", False, files={"name": (None, "ada lovelace"), "age": (None, "36")})
    assert found(answer) == [("body", "#/name", "string_too_long")]


@pytest.mark.parametrize("body", [
    b"--b\r\n\r\nada\r\n--b--\r\n",
    b"--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nada",
    b"x\r\n--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nada\r\n--b--\r\n",
    b"--b\r\nContent-Disposition: form-data; name=\"name\"; name=\"x\"\r\n\r\nada\r\n--b--\r\n"])
def test_broken_multipart(gateway, upstream, body):
    before = len(upstream.requests)
    assert post_raw(gateway, "/form", body, "multipart/form-data; boundary=b").status == 422
    assert post_raw(gateway, "/form", body, "multipart/form-data").status in (415, 422)
    assert len(upstream.requests) == before


# How it is said

def test_status_400(expect, gatehouse, upstream):
    other = gatehouse({**CONFIG, "validation": {"status": 400}}, upstream)
    answer = expect("POST", "/body", False, gateway=other, json={})
    assert (answer.status_code, answer.json()["status"], answer.json()["title"]) == (400, 400, "Bad Request")
    assert found(answer) == [("body", "#/prompt", "missing")]


def test_the_shape_of_fastapi(gatehouse, upstream, expect):
    other = gatehouse({**CONFIG, "validation": {"errors": "fastapi"}}, upstream)
    answer = expect("POST", "/body", False, gateway=other, json={"tracks": [{"title": "a"}, {"title": 1}]})
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert sorted((e["type"], e["loc"]) for e in body["detail"]) == [
        ("missing", ["body", "prompt"]), ("string_type", ["body", "tracks", 1, "title"])]
    assert all(isinstance(e["msg"], str) and e["msg"] for e in body["detail"])
    assert body["error"] == "validation_error" and body["message"] and body["instance"].startswith("urn:gatehouse:decision:")
    answer = expect("GET", "/query?q=ab&tag=a&tag=B", False, gateway=other)
    assert answer.json()["detail"][0]["loc"] == ["query", "tag", 1]
    # Other refusals keep their shape.
    assert gatehouse({"unmatched": "refuse", **CONFIG, "validation": {"errors": "fastapi"}}, upstream).get(
        "/x").headers["Content-Type"] == "application/problem+json"


def test_the_log_says_what_was_wrong_but_no_value(gateway):
    answer = gateway.request("POST", "/body", json={"prompt": "x" * 501, "seconds": "hunter2"})
    id = answer.json()["instance"].rpartition(":")[2]
    line = gateway.wait_for_log(lambda e: e.get("id") == id, "the refusal")
    assert line["reason"] == "validation_error" and line["status"] == 422 and line["route"] == "body"
    assert any("/prompt: string_too_long (and 1 more)" in str(v) for v in line.values()), line
    assert "hunter2" not in json.dumps(line)


def counted(gateway, name, path, how_many):
    """The counter after how_many lines of the log for this path: both are written after the answer."""
    gateway.access_line(path, how_many)
    return gateway.metrics().value(name)


def test_observe_lets_pass_and_counts(gatehouse, upstream, expect):
    gateway = gatehouse(CONFIG, upstream)
    expect("POST", "/watched", True, gateway=gateway, json={"prompt": "x"})
    assert counted(gateway, "gatehouse_input_reported_total", "/watched", 1) == 0
    request = expect("POST", "/watched", True, gateway=gateway, json={"prompt": 5})
    assert json.loads(request.body) == {"prompt": 5}
    expect("POST", "/watched", True, gateway=gateway, content=b"not json", headers={"Content-Type": "text/plain"})
    assert counted(gateway, "gatehouse_input_reported_total", "/watched", 3) == 2
    assert "validation" in gateway.access_line("/watched", 2)["reports"]
    assert gateway.metrics().value("gatehouse_validation_refused_total") == 0
    expect("POST", "/body", False, gateway=gateway, json={"prompt": 5})
    assert counted(gateway, "gatehouse_validation_refused_total", "/body", 1) == 1


# Dangerous content and sanitising

@pytest.fixture(scope="module")
def careful(shared_gatehouse, upstream):
    return shared_gatehouse({
        "dangerous_content": {"checks": ["script", "traversal", "control"]},
        "routes": [
            {"name": "names", "path": "/names/**", "dangerous_content": {"checks": ["sql"], "fields": ["/name", "query.q"]}},
            {"name": "watched", "path": "/watched", "dangerous_content": {"mode": "observe"}},
            {"name": "off", "path": "/off", "dangerous_content": {"checks": []}},
            {"name": "clean", "methods": ["POST"], "path": "/clean", "dangerous_content": {"checks": []},
             "sanitize": {"text": ["/text", "/list/*"], "filename": ["/file"], "max_length": 20}},
            {"name": "both", "methods": ["POST"], "path": "/both",
             "validate": {"body": {"type": "object", "properties": {"text": {"type": "string", "maxLength": 40}}}},
             "sanitize": {"text": ["/text"]}}]}, upstream)


SCRIPT = "<script>alert(1)</script>"


@pytest.mark.parametrize("request_of", [
    dict(method="POST", path="/x", json={"a": {"b": [SCRIPT]}}),
    dict(method="POST", path="/x", data={"a": SCRIPT}),
    dict(method="POST", path="/x", files={"a": (None, SCRIPT)}),
    dict(method="GET", path="/x?a=%3Cscript%3Ealert(1)%3C/script%3E"),
    dict(method="POST", path="/x", json={"a": "../../etc/passwd"}),
    dict(method="POST", path="/x", json={"a": "x\u0000y"}),
    dict(method="POST", path="/x", json={SCRIPT: 1})])
def test_dangerous_content_is_refused_everywhere(expect, careful, request_of):
    answer = expect(request_of.pop("method"), request_of.pop("path"), False, gateway=careful, **request_of)
    assert (answer.status_code, answer.json()["error"]) == (422, "dangerous_content")
    assert answer.json()["errors"][0]["type"] == "dangerous_content"
    assert "alert" not in answer.json()["errors"][0]["detail"] and "passwd" not in answer.text


@pytest.mark.parametrize("body", [{"a": "plain"}, {"a": "x < 3 and y > 4"}, {"a": "naive caf\u00e9 \U0001f600"}, {"a": "line\nline\t"}])
def test_harmless_content_passes(expect, careful, body):
    assert json.loads(expect("POST", "/x", True, gateway=careful, json=body).body) == body


def test_only_the_named_fields_of_a_route(expect, careful):
    injection = "1' OR '1'='1"
    expect("POST", "/names/a", False, gateway=careful, json={"name": injection})
    expect("GET", "/names/a?q=1%27%20OR%20%271%27=%271", False, gateway=careful)
    expect("POST", "/names/a", True, gateway=careful, json={"other": injection, "name": SCRIPT})


def test_dangerous_content_in_observe_mode_and_off(expect, careful):
    expect("POST", "/watched", True, gateway=careful, json={"a": SCRIPT})
    assert "dangerous_content" in careful.access_line("/watched")["reports"]
    expect("POST", "/off", True, gateway=careful, json={"a": SCRIPT})


def test_what_can_not_be_read_can_not_be_looked_into(careful, upstream):
    before = len(upstream.requests)
    assert post_raw(careful, "/x", b'{"a": "x", "a": "y"}').status == 422
    assert post_raw(careful, "/x", gzip.compress(b"{}"), fields=[("Content-Encoding", "gzip")]).status == 415
    assert len(upstream.requests) == before


def test_texts_arrive_rewritten(expect, careful):
    request = expect("POST", "/clean", True, gateway=careful, json={
        "text": "  a < b & c  ", "list": ["<i>", 5], "file": "../../etc/passwd", "other": " <i> "})
    body = json.loads(request.body)
    assert body["text"] == "a &lt; b &amp; c" and body["list"] == ["&lt;i&gt;", 5] and body["other"] == " <i> "
    assert "/" not in body["file"] and ".." not in body["file"]
    assert request.get("Content-Length") == str(len(request.body))
    request = expect("POST", "/clean", True, gateway=careful, data={"text": "<i>", "other": "<i>"})
    assert request.body == b"text=%26lt%3Bi%26gt%3B&other=%3Ci%3E"
    request = expect("POST", "/clean", True, gateway=careful, json={"text": "x" * 50})
    assert json.loads(request.body) == {"text": "x" * 20}


def test_what_needs_no_rewriting_arrives_as_it_was(expect, careful):
    text = b'{ "text" : "plain",\n "n": 1.50 }'
    request = expect("POST", "/clean", True, gateway=careful, content=text, headers={"Content-Type": "application/json"})
    assert request.body == text


def test_checks_see_what_was_sent_not_what_was_rewritten(expect, careful):
    assert expect("POST", "/both", True, gateway=careful, json={"text": "&" * 10}).body == b'{"text":"' + b"&amp;" * 10 + b'"}'
    expect("POST", "/both", False, gateway=careful, json={"text": " " * 41})


# OpenAPI documents

DOCUMENT = {
    "openapi": "3.1.0", "info": {"title": "t", "version": "1"},
    "paths": {
        "/songs": {"get": {"parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                           "responses": {"200": {"description": "ok"}}},
                   "post": {"requestBody": {"required": True, "content": {"application/json": {"schema": {
                       "$ref": "#/components/schemas/Song"}}}}, "responses": {"200": {"description": "ok"}}}},
        "/songs/{id}": {"get": {"parameters": [{"name": "id", "in": "path", "required": True,
                                                "schema": {"type": "integer"}}],
                                "responses": {"200": {"description": "ok"}}}}},
    "components": {"schemas": {"Song": {"type": "object", "required": ["prompt"],
                                        "properties": {"prompt": {"type": "string", "maxLength": 10}}}}}}


@pytest.fixture
def contract(gatehouse, upstream, tmp_path):
    def start(config=None, document=DOCUMENT):
        (tmp_path / "api.json").write_text(json.dumps(document))
        config = dict(config or {})
        config["openapi"] = {"document": str(tmp_path / "api.json"), **config.get("openapi", {})}
        return gatehouse(config, upstream)
    return start


def test_a_document_is_enforced(contract, expect):
    gateway = contract()
    expect("GET", "/songs?limit=5", True, gateway=gateway)
    expect("HEAD", "/songs", True, gateway=gateway)
    expect("GET", "/songs/5", True, gateway=gateway)
    expect("POST", "/songs", True, gateway=gateway, json={"prompt": "x", "more": 1})
    assert found(expect("GET", "/songs?limit=x", False, gateway=gateway)) == [("query", "limit", "int_parsing")]
    assert found(expect("GET", "/songs/x", False, gateway=gateway)) == [("path", "id", "int_parsing")]
    assert found(expect("POST", "/songs", False, gateway=gateway, json={"prompt": "x" * 11})) == [
        ("body", "#/prompt", "string_too_long")]
    assert expect("POST", "/songs", False, gateway=gateway, data={"prompt": "x"}).status_code == 415
    answer = expect("GET", "/songs", False, gateway=gateway, json={"a": 1})
    assert (answer.status_code, answer.json()["error"]) == (400, "body_not_expected")


def test_what_is_not_declared(contract, expect):
    gateway = contract({"openapi": {"exempt_paths": ["/docs"]}})
    assert expect("GET", "/other", False, gateway=gateway).json()["error"] == "undeclared_path"
    answer = expect("DELETE", "/songs", False, gateway=gateway)
    assert (answer.status_code, answer.json()["error"]) == (405, "undeclared_method")
    assert set(answer.headers["Allow"].replace(" ", "").split(",")) >= {"GET", "POST"}
    expect("GET", "/docs", True, gateway=gateway)
    for how in ("report", "forward"):
        other = contract({"openapi": {"undeclared_paths": how}})
        expect("GET", "/other", True, gateway=other)
        expect("DELETE", "/songs", True, gateway=other)
        assert counted(other, "gatehouse_undeclared_total", "/songs", 1) == (2 if how == "report" else 0)
        expect("GET", "/songs?limit=x", False, gateway=other)


def test_undeclared_parameters(contract, expect):
    expect("GET", "/songs?x=1", True, gateway=contract())
    closed = contract({"validation": {"undeclared_parameters": "refuse"}})
    assert found(expect("GET", "/songs?x=1", False, gateway=closed)) == [("query", "x", "extra_forbidden")]
    expect("GET", "/songs?limit=1", True, gateway=closed)


def test_a_document_in_observe_mode(contract, expect):
    gateway = contract({"validation": {"mode": "observe"}})
    expect("GET", "/songs?limit=x", True, gateway=gateway)
    expect("POST", "/songs", True, gateway=gateway, json={"prompt": 1})
    expect("POST", "/songs", True, gateway=gateway, data={"prompt": "x"})
    expect("GET", "/other", True, gateway=gateway)


def test_a_form_that_an_observed_document_cannot_read(contract, expect):
    """The other controls still look at it, and refuse only for what they are there for."""
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/f": {"post": {
        "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": {
            "type": "object", "properties": {"t": {"type": "string"}}}}}},
        "responses": {"200": {"description": "ok"}}}}}}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    gateway = contract({"validation": {"mode": "observe"}, "dangerous_content": {"checks": ["script"]}}, document)
    expect("POST", "/f", True, gateway=gateway, content=b"t[]=x", headers=form)
    answer = expect("POST", "/f", False, gateway=gateway, content=b"t[]=%3Cscript%3E", headers=form)
    assert answer.json()["error"] == "dangerous_content"
    answer = expect("POST", "/f", False, gateway=gateway, content=b"t=%ff", headers=form)
    assert answer.json()["error"] == "validation_error"
    gateway = contract({"validation": {"mode": "observe"}, "routes": [
        {"name": "f", "path": "/f", "sanitize": {"text": ["/t"]}}]}, document)
    assert expect("POST", "/f", True, gateway=gateway, content=b"t[]=x&t=%3C", headers=form).body == b"t%5B%5D=x&t=%26lt%3B"


def test_the_prefix(contract, expect):
    gateway = contract({"openapi": {"prefix": "/v1"}})
    expect("GET", "/v1/songs/5", True, gateway=gateway)
    assert expect("GET", "/songs/5", False, gateway=gateway).status_code == 404


def test_a_document_and_the_routes_own_rules_both_hold(contract, expect):
    gateway = contract({"routes": [{"name": "songs", "methods": ["POST"], "path": "/songs", "validate": {
        "body": {"properties": {"prompt": {"pattern": "^[a-z]+$"}}}}}]})
    expect("POST", "/songs", True, gateway=gateway, json={"prompt": "abc"})
    assert found(expect("POST", "/songs", False, gateway=gateway, json={"prompt": "abc" * 4})) == [
        ("body", "#/prompt", "string_too_long")]
    assert found(expect("POST", "/songs", False, gateway=gateway, json={"prompt": "ABC"})) == [
        ("body", "#/prompt", "string_pattern_mismatch")]


def test_a_document_from_the_command_line(gatehouse, upstream, expect, tmp_path):
    (tmp_path / "api.json").write_text(json.dumps(DOCUMENT))
    gateway = gatehouse(False, upstream, args=["--openapi", tmp_path / "api.json"])
    expect("GET", "/songs/5", True, gateway=gateway)
    expect("GET", "/songs/x", False, gateway=gateway)


# The whole

def test_refused_input_is_charged_and_dressed(gatehouse, upstream):
    gateway = gatehouse({**CONFIG, "rate_limits": {"default": {"requests": 2}},
                         "cors": {"enabled": True, "origins": ["https://a.example"]}}, upstream)
    answers = [gateway.request("POST", "/body", json={}, headers={"Origin": "https://a.example"}) for _ in range(3)]
    assert [a.status_code for a in answers] == [422, 422, 429]
    assert answers[0].headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert answers[0].headers["X-Content-Type-Options"] == "nosniff"
    assert "RateLimit" in answers[0].headers
    # What the door refuses by the head alone costs nothing.
    free = gatehouse({**CONFIG, "rate_limits": {"default": {"requests": 1}}}, upstream)
    assert free.request("POST", "/body", content=b"x", headers={"Content-Type": "text/plain"}).status_code == 415
    assert free.request("POST", "/body", json={"prompt": "x"}).status_code == 200


def test_a_kept_connection_goes_on_after_a_refusal(gateway, upstream):
    stream = gateway.connect()
    for body, status in ((b'{"prompt": 1}', 422), (b'{"prompt": "x"}', 200), (b"{", 422), (b'{"prompt": "y"}', 200)):
        stream.send(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert stream.read_response().status == status
    stream.send(get("/items/abc"))
    assert stream.read_response().status == 200
    stream.close()


def test_a_reload_changes_the_rules(gatehouse, upstream, expect):
    gateway = gatehouse(CONFIG, upstream)
    expect("GET", "/items/abc", True, gateway=gateway)
    changed = json.loads(json.dumps(CONFIG))
    changed["schemas"]["id"]["pattern"] = "^[0-9]+$"
    gateway.write({**changed, "upstreams": [{"name": "api", "servers": [upstream.url]}]})
    gateway.reload()
    eventually(lambda: gateway.get("/items/abc").status_code == 422, "the new rules")
    changed["schemas"]["id"]["pattern"] = "("
    gateway.write({**changed, "upstreams": [{"name": "api", "servers": [upstream.url]}]})
    gateway.reload()
    assert gateway.get("/items/abc").status_code == 422 and gateway.get("/items/1").status_code == 200
