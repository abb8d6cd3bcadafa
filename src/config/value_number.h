/* Numbers with a unit, as they are written in settings and in options of commands. */
#ifndef GH_CONFIG_VALUE_NUMBER_H
#define GH_CONFIG_VALUE_NUMBER_H

#include "base/slice.h"

/* "500ms", "30s", "5m", "1h", "90d". bare_seconds: a number alone is seconds. More than fits is UINT64_MAX. False:
 * *ret_why says why, to be put behind the text. */
GH_MUST_CHECK bool gh_value_duration(gh_str text, bool bare_seconds, uint64_t *ret_ms, const char **ret_why);
/* "16KiB", "10MB". The same. */
GH_MUST_CHECK bool gh_value_size(gh_str text, uint64_t *ret_bytes, const char **ret_why);

#endif
