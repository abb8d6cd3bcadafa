#include "records/sqlite/schema.h"

enum { APPLICATION_ID = 0x47417465, /* "GAte" */ };

/* Of every connection. What is written outside of the schema can't make anything run (trusted_schema). secure_delete:
 * what is erased is overwritten. */
static const char *const settings[] = {
    "PRAGMA journal_mode = WAL",       "PRAGMA synchronous = FULL",  "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",     "PRAGMA secure_delete = ON",  "PRAGMA cell_size_check = ON",
    "PRAGMA temp_store = MEMORY",      "PRAGMA cache_size = -16384", "PRAGMA journal_size_limit = 16777216",
    "PRAGMA recursive_triggers = OFF",
};

static const char *const new_file[] = {
    "PRAGMA application_id = 1195471973", /* APPLICATION_ID */
    "CREATE TABLE schema_migration(version INTEGER PRIMARY KEY, at_s INTEGER NOT NULL) STRICT",
};

/* Each is done once, in one transaction, and never changed after it was released: what is to be different is another
 * row. Ids are 63 bits, times Unix seconds, hashes the 16 bytes of a keyed hash. */
static const char *const migrations[] = {
    /* 1: users and their sessions */
    "CREATE TABLE secret(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE user("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE," /* in lower case; no name is another's e-mail address */
    " email TEXT UNIQUE,"
    " hash TEXT,"
    " password_n INTEGER NOT NULL DEFAULT 0," /* which of his passwords this is */
    " password_s INTEGER NOT NULL DEFAULT 0,"
    " roles TEXT NOT NULL,"
    " tier TEXT,"
    " disabled INTEGER NOT NULL DEFAULT 0,"
    " created_s INTEGER NOT NULL,"
    " changed_s INTEGER NOT NULL,"
    " last_login_s INTEGER NOT NULL DEFAULT 0) STRICT;"
    /* access tokens issued by then are refused; outlives an erased user */
    "CREATE TABLE user_cutoff(user INTEGER PRIMARY KEY, cutoff_s INTEGER NOT NULL, until_s INTEGER NOT NULL) STRICT;"
    "CREATE TABLE session("
    " id INTEGER PRIMARY KEY,"
    " user INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,"
    " kind INTEGER NOT NULL,"
    " device INTEGER,"
    " hash BLOB NOT NULL,"
    " before_hash BLOB,"
    " number INTEGER NOT NULL DEFAULT 0," /* of the present secret; the login's is 0 */
    " sealed BLOB,"                       /* the present secret, sealed by the one before */
    " rotated_s INTEGER NOT NULL DEFAULT 0,"
    " created_s INTEGER NOT NULL,"
    " used_s INTEGER NOT NULL,"
    " expires_s INTEGER NOT NULL,"
    " idle_s INTEGER NOT NULL,"
    " address BLOB,"
    " user_agent TEXT) STRICT;"
    "CREATE INDEX session_user ON session(user);"
    "CREATE INDEX session_expires ON session(expires_s);"
    "CREATE INDEX session_used ON session(kind, used_s);"
    "CREATE INDEX session_device ON session(device) WHERE device IS NOT NULL;"
    /* spans that access tokens lived or may still live; until_s 0: those that are made now */
    "CREATE TABLE token_life(seconds INTEGER PRIMARY KEY, until_s INTEGER NOT NULL) STRICT;"
    "CREATE TABLE ended_session(id INTEGER PRIMARY KEY, until_s INTEGER NOT NULL) STRICT;"
    "CREATE TABLE revoked_token(jti INTEGER PRIMARY KEY, expires_s INTEGER NOT NULL) STRICT",

    /* 2: devices and API keys */
    "CREATE TABLE device("
    " id INTEGER PRIMARY KEY,"
    " user INTEGER REFERENCES user(id) ON DELETE CASCADE," /* NULL: anonymous */
    " hash BLOB NOT NULL,"
    " name TEXT,"
    " prefix BLOB," /* keyed hash of the address prefix of an anonymous one */
    " confirmed INTEGER NOT NULL DEFAULT 0,"
    " created_s INTEGER NOT NULL,"
    " used_s INTEGER NOT NULL DEFAULT 0,"
    " expires_s INTEGER NOT NULL) STRICT;"
    "CREATE INDEX device_user ON device(user) WHERE user IS NOT NULL;"
    "CREATE INDEX device_prefix ON device(prefix) WHERE user IS NULL;"
    "CREATE INDEX device_unconfirmed ON device(expires_s) WHERE NOT confirmed;"
    "CREATE TABLE api_key("
    " id INTEGER PRIMARY KEY,"
    " user INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,"
    " hash_of_key BLOB NOT NULL,"
    " name TEXT,"
    " start TEXT,"
    " scopes TEXT,"
    " tier TEXT,"
    " networks TEXT,"
    " created_s INTEGER NOT NULL,"
    " used_s INTEGER NOT NULL DEFAULT 0,"
    " expires_s INTEGER NOT NULL,"
    " replaced_by INTEGER) STRICT;"
    "CREATE INDEX api_key_user ON api_key(user);"
    "CREATE INDEX api_key_expires ON api_key(expires_s) WHERE expires_s <> 0",

    /* 3: attempts to sign in, the audit trail, signing keys */
    "CREATE TABLE attempt("
    " kind INTEGER NOT NULL,"
    " who BLOB NOT NULL,"   /* keyed hash of the name that was tried */
    " place BLOB NOT NULL," /* keyed hash of the address prefix, or a device's id */
    " n INTEGER NOT NULL,"
    " last_s INTEGER NOT NULL,"
    " window_s INTEGER NOT NULL,"
    " told INTEGER NOT NULL DEFAULT 0," /* the audit trail has it */
    " PRIMARY KEY(kind, who, place)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE login(" /* begun and not finished */
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " user INTEGER,"
    " password_n INTEGER NOT NULL,"
    " who BLOB NOT NULL,"
    " place BLOB NOT NULL,"
    " device INTEGER,"
    " whole INTEGER NOT NULL," /* counted for the whole account, too */
    " begun_s INTEGER NOT NULL,"
    " window_s INTEGER NOT NULL) STRICT;"
    "CREATE TABLE known_place("
    " user INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,"
    " place BLOB NOT NULL,"
    " used_s INTEGER NOT NULL,"
    " PRIMARY KEY(user, place)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE audit("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " at_s INTEGER NOT NULL,"
    " event TEXT NOT NULL,"
    " user INTEGER,"
    " name TEXT," /* that was tried and is nobody's */
    " actor_user INTEGER,"
    " actor_session INTEGER,"
    " actor_key INTEGER,"
    " actor_device INTEGER,"
    " address BLOB,"
    " user_agent TEXT,"
    " decision TEXT,"
    " detail TEXT) STRICT;"
    "CREATE INDEX audit_user ON audit(user) WHERE user IS NOT NULL;"
    "CREATE INDEX audit_actor ON audit(actor_user) WHERE actor_user IS NOT NULL;"
    "CREATE INDEX audit_name ON audit(name) WHERE name IS NOT NULL;"
    "CREATE TABLE signing_key("
    " kid TEXT PRIMARY KEY,"
    " algorithm TEXT NOT NULL,"
    " nonce BLOB NOT NULL,"
    " sealed BLOB NOT NULL,"
    " state INTEGER NOT NULL,"
    " created_s INTEGER NOT NULL,"
    " changed_s INTEGER NOT NULL) STRICT",

    /* 4: generations of the keys that rotate; what was there before is of generation 0 */
    "CREATE TABLE key_generation("
    " id INTEGER PRIMARY KEY,"
    " nonce BLOB NOT NULL,"
    " sealed BLOB NOT NULL,"
    " state INTEGER NOT NULL,"
    " created_s INTEGER NOT NULL,"
    " changed_s INTEGER NOT NULL) STRICT;"
    /* whose keys made the present secret */
    "ALTER TABLE session ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE device ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE api_key ADD COLUMN generation INTEGER NOT NULL DEFAULT 0",
};

