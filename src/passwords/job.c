#include "passwords/job.h"

#include "base/crypto.h"

static gh_str stored_of(const gh_password_job *job)
{
    return (gh_str){job->stored.p, job->stored.n};
}

static gh_str bytes_of(const gh_password_secret *secret)
{
    return (gh_str){secret->p, secret->n};
}

size_t gh_password_job_memory(const gh_password_job *job)
{
    gh_password_stored s;
    enum gh_password_fault fault;
    /* Of new hashes; and of the work for an account that does not exist or can't be read. */
    size_t memory = job->params.memory;
    if ((job->work & GH_PASSWORD_VERIFY) == 0 || !gh_password_stored_read(stored_of(job), &s, &fault))
        return memory;
    size_t verifying = gh_password_stored_memory(&s);
    bool creates = (job->work & (GH_PASSWORD_UPGRADE | GH_PASSWORD_CREATE)) != 0;
    return creates && memory > verifying ? memory : verifying;
}

/* A stored text that is missing or can't be read takes the work of one that is there. */
static enum gh_password_outcome verify(const gh_password_job *job)
{
    char memory[GH_PASSWORD_STORED_MAX];
    gh_buf dummy = gh_buf_over(memory, sizeof memory);
    gh_password_dummy(&job->params, &dummy);
    gh_password_stored s;
    enum gh_password_fault fault;
    bool readable = gh_password_stored_read(stored_of(job), &s, &fault);
    switch (gh_password_verify(readable ? stored_of(job) : gh_buf_str(&dummy), bytes_of(&job->password))) {
    case GH_PASSWORD_OK:
        return readable ? GH_PASSWORD_DONE : GH_PASSWORD_NOT_READ;
    case GH_PASSWORD_WRONG:
        return readable || job->stored.n == 0 ? GH_PASSWORD_REFUSED_WRONG : GH_PASSWORD_NOT_READ;
    case GH_PASSWORD_UNSUPPORTED:
        return GH_PASSWORD_NOT_READ;
    case GH_PASSWORD_UNAVAILABLE:
        break;
    }
    return GH_PASSWORD_OUT_OF_MEMORY;
}

static bool create(gh_password_job *job, const gh_password_secret *password)
{
    gh_buf out = gh_buf_over(job->made.p, sizeof job->made.p);
    if (!gh_password_create(bytes_of(password), &job->params, &out))
        return false;
    job->made.n = out.n;
    return true;
}

enum gh_password_outcome gh_password_job_perform(gh_password_job *job)
{
    job->made.n = 0;
    job->weakness = GH_PASSWORD_FINE;
    if ((job->work & GH_PASSWORD_VERIFY) != 0) {
        enum gh_password_outcome outcome = verify(job);
        if (outcome != GH_PASSWORD_DONE)
            return outcome;
        /* Without memory for it the old hash stays; the next login tries again. */
        if ((job->work & GH_PASSWORD_UPGRADE) != 0 &&
            gh_password_needs_rehash(stored_of(job), bytes_of(&job->password), &job->params))
            (void)create(job, &job->password);
    }
    if ((job->work & GH_PASSWORD_CHECK) != 0) {
        job->weakness = gh_password_strength(bytes_of(&job->new_password), job->policy, &job->user);
        if (job->weakness != GH_PASSWORD_FINE)
            return GH_PASSWORD_REFUSED_WEAK;
    }
    if ((job->work & GH_PASSWORD_CREATE) != 0 && !create(job, &job->new_password))
        return GH_PASSWORD_OUT_OF_MEMORY;
    return GH_PASSWORD_DONE;
}

bool gh_password_secret_set(gh_password_secret *secret, gh_str text)
{
    if (text.n > sizeof secret->p)
        return false;
    if (text.n > 0)
        memcpy(secret->p, text.p, text.n);
    secret->n = text.n;
    return true;
}

bool gh_password_text_set(gh_password_text *to, gh_str text)
{
    if (text.n > sizeof to->p)
        return false;
    if (text.n > 0)
        memcpy(to->p, text.p, text.n);
    to->n = text.n;
    return true;
}

void gh_password_job_wipe(gh_password_job *job)
{
    gh_wipe(&job->password, sizeof job->password);
    gh_wipe(&job->new_password, sizeof job->new_password);
}
