"""Free TCP ports below the range the kernel hands to outgoing connections, so nobody else takes them meanwhile.

Runs of the tests that go on at the same time take blocks of ports that are each one's own: a gateway that could not listen
would be taken for the other run's, which answers at its port."""
import os
import socket

FIRST, BLOCK, BLOCKS = 15000, 100, 170
_own = {}  # block: a name in the kernel that is held as long as this process lives


def _reserve(block):
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0gatehouse-test-ports-{block}")
    except OSError:
        name.close()
        return False
    _own[block] = name
    return True


def _ports():
    block = os.getpid()
    while True:
        block = (block + 1) % BLOCKS
        if block in _own or _reserve(block):
            yield from range(FIRST + block * BLOCK, FIRST + (block + 1) * BLOCK)


_next = _ports()


def free_port(host="127.0.0.1"):
    for port in _next:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as s:
            try:
                s.bind((host, port))
            except OSError:
                continue
            return port
