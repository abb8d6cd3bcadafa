/* What the controls `csrf` and `csrf_form` share. */
#ifndef GH_CONTROLS_CSRF_TOKEN_H
#define GH_CONTROLS_CSRF_TOKEN_H

#include "identity/csrf_token.h"
#include "model/control.h"

bool gh_csrf_applies(const gh_policy *policy);
/* Is it the session's? GH_STOP: refused. */
enum gh_judgement gh_csrf_judge_token(gh_txn *txn, gh_str token);

#endif
