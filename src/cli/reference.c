#include <stdio.h>

#include "cli/commands.h"
#include "config/settings.h"

static void write_piece(void *data, gh_str piece)
{
    (void)fwrite(piece.p, 1, piece.n, data);
}

int gh_cmd_reference(const gh_cli_args *args)
{
    gh_settings_reference(gh_cli_has(args, "markdown") ? GH_REFERENCE_MARKDOWN : GH_REFERENCE_TEXT,
                          write_piece, stdout);
    return fflush(stdout) == 0 ? GH_EXIT_OK : GH_EXIT_FAILED;
}
