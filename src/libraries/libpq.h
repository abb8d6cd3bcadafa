/* libpq, loaded when it is first needed. A file that includes this calls PQ... as ever. */
#ifndef GH_LIBRARIES_LIBPQ_H
#define GH_LIBRARIES_LIBPQ_H

#include <libpq-fe.h>

#include "libraries/loaded.h"

/* Each under its own name. */
typedef struct gh_libpq {
#define FUNCTION(name) __typeof__(name) *name;
#include "libraries/libpq.def"
#undef FUNCTION
} gh_libpq;

/* NULL until it is loaded. */
extern const gh_libpq *gh_libpq_functions;

/* As gh_library_load(). Of what follows nothing may be called before it was true. */
GH_MUST_CHECK bool gh_libpq_load(char *why);

#define PQbackendPID gh_libpq_functions->PQbackendPID
#define PQclear gh_libpq_functions->PQclear
#define PQcmdStatus gh_libpq_functions->PQcmdStatus
#define PQcmdTuples gh_libpq_functions->PQcmdTuples
#define PQconnectPoll gh_libpq_functions->PQconnectPoll
#define PQconnectStartParams gh_libpq_functions->PQconnectStartParams
#define PQconninfoFree gh_libpq_functions->PQconninfoFree
#define PQconninfoParse gh_libpq_functions->PQconninfoParse
#define PQconsumeInput gh_libpq_functions->PQconsumeInput
#define PQdb gh_libpq_functions->PQdb
#define PQenterPipelineMode gh_libpq_functions->PQenterPipelineMode
#define PQerrorMessage gh_libpq_functions->PQerrorMessage
#define PQfinish gh_libpq_functions->PQfinish
#define PQflush gh_libpq_functions->PQflush
#define PQfreemem gh_libpq_functions->PQfreemem
#define PQftype gh_libpq_functions->PQftype
#define PQgetResult gh_libpq_functions->PQgetResult
#define PQgetisnull gh_libpq_functions->PQgetisnull
#define PQgetlength gh_libpq_functions->PQgetlength
#define PQgetvalue gh_libpq_functions->PQgetvalue
#define PQhost gh_libpq_functions->PQhost
#define PQisBusy gh_libpq_functions->PQisBusy
#define PQnfields gh_libpq_functions->PQnfields
#define PQnotifies gh_libpq_functions->PQnotifies
#define PQpass gh_libpq_functions->PQpass
#define PQpipelineSync gh_libpq_functions->PQpipelineSync
#define PQport gh_libpq_functions->PQport
#define PQresultErrorField gh_libpq_functions->PQresultErrorField
#define PQresultErrorMessage gh_libpq_functions->PQresultErrorMessage
#define PQresultStatus gh_libpq_functions->PQresultStatus
#define PQsendPrepare gh_libpq_functions->PQsendPrepare
#define PQsendQueryPrepared gh_libpq_functions->PQsendQueryPrepared
#define PQserverVersion gh_libpq_functions->PQserverVersion
#define PQsetErrorVerbosity gh_libpq_functions->PQsetErrorVerbosity
#define PQsetNoticeReceiver gh_libpq_functions->PQsetNoticeReceiver
#define PQsetSingleRowMode gh_libpq_functions->PQsetSingleRowMode
#define PQsetnonblocking gh_libpq_functions->PQsetnonblocking
#define PQsocket gh_libpq_functions->PQsocket
#define PQsslAttribute gh_libpq_functions->PQsslAttribute
#define PQsslInUse gh_libpq_functions->PQsslInUse
#define PQsslStruct gh_libpq_functions->PQsslStruct
#define PQstatus gh_libpq_functions->PQstatus

#endif
