/* Figures of identity for the metrics page. */
#ifndef GH_EDGES_IDENTITY_FIGURES_H
#define GH_EDGES_IDENTITY_FIGURES_H

#include "edges/identity/service.h"

/* Nothing where identity is off. Main thread. */
void gh_identity_metrics(const gh_identity_service *s, gh_buf *out);

#endif
