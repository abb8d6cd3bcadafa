#include <sodium.h>
#include <stdio.h>
#include <uv.h>
#include <yaml.h>

#include "cli/commands.h"

int gh_cmd_version(const gh_cli_args *args)
{
    (void)args;
    (void)printf("gatehouse %s\nlibuv %s\nlibyaml %s\nlibsodium %s\n", GH_VERSION, uv_version_string(),
                 yaml_get_version_string(), sodium_version_string());
    return GH_EXIT_OK;
}
