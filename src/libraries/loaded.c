#include "libraries/loaded.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>

#include "base/buf.h"

static bool say(char *why, const gh_library *library, const char *what)
{
    gh_buf out = gh_buf_over(why, GH_LIBRARY_WHY - 1);
    gh_buf_printf(&out, "%s can't be used: install the package %s", library->file, library->package);
    gh_buf_lit(&out, " (");
    gh_buf_put(&out, gh_str_cut(gh_str_of(what), 0, gh_buf_room(&out) - 1));
    gh_buf_char(&out, ')');
    why[out.n] = '\0';
    return false;
}

/* False: one is missing, *ret_at. */
static bool find_all(const gh_library *library, void *handle, void **ret, unsigned *ret_at)
{
    for (unsigned i = 0; i < library->n; i++) {
        ret[i] = dlsym(handle, library->names[i]);
        *ret_at = i;
        if (ret[i] == NULL)
            return false;
    }
    return true;
}

/* dlerror() is of this thread alone in glibc, as POSIX wants it. */
static const char *trouble(void)
{
    const char *text = dlerror(); /* NOLINT(concurrency-mt-unsafe) */
    return text == NULL ? "no reason is given" : text;
}

static bool load(const gh_library *library, char *why)
{
    unsigned at = 0;
    size_t size = library->n * sizeof(void *);
    void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return say(why, library, trouble());
    void **table = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED)
        return say(why, library, "no memory");
    if (!find_all(library, handle, table, &at) || mprotect(table, size, PROT_READ) != 0) {
        (void)munmap(table, size);
        return say(why, library, library->names[at]);
    }
    memcpy(library->to, &table, sizeof table);
    return true;
}

bool gh_library_load(gh_library *library, char *why)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    (void)pthread_mutex_lock(&lock);
    library->loaded = library->loaded || load(library, why);
    bool loaded = library->loaded;
    (void)pthread_mutex_unlock(&lock);
    return loaded;
}
