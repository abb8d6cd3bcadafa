#!/usr/bin/python3
"""No machine's paths, no registries' hosts, no promise without its reason, no stray white space."""
import re

from project import Check

# Texts that are not ours to change, or that hold such words on purpose.
EXEMPT = ("LICENSE", "script/checks/words.py", "tests/checks/check_test.py")
BINARY = re.compile(r"(^|/)(corpus|corpora|seeds)/|\.(png|ico|gz|bin|pem|der|p12)$")
WORDS = (
    (re.compile(r"(?<![\w.}])/(work|home/\w+|Users/\w+|root|workspace)/"), "a path of one machine",
     "name it relative to the project, or take it as an option"),
    (re.compile(r"\b(registry\.npmjs\.org|registry\.yarnpkg\.com|pypi\.org/simple|files\.pythonhosted\.org|index\.crates\.io|"
                r"proxy\.golang\.org|snapshot\.debian\.org|deb\.debian\.org)\b"), "the host of a registry",
     "let the machine's own settings say where packages come from"),
    (re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\([^)\s][^)]*\):)"), "a promise without its reason", "write TODO(why it waits): what"),
    (re.compile(r"[ \t]+$"), "white space at the end of the line", "remove it"),
    (re.compile(r"\r"), "a carriage return", "end lines with LF alone"),
    (re.compile(r"^(<{7}|>{7}|={7})( |$)"), "a mark of an unfinished merge", "finish it"),
)
TAB = (re.compile(r"\t"), "a tab", "indent with four spaces")


def main():
    check = Check(__doc__)
    for name in check.files():
        if name in EXEMPT or BINARY.search(name):
            continue
        text = check.read(name)
        if "\0" in text:
            continue
        rules = WORDS + (TAB,) if name.endswith((".c", ".h", ".py", ".build")) else WORDS
        for number, line in enumerate(text.split("\n"), 1):
            for pattern, what, todo in rules:
                if pattern.search(line):
                    check.find(f"{name}:{number}", what, todo)
        if text and not text.endswith("\n"):
            check.find(f"{name}:{text.count(chr(10)) + 1}", "no line break at the end of the file", "add it")
    check.end()


main()
