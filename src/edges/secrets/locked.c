#include "edges/secrets/locked.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crypto.h"

static atomic_bool refused;

static bool whole_pages(size_t size, size_t *ret)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (size == 0 || size > SIZE_MAX - page)
        return false;
    *ret = (size + page - 1) / page * page;
    return true;
}

static void *get(size_t size)
{
    size_t n;
    if (!whole_pages(size, &n))
        return NULL;
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (mlock(p, n) != 0)
        atomic_store(&refused, true);
    /* Kernels that don't know one of these leave it out: no reason not to run. */
    (void)madvise(p, n, MADV_DONTDUMP);
    (void)madvise(p, n, MADV_WIPEONFORK);
    return p;
}

static void give(void *p, size_t size)
{
    size_t n;
    if (p == NULL || !whole_pages(size, &n))
        return;
    gh_wipe(p, n);
    (void)munmap(p, n);
}

const gh_arena_source gh_locked_pages = {get, give};

bool gh_locked_refused(void)
{
    return atomic_load(&refused);
}
