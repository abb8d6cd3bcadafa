/* A new password that has been looked at and hashed. */
#ifndef GH_IDENTITY_NEW_PASSWORD_H
#define GH_IDENTITY_NEW_PASSWORD_H

#include "model/txn.h"

/* Judges PASSWORD_CREATE. One that is not strong enough is a finding at the body's member that it came in, so that
 * people see what to change. */
enum gh_judgement gh_new_password_judge(gh_txn *txn, gh_str pointer);

#endif
