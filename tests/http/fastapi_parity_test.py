"""What FastAPI would refuse with 422 Gatehouse refuses too, and the reverse. Each case is asked of the application
itself and of the gate in front of it. Where the two differ, the case says so and why (docs/validation.md lists the
same reasons)."""
import json
import urllib.parse

import pytest

from support import message
from support.application import Application
from support.contract_requests import multipart
from support.gateway import ROOT

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

# Why the gate refuses what the application takes, or the other way round.
STRICT_TYPES = "Pydantic turns one type into another; the document says which type it is"
STRICT_JSON = "the gate's JSON is RFC 8259 and I-JSON: no duplicate names, no NaN, no byte-order mark"
MEDIA_TYPE = "the document declares the body's type; FastAPI looks at it less closely"
REPEATED = "a parameter that occurs twice has two meanings; FastAPI takes the last one"
LOCAL_FORMS = "Pydantic reads more spellings of this than the format allows"
NO_FILE = "the document says a string of format binary; that it must come with a file name it does not say"
NOT_UTF8 = "what is not UTF-8 is refused; the application puts U+FFFD in its place"
END = "in ECMA-262 `$` is the very end; in Python it also is before a last line feed"
OPTIONAL_NULL = "Pydantic 1 takes null for what is optional and does not say so in its document; Pydantic 2 does"


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
    application = Application("musicgen_called:app", ROOT / "tests" / "support")
    gateway = shared_gatehouse({"openapi": {"document": "upstream:/openapi.json"}}, upstream=application)
    yield application, gateway
    application.close()


@pytest.mark.parametrize("method, target, data, content_type, fields, differs", MUSICGEN)
def test_musicgen(musicgen, method, target, data, content_type, fields, differs):
    compare(*musicgen, method, target, data, content_type, fields, differs)

# Everything: parameters of all kinds.


def get(name, target, differs=None, **kwargs):
    return case(name, "GET", target, differs=differs, **kwargs)


def post(name, target, value, content_type=JSON, differs=None, method="POST"):
    return case(name, method, target, value if isinstance(value, (str, bytes)) else json.dumps(value), content_type,
                differs=differs)


def order(**members):
    base = {"name": "n", "size": "small", "kind": "order", "parts": [{"code": "AB-1234"}]}
    return {k: v for k, v in {**base, **members}.items() if v is not ...}


def form(**fields):
    base = {"username": "alice_1", "password": "correct horse"}
    return urllib.parse.urlencode({k: v for k, v in {**base, **fields}.items() if v is not ...}, doseq=True)


def upload(*fields, files=(("file", "a.txt", b"data"),)):
    return multipart(list(fields), list(files))[0]


MULTIPART = multipart([], [])[1]
UUID = "12345678-1234-4234-9234-123456789abc"

