"""Checking bodies against a schema: Gatehouse beside Node.js with ajv, and Pydantic, which FastAPI uses."""

import csv
import io
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
SCHEMA = FOLDER / "validation" / "schema.json"
BODY = FOLDER / "validation" / "body.json"
MODULES = FOLDER / "node_modules"
PYTHON = "/usr/bin/python3"

OF_AJV = 1.0
OF_PYDANTIC = 1 / 20
LINEAR = 2.0  # the cost a byte at 10 MiB over that at 64 KiB


def good_body():
    return BODY.read_text().rstrip("\n")


def wrong_bodies():
    """One mistake each; every program has to refuse them all before it is measured."""
    good = json.loads(good_body())
    changes = [{"id": "1"}, {"name": ""}, {"email": "nobody"}, {"age": -1}, {"age": "41"}, {"age": 1.5},
               {"balance": 1000000}, {"active": "yes"}, {"country": "XX"}, {"tags": ["a"] * 11}, {"tags": [""]}, {"tags": "a"},
               {"comment": "x" * 2001}, {"more": 1}, {"address": {**good["address"], "postcode": "?"}},
               {"address": {**good["address"], "more": 1}}]
    yield from ({**good, **change} for change in changes)
    for name in json.loads(SCHEMA.read_text())["required"]:
        yield {key: value for key, value in good.items() if key != name}


def commands(build):
    """Program -> its command, of those that can be run here."""
    found = {}
    own = build / "bench" / "validation_bench"
    if os.access(own, os.X_OK):
        found["gatehouse"] = [str(own)]
    node = shutil.which("node")
    if node and (MODULES / "ajv").is_dir():
        found["ajv"] = [node, str(FOLDER / "validation" / "ajv.js")]
    if subprocess.run([PYTHON, "-c", "import pydantic"], capture_output=True, check=False).returncode == 0:
        found["pydantic"] = [PYTHON, "-B", str(FOLDER / "validation" / "pydantic_check.py")]
    return found


def versions():
    asked = {"node": (["node", "--version"], "v"),
             "pydantic": ([PYTHON, "-c", "import pydantic; print(pydantic.VERSION)"], "")}
    found = {}
    for name, (command, prefix) in asked.items():
        if shutil.which(command[0]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                found[name] = done.stdout.strip().removeprefix(prefix)
    if (MODULES / "ajv").is_dir():
        found["ajv"] = json.loads((MODULES / "ajv" / "package.json").read_text())["version"]
    return found


def measure(build, processor, options, say):
    """Rows {program, round, name, bytes, ns_per_op, arena_bytes}: the programs take turns."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        wrong = pathlib.Path(folder) / "wrong.jsonl"
        wrong.write_text("".join(json.dumps(body) + "\n" for body in wrong_bodies()))
        for number in range(1, options.rounds + 1):
            for program, command in commands(build).items():
                say(f"validation  round {number}  {program}")
                done = subprocess.run(["taskset", "-c", str(processor), *command, str(SCHEMA), str(BODY),
                                       str(wrong), *(["--quick"] if options.quick else [])],
                                      check=True, stdout=subprocess.PIPE, text=True)
                rows += [{"program": program, "round": number, **row} for row in csv.DictReader(io.StringIO(done.stdout))]
    return rows


def figures(rows, program, name):
    """Round -> [(bytes, ns)] of a measurement."""
    found = {}
    for row in rows:
        if row["program"] == program and row["name"] == name:
            found.setdefault(row["round"], []).append((int(row["bytes"]), float(row["ns_per_op"])))
    return found


def median_ns(rows, program, name):
    found = [sizes[0][1] for sizes in figures(rows, program, name).values()]
    return statistics.median(found) if found else None


def ratio(rows, other, name="validate"):
    """Of medians, and the lowest and highest within a round; None: not both measured."""
    ours, theirs = figures(rows, "gatehouse", "validate"), figures(rows, other, name)
    within = [ours[r][0][1] / theirs[r][0][1] for r in sorted(set(ours) & set(theirs))]
    if not within:
        return None
    return median_ns(rows, "gatehouse", "validate") / median_ns(rows, other, name), min(within), max(within)


def growth(rows):
    """The cost a byte of the largest body over that of the smallest array."""
    found = [(sizes[-1][1] / sizes[-1][0]) / (sizes[0][1] / sizes[0][0])
             for sizes in figures(rows, "gatehouse", "validate_array").values()]
    return statistics.median(found) if found else None


def targets(rows):
    """(name, wanted, measured, met or None) of each."""
    found = []
    for other, limit in (("ajv", OF_AJV), ("pydantic", OF_PYDANTIC)):
        name, wanted = f"reading and checking 1 KiB, of {other}", f"<= {limit:.2f}"
        measured = ratio(rows, other)
        found.append((name, wanted, "", None) if measured is None else
                     (name, wanted, f"{measured[0]:.3f} ({measured[1]:.3f} to {measured[2]:.3f})", measured[0] <= limit))
    grown = growth(rows)
    name, wanted = "cost a byte of a checked body, 10 MiB over 64 KiB", f"<= {LINEAR:.1f}"
    found.append((name, wanted, "", None) if grown is None else (name, wanted, f"{grown:.2f}", grown <= LINEAR))
    return found


def table(rows):
    """Head and rows of the report's table: medians over the rounds."""
    grouped = {}
    for row in rows:
        grouped.setdefault((row["program"], row["name"], int(row["bytes"])), []).append(row)
    lines = []
    for (program, name, size), group in grouped.items():
        ns = statistics.median(float(row["ns_per_op"]) for row in group)
        memory = group[0]["arena_bytes"]
        lines.append([program, name, f"{size:,}", f"{ns / 1000:,.2f}", f"{ns / size:.2f}",
                      f"{int(memory) / 1024:,.0f}" if memory else ""])
    return ["program", "operation", "bytes", "µs", "ns a byte", "memory, KiB"], lines
