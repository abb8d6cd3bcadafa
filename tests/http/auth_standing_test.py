"""Access that ends while an exchange is under way: it is cut."""
import pytest
from support import identity
from support.identity import settings
from support.timing import eventually, guard

ROUTES = {"routes": [{"name": "held", "path": "/held", "require": {"user": True}, "validate": {"body": {"type": "object"}}},
                     {"name": "members", "path": "/**", "require": {"user": True}}]}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nContent-Type: text/plain\r\n\r\nbegun"


def never_ends(upstream, stream):
    """Begins to answer, and goes on when the test is over."""
    if upstream.read_request(stream) is not None:
        stream.send(HEAD)
        upstream.gate.wait(guard(60))


@pytest.fixture(scope="module")
def people(shared_gatehouse, shared_scripted):
    upstream = shared_scripted(never_ends)
    gateway = shared_gatehouse(settings(server={"workers": 1}, **ROUTES), upstream=upstream, env=identity.ENV)
    people = identity.People(gateway)
    yield people
    people.close()
    upstream.gate.set()


def begin(people, bearer, head=b"GET /events HTTP/1.1\r\n", body=b""):
    """A request on its way, as far as it is given."""
    stream = people.gateway.connect()
    stream.send(head + b"Host: localhost\r\nAuthorization: " + bearer["Authorization"].encode() + b"\r\n\r\n" + body)
    return stream


def read_until(stream, wanted):
    got = b""
    while wanted not in got:
        piece = stream.sock.recv(65536)
        assert piece, got
        got += piece
    return got


def is_cut(stream):
    try:
        while stream.sock.recv(65536):
            pass
    except ConnectionResetError:
        return True
    return False


def sign_out(people, bearer):
    assert people.post("/logout", headers=bearer).status_code == 204


def test_an_answer_under_way_is_cut(people):
    ann, ben = people.new().bearer(), people.new().bearer()
    hers, his = begin(people, ann), begin(people, ben)
    read_until(hers, b"begun"), read_until(his, b"begun")
    sign_out(people, ann)
    assert is_cut(hers)
    sign_out(people, ben)
    assert is_cut(his)
    eventually(lambda: people.gateway.metrics().value("gatehouse_access_ended_total") >= 2, "both are counted")


def test_access_that_ends_while_the_body_is_on_its_way(people):
    """Others are looked at meanwhile: that look is not hers."""
    ann, ben = people.new().bearer(), people.new().bearer()
    body = b'{"a": 1}'
    hers = begin(people, ann, b"POST /held HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(body), body[:3])
    his = begin(people, ben)
    read_until(his, b"begun")
    sign_out(people, ann)
    sign_out(people, ben)
    assert is_cut(his)
    hers.send(body[3:])
    read_until(hers, b"begun")
    assert is_cut(hers)
