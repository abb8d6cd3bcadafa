/* For `gatehouse check`, which looks at a configuration and touches no data folder. */
#ifndef GH_EDGES_IDENTITY_STAND_IN_H
#define GH_EDGES_IDENTITY_STAND_IN_H

#include "config/config.h"

/* Gives a configuration what only a running server has, a signing key and, where it is missing, a secret: new ones, that
 * nobody keeps. The policy made of it must serve nobody. Nothing where identity is off. False: reported. */
GH_MUST_CHECK bool gh_identity_stand_in(gh_config *config, gh_report *report);

#endif
