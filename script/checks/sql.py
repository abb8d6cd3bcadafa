#!/usr/bin/python3
"""Every statement is a text that was written by hand, in the table of its database: none is made at run time, so nothing a
client sends can become SQL."""
import re

from project import C_TEXT, Check, bare_c

TABLE = "src/records/statements.def"
READER = "src/records/sqlite/connection.c"
SCHEMA = "src/records/sqlite/schema.c"
PG_FOLDER = "src/records/postgres/"
PG_TABLE = PG_FOLDER + "statements_postgres.def"
PG_SCHEMA = PG_FOLDER + "schema_postgres.def"
PG_TEXTS = PG_FOLDER + "statements_postgres.c"  # makes gh_pg_texts of the two
PG_READER = PG_FOLDER + "driver.c"
PG_NAMES = ("src/libraries/libpq.h", "src/libraries/libpq.def")  # its functions, by name
# What takes SQL as a text, or makes one.
PREPARE = re.compile(r"\b(sqlite3_prepare\w*)\s*\(")
EXECUTE = re.compile(r"\bsqlite3_exec\s*\(")
NEVER = re.compile(r"\b(sqlite3_get_table|sqlite3_mprintf|sqlite3_vmprintf|sqlite3_snprintf|sqlite3_vsnprintf|sqlite3_str_\w+"
                   r"|sqlite3_complete\w*|sqlite3_declare_vtab|sqlite3_expanded_sql|sqlite3_load_extension)\s*\(")
# A way around: the function as a value.
AS_VALUE = re.compile(r"\bsqlite3_(?:prepare\w*|exec)\b(?!\s*\()")
PG_PREPARE = re.compile(r"\b(PQ(?:sendP|p)repare)\s*\(")
PG_QUERY = re.compile(r"\b(PQ(?:exec|execParams|sendQuery|sendQueryParams))\s*\(")
PG_RUN_TEXT = re.compile(r"(?<!bool )\bgh_postgres_run_text\s*\(")
PG_NEVER = re.compile(r"\b(PQescape\w+|PQunescape\w+|PQfn)\s*\(")
PG_AS_VALUE = re.compile(r"\b(?:PQ(?:sendP|p)repare|PQ(?:exec|execParams|sendQuery|sendQueryParams)|gh_postgres_run_text)\b(?!\s*\()")
# A text that begins as a statement does, or has its words in their order.
STATEMENT = re.compile(r"^\s*(?:SELECT\s|INSERT\s+(?:OR\s+\w+\s+)?INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|REPLACE\s+INTO\s|"
                       r"(?:CREATE|DROP|ALTER)\s+(?:TABLE|INDEX|UNIQUE|VIEW|TRIGGER|TEMP)|PRAGMA\s|ATTACH\s|VACUUM|SAVEPOINT\s|"
                       r"BEGIN\s+(?:IMMEDIATE|EXCLUSIVE|DEFERRED)|ROLLBACK\s+TO|WITH\s+\w+\s+AS\s)"
                       r"|\bSELECT\b.*\bFROM\b|\bINSERT\s+INTO\b|\bDELETE\s+FROM\b|\bUPDATE\b.*\bSET\b|\bWHERE\b.*=", re.S)
TEXTS = r"static\s+const\s+char\s*\*\s*const\s+{}\s*\[[^\]]*\]\s*=\s*\{{"
KINDS = r"(?:STATEMENT|OWN|ABSENT|SCHEMA|ROLES)"
ROW = re.compile(r"(?:(?:STATEMENT|OWN)\s*\(\s*[A-Z][A-Z0-9_]*\s*,|SCHEMA\s*\(\s*\w+\s*,\s*[A-Z][A-Z0-9_]*\s*,|ROLES\s*\()\s*(.*?)\)"
                 r"\s*(?=" + KINDS + r"\s*\(|#|$)", re.S)
ABSENT = re.compile(r"ABSENT\s*\(\s*[A-Z][A-Z0-9_]*\s*\)\s*")


def without_comments(text):
    """Comments blanked, literals kept; lines keep their numbers."""
    return C_TEXT.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)) if m.group(0)[0] == "/" else m.group(0), text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def arguments(bare, at):
    """The arguments of the call whose parenthesis opens before `at`."""
    depth, start, found = 1, at, []
    for i in range(at, len(bare)):
        depth += (bare[i] in "([{") - (bare[i] in ")]}")
        if depth == 0 or (depth == 1 and bare[i] == ","):
            found.append(bare[start:i].strip())
            start = i + 1
        if depth == 0:
            break
    return found


