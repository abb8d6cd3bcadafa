#!/usr/bin/python3
"""Includes go one way, as script/checks/layers.txt says."""
import re

from project import Check, bare_c

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def read_table(check):
    layers, headers = {}, {}
    for _, words in check.rows("layers.txt"):
        if words[1] == "<-":
            layers[words[0]] = set(words[2:]) | {words[0]}
        else:
            headers[words[0].strip("<>")] = set(words[2:])
    return layers, headers


def layer_of(name):
    return "public" if name.startswith("include/") else name.split("/")[1]


def check_quoted(check, place, layer, header, layers):
    target = header.split("/")[0]
    if layer == "public":
        check.find(place, f'a public header includes "{header}"', "include only <gatehouse/...> and the language's headers")
    elif "/" not in header or not check.exists(f"src/{header}"):
        check.find(place, f'"{header}" is no file below src/', "write the path from src/ on, as in \"base/slice.h\"")
    elif target not in layers[layer]:
        check.find(place, f'{layer} may not include "{header}"',
                   f"move the code, or turn the call round; {layer} may use: {' '.join(sorted(layers[layer]))}")


def check_system(check, place, layer, header, headers, used):
    if header.startswith("gatehouse/"):
        if not check.exists(f"include/{header}"):
            check.find(place, f"<{header}> does not exist", "look into include/gatehouse/")
        return
    used.add(header)
    allowed = headers.get(header)
    if allowed is None:
        check.find(place, f"<{header}> has no row in script/checks/layers.txt", "give it one, or do without it")
    elif "*" not in allowed and layer not in allowed:
        check.find(place, f"{layer} may not use <{header}>", f"do this in: {' '.join(sorted(allowed))}")


def main():
    check = Check(__doc__)
    layers, headers = read_table(check)
    used = set()
    for name in check.files("*.c", "*.h", folders=("src", "include")):
        layer = layer_of(name)
        if layer not in layers:
            check.find(name, f"the directory {layer} has no row in script/checks/layers.txt", "give it one")
            continue
        text = bare_c(check.read(name))
        for match in INCLUDE.finditer(text):
            place = f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
            if match.group(1) == '"':
                check_quoted(check, place, layer, match.group(2), layers)
            else:
                check_system(check, place, layer, match.group(2), headers, used)
    check.end()


main()
