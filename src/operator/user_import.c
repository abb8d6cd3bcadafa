/* `user import`: line by line, what is good is made, what is not is reported. Many are on their way to the disk at once,
 * so that they share its transactions. */
#include <pthread.h>

#include "identity/answer.h"
#include "operator/errand.h"
#include "operator/import.h"

enum { AT_ONCE = 128, LINE_MEMORY = 1 << 20 };

typedef struct waiting {
    gh_op *op; /* USER_CREATE, or USER_GET when nothing is to be made */
    uint64_t line;
} waiting;

typedef struct importing {
    gh_errand *o;
    bool dry_run, skip_existing;
    uint64_t line;
    uint64_t imported, skipped, failed;
    gh_arena arena; /* of one line */
    waiting ops[AT_ONCE];
    unsigned n_ops;
    pthread_mutex_t lock;
    pthread_cond_t done;
    unsigned pending; /* under the lock */
} importing;

static void bad_line(importing *im, uint64_t line, gh_str why)
{
    im->failed++;
    gh_text_printf(im->o->err, "line %llu: ", (unsigned long long)line);
    gh_text_put(im->o->err, why);
    gh_text_lit(im->o->err, "\n");
}

/* On the records' thread. */
static void finished(gh_op *op)
{
    importing *im = op->owner;
    (void)pthread_mutex_lock(&im->lock);
    if (--im->pending == 0)
        (void)pthread_cond_signal(&im->done);
    (void)pthread_mutex_unlock(&im->lock);
    gh_op_unref(op);
}

/* Hands it on; where the queue is full it is done when the others are through. */
static void submit(importing *im, gh_op *op)
{
    op->now_s = im->o->now_s;
    op->finished = finished;
    op->owner = im;
    im->ops[im->n_ops++] = (waiting){op, im->line};
    (void)pthread_mutex_lock(&im->lock);
    im->pending++;
    (void)pthread_mutex_unlock(&im->lock);
    if (gh_records_submit(im->o->with->records, op))
        return;
    (void)pthread_mutex_lock(&im->lock);
    im->pending--;
    (void)pthread_mutex_unlock(&im->lock);
}

static void count(importing *im, const waiting *w)
{
    bool made = w->op->kind == GH_OP_USER_CREATE;
    bool there = made ? w->op->status == GH_OP_EXISTS : w->op->status == GH_OP_OK;
    bool fine = made ? w->op->status == GH_OP_OK : w->op->status == GH_OP_NOT_FOUND;
    if (fine)
        im->imported++;
    else if (there && im->skip_existing)
        im->skipped++;
    else if (there)
        bad_line(im, w->line, GH_STR("the username or email is taken by another account"));
    else if (w->op->status == GH_OP_UNSURE)
        bad_line(im, w->line, GH_STR("the database went away meanwhile; look whether it was imported"));
    else
        bad_line(im, w->line, GH_STR("the records could not be written; it was not imported"));
}

/* Waits for all that were handed on, and counts what became of them, in their order. */
static void settle(importing *im)
{
    (void)pthread_mutex_lock(&im->lock);
    while (im->pending > 0)
        (void)pthread_cond_wait(&im->done, &im->lock);
    (void)pthread_mutex_unlock(&im->lock);
    for (unsigned i = 0; i < im->n_ops; i++) {
        if (im->ops[i].op->status == GH_OP_BUSY)
            gh_records_do(im->o->with->records, im->ops[i].op);
        count(im, &im->ops[i]);
        gh_op_unref(im->ops[i].op);
    }
    im->n_ops = 0;
}

static gh_op *create(const gh_import_user *u)
{
    gh_op_user_create *c = gh_op_make(USER_CREATE, gh_op_user_create);
    if (c == NULL)
        return NULL;
    c->if_absent = true;
    c->disabled = u->disabled;
    c->created_s = u->created_s;
    if (gh_op_copy(&c->op, u->name, &c->name) && gh_op_copy(&c->op, u->email, &c->email) &&
        gh_op_copy(&c->op, u->hash, &c->hash) && gh_op_copy(&c->op, u->roles, &c->roles) &&
        (u->tier.n == 0 || gh_op_copy(&c->op, u->tier, &c->tier)))
        return &c->op;
    gh_op_unref(&c->op);
    return NULL;
}

