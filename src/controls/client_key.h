/* Whom a limit counts by: secret hashes, so that nobody can aim at another's counter. */
#ifndef GH_CONTROLS_CLIENT_KEY_H
#define GH_CONTROLS_CLIENT_KEY_H

#include "model/txn.h"

uint64_t gh_client_key(const gh_txn *txn, enum gh_limit_scope scope, gh_str who);
/* The client's address: IPv4 whole, IPv6 by its first `prefix` bits. */
uint64_t gh_client_key_of_ip(const gh_txn *txn, uint8_t prefix);
/* Who was proved: the user, session or API key. False: there is none, and the address counts. */
GH_MUST_CHECK bool gh_client_key_of_principal(const gh_txn *txn, enum gh_limit_scope scope, uint64_t *ret);

/* The device that was proved. */
uint64_t gh_client_key_of_device(const gh_txn *txn);

#endif
