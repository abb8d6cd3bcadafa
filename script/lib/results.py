#!/usr/bin/python3
"""script/lib/results.py FILE...: sums up what test suites reported.

Each FILE is named after its suite: SUITE.xml (JUnit, from pytest), SUITE.json (Meson's test log), or
SUITE.status (a word and a number a line, as in "failed 1"). Prints a line a suite, the names of what
failed, and last "N passed, N failed[, N skipped]". Exit status 1 when something failed or nothing ran.
"""
import json
import os
import re
import sys
import xml.etree.ElementTree

CMOCKA = {"ran": r"^\[==========\] Running (\d+) test", "passed": r"^\[  PASSED  \] (\d+) test",
          "failed": r"^\[  FAILED  \] (\d+) test", "skipped": r"^\[  SKIPPED \] (\d+) test"}
MESON = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def read_junit(path):
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        result = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        yield f"{case.get('classname')}.{case.get('name')}", result


def read_meson(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            test = json.loads(line)
            yield from read_program(test["name"], MESON.get(test["result"], "failed"), test.get("stdout", "") + test.get("stderr", ""))


def read_program(name, result, output):
    """A program's cases, if cmocka has counted them; else the program is one."""
    count = {word: sum(map(int, re.findall(pattern, output, re.M))) for word, pattern in CMOCKA.items()}
    if result == "skipped" or not count["ran"]:
        yield name, result
        return
    lost = count["ran"] - count["passed"] - count["failed"] - count["skipped"]
    failed = count["failed"] + max(lost, 0)
    if result == "failed" and not failed:
        failed = 1  # all cases passed, and still: a sanitizer, a leak, a crash at the end
    for word, times in (("passed", count["passed"]), ("skipped", count["skipped"]), ("failed", failed)):
        for _ in range(times):
            yield name, word


def read_status(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            result, count = line.split()
            for _ in range(int(count)):
                yield "the suite as a whole", result


READERS = {".xml": read_junit, ".json": read_meson, ".status": read_status}


def main(paths):
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        suite, kind = os.path.splitext(os.path.basename(path))
        counts, failed = dict.fromkeys(total, 0), []
        try:
            for name, result in READERS[kind](path):
                counts[result] += 1
                if result == "failed":
                    failed.append(name)
        except (OSError, ValueError, KeyError, xml.etree.ElementTree.ParseError) as error:
            counts["failed"] += 1
            failed.append(f"no report that can be read: {error}")
        print(f"{suite:<16} {counts['passed']:>5} passed {counts['failed']:>4} failed {counts['skipped']:>4} skipped")
        for name in failed:
            print(f"    FAILED {name}")
        for result, count in counts.items():
            total[result] += count
    line = f"{total['passed']} passed, {total['failed']} failed"
    print(line + (f", {total['skipped']} skipped" if total["skipped"] else ""))
    return 1 if total["failed"] or not total["passed"] else 0


sys.exit(main(sys.argv[1:]))
