#!/usr/bin/python3
"""The library calls nothing but what script/checks/symbols.txt allows: no I/O, no clock, no randomness."""
import fnmatch
import os
import subprocess

from project import Check

LIBRARY = "src/libgatehouse.a"


def nm(library, option):
    """{symbol: the objects of the library that name it}"""
    output = subprocess.run(["nm", "-A", option, library], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in output.splitlines():
        place, _, symbol = line.rpartition(" ")
        found.setdefault(symbol, set()).add(place.split(":")[1])
    return found


def is_allowed(allowed, symbol, objects):
    """Each object that calls it has a row?"""
    return all(any(fnmatch.fnmatchcase(symbol, pattern) and fnmatch.fnmatchcase(name, only) for pattern, only in allowed)
               for name in objects)


def main():
    check = Check(__doc__)
    library = os.path.join(check.build, LIBRARY)
    if not os.path.exists(library):
        check.skip(f"{check.options.build}/{LIBRARY} is not built")
    allowed = [(words[0], words[1].replace("/", "_") + ".o" if len(words) > 1 else "*") for _, words in check.rows("symbols.txt")]
    missing, defined = nm(library, "--undefined-only"), nm(library, "--defined-only")
    for symbol, places in sorted(missing.items()):
        if symbol not in defined and not is_allowed(allowed, symbol, places):
            check.find(" ".join(sorted(places)), f"libgatehouse calls {symbol}()",
                       "let the caller hand it in; a pure function may get a row in script/checks/symbols.txt")
    check.end()


main()
