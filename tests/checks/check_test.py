"""A check that can't fail is a defect: each is shown a tree that is right, and trees with one thing wrong."""
import pathlib
import shutil
import subprocess
import sys

import pytest

CHECKS = pathlib.Path(__file__).resolve().parents[2] / "script" / "checks"


class Tree:
    """A small project of its own, in a folder that is no repository."""

    def __init__(self, root):
        self.root = root

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
        return self

    def table(self, name):
        """Takes over one of the project's own tables."""
        self.write(f"script/checks/{name}", (CHECKS / name).read_text())
        return self

    def program(self, answers):
        """A stand-in for the built program: prints answers[first word]."""
        lines = [f"  {word}) cat <<'END'\n{text}\nEND\n  ;;" for word, text in answers.items()]
        self.write("build/src/gatehouse", "#!/bin/sh\ncase $1 in\n" + "\n".join(lines) + "\n  *) exit 1 ;;\nesac\n")
        (self.root / "build/src/gatehouse").chmod(0o755)
        return self

    def check(self, name):
        return subprocess.run([sys.executable, CHECKS / f"{name}.py", "--root", self.root, "--build", "build"],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def fine(self, name):
        run = self.check(name)
        assert (run.returncode, run.stderr) == (0, ""), run.stdout + run.stderr

    def finds(self, name, *words):
        run = self.check(name)
        assert (run.returncode, run.stderr) == (1, ""), run.stdout + run.stderr
        for word in words:
            assert word in run.stdout, run.stdout


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def body(lines):
    return "int f(void)\n{\n" + "    g();\n" * (lines - 4) + "    return 0;\n}\n"


# --- includes


def test_includes_that_go_one_way_are_fine(tree):
    tree.table("layers.txt").write("include/gatehouse/str.h", "#include <stddef.h>\n")
    tree.write("src/base/a.h", "").write("src/edges/a.c", '#include <uv.h>\n#include "base/a.h"\n')
    tree.write("src/wire/b.c", '#include <gatehouse/str.h>\n#include <stdint.h>\n#include "base/a.h"\n'
               '/* #include <uv.h> */ // #include "edges/a.h"\n').fine("includes")


@pytest.mark.parametrize("file, line, words", [
    ("src/base/b.c", '#include "wire/a.h"', ("src/base/b.c:2", "base may not include")),
    ("src/core/b.c", '#include "edges/a.h"', ("src/core/b.c:2", "core may not include")),
    ("src/config/b.c", '#include "stores/a.h"', ("config may not include",)),
    ("src/core/b.c", "#include <uv.h>", ("core may not use <uv.h>",)),
    ("src/controls/b.c", "#include <time.h>", ("controls may not use <time.h>",)),
    ("src/controls/b.c", "#  include  <sys/socket.h>", ("controls may not use <sys/socket.h>",)),
    ("src/edges/b.c", "#include <yaml.h>", ("edges may not use <yaml.h>",)),
    ("src/cli/b.c", "#include <made/up.h>", ("no row in script/checks/layers.txt",)),
    ("src/wire/b.c", '#include "a.h"', ("no file below src/",)),
    ("src/wire/b.c", '#include "base/none.h"', ("no file below src/",)),
    ("src/wire/b.c", "#include <gatehouse/none.h>", ("does not exist",)),
    ("src/other/b.c", "#include <stdint.h>", ("the directory other has no row",)),
    ("include/gatehouse/b.h", '#include "base/a.h"', ("a public header",)),
])
def test_includes_the_wrong_way_are_found(tree, file, line, words):
    tree.table("layers.txt")
    for layer in ("base", "wire", "stores", "edges"):
        tree.write(f"src/{layer}/a.h", "")
    tree.write(file, f"#include <stddef.h>\n{line}\n").finds("includes", *words)


# --- sizes


def test_small_things_are_fine(tree):
    tree.write("src/base/a.c", body(60) + "static int h(int a, int b, int c, int d, int e, int f, void (*g)(int, int))\n{\n}\n")
    tree.write("src/base/a.h", "int i;\n" * 450).fine("sizes")


@pytest.mark.parametrize("file, text, words", [
    ("src/base/a.c", body(61), ("src/base/a.c:1", "function src/base/a.c:f: 61")),
    ("include/gatehouse/a.h", "static inline " + body(61), ("function include/gatehouse/a.h:f: 61",)),
    ("src/base/a.h", "int i;\n" * 451, ("file src/base/a.h: 451",)),
    ("tests/unit/a_test.c", body(121), ("function tests/unit/a_test.c:f: 121",)),
    ("tests/unit/a_test.c", "int i;\n" * 901, ("file tests/unit/a_test.c: 901",)),
    ("src/base/a.c", "int f(int a, int b, int c, int d, int e, int g, int h, int i)\n{\n}\n", ("parameters src/base/a.c:f: 8",)),
])
def test_large_things_are_found(tree, file, text, words):
    tree.write(file, text).finds("sizes", *words)


def test_an_exception_holds_up_to_its_figure(tree):
    tree.write("src/base/a.c", body(70)).write("script/checks/sizes-exceptions.txt", "function src/base/a.c:f 70 # why\n").fine("sizes")
    tree.write("src/base/a.c", body(71)).finds("sizes", "71, the limit is 70")


@pytest.mark.parametrize("row", ["function src/base/a.c:f 70", "file src/base/gone.c 500", "nonsense"])
def test_a_stale_exception_is_found(tree, row):
    tree.write("src/base/a.c", body(20)).write("script/checks/sizes-exceptions.txt", row + " # why\n")
    tree.finds("sizes", "sizes-exceptions.txt:1")


# --- banned


def test_names_that_only_look_banned_are_fine(tree):
    tree.write("src/base/a.c", 'void f(void)\n{\n    my_strcpy(a);\n    s->free(p); /* strcpy(a, b) */\n    g("sprintf(");\n}\n').fine("banned")
    tree.write("tests/unit/a_test.c", "void f(void)\n{\n    free(malloc((size_t)rand()));\n}\n").fine("banned")


@pytest.mark.parametrize("call", ["strcpy", "strcat", "strncpy", "sprintf", "vsprintf", "gets", "strtok", "atoi", "atol", "alloca",
                                  "rand", "system", "popen", "strdup", "malloc", "calloc", "realloc", "free", "memcmp"])
def test_a_banned_call_is_found(tree, call):
    tree.write("src/base/a.c", f"void f(void)\n{{\n    {call} (x);\n}}\n").finds("banned", "src/base/a.c:3", f"{call}()")


def test_the_pure_directories_have_no_randomness_of_their_own(tree):
    text = "void f(void)\n{\n    gh_random(p, 1);\n}\n"
    tree.write("src/core/a.c", text).finds("banned", "src/core/a.c:3", "gh_random()")
    (tree.root / "src/core/a.c").unlink()
    tree.write("src/edges/a.c", text).fine("banned")


def test_a_test_may_not_use_what_overflows(tree):
    tree.write("tests/unit/a_test.c", "void f(void)\n{\n    strcpy(a, b);\n}\n").finds("banned", "tests/unit/a_test.c:3")


@pytest.mark.parametrize("row, words", [
    ("src/base/a.c malloc 2", ("1 calls of malloc(), the row says 2",)),
    ("src/base/a.c malloc 1\nsrc/base/gone.c free 1", ("0 calls of free()",)),
    ("src/base/a.c malloc", ("not a row",)),
    ("src/base/a.c malloc 1", ("without its reason",)),
    ("src/base/a.c malloc 1 # ?", ("without its reason",)),
])
def test_a_wrong_count_is_found(tree, row, words):
    tree.write("src/base/a.c", "void *f(void)\n{\n    return malloc(1);\n}\n").write("script/checks/banned.txt", row + "\n")
    tree.finds("banned", *words)


def test_the_right_count_is_fine(tree):
    tree.write("src/base/a.c", "void *f(void)\n{\n    return malloc(1);\n}\n").write("script/checks/banned.txt", "src/base/a.c malloc 1 # why\n")
    tree.fine("banned")


# --- sql

SQL_READER = """static const char *const texts[] = {
#define STATEMENT(name, text) [GH_SQL_##name] = text,
#include "records/statements.def"
#undef STATEMENT
};
int f(int which)
{
    return sqlite3_prepare_v3(db, texts[which], -1, 0, &s, NULL);
}
"""
SQL_SCHEMA = """static const char *const steps[] = {
    "CREATE TABLE t(a INTEGER)" /* a comment */
    "; CREATE INDEX i ON t(a)",
};
static void run(sqlite3 *db, const char *const *list, int n)
{
    (void)sqlite3_exec(db, list[n], NULL, NULL, NULL);
}
void g(sqlite3 *db)
{
    run(db, steps, 0);
    run(db, &steps[0], 0);
    (void)sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
}
"""
SQL_TABLE = """/* STATEMENT(NAME, text) */
#define PART "SELECT a FROM t "
STATEMENT(ONE, PART "WHERE a = ?1") /* (one) */
STATEMENT(TWO, "INSERT INTO t(a) "
               "VALUES(?1)")
#undef PART
"""


def with_sql(tree, reader=SQL_READER, schema=SQL_SCHEMA, table=SQL_TABLE):
    return tree.write("src/records/sqlite/connection.c", reader).write("src/records/sqlite/schema.c", schema).write(
        "src/records/statements.def", table)


def test_statements_from_the_table_are_fine(tree):
    with_sql(tree).write("src/edges/a.c", 'void f(void)\n{\n    say("%s: select a server", name); /* SELECT a FROM t */\n'
                         '    word("SELECT");\n    say("update it and set it");\n}\n').fine("sql")


def test_without_a_table_there_is_nothing_to_check(tree):
    assert tree.write("src/base/a.c", "int i;\n").check("sql").returncode == 77


@pytest.mark.parametrize("file, line, words", [
    ("src/edges/a.c", 'sqlite3_prepare_v2(db, "x", -1, &s, NULL);', ("src/edges/a.c:3", "sqlite3_prepare_v2() outside of")),
    ("src/records/a.c", "sqlite3_prepare16 (db, text, -1, &s, NULL);", ("sqlite3_prepare16() outside of",)),
    ("src/records/a.c", 'sqlite3_exec(db, "x", 0, 0, 0);', ("sqlite3_exec() outside of",)),
    ("src/records/a.c", "run = sqlite3_exec;", ("handed on",)),
    ("src/records/a.c", "sqlite3_get_table(db, text, &r, 0, 0, 0);", ("sqlite3_get_table()",)),
    ("src/records/a.c", 'char *p = sqlite3_mprintf("%q", name);', ("sqlite3_mprintf()",)),
    ("src/records/a.c", "sqlite3_str_appendf(s, f, name);", ("sqlite3_str_appendf()",)),
    ("src/edges/a.c", 'gh_buf_printf(&b, "SELECT a FROM t WHERE b = \'%s\'", name);', ("src/edges/a.c:3", "SQL outside of the table")),
    ("src/edges/a.c", 'put("DELETE " "FROM t");', ("SQL outside of the table",)),
    ("src/edges/a.c", 'put(" WHERE name = ");', ("SQL outside of the table",)),
    ("src/edges/a.h", 'const char *t = "UPDATE t SET a = 1";', ("src/edges/a.h:3", "SQL outside of the table")),
])
def test_sql_that_is_made_elsewhere_is_found(tree, file, line, words):
    with_sql(tree).write(file, f"void f(void)\n{{\n    {line}\n}}\n").finds("sql", *words)


@pytest.mark.parametrize("old, new, words", [
    ("texts[which]", "text", ("connection.c:8", "no row of a constant table")),
    ("texts[which]", "other[which]", ("no row of a constant table",)),
    ("static const char *const texts", "static const char *texts", ("no row of a constant table",)),
    ("#undef STATEMENT\n", "#undef STATEMENT\n    made_elsewhere,\n", ("no row of a constant table",)),
])
def test_a_reader_of_other_texts_is_found(tree, old, new, words):
    assert old in SQL_READER
    with_sql(tree, reader=SQL_READER.replace(old, new)).finds("sql", *words)


@pytest.mark.parametrize("old, new, words", [
    ("list[n]", "text", ("schema.c:7", "no constant")),
    ("run(db, steps, 0)", "run(db, given, 0)", ("no constant",)),
    ('"PRAGMA foreign_keys = ON"', "pragma", ("schema.c:13", "no constant")),
    ("CREATE INDEX i ON t(a)", "CREATE INDEX %s ON t(a)", ("a place for a printed value",)),
    ('"CREATE TABLE t(a INTEGER)"', 'first "CREATE TABLE t(a INTEGER)"', ("no constant",)),
])
def test_a_schema_that_is_made_is_found(tree, old, new, words):
    assert old in SQL_SCHEMA
    with_sql(tree, schema=SQL_SCHEMA.replace(old, new)).finds("sql", *words)


@pytest.mark.parametrize("old, new, words", [
    ('"WHERE a = ?1"', 'OTHER "WHERE a = ?1"', ("more than a literal", "OTHER")),
    ('"SELECT a FROM t "', 'made() "SELECT a FROM t "', ("more than a literal",)),
    ("a = ?1", "a = %u", ("a place for a printed value",)),
    ("#undef PART", "int i;", ("not a row",)),
])
def test_a_table_of_more_than_literals_is_found(tree, old, new, words):
    assert old in SQL_TABLE
    with_sql(tree, table=SQL_TABLE.replace(old, new)).finds("sql", *words)


SQL_PG_TABLE = """/* STATEMENT(NAME, text) */
#define PART "SELECT a FROM t "
STATEMENT(ONE, PART "WHERE a = $1")
ABSENT(TWO)
#undef PART
OWN(THREE, "LISTEN changes (of t)")
"""
SQL_PG_SCHEMA = """SCHEMA(1, T, "CREATE TABLE t(a bigint)")
ROLES("CREATE ROLE reader")
"""
SQL_PG_TEXTS = """const char *const gh_pg_texts[GH_PG_COUNT] = {
#define STATEMENT(name, text) [GH_SQL_##name] = text,
#define ABSENT(name) [GH_SQL_##name] = NULL,
#define OWN(name, text) [GH_PG_##name] = text,
#include "records/postgres/statements_postgres.def"
#undef STATEMENT
#define SCHEMA(version, name, text) [GH_PG_SCHEMA_##name] = text,
#define ROLES(text)
#include "records/postgres/schema_postgres.def"
};
"""
SQL_PG_READER = """int prepare(int which)
{
    return PQsendPrepare(c->pq, name, gh_pg_texts[which], 0, NULL);
}
bool gh_postgres_run_text(gh_postgres *c, const char *text)
{
    return PQsendQuery(c->pq, text) == 1;
}
"""


def with_postgres(tree, table=SQL_PG_TABLE, schema=SQL_PG_SCHEMA, texts=SQL_PG_TEXTS, reader=SQL_PG_READER):
    folder = "src/records/postgres/"
    return with_sql(tree).write(folder + "statements_postgres.def", table).write(folder + "schema_postgres.def", schema).write(
        folder + "statements_postgres.c", texts).write(folder + "driver.c", reader)


def test_statements_of_postgres_from_its_tables_are_fine(tree):
    with_postgres(tree).write("src/records/a.c", 'void f(void)\n{\n    (void)gh_postgres_run_text(c, "LISTEN changes");\n}\n').fine("sql")


@pytest.mark.parametrize("part, old, new, words", [
    ("table", 'PART "WHERE a = $1"', 'made() "WHERE a = $1"', ("statements_postgres.def", "more than a literal")),
    ("table", "a = $1", "a = '%s'", ("a place for a printed value",)),
    ("table", "ABSENT(TWO)", "int i;", ("more than a literal", "int i")),
    ("table", "/* STATEMENT(NAME, text) */", "int i;", ("not a row",)),
    ("schema", '"CREATE TABLE t(a bigint)"', "text", ("schema_postgres.def", "more than a literal")),
    ("schema", '"CREATE ROLE reader"', "role", ("more than a literal",)),
    ("texts", "[GH_PG_##name] = text,", "[GH_PG_##name] = changed(text),", ("more than the tables",)),
    ("texts", "#undef STATEMENT", "    [0] = given,", ("more than the tables",)),
    ("texts", "gh_pg_texts[", "other_texts[", ("more than the tables",)),
    ("reader", "gh_pg_texts[which]", "text", ("driver.c:3", "not of gh_pg_texts")),
    ("reader", "PQsendQuery(c->pq, text)", "PQsendQuery(c->pq, other)", ("driver.c:7", "PQsendQuery() of a text")),
    ("reader", "gh_postgres_run_text(gh", "run_anything(gh", ("driver.c:7", "PQsendQuery() of a text")),
])
def test_postgres_is_given_nothing_else(tree, part, old, new, words):
    before = {"table": SQL_PG_TABLE, "schema": SQL_PG_SCHEMA, "texts": SQL_PG_TEXTS, "reader": SQL_PG_READER}[part]
    assert old in before
    with_postgres(tree, **{part: before.replace(old, new)}).finds("sql", *words)


@pytest.mark.parametrize("line, words", [
    ('PQexec(pq, "LISTEN a");', ("src/records/a.c:3", "PQexec() of a text")),
    ("PQsendPrepare(pq, name, gh_pg_texts[i], 0, NULL);", ("not of gh_pg_texts",)),
    ("PQexecParams(pq, text, 0, NULL, NULL, NULL, NULL, 1);", ("PQexecParams() of a text",)),
    ("char *p = PQescapeLiteral(pq, name, n);", ("PQescapeLiteral() makes",)),
    ("run = PQexec;", ("handed on",)),
    ("run = gh_postgres_run_text;", ("handed on",)),
    ("(void)gh_postgres_run_text(c, text);", ("no constant",)),
])
def test_sql_for_postgres_that_is_made_elsewhere_is_found(tree, line, words):
    with_postgres(tree).write("src/records/a.c", f"void f(void)\n{{\n    {line}\n}}\n").finds("sql", *words)


# --- words


def test_ordinary_text_is_fine(tree):
    tree.write("src/a.c", "/* TODO(no clock yet): a date */\nint a; /* below /run/x and src/work/a */\n").write("docs/a.md", "a\tb\n").fine("words")


@pytest.mark.parametrize("text, word", [
    ("see /ho" "me/someone/x\n", "a path of one machine"), ("cd /wo" "rk/x\n", "a path of one machine"),
    ("https://registry.npm" "js.org/x\n", "the host of a registry"), ("// TO" "DO later\n", "a promise without its reason"),
    ("// FIX" "ME: later\n", "a promise without its reason"), ("int a; \n", "white space at the end"), ("int a;\r\n", "a carriage return"),
    ("\tint a;\n", "a tab"), ("int a;", "no line break"), ("<" * 7 + " ours\n", "an unfinished merge"),
])
def test_a_stray_word_is_found(tree, text, word):
    tree.write("src/a.c", text).finds("words", "src/a.c:1", word)


# --- links


def test_links_that_lead_somewhere_are_fine(tree):
    tree.write("tests/http/a_test.py", "").write("docs/b.md", "# A title, really\n")
    tree.write("README.md", "[b](docs/b.md#a-title-really) [web](https://example.com/) `tests/http/a_test.py`\n").fine("links")


@pytest.mark.parametrize("line, word", [
    ("[b](docs/none.md)", "leads nowhere"), ("[b](docs/b.md#none)", "no heading"), ("[b](#none)", "no heading"),
    ("`tests/http/none_test.py`", "does not exist"),
])
def test_a_link_to_nothing_is_found(tree, line, word):
    tree.write("tests/http/a_test.py", "").write("docs/b.md", "# Title\n").write("README.md", line + "\n").finds("links", "README.md:1", word)


# --- stores

STORES = {"a_test.py": "from support import identity\n", "b_test.py": "import httpx\n"}


def stores(tree, rows, files=STORES):
    for name, text in files.items():
        tree.write(f"tests/http/{name}", text)
    return tree.write("tests/http/stores.txt", rows)


def test_every_file_says_with_which_stores_it_runs(tree):
    stores(tree, "# why\n\na_test.py  both\nb_test.py  one  nothing is kept\n").fine("stores")


@pytest.mark.parametrize("rows, words", [
    ("a_test.py both\n", ("tests/http/b_test.py", "does not have it")),
    ("a_test.py both\nb_test.py one\n", ("stores.txt:2", "no reason")),
    ("a_test.py one it is quick\nb_test.py both\n", ("stores.txt:1", "PostgreSQL")),
    ("a_test.py both\nb_test.py both\nc_test.py both\n", ("stores.txt:3", "does not exist")),
    ("a_test.py both\nb_test.py both\nb_test.py both\n", ("stores.txt:3", "two rows")),
    ("a_test.py both\nb_test.py maybe\n", ("stores.txt:2", "not a row")),
])
def test_a_list_of_stores_that_is_not_complete_is_found(tree, rows, words):
    stores(tree, rows).finds("stores", *words)


def test_script_test_runs_what_the_list_says():
    rows = (CHECKS.parents[1] / "tests/http/stores.txt").read_text().splitlines()
    both = [row.split()[0] for row in rows if row.endswith(" both")]
    command = next(line for line in (CHECKS.parent / "test").read_text().splitlines() if "stores.txt)" in line)
    run = subprocess.run(["bash", "-c", command + "\nprintf '%s\\n' \"${both[@]}\""], cwd=CHECKS.parents[1], capture_output=True, text=True)
    assert run.stdout.split() == [f"tests/http/{name}" for name in both] and len(both) > 10


# --- outages

OUTAGES = "# Outages\n\n| while it is away | test |\n|---|---|\n| All is well. | `tests/fleet/a_test.py::{}` |\n"


def test_a_line_about_an_outage_has_its_test(tree):
    tree.write("tests/fleet/a_test.py", "def test_all_is_well(fleet):\n    pass\n").write("docs/outages.md", OUTAGES.format("test_all_is_well"))
    tree.fine("outages")


@pytest.mark.parametrize("text, words", [
    (OUTAGES.format("test_all_is_right"), ("docs/outages.md:5", "has no test_all_is_right")),
    (OUTAGES.format("test_all"), ("has no test_all",)),
    (OUTAGES.replace("a_test", "b_test").format("test_all_is_well"), ("b_test.py does not exist",)),
    (OUTAGES.format("test_all_is_well") + "| And quick. | |\n", ("docs/outages.md:6", "no test is named")),
    ("# Outages\n", ("there is no table",)),
])
def test_a_line_without_one_is_found(tree, text, words):
    tree.write("tests/fleet/a_test.py", "def test_all_is_well(fleet):\n    pass\n").write("docs/outages.md", text)
    tree.finds("outages", *words)


# --- docs

METRICS = '/* X(identifier, "prometheus_name", "help") */\n#define M(X) \\\n X(A, "a_total", counter, "help") \\\n X(B, "b_open", gauge, "help")\n' \
    '#define H(X) \\\n X(C, "c_seconds", "help")\n'
REASONS = '/* REASON(identifier, ...) */\nREASON(HOST_NOT_ALLOWED, 400, "host_not_allowed", "text")\nREASON(RATE, 429,\n  "rate_limit_exceeded", "text")\n'
HELP = "Usage: gatehouse COMMAND\n\nCommands:\n  serve   runs\n  check   looks\n"


def documented(tree):
    """A tree whose documents say everything its code has."""
    tree.program({"reference": "a.b  text", "pipeline": "stage control in use\nDOOR  host  yes text\nDOOR  route yes text", "--help": HELP})
    tree.write("src/model/reasons.def", REASONS).write("src/observe/metrics.h", METRICS)
    tree.write("src/edges/a.c", 'void f(void)\n{\n    gh_log_event(lane(x),\n        GH_LEVEL_INFO, "up_down", "text");\n}\n')
    tree.write("src/observe/m.c", 'void f(void)\n{\n    put(out, "d_total", "counter", "text");\n    x = (T){.name = GH_STR_INIT("lines_lost")};\n}\n')
    tree.write("docs/configuration.md", "<!-- reference: begin -->\n\na.b  text\n\n<!-- reference: end -->\n")
    tree.write("docs/errors.md", "| status | error | do |\n|---|---|---|\n| 400 | `host_not_allowed` | x |\n| 429 | `rate_limit_exceeded` | x |\n")
    tree.write("docs/metrics.md", "| `a_total` | counter | x |\n| `b_open` | gauge | x |\n| `c_seconds` | histogram | x |\n| `d_total` | counter | x |\n")
    tree.write("docs/logging.md", "| `time` | a field |\n\n## Events\n\n| `up_down` | info | x |\n| `lines_lost` | info | x |\n")
    tree.write("docs/architecture.md", "<!-- pipeline: begin -->\n| DOOR | `host` | x |\n| DOOR | `route` | x |\n<!-- pipeline: end -->\n")
    tree.write("docs/operations.md", "`gatehouse serve` `gatehouse check -c FILE`\n")
    tree.write("packaging/gatehouse.1", ".It Cm serve\n.It Cm check\n")
    return tree.write("packaging/completion/gatehouse.bash", "serve check\n")


def test_a_documented_tree_is_fine(tree):
    documented(tree).fine("docs")


@pytest.mark.parametrize("file, old, new, word", [
    ("docs/configuration.md", "a.b", "a.c", "differs from what"),
    ("docs/configuration.md", "reference: end", "reference", "the marks"),
    ("docs/errors.md", "| 429 |", "| 430 |", "429 `rate_limit_exceeded` is not documented"),
    ("docs/errors.md", "| 429 |", "| 400 | `old` | x |\n| 429 |", "400 `old` does not exist"),
    ("docs/metrics.md", "| `b_open` | gauge | x |\n", "", "`b_open` gauge is not documented"),
    ("docs/metrics.md", "counter", "gauge", "`a_total` counter is not documented"),
    ("docs/metrics.md", "`c_seconds`", "`d_seconds`", "`d_seconds` histogram does not exist"),
    ("docs/metrics.md", "`d_total`", "`e_total`", "`d_total` counter is not documented"),
    ("docs/logging.md", "lines_lost", "lines", "lines_lost is not documented"),
    ("docs/logging.md", "up_down", "down", "up_down is not documented"),
    ("docs/architecture.md", "`route`", "`method`", "DOOR route"),
    ("docs/architecture.md", "| DOOR | `host` | x |\n| DOOR | `route` | x |", "| DOOR | `route` | x |\n| DOOR | `host` | x |", "DOOR host"),
    ("docs/operations.md", "gatehouse check", "gatehouse", "the command check"),
    ("packaging/gatehouse.1", ".It Cm serve", "", "the command serve"),
    ("packaging/completion/gatehouse.bash", "check", "", "the command check"),
    ("src/model/reasons.def", "REASON", "ROW", "no row like REASON"),
])
def test_a_gap_in_the_documents_is_found(tree, file, old, new, word):
    path = documented(tree).root / file
    assert old in path.read_text()
    tree.write(file, path.read_text().replace(old, new, 1) if "ROW" not in new else path.read_text().replace(old, new))
    tree.finds("docs", word)


def test_a_document_that_is_not_there_is_found(tree):
    (documented(tree).root / "docs/architecture.md").unlink()
    tree.finds("docs", "there is no such document")


# --- symbols


@pytest.mark.parametrize("code, symbol", [
    ("#include <time.h>\nint f(void);\nint f(void)\n{\n    return (int)time(NULL);\n}\n", "time"),
    ("#include <sys/socket.h>\nint f(void);\nint f(void)\n{\n    return socket(1, 1, 0);\n}\n", "socket"),
    ("#include <string.h>\nint f(const char *s);\nint f(const char *s)\n{\n    return (int)strlen(s);\n}\n", None),
])
def test_the_library_calls_only_what_is_allowed(tree, code, symbol):
    tree.table("symbols.txt").write("a.c", code)
    (tree.root / "build/src").mkdir(parents=True)
    subprocess.run(["gcc", "-O0", "-fno-builtin", "-c", "a.c", "-o", "a.o"], cwd=tree.root, check=True)
    subprocess.run(["ar", "rcs", "build/src/libgatehouse.a", "a.o"], cwd=tree.root, check=True)
    tree.fine("symbols") if symbol is None else tree.finds("symbols", f"libgatehouse calls {symbol}()")


def test_a_symbol_may_be_allowed_in_one_file_alone(tree):
    tree.write("script/checks/symbols.txt", "time base/clock.c # why\n")
    tree.write("base_clock.c", "#include <time.h>\nint f(void);\nint f(void)\n{\n    return (int)time(NULL);\n}\n")
    tree.write("core_other.c", "#include <time.h>\nint g(void);\nint g(void)\n{\n    return (int)time(NULL);\n}\n")
    (tree.root / "build/src").mkdir(parents=True)
    for name in ("base_clock.c", "core_other.c"):
        subprocess.run(["gcc", "-c", name, "-o", f"{name}.o"], cwd=tree.root, check=True)
        subprocess.run(["ar", "rc", "build/src/libgatehouse.a", f"{name}.o"], cwd=tree.root, check=True)
        tree.fine("symbols") if name == "base_clock.c" else tree.finds("symbols", "core_other.c.o", "time()")


def test_without_a_library_nothing_is_said_to_be_fine(tree):
    assert tree.check("symbols").returncode == 77


# --- the sum of the results

RESULTS = CHECKS.parent / "lib" / "results.py"


def sum_up(tree, **files):
    paths = []
    for name, text in files.items():
        suite, kind = name.rsplit("_", 1)
        tree.write(f"{suite}.{kind}", text)
        paths.append(tree.root / f"{suite}.{kind}")
    return subprocess.run([sys.executable, RESULTS, *paths], capture_output=True, text=True)


XML = '<testsuites><testsuite><testcase classname="a" name="b"/><testcase classname="a" name="c">{}</testcase></testsuite></testsuites>'
# What a cmocka program prints, in Meson's log. A program whose cases don't add up died in between.
CASES = '{{"name": "a", "result": "{result}", "stdout": "[==========] Running {ran} test(s).\\n[  PASSED  ] {passed} test(s).\\n{failed}"}}\n'
JSON = '{{"name": "a", "result": "OK"}}\n{{"name": "b", "result": "{}"}}\n'


@pytest.mark.parametrize("files, last, status", [
    ({"u_json": JSON.format("OK"), "h_xml": XML.format("")}, "4 passed, 0 failed", 0),
    ({"u_json": JSON.format("SKIP"), "h_xml": XML.format("<skipped/>")}, "2 passed, 0 failed, 2 skipped", 0),
    ({"u_json": JSON.format("TIMEOUT"), "h_xml": XML.format("<error/>")}, "2 passed, 2 failed", 1),
    ({"u_json": JSON.format("ERROR"), "h_xml": XML.format("<failure/>")}, "2 passed, 2 failed", 1),
    ({"u_json": CASES.format(ran=3, passed=3, failed="", result="OK")}, "3 passed, 0 failed", 0),
    ({"u_json": CASES.format(ran=3, passed=2, failed="[  FAILED  ] 1 test(s)", result="FAIL")}, "2 passed, 1 failed", 1),
    ({"u_json": CASES.format(ran=3, passed=3, failed="", result="FAIL")}, "3 passed, 1 failed", 1),
    ({"u_json": CASES.format(ran=3, passed=2, failed="", result="OK")}, "2 passed, 1 failed", 1),
    ({"u_json": JSON.format("OK"), "build_status": "failed 1\n"}, "2 passed, 1 failed", 1),
    ({"h_xml": "<broken"}, "0 passed, 1 failed", 1),
    ({}, "0 passed, 0 failed", 1),
])
def test_results_are_summed_over_all_suites(tree, files, last, status):
    run = sum_up(tree, **files)
    assert run.stdout.splitlines()[-1] == last
    assert run.returncode == status


def test_a_suite_that_left_no_report_has_failed(tree):
    run = subprocess.run([sys.executable, RESULTS, tree.root / "http.xml"], capture_output=True, text=True)
    assert run.stdout.splitlines()[-1] == "0 passed, 1 failed"
    assert run.returncode == 1


def test_the_tools_are_there():
    """Without them the tests above would pass for the wrong reason."""
    for tool in ("ctags", "nm", "gcc", "git"):
        assert shutil.which(tool)
