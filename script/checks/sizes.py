#!/usr/bin/python3
"""Files, functions and parameter lists stay small; exceptions are in sizes-exceptions.txt."""
import json
import subprocess

from project import C_FOLDERS, Check

LIMITS = {"file": 450, "function": 60, "parameters": 7}
# Tests hold their tables: twice as much of everything but parameters.
TEST_LIMITS = {"file": 900, "function": 120, "parameters": 7}
ADVICE = {"file": "split it by what its parts are about",
          "function": "take a step of it out into a function with a name",
          "parameters": "put what belongs together into a struct"}


def count_parameters(signature):
    inner, depth, count = signature.strip()[1:-1].strip(), 0, 1
    if inner in ("", "void"):
        return 0
    for char in inner:
        depth += (char in "([{") - (char in ")]}")
        count += char == "," and depth == 0
    return count


def limits_of(name):
    return TEST_LIMITS if name.startswith("tests/") else LIMITS


def functions(check, names):
    """(file, function, line, length, parameters) of each definition."""
    if not names:
        return
    output = subprocess.run(["ctags", "--output-format=json", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f", "--fields=+neS",
                             "-I", "GH_MUST_CHECK,GH_NORETURN,GH_PRINTF+", "-f", "-", "-L", "-"],
                            input="\n".join(names), capture_output=True, text=True, check=True, cwd=check.root).stdout
    for line in output.splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag" and "end" in tag:
            yield (tag["path"], tag["name"], tag["line"], tag["end"] - tag["line"] + 1,
                   count_parameters(tag.get("signature", "()")))


def measure(check):
    """{(kind, key): (place, figure)} of everything over its limit."""
    over = {}
    names = check.files("*.c", "*.h", folders=C_FOLDERS)
    for name in names:
        lines = check.read(name).count("\n")
        if lines > limits_of(name)["file"]:
            over["file", name] = (name, lines)
    for path, function, line, length, parameters in functions(check, names):
        key, place = f"{path}:{function}", f"{path}:{line}"
        if length > limits_of(path)["function"]:
            over["function", key] = (place, length)
        if parameters > limits_of(path)["parameters"]:
            over["parameters", key] = (place, parameters)
    return over


def main():
    check = Check(__doc__)
    over, allowed = measure(check), {}
    for number, words in check.rows("sizes-exceptions.txt"):
        place = f"script/checks/sizes-exceptions.txt:{number}"
        if len(words) != 3 or words[0] not in LIMITS or not words[2].isdigit():
            check.find(place, "not a row", "write: KIND NAME FIGURE # why")
            continue
        allowed[words[0], words[1]] = int(words[2])
        if (words[0], words[1]) not in over:
            check.find(place, f"{words[1]} needs no exception any more", "remove the row")
    for (kind, key), (place, figure) in sorted(over.items()):
        if check.options.print:
            print(f"{kind} {key} {figure}")
        limit = allowed.get((kind, key), limits_of(key)[kind])
        if not check.options.print and figure > limit:
            check.find(place, f"{kind} {key}: {figure}, the limit is {limit}", ADVICE[kind])
    check.end()


main()
