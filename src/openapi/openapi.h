/* OpenAPI 3.0 and 3.1 documents, loaded into a contract. Pure: the caller has read the text. */
#ifndef GH_OPENAPI_OPENAPI_H
#define GH_OPENAPI_OPENAPI_H

#include "base/buf.h"
#include "contract/contract.h"

typedef struct gh_openapi_options {
    gh_str name;   /* for messages: the file's name or URL */
    gh_str prefix; /* put before every path of the document: "/v1"; "" or absent: none */
    bool formats;  /* "format" refuses */
    bool closed_parameters;
    bool optional_null; /* members that are not required may also be null */
} gh_openapi_options;

enum gh_openapi_level {
    GH_OPENAPI_ERROR,      /* the document can't be used */
    GH_OPENAPI_UNENFORCED, /* it says something that will not be enforced: of what, and why */
    GH_OPENAPI_NOTE
};

typedef struct gh_openapi_message {
    enum gh_openapi_level level;
    gh_str pointer; /* JSON Pointer in the document */
    gh_str text;
    uint32_t at; /* byte offset in the document's text (gh_document_place) */
} gh_openapi_message;

typedef struct gh_openapi {
    const gh_json *document;
    gh_str version; /* "3.1.0" */
    gh_str title;
    gh_contract contract; /* name is options.name */
    gh_openapi_message *messages;
    unsigned n_messages;
    gh_schema_compiler *requests, *responses; /* hold the patterns */
} gh_openapi;

/* Loads what is known to be a document's tree (config/document.h). All errors are found, not only the first: at most
 * 100, and each once. Everything is in the arena. NULL: no memory. With an error among the messages the contract is
 * empty. References lead within the document alone. Close it, also with errors, before the arena goes. */
GH_MUST_CHECK gh_openapi *gh_openapi_load(const gh_json *document, const gh_openapi_options *options,
                                          gh_arena *arena);
/* Frees what is not in the arena. NULL is fine. */
void gh_openapi_close(gh_openapi *openapi);

/* What changes for clients between two documents: one line each, sorted, written to `out`:
 *
 *     POST /generate: request body /prompt: maxLength 500 -> 300 (breaking)
 *
 * Breaking: a request that was accepted is refused, or an answer lacks what it had, as far as can be told; where it
 * can't be told (a pattern that changed), it is taken for breaking. Both documents are taken to be well-formed
 * (gh_openapi_load). What stands below a schema that two places share is listed at the first of them. False: no
 * memory, no room in `out`, or more than can be compared; then nothing is known. */
GH_MUST_CHECK bool gh_openapi_diff(const gh_json *before, const gh_json *after, gh_arena *scratch,
                                   gh_buf *out, unsigned *ret_changes, unsigned *ret_breaking);

#endif
