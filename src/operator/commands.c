#include "operator/errand.h"

#define JSON                                   \
    {                                          \
        .name = "json", .help = "for programs" \
    }
#define YES                                        \
    {                                              \
        .name = "yes", .help = "do not ask before" \
    }
#define ROLE                                                                                             \
    {                                                                                                    \
        .name = "role", .value = "ROLE", .repeat = true, .help = "a role; those of new users by default" \
    }
#define SCOPE                                                               \
    {                                                                       \
        .name = "scope", .value = "SCOPE", .repeat = true,                  \
        .help = "narrows the rights to this scope; not narrowed by default" \
    }

static const gh_cli_option plain_options[] = {GH_CLI_CONFIG, GH_CLI_DATA, GH_CLI_ENV_FILE};
static const gh_cli_option json_options[] = {JSON, GH_CLI_CONFIG, GH_CLI_DATA, GH_CLI_ENV_FILE};
static const gh_cli_option add_options[] = {
    {.name = "email", .value = "ADDRESS", .help = "the e-mail address, by which one can log in too"},
    ROLE,
    {.name = "tier", .value = "TIER", .help = "the tier, or none; that of new users by default"},
    {.name = "no-password", .help = "can't log in by password: for API keys and minted tokens only"},
    GH_CLI_CONFIG,
    GH_CLI_DATA,
    GH_CLI_ENV_FILE};
static const gh_cli_option list_options[] = {
    JSON,
    {.name = "after", .value = "NAME", .help = "names from behind this one"},
    {.name = "limit", .value = "N", .help = "at most so many, 1 to 1000; 100 by default"},
    GH_CLI_CONFIG,
    GH_CLI_DATA,
    GH_CLI_ENV_FILE};
static const gh_cli_option import_options[] = {
    {.name = "dry-run", .help = "only says what would be done"},
    {.name = "skip-existing", .help = "users that are there already are no errors; they stay as they are"},
    JSON,
    {.name = "first-line", .value = "N", .help = "what number the first line has, for a part of a file"},
    GH_CLI_CONFIG,
    GH_CLI_DATA,
    GH_CLI_ENV_FILE};
static const gh_cli_option export_options[] = {
    {.name = "with-hashes", .help = "with the hashes of passwords, to move to another Gatehouse"},
    {.name = "after", .value = "NAME", .help = "names from behind this one"},
    {.name = "limit", .value = "N", .help = "at most so many, 1 to 1000; all by default"},
    GH_CLI_CONFIG,
    GH_CLI_DATA,
    GH_CLI_ENV_FILE};
static const gh_cli_option erase_options[] = {YES, GH_CLI_CONFIG, GH_CLI_DATA, GH_CLI_ENV_FILE};
static const gh_cli_option create_options[] = {
    {.name = "name", .value = "NAME", .help = "what it is for, for people"},
    SCOPE,
    {.name = "tier", .value = "TIER", .help = "its own tier in place of the user's"},
    {.name = "network", .value = "CIDR", .repeat = true, .help = "may be used from there only: 192.0.2.0/24"},
    {.name = "expires", .value = "SPAN", .help = "how long it counts: 90d; for ever by default"},
    JSON,
    GH_CLI_CONFIG,
    GH_CLI_DATA,
    GH_CLI_ENV_FILE};
static const gh_cli_option roll_options[] = {
    {.name = "overlap", .value = "SPAN", .help = "how long the old one still counts; 1d by default"},
    JSON,
    GH_CLI_CONFIG,
    GH_CLI_DATA,
    GH_CLI_ENV_FILE};
static const gh_cli_option rotate_options[] = {
    {.name = "algorithm",
     .value = "NAME",
     .help = "of the new key: EdDSA, ES256 or RS256; identity.token.algorithm by default"},
    JSON,
    GH_CLI_CONFIG,
    GH_CLI_DATA,
    GH_CLI_ENV_FILE};
static const gh_cli_option end_options[] = {
    {.name = "user", .value = "NAME", .help = "all sessions of this user"},
    GH_CLI_CONFIG,
    GH_CLI_DATA,
    GH_CLI_ENV_FILE};
static const gh_cli_option mint_options[] = {
    {.name = "user", .value = "NAME", .help = "whose token it is; must be given", .required = true},
    SCOPE,
    {.name = "expires", .value = "SPAN", .help = "how long it counts; 5m by default"},
    GH_CLI_CONFIG,
    GH_CLI_DATA,
    GH_CLI_ENV_FILE};

#define OPTIONS(list) .options = (list), .n_options = GH_COUNT(list)
#define ARGUMENTS(text, least, most) .arguments = (text), .min_arguments = (least), .max_arguments = (most)

