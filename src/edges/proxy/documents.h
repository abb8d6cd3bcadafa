/* The OpenAPI documents of a configuration: got once a load, however often it is compiled.
 *
 * One thread at a time. The texts are kept while one is missing, so that the configuration can be compiled again
 * as soon as that one is there, and no longer. */
#ifndef GH_EDGES_PROXY_DOCUMENTS_H
#define GH_EDGES_PROXY_DOCUMENTS_H

#include <stdatomic.h>

#include "config/config.h"

typedef struct gh_documents gh_documents;

enum { GH_DOCUMENT_MAX = 32 * 1024 * 1024 };

/* before: those in use, or NULL: what is in them must be had again, what is not may be missing. It is only looked
 * at until gh_documents_settle(). stop: see gh_fetch. NULL: out of memory. */
gh_documents *gh_documents_new(const gh_documents *before, const atomic_bool *stop);
/* NULL is fine. */
void gh_documents_free(gh_documents *documents);

/* For gh_config_input.read_document; data: a gh_documents, or NULL: files are read, and nothing is asked of
 * upstreams. */
gh_read_document_fn gh_documents_read;

/* Tries those again that are missing, until one comes whose text has not been tried yet (true): one at a time, so
 * that it is known which one is to blame when no policy can be made. */
GH_MUST_CHECK bool gh_documents_retry(gh_documents *documents);

enum gh_documents_end {
    GH_DOCUMENTS_USED, /* the policy made with them is in use */
    GH_DOCUMENTS_UNUSABLE, /* none can be made: what came last is missing again, and not tried before it changes */
    GH_DOCUMENTS_NOT_NOW /* something else failed: what came last is missing again */
};
void gh_documents_settle(gh_documents *documents, enum gh_documents_end end);
unsigned gh_documents_missing(const gh_documents *documents);
/* One line for each missing one, and why: "upstream api: ...". */
void gh_documents_say_missing(const gh_documents *documents, void (*say)(void *data, const char *line),
                              void *data);

#endif
