/* The steps of the endpoints, by file. Each ask adds at most one operation or lookup; each judge stops with an answer or
 * a refusal, or passes on to the next step. */
#ifndef GH_IDENTITY_STEPS_H
#define GH_IDENTITY_STEPS_H

#include "model/txn.h"

typedef enum gh_judgement gh_step_fn(gh_txn *txn);

/* endpoint_register.c */
gh_step_fn gh_ask_register_password, gh_judge_register_password;
gh_step_fn gh_ask_register_user, gh_judge_register_user;
/* endpoint_login.c */
gh_step_fn gh_ask_login_begin;
gh_step_fn gh_ask_login_verify;
gh_step_fn gh_ask_login_finish, gh_judge_login_finish;
/* endpoint_logout.c */
gh_step_fn gh_ask_logout, gh_judge_logout;
/* endpoint_refresh.c */
gh_step_fn gh_ask_refresh, gh_judge_refresh;
/* endpoint_password.c */
gh_step_fn gh_ask_password_begin, gh_ask_password_new, gh_judge_password_new;
gh_step_fn gh_ask_password_change, gh_judge_password_change;
/* endpoint_me.c, endpoint_csrf.c, endpoint_jwks.c */
gh_step_fn gh_ask_me, gh_ask_csrf, gh_ask_jwks;
/* endpoint_sessions.c */
gh_step_fn gh_ask_sessions_list, gh_judge_sessions_list;
gh_step_fn gh_ask_sessions_end_others, gh_judge_sessions_end_others;
gh_step_fn gh_ask_sessions_end, gh_judge_sessions_end;
/* endpoint_devices.c */
gh_step_fn gh_ask_devices_begin, gh_judge_devices_begin;
gh_step_fn gh_ask_devices_confirm, gh_judge_devices_confirm;
gh_step_fn gh_ask_devices_list, gh_judge_devices_list;
gh_step_fn gh_ask_devices_end, gh_judge_devices_end;
/* endpoint_keys.c */
gh_step_fn gh_ask_keys_create, gh_judge_keys_create;
gh_step_fn gh_ask_keys_list, gh_judge_keys_list;
gh_step_fn gh_ask_keys_end, gh_judge_keys_end;
/* endpoint_introspect.c */
gh_step_fn gh_ask_introspect, gh_judge_introspect;
/* endpoint_revoke.c */
gh_step_fn gh_ask_revoke, gh_judge_revoke;
gh_step_fn gh_ask_revoke_key, gh_judge_revoke_key;
/* endpoint_account.c */
gh_step_fn gh_ask_account_export, gh_judge_account_export;
gh_step_fn gh_ask_account_begin, gh_ask_account_erase, gh_judge_account_erase;

#endif