def calls(bare, pattern):
    for match in pattern.finditer(bare):
        yield match.group(0).rstrip("( \t\n"), line_of(bare, match.start()), arguments(bare, match.end())


def constant_table(text, name):
    """Is `name` a constant table in this file, of literals alone (or of the rows of statements.def)?"""
    clean = without_comments(text)
    match = re.search(TEXTS.format(re.escape(name)), clean)
    if match is None:
        return False
    body = clean[match.end():].split("};", 1)[0]
    rest = re.sub(r'"(?:\\.|[^"\\])*"', "", body)
    rest = re.sub(r"#\s*(define\s+STATEMENT\(name, text\)\s+\[GH_SQL_##name\]\s*=\s*text,|include|undef\s+STATEMENT)", "", rest)
    return re.fullmatch(r"[\s,]*", rest) is not None


def is_constant(argument, text):
    if re.fullmatch(r'""(\s*"")*', argument):
        return True
    match = re.fullmatch(r"(\w+)\s*\[[^\]]*\]", argument)
    return match is not None and constant_table(text, match.group(1))


def parameters_of_texts(bare):
    """Of `run_texts(sql, list, n)`: functions that hand a table on, and the name it has there."""
    return {m.group(1): m.group(2) for m in re.finditer(
        r"static\s+void\s+(\w+)\s*\([^)]*const\s+char\s*\*\s*const\s*\*\s*(\w+)[^)]*\)", bare)}


def handed_on(argument, name, text, bare):
    """The argument is an element of a list that a function takes, and all its callers give constant tables."""
    if name != SCHEMA:
        return False
    for function, parameter in parameters_of_texts(bare).items():
        if not re.fullmatch(re.escape(parameter) + r"\s*\[[^\]]*\]", argument):
            continue
        given = [a[1] for _, line, a in calls(bare, re.compile(r"(?<!void )\b" + function + r"\s*\("))]
        names = [re.fullmatch(r"&?\s*(\w+)(?:\s*\[[^\]]*\])?", g) for g in given]
        return bool(given) and all(m is not None and constant_table(text, m.group(1)) for m in names)
    return False


def check_calls(check, name, text, bare):
    for call, line, given in calls(bare, PREPARE):
        if name != READER:
            check.find(f"{name}:{line}", f"{call}() outside of {READER}", f"give the statement a row in {TABLE}, use gh_query_of()")
        elif len(given) < 2 or not is_constant(given[1], text):
            check.find(f"{name}:{line}", f"{call}() of a text that is no row of a constant table", f"give it a row in {TABLE}")
    for call, line, given in calls(bare, EXECUTE):
        if name != SCHEMA:
            check.find(f"{name}:{line}", f"{call}() outside of {SCHEMA}", f"give the statement a row in {TABLE}, use gh_query_of()")
        elif len(given) < 2 or not (is_constant(given[1], text) or handed_on(given[1], name, text, bare)):
            check.find(f"{name}:{line}", f"{call}() of a text that is no constant", "write it as a static const text")
    for match in AS_VALUE.finditer(bare):
        check.find(f"{name}:{line_of(bare, match.start())}", f"{match.group(0)} is not called here but handed on", "call it where its text is")
    for call, line, _ in calls(bare, NEVER):
        check.find(f"{name}:{line}", f"{call}() makes or runs a text of SQL", f"give the statement a row in {TABLE}, bind what varies")


def check_postgres_calls(check, name, text, bare):
    """libpq is given texts of the tables; gh_postgres_run_text() hands one on, and is given literals."""
    for call, line, given in calls(bare, PG_PREPARE):
        if name != PG_READER or len(given) < 3 or not re.fullmatch(r"gh_pg_texts\s*\[[^\]]*\]", given[2]):
            check.find(f"{name}:{line}", f"{call}() of a text that is not of gh_pg_texts", f"give the statement a row in {PG_TABLE}, use gh_query_of()")
    for call, line, given in calls(bare, PG_QUERY):
        before = "\n".join(bare.splitlines()[:line])
        function = re.findall(r"^(?:static )?\w[\w *]*\b(\w+)\([^;{}]*\)\n\{", before, re.M)[-1:]
        if name != PG_READER or function != ["gh_postgres_run_text"] or given[1:] != ["text"]:
            check.find(f"{name}:{line}", f"{call}() of a text", f"give the statement a row in {PG_TABLE}, use gh_query_of()")
    for call, line, given in calls(bare, PG_RUN_TEXT):
        if not name.endswith(".h") and (len(given) < 2 or not is_constant(given[1], text)):
            check.find(f"{name}:{line}", f"{call}() of a text that is no constant", "write it as a literal")
    for call, line, _ in calls(bare, PG_NEVER):
        check.find(f"{name}:{line}", f"{call}() makes a text of SQL", f"give the statement a row in {PG_TABLE}, bind what varies")
    for match in PG_AS_VALUE.finditer(bare if name not in PG_NAMES else ""):
        check.find(f"{name}:{line_of(bare, match.start())}", f"{match.group(0)} is not called here but handed on", "call it where its text is")


