#include "cli/commands.h"
#include "edges/secrets/protect.h"

int main(int argc, char **argv)
{
    gh_protect_process(); /* passwords are typed into commands, too */
    return gh_cli_main(argc, argv);
}
