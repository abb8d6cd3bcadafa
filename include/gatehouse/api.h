/* How the library's functions are marked, for C and C++. */
#ifndef GATEHOUSE_API_H
#define GATEHOUSE_API_H

#ifdef __GNUC__
/* Part of the interface: the shared library exports these functions and nothing else. */
#define GH_API __attribute__((visibility("default")))
/* The result must be looked at. */
#define GH_MUST_CHECK __attribute__((warn_unused_result))
#else
#define GH_API
#define GH_MUST_CHECK
#endif

#ifdef __cplusplus
#define GH_BEGIN_DECLS extern "C" {
#define GH_END_DECLS }
#else
#define GH_BEGIN_DECLS
#define GH_END_DECLS
#endif

#endif
