/* Secrets and other input of commands: from a terminal without echo, or from standard input. Never from arguments, which
 * every process on the machine may read. */
#ifndef GH_CLI_SECRET_INPUT_H
#define GH_CLI_SECRET_INPUT_H

#include "operator/text.h"

/* What `prompt` asks for ("Password"), one line without its end. On a terminal: without echo, and `twice` asks again.
 * Else the whole standard input, which must be one line. False: said. */
GH_MUST_CHECK bool gh_cli_read_secret(const char *prompt, bool twice, gh_text *ret);
/* Asks on the terminal for a line that is shown, and compares it. False: another one, or no terminal is there. */
GH_MUST_CHECK bool gh_cli_confirm(const char *question, gh_str expected);

#endif