/* Instead of making it: is there one of that name? */
static gh_op *look(const gh_import_user *u)
{
    gh_op_user_get *g = gh_op_make(USER_GET, gh_op_user_get);
    if (g == NULL || gh_op_copy(&g->op, u->name, &g->name))
        return g == NULL ? NULL : &g->op;
    gh_op_unref(&g->op);
    return NULL;
}

static bool names(const gh_op *op, gh_str text)
{
    if (text.n == 0 || op->kind != GH_OP_USER_CREATE)
        return false;
    const gh_op_user_create *c = (const gh_op_user_create *)op;
    return gh_str_eq_nocase(c->name, text) || gh_str_eq_nocase(c->email, text);
}

/* Of two lines that say the same name the first one has it, however many of them are done at once. */
static void wait_for_its_name(importing *im, const gh_import_user *user)
{
    for (unsigned i = 0; i < im->n_ops; i++)
        if (names(im->ops[i].op, user->name) || names(im->ops[i].op, user->email)) {
            settle(im);
            return;
        }
}

static void import_line(importing *im, gh_str line)
{
    char memory[GH_IMPORT_WHY];
    gh_buf why = gh_buf_over(memory, sizeof memory);
    gh_import_user user;
    if (!gh_import_read(line, im->o->identity, &im->arena, &user, &why)) {
        bad_line(im, im->line, gh_buf_str(&why));
    } else {
        wait_for_its_name(im, &user);
        gh_op *op = im->dry_run ? look(&user) : create(&user);
        if (op == NULL)
            bad_line(im, im->line, GH_STR("out of memory"));
        else
            submit(im, op);
    }
    gh_arena_wipe(&im->arena);
    gh_arena_reset(&im->arena);
    if (im->n_ops == AT_ONCE)
        settle(im);
}

static void import_all(importing *im, gh_str rest)
{
    gh_str line;
    while (gh_str_next(&rest, '\n', &line)) {
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        if (gh_str_trim(line).n > 0)
            import_line(im, line);
        im->line++;
    }
    settle(im);
}

static void summary(const importing *im)
{
    gh_errand *o = im->o;
    gh_buf *out = gh_text_room(o->out, 256);
    if (gh_wants_json(o)) {
        gh_buf_char(out, '{');
        gh_member_bool(out, "dry_run", im->dry_run);
        gh_member_number(out, "imported", im->imported);
        gh_member_number(out, "skipped", im->skipped);
        gh_member_number(out, "failed", im->failed);
        gh_buf_lit(out, "}\n");
        return;
    }
    gh_buf_printf(out, "%llu %s, %llu skipped, %llu failed\n", (unsigned long long)im->imported,
                  im->dry_run ? "would be imported" : "imported", (unsigned long long)im->skipped,
                  (unsigned long long)im->failed);
}

int gh_operate_user_import(gh_errand *o)
{
    importing im = {.o = o,
                    .line = 1,
                    .dry_run = gh_cli_has(o->args, "dry-run"),
                    .skip_existing = gh_cli_has(o->args, "skip-existing"),
                    .lock = PTHREAD_MUTEX_INITIALIZER,
                    .done = PTHREAD_COND_INITIALIZER};
    if (!gh_read_number(o, "first-line", 1, UINT32_MAX, &im.line))
        return GH_EXIT_USAGE;
    gh_arena_init(&im.arena, NULL, 0, LINE_MEMORY);
    import_all(&im, o->input);
    gh_arena_reset(&im.arena);
    summary(&im);
    return im.failed > 0 ? GH_EXIT_FAILED : GH_EXIT_OK;
}
