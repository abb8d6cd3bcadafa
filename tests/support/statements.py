"""The statements of the records as their tables have them, read by the compiler's preprocessor."""
import collections
import functools
import pathlib
import re
import subprocess

from support.gateway import ROOT

Statement = collections.namedtuple("Statement", "kind name text")  # text None: ABSENT
ROW = re.compile(r'@@ (\w+) @@ (\w+) @@((?:\s*"(?:\\.|[^"\\])*")*)')
LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"')


def _expand(header, *macros):
    lines = [f"#define {macro} @@ {kind} @@ name @@ {text}" for macro, kind, text in macros]
    source = "\n".join([*lines, f'#include "{header}"']) + "\n"
    done = subprocess.run(["cc", "-E", "-P", "-I", pathlib.Path(ROOT) / "src", "-"], input=source, capture_output=True, text=True, check=True)
    return {m[2]: Statement(m[1], m[2], _joined(m[3])) for m in ROW.finditer(done.stdout)}


def _joined(literals):
    parts = LITERAL.findall(literals)
    return "".join(parts).replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\") if parts else None


@functools.cache
def of_sqlite():
    """{name: Statement} of statements.def."""
    return _expand("records/statements.def", ("STATEMENT(name, text)", "STATEMENT", "text"))


@functools.cache
def of_postgres():
    """{name: Statement} of statements_postgres.def, in its order; kind: STATEMENT, ABSENT or OWN."""
    return _expand("records/postgres/statements_postgres.def", ("STATEMENT(name, text)", "STATEMENT", "text"),
                   ("ABSENT(name)", "ABSENT", ""), ("OWN(name, text)", "OWN", "text"))
