"""Strict HTTP: what is ambiguous is refused at the door, and what is forwarded has one meaning."""
import time

import pytest

from support.message import Truncated, get
from support.scripted import always, ok
from support.timing import eventually, guard

HOST = "Host: 127.0.0.1\r\n"
POISON = get("/poison")


@pytest.fixture(scope="module")
def upstream(shared_scripted):
    return shared_scripted()


@pytest.fixture(scope="module")
def gateway(shared_gatehouse, upstream):
    return shared_gatehouse({}, upstream=upstream)


def line(text):
    """A request whose first line is this."""
    return f"{text}\r\n{HOST}\r\n"


def target(text):
    return line(f"GET {text} HTTP/1.1")


def field(text, body=""):
    """A POST with this field line."""
    return f"POST /x HTTP/1.1\r\n{HOST}{text}\r\n\r\n{body}"


MALFORMED = {
    # request line
    "two spaces before the target": line("GET  / HTTP/1.1"),
    "two spaces before the version": line("GET /  HTTP/1.1"),
    "space after the version": line("GET / HTTP/1.1 "),
    "space before the method": line(" GET / HTTP/1.1"),
    "tab for space": line("GET\t/\tHTTP/1.1"),
    "form feed for space": line("GET\x0c/ HTTP/1.1"),
    "no version": line("GET /"),
    "no target": line("GET HTTP/1.1"),
    "empty target": line("GET  HTTP/1.1"),
    "only a method": line("GET"),
    "a space in the target": line("GET /a b HTTP/1.1"),
    "method with an odd character": line("G@T / HTTP/1.1"),
    "method with a NUL": line("GE\0T / HTTP/1.1"),
    "method with a colon": line("GET: / HTTP/1.1"),
    "no method": line("/ HTTP/1.1"),
    "version in lower case": line("GET / http/1.1"),
    "version with a letter": line("GET / HTTP/1.x"),
    "version without minor": line("GET / HTTP/1"),
    "version with two digits": line("GET / HTTP/1.10"),
    "version with a leading zero": line("GET / HTTP/01.1"),
    "version with a comma": line("GET / HTTP/1,1"),
    "other protocol": line("GET / HTTPS/1.1"),
    "LF after the request line": f"GET / HTTP/1.1\n{HOST}\r\n",
    "CR after the request line": f"GET / HTTP/1.1\r{HOST}\r\n",
    "CR CR LF after the request line": f"GET / HTTP/1.1\r\r\n{HOST}\r\n",
    "CR in the request line": line("GET /\rx HTTP/1.1"),
    "LF before the request": "\n" + line("GET / HTTP/1.1"),
    "TLS on the plain port": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    # target
    "target without slash": target("x"),
    "asterisk with GET": target("*"),
    "authority with GET": target("127.0.0.1:80"),
    "absolute-form without host": target("http:///x"),
    "absolute-form with user": target("http://user@127.0.0.1/"),
    "absolute-form of another scheme": target("file:///etc/passwd"),
    "absolute-form with a backslash": target("http:\\\\127.0.0.1/"),
    "fragment": target("/a#b"),
    "fragment in the query": target("/a?b#c"),
    "backslash": target("/a\\b"),
    "escaped backslash": target("/a%5cb"),
    "escaped slash": target("/a%2fb"),
    "escaped slash, upper case": target("/a%2Fb"),
    "escaped NUL": target("/a%00b"),
    "NUL": target("/a\0b"),
    "control character": target("/a\x01b"),
    "DEL": target("/a\x7fb"),
    "byte over 0x7e": target("/\xe4"),
    "byte over 0x7e in the query": target("/?\xe4"),
    "broken escape": target("/a%2"),
    "broken escape, no digits": target("/a%zz"),
    "broken escape in the query": target("/a?b=%2"),
    "percent alone": target("/%"),
    "escape of an escape": target("/%252e%252e/"),
    "unicode escape": target("/%u002e"),
    "above the root": target("/../x"),
    "above the root later": target("/a/../../x"),
    "above the root, escaped": target("/%2e%2e/x"),
    "above the root, half escaped": target("/.%2E/x"),
    "dot segment with a parameter": target("/a/..;x/b"),
    # fields
    "space before the colon": field("X-A : 1"),
    "tab before the colon": field("X-A\t: 1"),
    "no colon": field("X-A"),
    "empty name": field(": 1"),
    "name with a space": field("X A: 1"),
    "name with a parenthesis": field("X(A): 1"),
    "name with a NUL": field("X\0A: 1"),
    "name over 0x7e": field("X-\xc4: 1"),
    "name with a slash": field("X/A: 1"),
    "folded line": field("X-A: 1\r\n 2"),
    "folded line with a tab": field("X-A: 1\r\n\t2"),
    "first field folded": f"GET / HTTP/1.1\r\n {HOST}\r\n",
    "first field folded with a tab": f"GET / HTTP/1.1\r\n\tX-A: 1\r\n{HOST}\r\n",
    "NUL in a value": field("X-A: a\0b"),
    "control character in a value": field("X-A: a\x08b"),
    "DEL in a value": field("X-A: a\x7fb"),
    "CR in a value": field("X-A: a\rb"),
    "LF in a value": field("X-A: a\nX-B: b"),
    "LF at the end of a field": f"GET / HTTP/1.1\r\n{HOST}X-A: 1\n\r\n",
    "LF LF at the end of the head": f"GET / HTTP/1.1\r\n{HOST[:-2]}\n\n",
    "CR at the end of a field": f"GET / HTTP/1.1\r\n{HOST}X-A: 1\rX-B: 2\r\n\r\n",
    "CR CR LF at the end of a field": f"GET / HTTP/1.1\r\n{HOST}X-A: 1\r\r\n\r\n",
    "two Host": field("Host: 127.0.0.1"),
    "two different Host": field("Host: evil.example"),
    "no Host": "GET / HTTP/1.1\r\nX-A: 1\r\n\r\n",
    "Host with a space before the colon": "GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
    "an expectation nobody knows": field("Expect: 200-ok"),
    # Content-Length
    "CL empty": field("Content-Length:"),
    "CL minus": field("Content-Length: -1"),
    "CL plus": field("Content-Length: +5", "hello"),
    "CL hexadecimal": field("Content-Length: 0x5", "hello"),
    "CL with a unit": field("Content-Length: 5B", "hello"),
    "CL with a space inside": field("Content-Length: 1 5", "hello"),
    "CL with an underscore": field("Content-Length: 1_0", "hello"),
    "CL with a point": field("Content-Length: 5.0", "hello"),
    "CL list of the same": field("Content-Length: 5, 5", "hello"),
    "CL list of different": field("Content-Length: 5,6", "hello"),
    "CL twice the same": field("Content-Length: 5\r\nContent-Length: 5", "hello"),
    "CL twice different": field("Content-Length: 5\r\nContent-Length: 0", "hello"),
    "CL over 64 bits": field("Content-Length: 18446744073709551617", "h"),
    "CL of a hundred digits": field("Content-Length: " + "9" * 100, "h"),
    "CL with a vertical tab": field("Content-Length: \x0b5", "hello"),
    "CL with a tail in quotes": field('Content-Length: "5"', "hello"),
    # Transfer-Encoding
    "TE and CL": field("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"),
    "CL and TE": field("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
    "TE and CL 0": field("Transfer-Encoding: chunked\r\nContent-Length: 0", "0\r\n\r\n"),
    "TE twice": field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
    "TE twice, one identity": field("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
    "TE chunked chunked": field("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"),
    "TE gzip chunked": field("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"),
    "TE chunked gzip": field("Transfer-Encoding: chunked, gzip", "0\r\n\r\n"),
    "TE chunked identity": field("Transfer-Encoding: chunked, identity", "0\r\n\r\n"),
    "TE identity": field("Transfer-Encoding: identity"),
    "TE unknown": field("Transfer-Encoding: xchunked", "0\r\n\r\n"),
    "TE empty": field("Transfer-Encoding:", "0\r\n\r\n"),
    "TE comma before": field("Transfer-Encoding: , chunked", "0\r\n\r\n"),
    "TE comma after": field("Transfer-Encoding: chunked,", "0\r\n\r\n"),
    "TE with a parameter": field("Transfer-Encoding: chunked;a=b", "0\r\n\r\n"),
    "TE in quotes": field('Transfer-Encoding: "chunked"', "0\r\n\r\n"),
    "TE in apostrophes": field("Transfer-Encoding: 'chunked'", "0\r\n\r\n"),
    "TE with a vertical tab": field("Transfer-Encoding: \x0bchunked", "0\r\n\r\n"),
    "TE with a form feed": field("Transfer-Encoding: chunked\x0c", "0\r\n\r\n"),
    "TE with a space before the colon": field("Transfer-Encoding : chunked", "0\r\n\r\n"),
    "TE folded": field("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"),
    "TE after a bare LF": field("X-A: b\nTransfer-Encoding: chunked", "0\r\n\r\n"),
    "TE after a bare CR": field("X-A: b\rTransfer-Encoding: chunked", "0\r\n\r\n"),
    "TE in HTTP/1.0": f"POST / HTTP/1.0\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


def refuse(gateway, upstream, raw, status):
    """Refused with this status, the connection closed, nothing of it or after it at the upstream."""
    raw = raw if isinstance(raw, bytes) else raw.encode("latin-1")
    before = upstream.heads
    with gateway.connect() as stream:
        stream.send(raw + POISON)
        answer = stream.read_response()
        assert answer.status == status, answer.body
        assert stream.read_to_end() == b"", "something was answered after the refusal"
    assert answer.json()["status"] == status
    assert answer.tokens("Connection") == ["close"]
    assert upstream.heads == before, upstream.requests[-1]
    return answer


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_requests_are_refused(gateway, upstream, raw):
    assert refuse(gateway, upstream, raw, 400).json()["error"] in ("malformed_request", "target_not_accepted", "host_not_allowed")


@pytest.mark.parametrize("name", ["TE and CL", "LF at the end of a field", "above the root"])
def test_malformed_requests_in_single_bytes(gateway, upstream, name):
    before = len(upstream.requests)
    with gateway.connect() as stream:
        for byte in MALFORMED[name].encode("latin-1"):
            try:
                stream.send(bytes([byte]))
            except OSError:
                break  # refused before its end
        assert stream.read_response().status == 400
    assert len(upstream.requests) == before


CHUNKED = f"POST /chunked HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n"
MALFORMED_BODIES = {
    "size that is no number": "g\r\nhello\r\n0\r\n\r\n",
    "no size": "\r\nhello\r\n0\r\n\r\n",
    "size with minus": "-5\r\nhello\r\n0\r\n\r\n",
    "size with plus": "+5\r\nhello\r\n0\r\n\r\n",
    "size with 0x": "0x5\r\nhello\r\n0\r\n\r\n",
    "space before the size": " 5\r\nhello\r\n0\r\n\r\n",
    "size with an underscore": "0_5\r\nhello\r\n0\r\n\r\n",
    "LF after the size": "5\nhello\r\n0\r\n\r\n",
    "CR after the size": "5\rhello\r\n0\r\n\r\n",
    "size of 17 digits": "00000000000000005\r\nhello\r\n0\r\n\r\n",
    "size over 64 bits": "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "size of 16 digits": "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "LF in an extension": "5;a\nb\r\nhello\r\n0\r\n\r\n",
    "CR in an extension": "5;a\rb\r\nhello\r\n0\r\n\r\n",
    "NUL in an extension": "5;a\0b\r\nhello\r\n0\r\n\r\n",
    "an endless extension": "5;" + "a" * 70000 + "\r\nhello\r\n0\r\n\r\n",
    "data longer than its size": "5\r\nhellohello\r\n0\r\n\r\n",
    "LF after the data": "5\r\nhello\n0\r\n\r\n",
    "nothing after the data": "5\r\nhello0\r\n\r\n",
    "LF after the last chunk": "5\r\nhello\r\n0\n\r\n",
    "LF at the end": "5\r\nhello\r\n0\r\n\n",
    "trailer without colon": "0\r\nX-A\r\n\r\n",
    "trailer with a space before the colon": "0\r\nX-A : 1\r\n\r\n",
    "trailer folded": "0\r\nX-A: 1\r\n 2\r\n\r\n",
    "trailer with LF": "0\r\nX-A: 1\n\r\n",
    "trailer with NUL": "0\r\nX-A: \0\r\n\r\n",
    "endless trailers": "0\r\n" + "X-A: aaaaaaaaaaaaaaaa\r\n" * 5000 + "\r\n",
}


@pytest.fixture(scope="module")
def reader(shared_scripted):
    """An upstream of their own for requests that may reach it in part."""
    return shared_scripted()


@pytest.fixture(scope="module")
def bodies(shared_gatehouse, reader):
    return shared_gatehouse({}, upstream=reader)


@pytest.mark.parametrize("body", MALFORMED_BODIES.values(), ids=MALFORMED_BODIES.keys())
def test_malformed_chunked_bodies_are_refused(bodies, reader, body):
    """The head may be on its way already: the upstream must never see the request whole."""
    before = len(reader.requests)
    with bodies.connect() as stream:
        try:
            stream.send((CHUNKED + body).encode("latin-1") + POISON)
        except ConnectionError:
            pass  # refused while it was still being sent
        answer = stream.read_response()
        assert answer.status == 400
        assert stream.read_to_end() == b""
    assert len(reader.requests) == before, reader.requests[before:]


def test_a_body_that_ends_early_never_looks_whole(bodies, reader):
    before = len(reader.requests)
    for raw in (CHUNKED + "5\r\nhel", CHUNKED + "5\r\nhello\r\n", field("Content-Length: 50", "hello")):
        heads = reader.heads
        with bodies.connect() as stream:
            stream.send(raw)
            eventually(lambda: reader.heads > heads, "a part of it is at the upstream")
    eventually(lambda: bodies.metrics().value("gatehouse_exchanges_open") == 0, "they ended")
    eventually(lambda: len(reader.partial) >= 3, "the upstream saw them end")
    assert len(reader.requests) == before


# Too large, too long, too old.

def test_target_too_long(gateway, upstream):
    assert refuse(gateway, upstream, target("/" + "a" * 8200), 414).json()["error"] == "target_too_long"
    with gateway.connect() as stream:
        stream.send(get("/" + "a" * 8000))
        assert stream.read_response().status == 200


@pytest.mark.parametrize("raw", [
    field("X-A: " + "a" * 17000), field("X-" + "A" * 17000 + ": a"), field("\r\n".join(f"X-{i}: {'a' * 400}" for i in range(50))),
    field("\r\n".join(f"X-{i}: a" for i in range(101)))], ids=["value", "name", "sum", "number"])
def test_head_too_large(gateway, upstream, raw):
    assert refuse(gateway, upstream, raw, 431).json()["error"] == "head_too_large"


def test_a_head_without_end_is_refused_when_it_is_too_large(gateway, upstream):
    before = len(upstream.requests)
    with gateway.connect() as stream:
        stream.send(f"GET / HTTP/1.1\r\n{HOST}X-A: " + "a" * 40000)
        assert stream.read_response().status == 431
    assert len(upstream.requests) == before


def test_heads_up_to_the_limits_pass(gateway):
    with gateway.connect() as stream:
        stream.send(get("/", [(f"X-{i}", "a" * 100) for i in range(99)]))
        assert stream.read_response().status == 200


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/3.0", "HTTP/9.9"])
def test_other_versions(gateway, upstream, version):
    refuse(gateway, upstream, line(f"GET / {version}"), 505)


def test_http2_preface_on_the_plain_port(gateway, upstream):
    before = len(upstream.requests)
    with gateway.connect() as stream:
        stream.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert stream.read_response().status in (400, 505)
    assert len(upstream.requests) == before


def test_a_refused_body_is_never_taken_for_a_request(small, upstream):
    before = upstream.heads
    with small.connect() as stream:
        stream.send(field("Content-Length: 1100", POISON.decode() * 40))
        assert stream.read_response().status == 413
        stream.sock.shutdown(1)
        stream.read_to_end()
    assert upstream.heads - before <= 40 - 1100 // len(POISON)


@pytest.fixture(scope="module")
def small(shared_gatehouse, upstream):
    return shared_gatehouse({"limits": {"body": "1KiB"}, "routes": [{"name": "tiny", "path": "/tiny", "max_body": 10}]}, upstream=upstream)


def test_body_too_large_when_declared(small, upstream):
    before = upstream.heads
    for body in ("", "a" * 1025):
        with small.connect() as stream:
            stream.send(field("Content-Length: 1025", body))
            answer = stream.read_response()
        assert answer.status == 413 and answer.json()["error"] == "body_too_large"
    assert upstream.heads == before
    assert small.exchange(get("/x", method="POST", body=b"a" * 1024)).status == 200


def test_body_too_large_is_said_before_the_body_is_sent(small, upstream):
    before = len(upstream.requests)
    with small.connect() as stream:
        stream.send(field("Content-Length: 5000000000\r\nExpect: 100-continue"))
        answer = stream.read_response()
    assert answer.status == 413 and not answer.informational
    assert len(upstream.requests) == before


def test_body_too_large_when_chunked(small, upstream):
    before = len(upstream.requests)
    with small.connect() as stream:
        try:
            stream.send(CHUNKED + "100\r\n" + "a" * 256 + "\r\n")
            for _ in range(20):
                stream.send("100\r\n" + "a" * 256 + "\r\n")
                time.sleep(0.005)
            stream.send("0\r\n\r\n")
        except ConnectionError:
            pass  # refused while it was still being sent
        assert stream.read_response().status == 413
    assert len(upstream.requests) == before


def test_a_routes_own_body_limit(small, upstream):
    assert small.exchange(get("/tiny", method="POST", body=b"a" * 10)).status == 200
    before = len(upstream.requests)
    assert small.exchange(get("/tiny", method="POST", body=b"a" * 11)).status == 413
    assert small.exchange(get("/x/../tiny", method="POST", body=b"a" * 11)).status == 413
    assert len(upstream.requests) == before


# Too slow.

@pytest.fixture(scope="module")
def impatient(shared_gatehouse, upstream):
    return shared_gatehouse({"timeouts": {"client_head": "1s", "client_body": "1s", "client_idle": "1s"}}, upstream=upstream)


def test_a_head_that_never_ends(impatient, upstream):
    before = len(upstream.requests)
    with impatient.connect() as stream:
        stream.send("GET / HTTP/1.1\r\nHost:")
        answer = stream.read_response()
        assert answer.status == 408 and answer.json()["error"] == "request_timeout"
        assert stream.at_end()
    assert len(upstream.requests) == before


def test_a_head_in_drops_gains_no_time(impatient):
    """Slowloris: each byte must not start the clock again."""
    with impatient.connect() as stream:
        stream.sock.settimeout(0.1)
        stream.send(f"GET / HTTP/1.1\r\n{HOST}X-A: ")
        answered = b""
        end = time.monotonic() + guard(20)
        while not answered and time.monotonic() < end:
            stream.send("a")
            try:
                answered = stream.read_some()
            except TimeoutError:
                continue
    assert answered.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("raw", [field("Content-Length: 50", "hello"), CHUNKED + "5\r\nhel"], ids=["length", "chunked"])
def test_a_body_that_stops(impatient, upstream, raw):
    before = len(upstream.requests)
    with impatient.connect() as stream:
        stream.send(raw)
        assert stream.read_response().status == 408
        assert stream.at_end()
    assert len(upstream.requests) == before


def test_a_body_below_the_least_rate(gatehouse, upstream):
    """Every piece comes in time, but there would be no end."""
    gateway = gatehouse({"limits": {"min_body_rate": 1000}}, upstream=upstream)
    before = len(upstream.requests)
    with gateway.connect() as stream:
        stream.send(field("Content-Length: 100000"))
        stream.sock.settimeout(0.1)
        answered, end = b"", time.monotonic() + guard(30)
        while not answered and time.monotonic() < end:
            stream.send("a")
            try:
                answered = stream.read_some()
            except TimeoutError:
                continue
    assert answered.startswith(b"HTTP/1.1 408 ")
    assert len(upstream.requests) == before


def test_an_idle_connection_is_closed_without_a_word(impatient):
    with impatient.connect() as stream:
        stream.send(get("/"))
        assert stream.read_response().status == 200
        assert stream.read_to_end() == b""


# What is forwarded.

@pytest.mark.parametrize("sent,seen", [
    ("/", "/"), ("/a/b", "/a/b"), ("/a/./b", "/a/b"), ("/a/../b", "/b"), ("/a/.", "/a/"), ("/a/b/..", "/a/"), ("//a///b", "/a/b"),
    ("/%61", "/a"), ("/a%2D%7eb", "/a-~b"), ("/%c3%a4", "/%C3%A4"), ("/a/%2e%2e/b", "/b"), ("/a/%2E/b", "/a/b"), ("/a%20b", "/a%20b"),
    ("/a/", "/a/"), ("/a?", "/a?"), ("/a?x=/../%2f&y=%c3", "/a?x=/../%2f&y=%c3"), ("/a?b?c", "/a?b?c"), ("/a;b=c", "/a;b=c"),
    ("/...", "/..."), ("/a..b", "/a..b"), ("/:@!$&'()*+,=", "/:@!$&'()*+,="), ("http://127.0.0.1", "/"), ("http://127.0.0.1/a/../b?c", "/b?c")])
def test_the_path_is_normalised_once_for_all(gateway, upstream, sent, seen):
    assert gateway.exchange(get(sent)).status == 200
    assert upstream.requests[-1].target == seen


@pytest.mark.parametrize("text", ["X-A:", "X-A:a", "X-A: \t a \t ", "X-A: a\tb", "X-A: caf\xe9", "x_a: 1", "!#$%&'*+-.^_`|~: a", "X-A: a, b; c=\"d\""])
def test_unusual_but_correct_fields_pass(gateway, upstream, text):
    with gateway.connect() as stream:
        stream.send(field(text))
        assert stream.read_response().status in ((200, 400) if text.startswith("x_a") else (200,))


def test_an_empty_line_before_the_request_is_skipped(gateway):
    with gateway.connect() as stream:
        stream.send(b"\r\n" + get("/"))
        assert stream.read_response().status == 200
        stream.send(b"\r\n" + get("/"))
        assert stream.read_response().status == 200


def test_a_request_in_single_bytes(gateway, upstream):
    with gateway.connect() as stream:
        for byte in CHUNKED.encode() + b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n":
            stream.send(bytes([byte]))
        assert stream.read_response().status == 200
    assert upstream.requests[-1].body == b"abcde"


def test_chunked_requests_are_framed_anew(gateway, upstream):
    with gateway.connect() as stream:
        stream.send(CHUNKED.replace("/chunked", "/anew").replace("\r\n\r\n", "\r\nTrailer: X-Role\r\n\r\n")
                    + "00003;name=value;q=\"x\"\r\nabc\r\n2;a\r\nde\r\n0;last\r\nX-Role: admin\r\nContent-Length: 7\r\n\r\n")
        assert stream.read_response().status == 200
    request = upstream.requests[-1]
    assert request.target == "/anew" and request.body == b"abcde"
    assert request.extensions == [] and request.trailers == b""
    assert request.get("Trailer") is None
    assert (request.tokens("Transfer-Encoding"), request.get("Content-Length")) in ((["chunked"], None), ([], "5"))


@pytest.mark.parametrize("body", [b"", b"x", b"0\r\n\r\n", b"x" * 100000])
def test_bodies_with_a_length(gateway, upstream, body):
    with gateway.connect() as stream:
        stream.send(f"POST /l HTTP/1.1\r\n{HOST}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert stream.read_response().status == 200
    assert upstream.requests[-1].body == body and upstream.requests[-1].tokens("Transfer-Encoding") == []


def test_pipelined_requests_are_answered_in_order(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    with gateway.connect() as stream:
        stream.send(b"".join(get(f"/echo/{i}", method="POST", body=b"b%d" % i) for i in range(10)))
        for i in range(10):
            seen = stream.read_response().json()
            assert (seen["path"], seen["body"]) == (f"/echo/{i}", f"b{i}")


def test_a_malformed_request_after_good_ones(gateway, upstream):
    before = len(upstream.requests)
    with gateway.connect() as stream:
        stream.send(get("/1") + get("/2") + MALFORMED["TE and CL"].encode() + POISON)
        assert [stream.read_response().status for _ in range(3)] == [200, 200, 400]
        assert stream.at_end()
    assert [r.target for r in upstream.requests[before:]] == ["/1", "/2"]


@pytest.mark.parametrize("version,connection,stays", [
    ("HTTP/1.1", None, True), ("HTTP/1.1", "close", False), ("HTTP/1.1", "Close, X-A", False), ("HTTP/1.1", "keep-alive", True),
    ("HTTP/1.0", None, False), ("HTTP/1.0", "keep-alive", True), ("HTTP/1.0", "close", False), ("HTTP/1.1", "keep-alive, close", False)])
def test_keep_alive(gateway, version, connection, stays):
    with gateway.connect() as stream:
        stream.send(get("/", [("Connection", connection)] if connection else [], version=version))
        answer = stream.read_response()
        assert answer.status == 200 and answer.body == b"ok"
        assert ("close" in answer.tokens("Connection")) == (not stays) or version == "HTTP/1.0"
        if stays:
            stream.send(get("/"))
            assert stream.read_response().status == 200
        else:
            assert stream.at_end()


def test_http_1_0_clients_get_no_chunks(gatehouse, scripted):
    upstream = scripted(always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
    with gatehouse({}, upstream=upstream).connect() as stream:
        stream.send(get("/", version="HTTP/1.0"))
        answer = stream.read_response()
    assert answer.tokens("Transfer-Encoding") == [] and answer.body == b"hello"


def test_the_upstream_gets_http_1_1(gateway, upstream):
    gateway.exchange(get("/old", version="HTTP/1.0"))
    assert upstream.requests[-1].start == "GET /old HTTP/1.1"


def test_expect_continue(gatehouse, scripted):
    """The upstream is asked whether it wants the body (RFC 9110 section 10.1.1); its 100 is passed on."""
    got = []

    def script(upstream, stream):
        head = stream.read_head()
        assert head.get("Expect") == "100-continue"
        stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        got.append(stream.read_exactly(5, "body"))
        stream.send(ok())
    gateway = gatehouse({}, upstream=scripted(script))
    with gateway.connect() as stream:
        stream.send(field("Content-Length: 5\r\nExpect: 100-continue"))
        assert stream.read_head().status == 100
        assert got == []
        stream.send("hello")
        assert stream.read_response().status == 200
    assert got == [b"hello"]


def test_a_refused_request_is_not_told_to_continue(gatehouse, upstream):
    gateway = gatehouse({"rate_limits": {"default": {"requests": 1, "window": "1h"}}}, upstream=upstream)
    assert gateway.exchange(get("/")).status == 200
    with gateway.connect() as stream:
        stream.send(field("Content-Length: 5\r\nExpect: 100-continue"))
        answer = stream.read_response()
    assert answer.status == 429 and not answer.informational


def test_a_refused_requests_body_is_not_taken_for_a_request(gatehouse, upstream):
    gateway = gatehouse({"rate_limits": {"default": {"requests": 1, "window": "1h"}}}, upstream=upstream)
    assert gateway.exchange(get("/")).status == 200
    before = len(upstream.requests)
    inner = get("/health")
    with gateway.connect() as stream:
        stream.send(get("/", method="POST", body=inner) + get("/health"))
        assert stream.read_response().status == 429
        try:
            answer = stream.read_response()
        except (Truncated, ConnectionError):
            answer = None  # closing instead of reading the body is right as well
    assert len(upstream.requests) - before == (1 if answer else 0)


def test_head_answers_have_no_body(gatehouse, app):
    gateway = gatehouse({}, upstream=app)
    with gateway.connect() as stream:
        stream.send(get("/echo", method="HEAD"))
        answer = stream.read_response(to_head=True)
        assert answer.status == 200
        stream.send(get("/echo/after"))
        assert stream.read_response().json()["path"] == "/echo/after"


@pytest.mark.parametrize("raw,method", [
    (b"HTTP/1.1 204 No Content\r\n\r\n", "GET"),
    (b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", "GET"),
    (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", "GET"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", "HEAD"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD")])
def test_answers_without_a_body(gatehouse, scripted, raw, method):
    with gatehouse({}, upstream=scripted(always(raw))).connect() as stream:
        for _ in range(3):
            stream.send(get("/", method=method))
            assert stream.read_response(to_head=True).status == int(raw[9:12])
            assert stream.buffer == b""


# Fields between neighbours.

def test_hop_by_hop_fields_of_the_request_are_removed(gateway, upstream):
    gateway.exchange(get("/hop", [
        ("Connection", "close, X-Named, keep-alive"), ("X-Named", "drop"), ("Keep-Alive", "timeout=drop"), ("TE", "trailers, drop"),
        ("Trailer", "X-drop"), ("Proxy-Connection", "drop"), ("Proxy-Authorization", "Basic drop"), ("X-Kept", "kept")]))
    head = upstream.requests[-1].head.decode()
    assert "drop" not in head and "X-Kept: kept" in head


@pytest.mark.parametrize("named", ["Host", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", "Via", "Content-Length"])
def test_connection_can_not_remove_what_gatehouse_says(gateway, upstream, named):
    answer = gateway.exchange(get("/named", [("Connection", f"close, {named}")], "POST", body=b"hello"))
    if answer.status == 200:
        request = upstream.requests[-1]
        assert request.get(named) is not None and request.body == b"hello"
    else:
        assert answer.status == 400


def test_an_upgrade_nobody_asked_for_is_not_forwarded(gateway, upstream):
    assert gateway.exchange(get("/h2c", [("Connection", "close, Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")])).status in (200, 400)
    if upstream.requests[-1].target == "/h2c":
        assert {"upgrade", "http2-settings"} & set(upstream.requests[-1].names()) == set()


def test_hop_by_hop_fields_of_the_answer_are_removed(gatehouse, scripted):
    upstream = scripted(always(ok(fields=[("Connection", "X-Named, keep-alive"), ("X-Named", "drop"), ("Keep-Alive", "timeout=drop"),
                                          ("Proxy-Authenticate", "drop"), ("Trailer", "drop"), ("Upgrade", "drop"), ("X-Kept", "kept")])))
    answer = gatehouse({}, upstream=upstream).exchange(get("/"))
    assert answer.status == 200 and answer.get("X-Kept") == "kept"
    assert "drop" not in answer.head.decode()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "PURGE", "get", "DEBUG", "PROPFIND"])
def test_methods_that_are_not_allowed(gateway, upstream, method):
    before = len(upstream.requests)
    answer = gateway.exchange(get("127.0.0.1:80" if method == "CONNECT" else "/", method=method))
    assert answer.status == 405 or (method == "CONNECT" and answer.status == 400)
    if answer.status == 405:
        assert answer.json()["error"] == "method_not_allowed"
        assert set(answer.tokens("Allow")) == {"get", "head", "post", "put", "patch", "delete", "options"}
    assert len(upstream.requests) == before


def test_methods_can_be_changed(gatehouse, upstream):
    gateway = gatehouse({"methods": {"allowed": ["GET", "PROPFIND"]}}, upstream=upstream)
    assert [gateway.exchange(get("/", method=m)).status for m in ("GET", "PROPFIND", "POST")] == [200, 200, 405]


def test_options_asterisk(gateway):
    assert gateway.exchange(get("*", method="OPTIONS")).status in (200, 204)


def test_a_half_closed_client_gets_its_answer_or_a_clean_end(gateway, upstream):
    """Whoever sends FIN has as a rule left: both are right, half an answer is not."""
    whole = gateway.exchange(get("/half", [("Connection", "close")])).body
    with gateway.connect() as stream:
        stream.send(get("/half"))
        stream.sock.shutdown(1)
        answer = stream.read_to_end()
    assert answer == b"" or answer.endswith(b"\r\n\r\n" + whole)
    eventually(lambda: gateway.metrics().value("gatehouse_exchanges_open") == 0, "nothing is left open")


# Answers that are not HTTP never reach the client.

BAD_ANSWERS = {
    "CL and TE": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two CL": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "CL list": b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
    "CL plus": b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
    "CL minus": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "CL too large": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nhello",
    "TE gzip chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "TE identity": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello",
    "TE twice": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "TE in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "LF in a field": b"HTTP/1.1 200 OK\r\nX-A: 1\nX-B: 2\r\nContent-Length: 5\r\n\r\nhello",
    "bare CR": b"HTTP/1.1 200 OK\r\nX-A: 1\rX-B: 2\r\nContent-Length: 5\r\n\r\nhello",
    "folded": b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 5\r\n\r\nhello",
    "space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
    "no colon": b"HTTP/1.1 200 OK\r\nX-A\r\nContent-Length: 5\r\n\r\nhello",
    "NUL": b"HTTP/1.1 200 OK\r\nX-A: \0\r\nContent-Length: 5\r\n\r\nhello",
    "status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello",
    "status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello",
    "status below 100": b"HTTP/1.1 099 OK\r\nContent-Length: 5\r\n\r\nhello",
    "status over 599": b"HTTP/1.1 600 OK\r\nContent-Length: 5\r\n\r\nhello",
    "status no number": b"HTTP/1.1 2x0 OK\r\nContent-Length: 5\r\n\r\nhello",
    "another version": b"HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "no version": b"200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "HTML without head": b"<html>hello</html>\r\n\r\n",
    "HTTP/0.9": b"hello",
    "a head too large": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 200000 + b"\r\nContent-Length: 5\r\n\r\nhello",
    "101 unasked": b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello",
    "1xx without end": b"HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n" * 2000,
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
}


@pytest.mark.parametrize("raw", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_malformed_answers_become_502(gatehouse, scripted, raw):
    def script(upstream, stream):
        if upstream.read_request(stream) is not None:
            stream.send(raw)
    gateway = gatehouse({"upstreams": [{"name": "api", "retries": 0, "fail_threshold": 1000}]}, upstream=scripted(script))
    answer = gateway.exchange(get("/"))
    assert answer.status == 502
    assert answer.json()["error"] in ("upstream_invalid", "upstream_unavailable")
    assert b"hello" not in answer.body


@pytest.mark.parametrize("raw", [
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\ng\r\nevil\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n4\nevil\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloevil\r\n0\r\n\r\n"])
def test_a_malformed_chunked_answer_is_cut_off(gatehouse, scripted, raw):
    """Its head is out already: the client must see that the body did not end."""
    gateway = gatehouse({}, upstream=scripted(always(raw)))
    with gateway.connect() as stream:
        stream.send(get("/"))
        try:
            answer = stream.read_response()
        except (Truncated, ConnectionError) as e:
            assert b"evil" not in getattr(e, "got", b"")
        else:
            assert answer.status == 502


def test_a_second_answer_never_reaches_the_next_client(gatehouse, scripted):
    """Response queue poisoning: what comes after the answer belongs to nobody."""
    upstream = scripted(always(ok(b"mine") + ok(b"evil")))
    gateway = gatehouse({"server": {"workers": 1}}, upstream=upstream)
    for _ in range(10):
        answer = gateway.exchange(get("/"))
        assert answer.status == 200 and answer.body == b"mine"


def test_bytes_on_an_idle_upstream_connection_are_no_answer(gatehouse, scripted):
    def script(upstream, stream):
        while upstream.read_request(stream) is not None:
            stream.send(ok(b"mine"))
            time.sleep(0.2)
            stream.send(ok(b"evil"))
    gateway = gatehouse({"server": {"workers": 1}}, upstream=scripted(script))
    for _ in range(5):
        answer = gateway.exchange(get("/"))
        assert answer.status == 200 and answer.body == b"mine"
        time.sleep(0.3)


def test_interim_answers_are_forwarded_or_dropped_but_never_final(gatehouse, scripted):
    upstream = scripted(always(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok(b"final")))
    with gatehouse({}, upstream=upstream).connect() as stream:
        for _ in range(2):
            stream.send(get("/"))
            answer = stream.read_response()
            assert answer.status == 200 and answer.body == b"final"


def test_malformed_messages_are_counted(gatehouse, upstream):
    gateway = gatehouse({}, upstream=upstream)
    for name in ("TE and CL", "NUL in a value", "folded line"):
        gateway.exchange(MALFORMED[name].encode("latin-1"))
    assert gateway.metrics().value("gatehouse_malformed_total") == 3