EVERYTHING = [
    get("path: an integer", "/numbers/7"),
    get("path: at the maximum", "/numbers/100"),
    get("path: over the maximum", "/numbers/101"),
    get("path: under the minimum", "/numbers/0"),
    get("path: a word", "/numbers/seven"),
    get("path: a fraction", "/numbers/7.5"),
    get("path: a whole fraction", "/numbers/7.0"),
    get("path: leading zeros", "/numbers/007"),
    get("path: a plus sign", "/numbers/+7"),
    get("path: a space", "/numbers/%207", differs=(*GATE_ONLY, LOCAL_FORMS)),
    get("path: an underscore", "/numbers/1_0", differs=(*GATE_ONLY, LOCAL_FORMS)),
    get("path: other digits", "/numbers/%D9%A7", differs=(*GATE_ONLY, LOCAL_FORMS)),
    get("path: an exponent", "/numbers/1e1"),
    get("path: a huge integer", "/numbers/" + "9" * 400),
    get("path: an enum's value", "/sizes/small"),
    get("path: no enum's value", "/sizes/medium"),
    get("path: an enum's value in another case", "/sizes/Small"),
    get("path: a uuid", f"/references/{UUID}"),
    get("path: a uuid in upper case", f"/references/{UUID.upper()}"),
    get("path: a uuid without hyphens", f"/references/{UUID.replace('-', '')}", differs=(*GATE_ONLY, LOCAL_FORMS)),
    get("path: a uuid in braces", "/references/%7B" + UUID + "%7D", differs=(*GATE_ONLY, LOCAL_FORMS)),
    get("path: a uuid as urn", "/references/urn:uuid:" + UUID, differs=(*GATE_ONLY, LOCAL_FORMS)),
    get("path: no uuid", "/references/1234"),
    get("path: a date and a pattern", "/days/2024-02-29/slots/noon"),
    get("path: no such day", "/days/2023-02-29/slots/noon"),
    get("path: a date as a number", "/days/1700000000/slots/noon", differs=(*GATE_ONLY, LOCAL_FORMS)),
    get("path: a date written short", "/days/2024-2-9/slots/noon", differs=(*GATE_ONLY, LOCAL_FORMS)),
    get("path: a pattern not met", "/days/2024-02-29/slots/NOON"),
    get("path: a pattern met too long", "/days/2024-02-29/slots/abcdefghi"),

    get("query: required only", "/search?q=ab"),
    get("query: nothing", "/search"),
    get("query: empty", "/search?q="),
    get("query: too short", "/search?q=a"),
    get("query: too long", "/search?q=" + "a" * 21),
    get("query: 20 characters of two bytes", "/search?q=" + "%C3%A4" * 20),
    get("query: not UTF-8", "/search?q=%FF%FFab", differs=(*GATE_ONLY, NOT_UTF8)),
    get("query: a plus is a space", "/search?q=a+"),
    get("query: an integer", "/search?q=ab&page=3"),
    get("query: zero", "/search?q=ab&page=0"),
    get("query: a word for an integer", "/search?q=ab&page=x"),
    get("query: an empty integer", "/search?q=ab&page="),
    get("query: a fraction for an integer", "/search?q=ab&page=1.5"),
    get("query: spaces around an integer", "/search?q=ab&page=%203%20", differs=(*GATE_ONLY, LOCAL_FORMS)),
    get("query: exclusive minimum", "/search?q=ab&limit=0"),
    get("query: exclusive maximum", "/search?q=ab&limit=101"),
    get("query: within both", "/search?q=ab&limit=100"),
    get("query: a number", "/search?q=ab&ratio=0.25"),
    get("query: a number without a leading zero", "/search?q=ab&ratio=.25"),
    get("query: a number with an exponent", "/search?q=ab&ratio=1e-3"),
    get("query: a number over its maximum", "/search?q=ab&ratio=1.01"),
    get("query: nan", "/search?q=ab&ratio=nan"),
    get("query: infinity", "/search?q=ab&ratio=inf"),
    *[get(f"query: {word} for a boolean", f"/search?q=ab&exact={word}")
      for word in ("true", "false", "True", "1", "0", "on", "off", "yes", "no", "t", "n", "maybe", "2", "")],
    get("query: an enum's value", "/search?q=ab&size=large"),
    get("query: no enum's value", "/search?q=ab&size=huge"),
    get("query: a pattern", "/search?q=ab&code=ABC"),
    get("query: a pattern not met", "/search?q=ab&code=abc"),
    get("query: a pattern met but for a line feed", "/search?q=ab&code=ABC%0A", differs=(*GATE_ONLY, END)),
    get("query: a list", "/search?q=ab&tag=a&tag=b"),
    get("query: a list of one", "/search?q=ab&tag=a"),
    get("query: too long a list", "/search?q=ab&tag=a&tag=b&tag=c&tag=d"),
    get("query: a list of integers", "/search?q=ab&near=1&near=2"),
    get("query: a word in it", "/search?q=ab&near=1&near=x"),
    get("query: a list with commas", "/search?q=ab&near=1,2"),
    get("query: by its alias", "/search?q=ab&sort-by=date"),
    get("query: by its other name", "/search?q=ab&sort=date"),
    get("query: not of the literals", "/search?q=ab&sort-by=size"),
    get("query: not declared", "/search?q=ab&other=1"),
    get("query: twice", "/search?q=ab&q=cd", differs=(*GATE_ONLY, REPEATED)),
    get("query: twice, once broken", "/search?q=ab&page=x&page=1", differs=(*GATE_ONLY, REPEATED)),
    get("query: a name in another case", "/search?Q=ab"),

    get("header: fits", "/headers", fields=[("X-Token", "abcd")]),
    get("header: missing", "/headers"),
    get("header: a name in another case", "/headers", fields=[("x-tOKEN", "abcd")]),
    get("header: a pattern not met", "/headers", fields=[("X-Token", "ABCD")]),
    get("header: an integer", "/headers", fields=[("X-Token", "abcd"), ("X-Count", "3")]),
    get("header: no integer", "/headers", fields=[("X-Token", "abcd"), ("X-Count", "three")]),
    get("header: under its minimum", "/headers", fields=[("X-Token", "abcd"), ("X-Count", "-1")]),
    get("header: a list", "/headers", fields=[("X-Token", "abcd"), ("X-Words", "a"), ("X-Words", "b")]),
    get("header: twice", "/headers", fields=[("X-Token", "abcd"), ("X-Token", "efgh")], differs=(*GATE_ONLY, REPEATED)),

    get("cookie: none", "/cookies"),
    get("cookie: fits", "/cookies", fields=[("Cookie", "theme=dark; visits=3")]),
    get("cookie: not of the literals", "/cookies", fields=[("Cookie", "theme=blue")]),
    get("cookie: no integer", "/cookies", fields=[("Cookie", "visits=many")]),
    get("cookie: not declared", "/cookies", fields=[("Cookie", "other=1; theme=dark")]),

    post("order: fits", "/orders", order()),
    post("order: all members", "/orders", order(
        level=2, tags=["a", "b"], prices={"eur": 1.5}, note="x", ratio=0.999, reference=UUID, due="2024-02-29",
        made="2024-02-29T12:00:00Z", express=True, parts=[{"code": "AB-1234", "count": 1000, "weight": 0.1}])),
    post("order: an optional member is null", "/orders", order(note=None), differs=(*GATE_ONLY, OPTIONAL_NULL)),
    post("order: a required member is null", "/orders", order(name=None)),
    post("order: a defaulted member is null", "/orders", order(level=None)),
    post("order: no parts", "/orders", order(parts=...)),
    post("order: an empty list of parts", "/orders", order(parts=[])),
    post("order: six parts", "/orders", order(parts=[{"code": "AB-1234"}] * 6)),
    post("order: a part's pattern", "/orders", order(parts=[{"code": "AB-123"}])),
    post("order: a part's count", "/orders", order(parts=[{"code": "AB-1234", "count": 1001}])),
    post("order: a part's count as 1.0", "/orders", '{"name": "n", "size": "small", "kind": "order", "parts": '
         '[{"code": "AB-1234", "count": 1.0}]}'),
    post("order: a part's count as 1.5", "/orders", order(parts=[{"code": "AB-1234", "count": 1.5}]),
         differs=(*GATE_ONLY, STRICT_TYPES)),
    post("order: a part's weight is zero", "/orders", order(parts=[{"code": "AB-1234", "weight": 0}])),
    post("order: no such size", "/orders", order(size="medium")),
    post("order: an integer enum", "/orders", order(level=1)),
    post("order: no such level", "/orders", order(level=3)),
    post("order: a level as text", "/orders", order(level="1"), differs=(*GATE_ONLY, STRICT_TYPES)),
    post("order: another kind", "/orders", order(kind="gift")),
    post("order: a tag twice", "/orders", order(tags=["a", "a"])),
    post("order: a tag is a number", "/orders", order(tags=[1]), differs=(*GATE_ONLY, STRICT_TYPES)),
    post("order: a price is a word", "/orders", order(prices={"eur": "much"})),
    post("order: a price is a number as text", "/orders", order(prices={"eur": "1.5"}),
         differs=(*GATE_ONLY, STRICT_TYPES)),
    post("order: prices are a list", "/orders", order(prices=[]), differs=(*GATE_ONLY, STRICT_TYPES)),
    post("order: a note too long", "/orders", order(note="x" * 201)),
    post("order: ratio at its exclusive maximum", "/orders", order(ratio=1)),
    post("order: no reference", "/orders", order(reference="none")),
    post("order: no such day", "/orders", order(due="2023-02-29")),
    post("order: a day as a number", "/orders", order(due=19000), differs=(*GATE_ONLY, STRICT_TYPES)),
    post("order: a time without a zone", "/orders", order(made="2024-02-29T12:00:00"),
         differs=(*GATE_ONLY, LOCAL_FORMS)),
    post("order: a time with a space", "/orders", order(made="2024-02-29 12:00:00Z"),
         differs=(*GATE_ONLY, LOCAL_FORMS)),
    post("order: a time as a number", "/orders", order(made=1700000000), differs=(*GATE_ONLY, STRICT_TYPES)),
    post("order: no time", "/orders", order(made="noon")),
    post("order: express as text", "/orders", order(express="yes"), differs=(*GATE_ONLY, STRICT_TYPES)),
    post("order: express as 1", "/orders", order(express=1), differs=(*GATE_ONLY, STRICT_TYPES)),
    post("order: express as 2", "/orders", order(express=2)),
    post("order: a member more", "/orders", order(other=1)),
    post("order: put", "/orders/7?dry=true", order(), method="PUT"),
    post("order: put with a word", "/orders/x?dry=true", order(), method="PUT"),
    case("order: removed", "DELETE", "/orders/7"),
    post("closed: fits", "/closed", {"left": 1, "right": 2}),
    post("closed: a member more", "/closed", {"left": 1, "right": 2, "up": 3}),
    post("union: the first", "/pets", {"pet": "cat", "lives": 9}),
    post("union: the second", "/pets", {"pet": "dog", "tricks": ["sit"]}),
    post("union: neither", "/pets", {"pet": "dog", "lives": 9}),
    post("union: broken in the first", "/pets", {"pet": "cat", "lives": 10}),
    post("tree: three levels", "/trees", {"value": 1, "children": [{"value": 2, "children": [{"value": 3}]}]}),
    post("tree: broken in the third", "/trees",
         {"value": 1, "children": [{"value": 2, "children": [{"value": "x"}]}]}),
    post("list: fits", "/lists", [1, 2, 3]),
    post("list: too long", "/lists", [1, 2, 3, 4, 5]),
    post("list: a word in it", "/lists", [1, "x"]),
    post("list: an object", "/lists", {}),
    post("map: fits", "/maps", {"a": 1, "b": 2.5}),
    post("map: a word in it", "/maps", {"a": "x"}),
    post("several: fits", "/several", {"part": {"code": "AB-1234"}, "owner": {"name": "Al"}, "importance": 5}),
    post("several: one missing", "/several", {"part": {"code": "AB-1234"}, "importance": 5}),
    post("several: one broken", "/several", {"part": {"code": "AB-1234"}, "owner": {"name": "A"}, "importance": 5}),
    post("several: over the maximum", "/several",
         {"part": {"code": "AB-1234"}, "owner": {"name": "Al"}, "importance": 6}),
    post("embedded: fits", "/embedded", {"part": {"code": "AB-1234"}}),
    post("embedded: not embedded", "/embedded", {"code": "AB-1234"}),
    post("optional body: fits", "/maybe", {"code": "AB-1234"}),
    post("optional body: none", "/maybe", "", None),
    post("optional body: null", "/maybe", "null", differs=(*GATE_ONLY, OPTIONAL_NULL)),
    post("optional body: broken", "/maybe", {"code": "x"}),
    post("any object: fits", "/anything", {"a": [1, None]}, method="PATCH"),
    post("any object: a list", "/anything", [], method="PATCH", differs=(*GATE_ONLY, STRICT_TYPES)),

    post("form: fits", "/login", form(), FORM),
    post("form: all fields", "/login", form(remember="true", attempts="3"), FORM),
    post("form: a short name", "/login", form(username="al"), FORM),
    post("form: a name that does not fit", "/login", form(username="al ice"), FORM),
    post("form: no password", "/login", form(password=...), FORM),
    post("form: an empty password", "/login", form(password=""), FORM),
    post("form: the longest password", "/login", form(password="ü" * 128), FORM),
    post("form: one more", "/login", form(password="ü" * 129), FORM),
    post("form: no boolean", "/login", form(remember="perhaps"), FORM),
    post("form: no integer", "/login", form(attempts="x"), FORM),
    post("form: under its minimum", "/login", form(attempts="0"), FORM),
    post("form: a field more", "/login", form(other="1"), FORM),
    post("form: a field twice", "/login", form() + "&username=bob_2", FORM, differs=(*GATE_ONLY, REPEATED)),
    post("form: empty", "/login", "", FORM),
    post("form: as JSON", "/login", {"username": "alice_1", "password": "correct horse"}),
    post("form: as multipart", "/login",
         multipart([("username", "alice_1"), ("password", "correct horse")], [])[0], MULTIPART,
         differs=(*GATE_ONLY, MEDIA_TYPE)),
    post("upload: fits", "/upload", upload(("title", "t")), MULTIPART),
    post("upload: all fields", "/upload",
         upload(("title", "t"), ("stars", "5"),
                files=(("file", "a", b"\xff\x00"), ("more", "b", b"1"), ("more", "c", b"2"))), MULTIPART),
    post("upload: no title", "/upload", upload(), MULTIPART),
    post("upload: a title too long", "/upload", upload(("title", "t" * 31)), MULTIPART),
    post("upload: too many stars", "/upload", upload(("title", "t"), ("stars", "6")), MULTIPART),
    post("upload: no file", "/upload", upload(("title", "t"), files=()), MULTIPART),
    post("upload: a text for a file", "/upload", upload(("title", "t"), ("file", "text"), files=()), MULTIPART,
         differs=(*APP_ONLY, NO_FILE)),
    post("upload: without its end", "/upload", upload(("title", "t"))[:-4], MULTIPART),
    post("upload: another boundary", "/upload", upload(("title", "t")), "multipart/form-data; boundary=other"),
    post("upload: no boundary", "/upload", upload(("title", "t")), "multipart/form-data"),
    post("upload: as a form", "/upload", "title=t", FORM),
]


@pytest.fixture(scope="module")
def everything(shared_gatehouse):
    application = Application("app:app", ROOT / "examples" / "everything")
    gateway = shared_gatehouse({"openapi": {"document": "upstream:/openapi.json"}}, upstream=application)
    yield application, gateway
    application.close()


@pytest.mark.parametrize("method, target, data, content_type, fields, differs", EVERYTHING)
def test_everything(everything, method, target, data, content_type, fields, differs):
    compare(*everything, method, target, data, content_type, fields, differs)