unsigned gh_schema_version(void)
{
    return GH_COUNT(migrations);
}

static bool say(gh_buf *why, const char *path, const char *what)
{
    gh_buf_printf(why, "%s %s", path, what);
    return false;
}

static bool broken(const gh_sql *sql, gh_buf *why, const char *path)
{
    if (sql->failure == GH_SQL_CORRUPT)
        return say(why, path, "is damaged: stop here, keep a copy of it, and put a backup in its place");
    if (sql->failure == GH_SQL_FULL)
        return say(why, path, "can't be written: is the disk full or broken?");
    gh_buf_printf(why, "%s can't be used: %s", path, sql->why);
    return false;
}

static void run_texts(gh_sqlite *c, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n && gh_sql_ok(&c->sql); i++)
        gh_sqlite_fail(c, sqlite3_exec(c->db, list[i], NULL, NULL, NULL));
}

static void configure(sqlite3 *db)
{
    static const int off[] = {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
                              SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_DQS_DML,
                              SQLITE_DBCONFIG_DQS_DDL,        SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION};
    for (size_t i = 0; i < GH_COUNT(off); i++)
        (void)sqlite3_db_config(db, off[i], 0, (int *)NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
    (void)sqlite3_busy_timeout(db, GH_BUSY_MS);
}

static uint64_t number_of(gh_sql *sql, enum gh_statement which)
{
    gh_query q = gh_query_of(sql, which);
    uint64_t n = gh_query_row(&q) ? gh_column_u64(&q) : 0;
    gh_query_end(&q);
    return n;
}

static bool sound(gh_sql *sql)
{
    gh_query q = gh_query_of(sql, GH_SQL_QUICK_CHECK);
    char text[2] = {0};
    bool row = gh_query_row(&q);
    if (row)
        gh_column_blob(&q, text, sizeof text); /* fails when it is not "ok" */
    gh_query_end(&q);
    return row && gh_sql_ok(sql) && text[0] == 'o' && text[1] == 'k';
}

/* One step up, whole or not at all. */
static void step(gh_sqlite *c, unsigned version, uint64_t now_s)
{
    gh_sql_run(&c->sql, GH_SQL_BEGIN);
    if (version == 0)
        run_texts(c, new_file, GH_COUNT(new_file));
    else
        run_texts(c, &migrations[version - 1], 1);
    if (version > 0)
        gh_sql_run2(&c->sql, GH_SQL_SCHEMA_ADD, version, now_s);
    gh_sql_run(&c->sql, GH_SQL_COMMIT);
}

static bool migrate(gh_sqlite *c, const char *path, uint64_t now_s, gh_buf *why)
{
    gh_sql *sql = &c->sql;
    if (number_of(sql, GH_SQL_TABLE_COUNT) == 0)
        step(c, 0, now_s);
    if (gh_sql_ok(sql) && number_of(sql, GH_SQL_APPLICATION_ID) != APPLICATION_ID)
        return say(why, path, "is a database of another program: name another data folder");
    uint64_t version = number_of(sql, GH_SQL_SCHEMA_VERSION);
    if (version > GH_COUNT(migrations)) {
        gh_buf_printf(
            why,
            "%s was written by a newer Gatehouse (its schema is %llu, this one knows %u): use that one, or "
            "put a backup in its place",
            path, (unsigned long long)version, gh_schema_version());
        return false;
    }
    while (gh_sql_ok(sql) && version < GH_COUNT(migrations))
        step(c, (unsigned)++version, now_s);
    return gh_sql_ok(sql) || broken(sql, why, path);
}

static bool prepare(gh_sqlite *c, const char *path, bool unclean, uint64_t now_s, gh_buf *why)
{
    gh_sql *sql = &c->sql;
    configure(c->db);
    (void)number_of(sql, GH_SQL_TABLE_COUNT); /* the first look at the file: is it a database? */
    run_texts(c, settings, GH_COUNT(settings));
    if (!gh_sql_ok(sql))
        return broken(sql, why, path);
    if (unclean && !sound(sql)) {
        gh_sql_fail(sql, GH_SQL_CORRUPT);
        return broken(sql, why, path);
    }
    return migrate(c, path, now_s, why);
}

bool gh_schema_open(gh_sqlite *c, const char *path, bool unclean, uint64_t now_s, gh_buf *why)
{
    if (!gh_sqlite_open(c, path))
        (void)broken(&c->sql, why, path);
    else if (prepare(c, path, unclean, now_s, why))
        return true;
    gh_sql_close(&c->sql);
    return false;
}