const gh_cli_command gh_operator_commands[] = {
    {.name = "user add",
     ARGUMENTS("NAME", 1, 1),
     .summary = "Make an account; prints its id.",
     .details =
         "The password is asked for twice on a terminal, or is the line on standard input. It must be as\n"
         "good as at registration; a refusal says why.",
     OPTIONS(add_options),
     .input = GH_CLI_PASSWORD,
     .operate = gh_operate_user_add},
    {.name = "user list",
     ARGUMENTS("", 0, 0),
     .summary = "List the accounts by name.",
     OPTIONS(list_options),
     .operate = gh_operate_user_list},
    {.name = "user show",
     ARGUMENTS("USER", 1, 1),
     .summary = "Show an account; USER is a name, an e-mail address or an id.",
     OPTIONS(json_options),
     .operate = gh_operate_user_show},
    {.name = "user disable",
     ARGUMENTS("USER", 1, 1),
     .summary = "Lock an account: it is signed out everywhere, and its API keys count for nothing.",
     OPTIONS(plain_options),
     .operate = gh_operate_user_disable},
    {.name = "user enable",
     ARGUMENTS("USER", 1, 1),
     .summary = "Unlock a disabled account.",
     OPTIONS(plain_options),
     .operate = gh_operate_user_enable},
    {.name = "user role",
     ARGUMENTS("USER +ROLE|-ROLE...", 2, GH_CLI_VALUES_MAX),
     .summary = "Give roles to an account and take them away, at once.",
     .details = "  gatehouse user role alice +admin -user",
     OPTIONS(plain_options),
     .minus_words = true,
     .operate = gh_operate_user_role},
    {.name = "user tier",
     ARGUMENTS("USER TIER|none", 2, 2),
     .summary = "Set the tier of an account, which chooses its rate limits.",
     OPTIONS(plain_options),
     .operate = gh_operate_user_tier},
    {.name = "user password",
     ARGUMENTS("USER", 1, 1),
     .summary = "Set a new password, which ends all sessions of the account.",
     .details = "It is asked for twice on a terminal, or is the line on standard input.",
     OPTIONS(plain_options),
     .input = GH_CLI_PASSWORD,
     .operate = gh_operate_user_password},
    {.name = "user import",
     ARGUMENTS("[FILE]", 0, 1),
     .summary = "Make accounts from a file with a JSON object a line, with the hashes of their passwords.",
     .details =
         "FILE is - or left out: standard input. Members: username, and as wanted email, password_hash,\n"
         "roles, tier, disabled, created_at. Hashes of Argon2, bcrypt and passlib are taken, and made anew\n"
         "when their owner logs in. A bad line is reported with its number; the others are imported.",
     OPTIONS(import_options),
     .input = GH_CLI_LINES,
     .operate = gh_operate_user_import},
    {.name = "user export",
     ARGUMENTS("[USER]", 0, 1),
     .summary = "Print all accounts, a JSON object a line; of one user all that is known of him.",
     OPTIONS(export_options),
     .operate = gh_operate_user_export},
    {.name = "user erase",
     ARGUMENTS("USER", 1, 1),
     .summary = "Erase an account with its sessions, devices and API keys. It can't be undone.",
     OPTIONS(erase_options),
     .operate = gh_operate_user_erase},
    {.name = "key create",
     ARGUMENTS("USER", 1, 1),
     .summary = "Make an API key and print it, this once.",
     OPTIONS(create_options),
     .operate = gh_operate_key_create},
    {.name = "key list",
     ARGUMENTS("[USER]", 0, 1),
     .summary = "List the API keys, of all users or of one.",
     OPTIONS(json_options),
     .operate = gh_operate_key_list},
    {.name = "key revoke",
     ARGUMENTS("ID", 1, 1),
     .summary = "End an API key; from the next request on it counts for nothing.",
     OPTIONS(plain_options),
     .operate = gh_operate_key_revoke},
    {.name = "key roll",
     ARGUMENTS("ID", 1, 1),
     .summary = "Make a new API key in the place of another, which counts for a while yet.",
     OPTIONS(roll_options),
     .operate = gh_operate_key_roll},
    {.name = "key rotate",
     ARGUMENTS("", 0, 0),
     .summary = "Change the key that signs access tokens: the next one signs, and a new next one is made.",
     .details = "The old one is still believed until its last token has expired.",
     OPTIONS(rotate_options),
     .operate = gh_operate_key_rotate},
    {.name = "session list",
     ARGUMENTS("USER", 1, 1),
     .summary = "List the sessions of an account.",
     OPTIONS(json_options),
     .operate = gh_operate_session_list},
    {.name = "session end",
     ARGUMENTS("[ID]", 0, 1),
     .summary = "End a session, or with --user all sessions of an account.",
     OPTIONS(end_options),
     .operate = gh_operate_session_end},
    {.name = "token inspect",
     ARGUMENTS("", 0, 0),
     .summary = "Say what is in a token or API key, and whether it would be believed here now.",
     .details =
         "It is asked for on a terminal, or is the line on standard input. Exit status 0 when it would be\n"
         "believed, else 1.",
     OPTIONS(json_options),
     .input = GH_CLI_TOKEN,
     .operate = gh_operate_token_inspect},
    {.name = "status",
     ARGUMENTS("", 0, 0),
     .summary = "Show a running server, the servers it needs, and which keys are still in use.",
     .details = "Keys are counted by the sessions, API keys and devices that were made with them.",
     OPTIONS(json_options),
     .operate = gh_operate_status},
    {.name = "token mint",
     ARGUMENTS("", 0, 0),
     .summary = "Make an access token of a user and print it.",
     OPTIONS(mint_options),
     .operate = gh_operate_token_mint},
};
