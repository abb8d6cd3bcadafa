"""What the checks share: the project's files, C text without its comments, one way to report.

A check is a program: `script/checks/NAME.py [--root DIR] [--build DIR]`.
Exit status: 0 all right, 1 findings, 77 there is nothing to check yet.
"""
import argparse
import fnmatch
import os
import re
import subprocess
import sys

SKIPPED = 77
C_FOLDERS = ("src", "include", "tests", "fuzz", "bench", "examples")
NOT_OURS = ("build", ".git", "node_modules", "__pycache__", ".pytest_cache")


class Check:
    """One run of one check: where to look, and what was found."""

    def __init__(self, description, argv=None):
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
        parser.add_argument("--build", default="build-check", help="a build directory, relative to the root")
        parser.add_argument("--print", action="store_true", help="print the rows of the present state, where a check has a table")
        self.options = parser.parse_args(argv)
        self.root = os.path.abspath(self.options.root)
        self.build = os.path.join(self.root, self.options.build)
        self.findings = 0

    def find(self, place, what, todo):
        """place: "src/a.c:12" or a file; what is wrong there; what to do about it."""
        self.findings += 1
        print(f"{place}: {what}; {todo}")

    def skip(self, why):
        print(f"skipped: {why}")
        sys.exit(SKIPPED)

    def end(self):
        sys.exit(1 if self.findings else 0)

    def path(self, name):
        return os.path.join(self.root, name)

    def exists(self, name):
        return os.path.exists(self.path(name))

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()

    def files(self, *patterns, folders=None):
        """The project's files (tracked, or new and not ignored) whose names fit, sorted."""
        names = [n for n in all_files(self.root) if os.path.isfile(self.path(n)) and not os.path.islink(self.path(n))]
        if folders is not None:
            names = [n for n in names if n.split("/", 1)[0] in folders]
        return [n for n in names if not patterns or any(fnmatch.fnmatch(os.path.basename(n), p) for p in patterns)]

    def rows(self, table):
        """The lines of script/checks/TABLE that say something: (line number, words)."""
        name = f"script/checks/{table}"
        if not self.exists(name):
            return
        for number, line in enumerate(self.read(name).splitlines(), 1):
            words = line.split("#", 1)[0].split()
            if words:
                yield number, words


def all_files(root):
    try:
        listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "."],
                                capture_output=True, check=True).stdout.decode("utf-8", "surrogateescape")
        top = subprocess.run(["git", "-C", root, "rev-parse", "--show-toplevel"],
                             capture_output=True, check=True, text=True).stdout.strip()
        if os.path.realpath(top) == os.path.realpath(root):
            return sorted(set(n for n in listed.split("\0") if n))
    except (OSError, subprocess.CalledProcessError):
        pass
    found = []
    for folder, inner, names in os.walk(root):
        inner[:] = [d for d in inner if d not in NOT_OURS and not d.startswith("build-")]
        found += [os.path.relpath(os.path.join(folder, n), root) for n in names]
    return sorted(found)


C_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def bare_c(text):
    """C text with comments and the insides of literals blanked; lines keep their numbers.

    The names in #include lines stay: they look like literals and are not."""
    def blank(match):
        found = match.group(0)
        if found[0] == '"':
            start = text.rfind("\n", 0, match.start()) + 1
            if re.match(r"\s*#\s*include\b", text[start:match.start()]):
                return found
            return '""'
        if found[0] == "'":
            return "''"
        return re.sub(r"[^\n]", " ", found)
    return C_TEXT.sub(blank, text)
