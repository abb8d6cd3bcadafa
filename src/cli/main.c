#include "cli/commands.h"

int main(int argc, char **argv)
{
    return gh_cli_main(argc, argv);
}
