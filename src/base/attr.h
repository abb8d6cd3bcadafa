/* Compiler attributes under one name each. */
#ifndef GH_BASE_ATTR_H
#define GH_BASE_ATTR_H

#include <gatehouse/api.h> /* GH_MUST_CHECK */

#define GH_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define GH_NORETURN __attribute__((noreturn))
#define gh_likely(x) __builtin_expect(!!(x), 1)
#define gh_unlikely(x) __builtin_expect(!!(x), 0)
#define GH_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GH_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