def check_postgres_texts(check):
    """gh_pg_texts has the rows of the two tables and nothing else."""
    clean = without_comments(check.read(PG_TEXTS))
    match = re.search(r"^const\s+char\s*\*\s*const\s+gh_pg_texts\s*\[[^\]]*\]\s*=\s*\{(.*?)^\};", clean, re.M | re.S)
    allowed = {"#define STATEMENT(name, text) [GH_SQL_##name] = text,", "#define ABSENT(name) [GH_SQL_##name] = NULL,",
               "#define OWN(name, text) [GH_PG_##name] = text,", "#define SCHEMA(version, name, text) [GH_PG_SCHEMA_##name] = text,",
               "#define ROLES(text)", *(f"#undef {word}" for word in ("STATEMENT", "ABSENT", "OWN", "SCHEMA", "ROLES")),
               *(f'#include "{table.removeprefix("src/")}"' for table in (PG_TABLE, PG_SCHEMA))}
    for line in match.group(1).splitlines() if match else ["gh_pg_texts is not there"]:
        if line.strip() and " ".join(line.split()) not in allowed:
            check.find(PG_TEXTS, f"gh_pg_texts is of more than the tables: {line.strip()[:60]}", f"give the statement a row in {PG_TABLE}")


def literals(text):
    """(line, contents) of each run of string literals that the compiler joins."""
    clean = without_comments(text)
    for match in re.finditer(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*', clean):
        start = clean.rfind("\n", 0, match.start()) + 1
        if not re.match(r"\s*#\s*include\b", clean[start:match.start()]):
            yield line_of(clean, match.start()), "".join(re.findall(r'"((?:\\.|[^"\\\n])*)"', match.group(0)))


def check_literals(check, name, text):
    for line, content in literals(text):
        if STATEMENT.search(content):
            check.find(f"{name}:{line}", "a text of SQL outside of the table", f"give it a row in {TABLE}")


def check_formats(check, name, text):
    """In the files that may hold SQL no text is a format either."""
    for line, content in literals(text):
        if STATEMENT.search(content) and "%" in content:
            check.find(f"{name}:{line}", "a statement with a place for a printed value", "bind it: ?1")


def check_table(check, table):
    """The table is rows of literals and of macros that are literals."""
    text = without_comments(check.read(table))
    macros = {}
    for match in re.finditer(r"^#define\s+(\w+)\s*((?:\\\n|[^\n])*)$", text, re.M):
        macros[match.group(1)] = match.group(2)
    rest = re.sub(r"^#(?:define\s+\w+(?:\\\n|[^\n])*|undef\s+\w+\s*)$", "", text, flags=re.M)
    bodies = [(line_of(text, 0), m) for m in macros.values()]
    rest = ABSENT.sub("", rest)
    covered = ROW.sub("", rest)
    if covered.strip():
        check.find(table, f"not a row: {covered.strip().splitlines()[0][:60]}", "write: STATEMENT(NAME, \"text\")")
    for match in ROW.finditer(rest):
        bodies.append((line_of(text, text.find(match.group(0).strip()[:40])), match.group(1)))
    for line, body in bodies:
        left = re.sub(r'"(?:\\.|[^"\\\n])*"|\\\n', "", body)
        if any(word not in macros for word in left.split()):
            check.find(f"{table}:{line}", f"more than a literal: {left.strip()[:40]}", "write the text out; what varies is bound")


def main():
    check = Check(__doc__)
    names = check.files("*.c", "*.h", "*.def", folders=("src",))
    if TABLE not in names:
        check.skip("there is no table of statements yet")
    for name in names:
        text = check.read(name)
        check_calls(check, name, text, bare_c(text))
        check_postgres_calls(check, name, text, bare_c(text))
        if name in (TABLE, SCHEMA, PG_TABLE, PG_SCHEMA):
            check_formats(check, name, text)
        else:
            check_literals(check, name, text)
    for table in (TABLE, PG_TABLE, PG_SCHEMA):
        if table in names:
            check_table(check, table)
    if PG_TABLE in names:
        check_postgres_texts(check)
    check.end()


main()
