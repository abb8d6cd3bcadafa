#!/usr/bin/python3
"""No call of functions that are hard to use safely; raw allocation and memcmp only where banned.txt says."""
import re

from project import C_FOLDERS, Check, bare_c

# Everywhere.
BANNED = {
    "strcpy": "use gh_str and gh_buf", "strcat": "use gh_buf", "strncpy": "use gh_buf", "strncat": "use gh_buf",
    "stpcpy": "use gh_buf", "sprintf": "use gh_buf_printf()", "vsprintf": "use gh_buf_printf()",
    "gets": "read into a buffer of known size", "scanf": "parse with gh_str_u64() and friends",
    "sscanf": "parse with gh_str_u64() and friends", "fscanf": "parse with gh_str_u64() and friends",
    "strtok": "use gh_str_next()", "strtok_r": "use gh_str_next()", "atoi": "use gh_str_u64()",
    "atol": "use gh_str_u64()", "atoll": "use gh_str_u64()", "atof": "use gh_str_u64()",
    "alloca": "use the arena", "tmpnam": "use mkstemp()", "mktemp": "use mkstemp()",
    "system": "start no shell", "popen": "start no shell",
}
# In the product only: a test may be as random as it likes.
BANNED_IN_PRODUCT = {
    "rand": "use the randomness handed in", "srand": "use the randomness handed in",
    "random": "use the randomness handed in", "drand48": "use the randomness handed in",
    "asprintf": "use gh_buf_printf()",
    "setjmp": "return the error", "longjmp": "return the error", "strerror": "use strerrordesc_np() or uv_strerror(): threads",
    "localtime": "use gmtime_r()", "gmtime": "use gmtime_r()", "inet_ntoa": "use gh_ip_format()",
}
# In the directories without randomness and clock of their own.
PURE = tuple(f"src/{name}/" for name in ("base", "wire", "model", "controls", "core", "config"))
BANNED_IN_PURE = {"gh_random": "take it from the gh_world handed in"}
# What the program calls; it stands beside what it belongs to.
NOT_PURE = ("src/base/crypto.", "src/base/signing_generate.")
TABLE = "script/checks/banned.txt"
# Counted: few places, each looked at.
COUNTED = ("malloc", "calloc", "realloc", "reallocarray", "free", "aligned_alloc", "posix_memalign",
           "strdup", "strndup", "memcmp")


def calls(text, names):
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(")
    for match in pattern.finditer(text):
        yield match.group(1), text.count("\n", 0, match.start()) + 1


def check_banned(check, name, text, product):
    table = dict(BANNED, **BANNED_IN_PRODUCT) if product else BANNED
    if name.startswith(PURE) and not name.startswith(NOT_PURE):
        table = dict(table, **BANNED_IN_PURE)
    for call, line in calls(text, table):
        check.find(f"{name}:{line}", f"{call}() is banned", table[call])


def reasons(check):
    """{(file, call): why} of the table as it is."""
    lines = check.read(TABLE).splitlines() if check.exists(TABLE) else []
    split = [line.partition("#") for line in lines]
    return {tuple(row.split()[:2]): why.strip() for row, _, why in split if len(row.split()) == 3}


def print_table(check, counts):
    known = reasons(check)
    for (name, call), lines in sorted(counts.items()):
        print(f"{name} {call} {len(lines)}  # {known.get((name, call), '?')}")


def main():
    check = Check(__doc__)
    counts = {}
    for name in check.files("*.c", "*.h", folders=C_FOLDERS):
        product = name.startswith(("src/", "include/"))
        text = bare_c(check.read(name))
        check_banned(check, name, text, product)
        if product:
            for call, line in calls(text, COUNTED):
                counts.setdefault((name, call), []).append(line)
    if check.options.print:
        print_table(check, counts)
        return
    known = reasons(check)
    for number, words in check.rows("banned.txt"):
        place = f"{TABLE}:{number}"
        if len(words) != 3 or not words[2].isdigit():
            check.find(place, "not a row", "write: FILE CALL COUNT # why")
            continue
        if known.get((words[0], words[1]), "?") in ("", "?"):
            check.find(place, "a row without its reason", "write why behind a #")
        lines = counts.pop((words[0], words[1]), [])
        if len(lines) != int(words[2]):
            check.find(place, f"{words[0]} has {len(lines)} calls of {words[1]}(), the row says {words[2]}",
                       "look at each call, then correct or remove the row")
    for (name, call), lines in sorted(counts.items()):
        check.find(f"{name}:{lines[0]}", f"{call}() here has no row in script/checks/banned.txt",
                   "a secret is compared with sodium_memcmp()" if call == "memcmp" else "use an arena, or add a row with the reason")
    check.end()


main()
