#include "edges/identity/password_executor.h"

#include <stdlib.h>
#include <uv.h>

#include "base/crypto.h"

/* A job with the operation it is for. */
typedef struct carried {
    gh_password_job job;
    gh_password_policy policy;
    gh_op *op;
} carried;

bool gh_password_executor_start(gh_password_executor *e, const gh_identity_config *config,
                                const char **ret_why)
{
    unsigned threads = (unsigned)config->password.threads;
    if (threads == 0)
        threads = gh_password_pool_threads(uv_available_parallelism());
    gh_password_pool_options options = {threads, (size_t)config->password.memory,
                                        (size_t)config->password.queue};
    gh_password_executor_follow(e, config);
    e->pool = gh_password_pool_new(&options, ret_why);
    return e->pool != NULL;
}

/* Of two that are read between these a hash has one of each: both are costs that a configuration gave. */
void gh_password_executor_follow(gh_password_executor *e, const gh_identity_config *config)
{
    atomic_store(&e->hash_memory, (size_t)config->password.hash_memory);
    atomic_store(&e->hash_passes, (unsigned)config->password.hash_time);
}

static enum gh_op_status status_of(enum gh_password_outcome outcome)
{
    switch (outcome) {
    case GH_PASSWORD_DONE:
        return GH_OP_OK;
    case GH_PASSWORD_REFUSED_WRONG:
    case GH_PASSWORD_REFUSED_WEAK:
    case GH_PASSWORD_NOT_READ:
        return GH_OP_WRONG;
    case GH_PASSWORD_EXPIRED:
        return GH_OP_BUSY;
    case GH_PASSWORD_OUT_OF_MEMORY:
    case GH_PASSWORD_STOPPED:
        break;
    }
    return GH_OP_UNAVAILABLE;
}

static bool keep_made(gh_op *op, const gh_password_text *made, gh_str *ret)
{
    return made->n == 0 || gh_op_copy(op, (gh_str){made->p, made->n}, ret);
}

static bool say_why(gh_op_password_create *create, const carried *c)
{
    char text[256];
    gh_buf b = gh_buf_over(text, sizeof text);
    gh_str why;
    gh_password_weakness_say(c->job.weakness, &c->policy, &b);
    if (!gh_op_copy(&create->op, gh_buf_str(&b), &why))
        return false;
    create->why = why.p; /* copies end in a NUL */
    create->why_code = gh_password_weakness_name(c->job.weakness).p;
    return true;
}

/* On a thread of the pool. */
static void done(gh_password_job *job)
{
    carried *c = job->context;
    gh_op *op = c->op;
    enum gh_op_status status = status_of(job->outcome);
    bool kept = true;
    if (op->kind == GH_OP_PASSWORD_VERIFY)
        kept = keep_made(op, &job->made, &((gh_op_password_verify *)op)->upgraded);
    else if (job->outcome == GH_PASSWORD_REFUSED_WEAK)
        kept = say_why((gh_op_password_create *)op, c);
    else
        kept = keep_made(op, &job->made, &((gh_op_password_create *)op)->hash);
    op->status = kept ? (uint8_t)status : GH_OP_UNAVAILABLE;
    if (op->status == GH_OP_BUSY)
        op->retry_s = 1;
    gh_wipe(c, sizeof *c);
    free(c);
    op->finished(op); /* with the reference */
}

static bool fill_verify(carried *c, const gh_op_password_verify *op)
{
    c->job.work = GH_PASSWORD_VERIFY | GH_PASSWORD_UPGRADE;
    /* What can't be held can't be right; the work is done all the same, as for an account that is not there. */
    if (!gh_password_text_set(&c->job.stored, op->stored))
        c->job.stored.n = 0;
    return gh_password_secret_set(&c->job.password, op->password);
}

static bool fill_create(carried *c, const gh_op_password_create *op)
{
    c->job.work = GH_PASSWORD_CHECK | GH_PASSWORD_CREATE;
    c->policy.min_length = op->min_length;
    c->job.policy = &c->policy;
    c->job.user = (gh_password_user){.name = op->name, .email = op->email};
    return gh_password_secret_set(&c->job.new_password, op->password);
}

static bool refused(carried *c, enum gh_op_status status, uint64_t retry_s)
{
    c->op->status = (uint8_t)status;
    c->op->retry_s = retry_s;
    gh_op_unref(c->op);
    gh_wipe(c, sizeof *c);
    free(c);
    return false;
}

bool gh_password_executor_submit(void *data, gh_op *op)
{
    gh_password_executor *e = data;
    carried *c = calloc(1, sizeof *c);
    if (c == NULL)
        return false;
    c->op = gh_op_ref(op);
    c->job.params = (gh_password_params){atomic_load(&e->hash_memory), atomic_load(&e->hash_passes)};
    c->job.done = done;
    c->job.context = c;
    if (op->deadline_ms != 0)
        c->job.deadline_ns = gh_password_pool_now_ns() + GH_OP_BEGIN_MS * UINT64_C(1000000);
    bool fits = op->kind == GH_OP_PASSWORD_VERIFY ? fill_verify(c, (gh_op_password_verify *)op)
                                                  : fill_create(c, (gh_op_password_create *)op);
    if (!fits)
        return refused(c, GH_OP_WRONG, 0); /* longer than any password can be */
    if (gh_password_pool_submit(e->pool, &c->job))
        return true;
    return refused(c, GH_OP_BUSY, gh_password_pool_wait_s(e->pool));
}

void gh_password_executor_stop(gh_password_executor *e)
{
    if (e->pool != NULL)
        gh_password_pool_stop(e->pool);
    gh_password_pool_free(e->pool);
    e->pool = NULL;
}
