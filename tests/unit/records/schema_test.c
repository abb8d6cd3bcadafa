/* The folder and the file: what is opened, what is refused and with which words, what an old file becomes. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/identity.h"
#include "records/sqlite/schema.h"
#include "records_world.h"

static const char *path_of(world *w, const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", w->folder, name);
    return path;
}

static void refuses(world *w, const char *words)
{
    assert_false(world_open(w));
    if (strstr(w->why, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, w->why);
}

static unsigned mode_of(world *w, const char *name)
{
    struct stat st;
    assert_int_equal(stat(path_of(w, name), &st), 0);
    return st.st_mode & 0777;
}

static void test_files_are_the_owners_alone(void **state)
{
    world *w = *state;
    mode_t before = umask(0);
    world_user(w, "ada", "$1");
    assert_int_equal(mode_of(w, "gatehouse.db"), 0600);
    assert_int_equal(mode_of(w, "gatehouse.db-wal"), 0600);
    assert_int_equal(mode_of(w, "gatehouse.db-shm"), 0600);
    assert_int_equal(mode_of(w, "gatehouse.lock"), 0600);
    world_close(w);
    assert_int_equal(chmod(path_of(w, "gatehouse.db"), 0644), 0);
    assert_true(world_open(w));
    assert_int_equal(mode_of(w, "gatehouse.db"), 0600);
    (void)umask(before);
}

static void test_a_folder_that_others_may_write_to_is_refused(void **state)
{
    world *w = *state;
    world_close(w);
    assert_int_equal(chmod(w->folder, 0770), 0);
    refuses(w, "others may write to this folder");
    assert_int_equal(chmod(w->folder, 0700), 0);
    const char *folder = w->options.folder;
    w->options.folder = "/nowhere/at/all";
    refuses(w, "/nowhere/at/all");
    w->options.folder = "/etc/passwd";
    refuses(w, "not a folder");
    w->options.folder = folder;
}

static void test_links_and_other_things_are_not_files(void **state)
{
    world *w = *state;
    char elsewhere[128];
    world_close(w);
    (void)snprintf(elsewhere, sizeof elsewhere, "%s", path_of(w, "elsewhere"));
    assert_int_equal(rename(path_of(w, "gatehouse.db"), elsewhere), 0);
    assert_int_equal(symlink(elsewhere, path_of(w, "gatehouse.db")), 0);
    refuses(w, "gatehouse.db");
    assert_int_equal(unlink(path_of(w, "gatehouse.db")), 0);
    assert_int_equal(mkfifo(path_of(w, "gatehouse.db"), 0600), 0);
    refuses(w, "not a regular file");
}

static void test_one_process_at_a_time(void **state)
{
    world *w = *state;
    char words[96];
    int status;
    world second = *w;
    refuses(&second, "gatehouse is running on this folder");
    (void)snprintf(words, sizeof words, "(pid %d): stop it, or set another data.folder", (int)getpid());
    assert_non_null(strstr(second.why, words));
    pid_t child = fork();
    if (child == 0)
        _exit(world_open(&second) || strstr(second.why, words) == NULL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    world_user(w, "ada", "$1"); /* the first is not disturbed */
    world_reopen(w);
}

/* Writes over n bytes of the file. */
static void scribble(world *w, off_t at, size_t n)
{
    char junk[4096];
    memset(junk, 0xa5, sizeof junk);
    int fd = open(path_of(w, "gatehouse.db"), O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, junk, n, at), (ssize_t)n);
    (void)close(fd);
}

static void test_what_is_no_database_is_refused(void **state)
{
    world *w = *state;
    world_close(w);
    scribble(w, 0, 100);
    refuses(w, "is damaged: stop here, keep a copy of it, and put a backup in its place");
}

static void fill(world *w, unsigned n)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u) INSERT INTO "
                   "user(id, name, roles, created_s, changed_s) SELECT i, 'user' || i, 'user', 1, 1 FROM n",
                   n);
    world_sql(w, sql);
}

