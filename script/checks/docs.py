#!/usr/bin/python3
"""Settings, reasons, metrics, events, controls and commands are documented, and the documents name no others.

With --write, refreshes the part of docs/configuration.md that `gatehouse reference --markdown` prints."""
import itertools
import os
import re
import subprocess
import sys

from project import Check

REFERENCE = ("<!-- reference: begin -->\n", "<!-- reference: end -->\n")
PIPELINE = ("<!-- pipeline: begin -->\n", "<!-- pipeline: end -->\n")


def part(check, name, marks):
    """The text between two marks of a document, or None (and a finding)."""
    if not check.exists(name):
        check.find(name, "there is no such document", "write it")
        return None
    begin, found, rest = check.read(name).partition(marks[0])
    inner, ended, _ = rest.partition(marks[1])
    if not found or not ended:
        check.find(name, f"the marks {marks[0].strip()} ... {marks[1].strip()} are not there", "put them around that part")
        return None
    return inner


def ask(check, *words):
    """What the built program prints, or None when it is not built or does not know the command."""
    program = os.path.join(check.build, "src/gatehouse")
    if not os.path.exists(program):
        print(f"not checked: `gatehouse {' '.join(words)}` (the program is not built yet)")
        return None
    run = subprocess.run([program, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    if run.returncode != 0:
        check.find(f"gatehouse {' '.join(words)}", f"exit status {run.returncode}: {run.stderr.strip()[:200]}", "make it work")
        return None
    return run.stdout


def compare(check, name, code, documented, kind, where):
    for missing in sorted(set(code) - set(documented)):
        check.find(name, f"{kind} {missing} is not documented", f"add its row: {where}")
    for stale in sorted(set(documented) - set(code)):
        check.find(name, f"{kind} {stale} does not exist", f"remove or correct the row: {where}")


def rows_of(text):
    """The cells of each row of each table of a Markdown text."""
    for line in text.splitlines():
        if line.startswith("|") and not set(line) <= set("|-: "):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def in_code(cell):
    match = re.match(r"`([^`]+)`$", cell)
    return match.group(1) if match else None


def check_settings(check, write):
    text = ask(check, "reference", "--markdown")
    if text is None:
        return
    name = "docs/configuration.md"
    inner = part(check, name, REFERENCE)
    if inner is None or inner.strip() == text.strip():
        return
    if write:
        whole = check.read(name)
        with open(check.path(name), "w", encoding="utf-8") as file:
            file.write(whole.replace(REFERENCE[0] + inner, REFERENCE[0] + "\n" + text.strip() + "\n\n"))
        print(f"{name}: written anew")
        return
    check.find(name, "differs from what `gatehouse reference --markdown` prints", "run script/checks/docs.py --write")


def check_reasons(check):
    source, name = "src/model/reasons.def", "docs/errors.md"
    if not check.exists(source):
        print(f"not checked: reasons ({source} is not there yet)")
        return
    row = re.compile(r'^\s*REASON\(\s*\w+\s*,\s*(\d{3})\s*,\s*"([a-z_]+)"', re.M)
    code = {f"{status} `{error}`" for status, error in row.findall(check.read(source))}
    if not code:
        check.find(source, 'no row like REASON(NAME, 429, "name", ...) found', "keep that shape, or change the check with it")
    documented = {f"{cells[0]} `{in_code(cells[1])}`" for cells in rows_of(check.read(name))
                  if len(cells) > 2 and cells[0].isdigit() and in_code(cells[1])} if check.exists(name) else set()
    compare(check, name, code, documented, "the error", "| status | `error` | what to do |")


def check_metrics(check):
    source, name = "src/observe/metrics.h", "docs/metrics.md"
    if not check.exists(source):
        print(f"not checked: metrics ({source} is not there yet)")
        return
    text = re.sub(r"/\*.*?\*/", "", check.read(source), flags=re.S)
    code = {f"`{metric}` {kind}" for metric, kind in re.findall(r'\bX\(\s*\w+\s*,\s*"([a-z_]+)"\s*,\s*(counter|gauge)\b', text)}
    code |= {f"`{metric}` histogram" for metric in re.findall(r'\bX\(\s*\w+\s*,\s*"([a-z_]+)"\s*,\s*"', text)}
    # Written by the renderer or the edge, outside the tables.
    for folder in ("src/observe", "src/edges", "src/cli"):
        for file in check.files("*.c"):
            if file.startswith(folder + "/"):
                written = re.findall(r'(?:# TYPE |")([a-z][a-z0-9_]+)(?:"\s*,\s*"| )(counter|gauge|histogram)\b', check.read(file))
                code |= {f"`{metric}` {kind}" for metric, kind in written}
    documented = {f"{cells[0]} {cells[1]}" for cells in rows_of(check.read(name))
                  if len(cells) > 2 and in_code(cells[0])} if check.exists(name) else set()
    compare(check, name, code, documented, "the metric", "| `name` | kind | meaning |")


def check_events(check):
    name, code = "docs/logging.md", set()
    for file in check.files("*.c", folders=("src",)):
        if file.startswith("src/observe/"):
            code |= set(re.findall(r'\.name = GH_STR(?:_INIT)?\("([a-z_]+)"\)', check.read(file)))
        code |= set(re.findall(r'\b(?:gh_log_event|gh_records_say|said)\s*\([^;"]*"([a-z_]+)"', check.read(file)))
    if not code:
        print("not checked: events (the source writes none yet)")
        return
    documented = {in_code(cells[0]) for cells in rows_of(check.read(name).partition("## Events")[2])
                  if in_code(cells[0])} if check.exists(name) else set()
    compare(check, name, code, documented, "the event", "| `event` | level | meaning |")


def check_controls(check):
    """docs/architecture.md and `gatehouse pipeline` name the same stages and controls in the same order."""
    text, name = ask(check, "pipeline"), "docs/architecture.md"
    inner = part(check, name, PIPELINE)
    if text is None or inner is None:
        return
    documented = [(cells[0], in_code(cells[1])) for cells in rows_of(inner) if len(cells) >= 2 and in_code(cells[1])]
    printed = [tuple(line.split()[:2]) for line in text.splitlines()[1:] if len(line.split()) > 2]
    for number, (shown, written) in enumerate(itertools.zip_longest(printed, documented, fillvalue=("-", "-")), 1):
        if shown != written:
            check.find(f"{name}, control {number}", f"the table says {' '.join(written)}, `gatehouse pipeline` says {' '.join(shown)}",
                       "correct the table: | STAGE | `control` | what |")
            return


def check_commands(check):
    text = ask(check, "--help")
    if text is None:
        return
    commands = set(re.findall(r"^ {1,4}(?:gatehouse )?([a-z]{3,12})\b(?!:)", text, re.M)) - {"gatehouse"}
    if not commands:
        check.find("gatehouse --help", "no command found", "print one line for each, indented")
    for name, shape in (("packaging/gatehouse.1", r"(?m)^\.(?:It Cm|Nm gatehouse Cm|It Ic|Cm|Ic) {}\b"),
                        ("packaging/completion/gatehouse.bash", r"\b{}\b"), ("docs/operations.md", r"`gatehouse {}\b")):
        known = check.read(name) if check.exists(name) else ""
        for command in sorted(commands):
            if not re.search(shape.format(command), known):
                check.find(name, f"the command {command} is not documented", "add it")


def main():
    write = "--write" in sys.argv
    check = Check(__doc__, [word for word in sys.argv[1:] if word != "--write"])
    check_settings(check, write)
    check_reasons(check)
    check_metrics(check)
    check_events(check)
    check_controls(check)
    check_commands(check)
    check.end()


main()
