/* `gatehouse openapi`: looking at OpenAPI documents. */
#ifndef GH_CLI_OPENAPI_H
#define GH_CLI_OPENAPI_H

#include <stdio.h>

#include "openapi/openapi.h"

/* A document as it was read from a file. */
typedef struct gh_cli_document {
    gh_arena arena; /* of everything */
    const char *name;
    gh_str text;
    gh_openapi *openapi;
} gh_cli_document;

/* Text of a document, safe for a terminal: controls are escaped. */
void gh_cli_put_safe(FILE *to, gh_str text);
void gh_cli_put_json(FILE *to, gh_str text);
/* Messages of a level, "FILE:LINE:COLUMN: error: /pointer: text". */
void gh_cli_openapi_messages(FILE *to, const gh_cli_document *d, enum gh_openapi_level level);
unsigned gh_cli_openapi_count(const gh_cli_document *d, enum gh_openapi_level level);

/* What a document says, for people and for programs. */
void gh_cli_openapi_report(const gh_cli_document *d);
void gh_cli_openapi_json(const gh_cli_document *d);

#endif
