"""Free TCP ports below the range the kernel hands to outgoing connections, so nobody else takes them meanwhile."""
import itertools
import os
import socket

_next = itertools.count(20000 + (os.getpid() * 37) % 10000)


def free_port(host="127.0.0.1"):
    for candidate in _next:
        port = 15000 + candidate % 17000
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as s:
            try:
                s.bind((host, port))
            except OSError:
                continue
            return port
