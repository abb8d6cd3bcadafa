#!/usr/bin/python3
"""Each line of the tables of docs/outages.md names the test that shows it, and that test exists."""
import re

from project import Check

NAME = "docs/outages.md"
TEST = re.compile(r"`(tests/[\w/]+_test\.(?:py|c))::(\w+)`")


def tests_of(text, file):
    return re.findall(r"^def (test_\w+)" if file.endswith(".py") else r"^static void (\w+)\(void \*\*", text, re.M)


def main():
    check = Check(__doc__)
    if not check.exists(NAME):
        check.skip(f"there is no {NAME}")
    rows = 0
    lines = check.read(NAME).splitlines()
    for number, line in enumerate(lines, 1):
        # A row of a table, but for its head and the line below that.
        if not line.startswith("|") or set(line) <= set("|-: ") or (number < len(lines) and lines[number].startswith("|-")):
            continue
        rows, found = rows + 1, TEST.findall(line)
        if not found:
            check.find(f"{NAME}:{number}", "no test is named", "end the row with `tests/DIRECTORY/NAME_test.py::test_...`")
        for file, test in found:
            if not check.exists(file):
                check.find(f"{NAME}:{number}", f"{file} does not exist", "name the test that does it, or write it")
            elif test not in tests_of(check.read(file), file):
                check.find(f"{NAME}:{number}", f"{file} has no {test}", "name the test that does it, or write it")
    if rows == 0:
        check.find(NAME, "there is no table", "say in a table what an outage does, a line each")
    check.end()


main()