/* After a kill the structure of the file is looked through: damage is found before anything is let in or written. */
static void test_damage_after_a_kill_is_found(void **state)
{
    world *w = *state;
    int status;
    world_close(w);
    pid_t child = fork();
    if (child == 0) {
        if (!world_open(w))
            _exit(1);
        fill(w, 2000);
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    struct stat st;
    assert_int_equal(stat(path_of(w, "gatehouse.db-wal"), &st), 0);
    assert_true(world_open(w)); /* whole: it goes on */
    assert_int_equal(world_number(w, "SELECT count(*) FROM user"), 2000);
    world_close(w);
    /* The same with a page in the middle of the users scribbled over. */
    child = fork();
    if (child == 0) {
        if (!world_open(w))
            _exit(1);
        world_user(w, "zoe", "$1");
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(stat(path_of(w, "gatehouse.db"), &st), 0);
    for (off_t at = 8 * 4096; at + 4096 <= st.st_size; at += 4096)
        scribble(w, at, 16);
    refuses(w, "is damaged");
}

static void test_another_programs_database_is_refused(void **state)
{
    world *w = *state;
    world_close(w);
    assert_int_equal(unlink(path_of(w, "gatehouse.db")), 0);
    world_sql(w, "CREATE TABLE theirs(a)");
    refuses(w, "is a database of another program");
    assert_int_equal(world_number(w, "SELECT count(*) FROM sqlite_schema"), 1); /* as it was */
}

static void test_a_newer_schema_is_refused(void **state)
{
    world *w = *state;
    char sql[96];
    world_close(w);
    (void)snprintf(sql, sizeof sql, "INSERT INTO schema_migration VALUES(%u, 1)", gh_schema_version() + 1);
    world_sql(w, sql);
    refuses(w, "was written by a newer Gatehouse");
}

/* As the first release of the schema left it: users and sessions, nothing else. */
static void test_an_old_file_is_brought_up(void **state)
{
    world *w = *state;
    world_login in = {.name = "ada", .right = true, .session = world_session(9, GH_SESSION_COOKIE)};
    gh_id user = world_user(w, "ada", "$1");
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    for (unsigned version = gh_schema_version(); version-- > 1;) {
        world_close(w);
        if (version < 4)
            world_sql(
                w, "DROP TABLE key_generation; ALTER TABLE session DROP COLUMN generation; "
                   "ALTER TABLE device DROP COLUMN generation; ALTER TABLE api_key DROP COLUMN generation; "
                   "DELETE FROM schema_migration WHERE version >= 4");
        if (version < 3)
            world_sql(w, "DROP TABLE attempt; DROP TABLE login; DROP TABLE known_place; DROP TABLE audit; "
                         "DROP TABLE signing_key; DELETE FROM schema_migration WHERE version >= 3");
        if (version < 2)
            world_sql(
                w, "DROP TABLE device; DROP TABLE api_key; DELETE FROM schema_migration WHERE version >= 2");
        if (!world_open(w))
            fail_msg("%s", w->why);
        assert_int_equal(world_number(w, "SELECT max(version) FROM schema_migration"), gh_schema_version());
        assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 9, 9), GH_LOOKUP_GOOD);
        assert_int_equal(world_number(w, "SELECT generation FROM session"), 0);
        gh_op_key_create *k = world_op(KEY_CREATE, gh_op_key_create);
        k->user = user;
        k->id = version;
        k->most = 5;
        assert_int_equal(world_once(w, k), GH_OP_OK);
    }
}

static void test_a_step_that_fails_leaves_nothing(void **state)
{
    world *w = *state;
    world_close(w);
    world_sql(
        w,
        "DROP TABLE signing_key; DROP TABLE key_generation; DELETE FROM schema_migration WHERE version >= 3; "
        "ALTER TABLE session DROP COLUMN generation; ALTER TABLE device DROP COLUMN generation; "
        "ALTER TABLE api_key DROP COLUMN generation; "
        "DROP TABLE login; DROP TABLE known_place; DROP TABLE audit"); /* `attempt` is in the way */
    refuses(w, "can't be used");
    assert_int_equal(world_number(w, "SELECT count(*) FROM sqlite_schema WHERE name = 'login'"), 0);
    assert_int_equal(world_number(w, "SELECT max(version) FROM schema_migration"), 2);
    world_sql(w, "DROP TABLE attempt");
    assert_true(world_open(w));
}

static void test_the_database_keeps_its_own_rules(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    assert_int_equal(world_number(w, "PRAGMA application_id"), 1195471973);
    assert_int_equal(
        world_number(w, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%STRICT%' "
                        "AND name NOT LIKE 'sqlite_%'"),
        0);
    assert_int_equal(world_number(w, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_files_are_the_owners_alone),
        TEST(test_a_folder_that_others_may_write_to_is_refused),
        TEST(test_links_and_other_things_are_not_files),
        TEST(test_one_process_at_a_time),
        TEST(test_what_is_no_database_is_refused),
        TEST(test_damage_after_a_kill_is_found),
        TEST(test_another_programs_database_is_refused),
        TEST(test_a_newer_schema_is_refused),
        TEST(test_an_old_file_is_brought_up),
        TEST(test_a_step_that_fails_leaves_nothing),
        TEST(test_the_database_keeps_its_own_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
