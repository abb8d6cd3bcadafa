#!/usr/bin/python3
"""Every file of tests/http says in tests/http/stores.txt whether it runs with shared stores too, and if not, why."""
import re

from project import Check

LIST, FOLDER = "tests/http/stores.txt", "tests/http/"
ROW = re.compile(r"(\w+_test\.py)\s+(both|one)(?:\s+(\S.*))?")
STATE = re.compile(r"^from support(?:\.(?:identity|visitor)\b| import .*\b(?:identity|visitor)\b)", re.M)


def main():
    check = Check(__doc__)
    if not check.exists(LIST):
        check.skip(f"there is no {LIST}")
    files = {n[len(FOLDER):] for n in check.files("*_test.py") if n.startswith(FOLDER) and n.count("/") == 2}
    known = set()
    for number, line in enumerate(check.read(LIST).splitlines(), 1):
        place = f"{LIST}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        row = ROW.fullmatch(line.rstrip())
        if not row:
            check.find(place, "not a row", "write: FILE both, or FILE one REASON")
            continue
        file, stores, reason = row.groups()
        if file in known:
            check.find(place, f"{file} has two rows", "remove one")
        known.add(file)
        if file not in files:
            check.find(place, f"{file} does not exist", "remove the row")
            continue
        if stores == "one" and not reason:
            check.find(place, f"{file} has no reason", "say why one kind of stores is enough")
        if stores == "one" and not file.startswith("secrets_") and STATE.search(check.read(FOLDER + file)):
            check.find(place, f"{file} is about people, whom PostgreSQL may hold", "let it run with both")
    for file in sorted(files - known):
        check.find(FOLDER + file, f"{LIST} does not have it", "add: FILE both, or FILE one REASON")
    check.end()


main()
