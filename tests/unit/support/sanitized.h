/* Is this program built with AddressSanitizer or ThreadSanitizer? They make memory and time several times as dear, and bring
 * an allocator of their own. A test that can't be with them is left out by its name, not skipped:
 *
 *     if (SANITIZED)
 *         cmocka_set_skip_filter("the_name_of_the_test");
 */
#ifndef GH_TEST_SUPPORT_SANITIZED_H
#define GH_TEST_SUPPORT_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
