#!/usr/bin/python3
"""Links between the documents lead somewhere, and the tests that documents name exist."""
import os
import re

from project import Check

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TEST = re.compile(r"`(tests/[\w./-]+|fuzz/[\w./-]+)`")


def anchors(text):
    for title in re.findall(r"^#+ (.+)$", text, re.M):
        yield re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def main():
    check = Check(__doc__)
    unchecked = set()
    for name in check.files("*.md"):
        for number, line in enumerate(check.read(name).splitlines(), 1):
            for target in LINK.findall(line):
                file, _, anchor = target.partition("#")
                if re.match(r"[a-z]+:", target):
                    continue
                other = os.path.normpath(os.path.join(os.path.dirname(name), file)) if file else name
                if not check.exists(other):
                    check.find(f"{name}:{number}", f"the link {target} leads nowhere", "correct it")
                elif anchor and other.endswith(".md") and anchor not in anchors(check.read(other)):
                    check.find(f"{name}:{number}", f"{other} has no heading for #{anchor}", "correct it")
            for file in TEST.findall(line):
                folder = "/".join(file.split("/")[:2])
                if not check.exists(folder):
                    unchecked.add(folder)
                elif not check.exists(file.rstrip("/")):
                    check.find(f"{name}:{number}", f"{file} does not exist", "name the test that does it, or write it")
    for folder in sorted(unchecked):
        print(f"not checked: the tests named in {folder} (it is not there yet)")
    check.end()


main()
