#include "libraries/loaded.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>

#include "base/buf.h"

/* "libpq.so.5 can't be used: WHAT (DETAIL)" */
static bool say(char *why, const gh_library *library, const char *what, const char *detail)
{
    gh_buf out = gh_buf_over(why, GH_LIBRARY_WHY - 1);
    gh_buf_printf(&out, "%.64s can't be used: %s %s (", library->file, what, library->package);
    gh_buf_put(&out, gh_str_cut(gh_str_of(detail), 0, gh_buf_room(&out) - 1));
    gh_buf_char(&out, ')');
    why[out.n] = '\0';
    return false;
}

/* NULL: all of them are there. Else the name of one that is not. */
static const char *find_all(const gh_library *library, void *handle)
{
    char *at = library->table;
    for (unsigned i = 0; i < library->n; i++, at += sizeof(void *)) {
        void *function = dlsym(handle, library->names[i]);
        if (function == NULL)
            return library->names[i];
        memcpy(at, &function, sizeof function);
    }
    return NULL;
}

/* dlerror() is of this thread alone in glibc, as POSIX wants it. */
static const char *trouble(void)
{
    const char *text = dlerror(); /* NOLINT(concurrency-mt-unsafe) */
    return text == NULL ? "no reason is given" : text;
}

static bool load(const gh_library *library, char *why)
{
    void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return say(why, library, "install the package", trouble());
    const char *missing = find_all(library, handle);
    if (missing == NULL && mprotect(library->table, GH_LIBRARY_PAGE, PROT_READ) == 0)
        return true;
    memset(library->table, 0, library->n * sizeof(void *));
    (void)dlclose(handle);
    return missing == NULL ? say(why, library, "no memory for", "mprotect")
                           : say(why, library, "a newer one is needed of the package", missing);
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
