#include "libraries/libpq.h"

const gh_libpq *gh_libpq_functions;

static const char *const names[] = {
#define FUNCTION(name) #name,
#include "libraries/libpq.def"
#undef FUNCTION
};
static gh_library library = {"libpq.so.5", "libpq5", names, GH_COUNT(names), &gh_libpq_functions, false};

bool gh_libpq_load(char *why)
{
    return gh_library_load(&library, why);
}
