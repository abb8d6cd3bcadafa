/* Lines of the audit spool: what is read is written again as the same bytes. */
#include "fuzz.h"
#include "records/postgres/spool_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char memory[GH_SPOOL_LINE_MAX];
    gh_str bytes = {(const char *)data, size};
    gh_spool_line line;
    gh_buf again = gh_buf_over(memory, sizeof memory);
    if (!gh_spool_line_read(bytes, &line))
        return 0;
    FUZZ_CHECK(line.event.p != NULL);
    FUZZ_CHECK(gh_spool_line_put(&line, &again));
    FUZZ_CHECK(gh_str_eq(gh_buf_str(&again), bytes));
    return 0;
}
