"""What FastAPI would refuse with 422 Gatehouse refuses too, and the reverse. Each case is asked of the application
itself and of the gate in front of it. Where the two differ, the case says so and why (docs/validation.md lists the
same reasons)."""
import json

import pytest

from support import message
from support.application import Application
from support.gateway import ROOT

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

# Why the gate refuses what the application takes, or the other way round.
STRICT_TYPES = "Pydantic turns one type into another; the document says which type it is"
STRICT_JSON = "the gate's JSON is RFC 8259 and I-JSON: no duplicate names, no NaN, no byte-order mark"
MEDIA_TYPE = "the document declares the body's type; FastAPI looks at it less closely"
REPEATED = "a parameter that occurs twice has two meanings; FastAPI takes the last one"
LOCAL_FORMS = "Pydantic reads more spellings of this than the format allows"
NOT_IN_DOCUMENT = "the application checks what its document does not say"


def body(name, text, content_type=JSON, **kwargs):
    return case(name, "POST", "/generate", text, content_type, **kwargs)


def case(name, method, target, text=None, content_type=None, fields=(), differs=None):
    """differs: None, or (application refuses, gate refuses, why)."""
    data = text if isinstance(text, bytes) or text is None else text.encode()
    return pytest.param(method, target, data, content_type, list(fields), differs, id=name)


def song(**members):
    return json.dumps({"prompt": "rain", **members}, ensure_ascii=False)


GATE_ONLY, APP_ONLY = (False, True), (True, False)

MUSICGEN = [
    body("fits", song(duration=10)),
    body("only what is required", song()),
    body("an integer for a number", '{"prompt": "a", "duration": 3}'),
    body("a number with an exponent", '{"prompt": "a", "duration": 3e1}'),
    body("the longest prompt", song(prompt="ä" * 500)),
    body("one more", song(prompt="ä" * 501)),
    body("500 astral characters", song(prompt="🎵" * 500)),
    body("501 astral characters", song(prompt="🎵" * 501)),
    body("500 characters, escaped", json.dumps({"prompt": "🎵" * 500})),
    body("an empty prompt", song(prompt="")),
    body("a blank prompt", song(prompt=" ")),
    body("no prompt", '{"duration": 3}'),
    body("prompt is null", '{"prompt": null}'),
    body("prompt is a list", '{"prompt": ["a"]}'),
    body("prompt is an object", '{"prompt": {}}'),
    body("duration is zero", song(duration=0)),
    body("duration is negative", song(duration=-1)),
    body("duration is just above zero", song(duration=1e-9)),
    body("duration at its maximum", song(duration=300)),
    body("duration at its maximum, written long", '{"prompt": "a", "duration": 300.000}'),
    body("duration over its maximum", song(duration=300.0001)),
    body("duration is a word", song(duration="long")),
    body("duration is null", '{"prompt": "a", "duration": null}'),
    body("duration is a list", '{"prompt": "a", "duration": [1]}'),
    body("a member more", song(extra=1)),
    body("the body is a list", "[]"),
    body("the body is a string", '"rain"'),
    body("the body is a number", "1"),
    body("the body is null", "null"),
    body("the body is empty", "", None),
    body("an empty body that says JSON", "", JSON),
    body("the body is cut", '{"prompt": "a"'),
    body("the body is no JSON", "prompt=a"),
    body("a comma too many", '{"prompt": "a",}'),
    body("single quotes", "{'prompt': 'a'}"),
    body("a comment", '{"prompt": "a" /* no */}'),
    body("a line break in a string", '{"prompt": "a\nb"}'),
    body("an escaped line break", '{"prompt": "a\\nb"}'),
    body("white space around", ' \r\n\t{"prompt": "a"}\n '),
    body("an escaped name", '{"\\u0070rompt": "a"}'),
    body("two texts", '{"prompt": "a"}{"prompt": "b"}'),
    body("a leading zero", '{"prompt": "a", "duration": 010}'),
    body("a plus sign", '{"prompt": "a", "duration": +10}'),
    body("a bare point", '{"prompt": "a", "duration": 10.}'),
    body("hexadecimal", '{"prompt": "a", "duration": 0x10}'),
    body("a broken escape", '{"prompt": "\\x41"}'),
    body("latin-1", '{"prompt": "\xe9"}'.encode("latin-1")),
    body("JSON with a charset", song(), "application/json; charset=utf-8"),
    body("JSON by another name", song(), "application/vnd.api+json", differs=(*GATE_ONLY, MEDIA_TYPE)),
    body("a number as a string", song(duration="10"), differs=(*GATE_ONLY, STRICT_TYPES)),
    body("true as a number", song(duration=True), differs=(*GATE_ONLY, STRICT_TYPES)),
    body("a number as a prompt", song(prompt=7), differs=(*GATE_ONLY, STRICT_TYPES)),
    body("a name twice", '{"prompt": "a", "prompt": "b"}', differs=(*GATE_ONLY, STRICT_JSON)),
    body("NaN", '{"prompt": "a", "duration": NaN}'),
    body("a byte-order mark", b"\xef\xbb\xbf" + song().encode(), differs=(*GATE_ONLY, STRICT_JSON)),
    body("a lone surrogate", '{"prompt": "\\ud800"}', differs=(*GATE_ONLY, STRICT_JSON)),
    body("no content type", song(), None, differs=(*GATE_ONLY, MEDIA_TYPE)),
    body("text/plain", song(), "text/plain"),
    body("a form", "prompt=a", FORM),
    case("a path parameter", "GET", "/tracks/one"),
    case("a path parameter with an escape", "GET", "/tracks/o%20ne%C3%A9"),
]


def refused_by_application(application, case_bytes):
    answer = message.exchange(("127.0.0.1", application.port), case_bytes)
    return 400 <= answer.status < 500, answer  # a 500 is no refusal: the application took it, and fell over


def ask(application, gateway, method, target, data, content_type, fields):
    fields = [*fields, ("Content-Type", content_type)] if content_type else list(fields)
    fields.append(("Connection", "close"))
    if data is not None:
        fields.append(("Content-Length", str(len(data))))
    request = message.get(target, fields, method, host="127.0.0.1") + (data or b"")
    by_application, direct = refused_by_application(application, request)
    answer = gateway.exchange(request)
    by_gate = (answer.get("content-type") or "").startswith("application/problem+json")
    return by_application, by_gate, direct, answer


def compare(application, gateway, method, target, data, content_type, fields, differs):
    by_application, by_gate, direct, answer = ask(application, gateway, method, target, data, content_type, fields)
    told = f"application: {direct.status} {direct.body[:300]!r}; gate: {answer.status} {answer.body[:500]!r}"
    expected = (by_application, by_application) if differs is None else differs[:2]
    assert (by_application, by_gate) == tuple(expected), told


@pytest.fixture(scope="module")
def musicgen(shared_gatehouse):
    application = Application("app:app", ROOT / "examples" / "musicgen")
    gateway = shared_gatehouse({"openapi": {"document": "upstream:/openapi.json"}}, upstream=application)
    yield application, gateway
    application.close()


@pytest.mark.parametrize("method, target, data, content_type, fields, differs", MUSICGEN)
def test_musicgen(musicgen, method, target, data, content_type, fields, differs):
    compare(*musicgen, method, target, data, content_type, fields, differs)
