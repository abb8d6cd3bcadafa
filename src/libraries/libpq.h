/* libpq, loaded when it is first needed. A file that includes this calls PQ... as ever. */
#ifndef GH_LIBRARIES_LIBPQ_H
#define GH_LIBRARIES_LIBPQ_H

#include <libpq-fe.h>

#include "libraries/loaded.h"

/* Each under its own name, and the page that they are in; NULL until it is loaded. */
typedef union gh_libpq {
    struct {
#define FUNCTION(name) __typeof__(name) *name;
#include "libraries/libpq.def"
#undef FUNCTION
    } functions;
    char page[GH_LIBRARY_PAGE];
} gh_libpq;

extern gh_libpq gh_libpq_table;

/* As gh_library_load(). Of what follows nothing may be called before it was true. */
GH_MUST_CHECK bool gh_libpq_load(char *why);

#define PQbackendPID gh_libpq_table.functions.PQbackendPID
#define PQclear gh_libpq_table.functions.PQclear
#define PQcmdStatus gh_libpq_table.functions.PQcmdStatus
#define PQcmdTuples gh_libpq_table.functions.PQcmdTuples
#define PQconnectPoll gh_libpq_table.functions.PQconnectPoll
#define PQconnectStartParams gh_libpq_table.functions.PQconnectStartParams
#define PQconninfoFree gh_libpq_table.functions.PQconninfoFree
#define PQconninfoParse gh_libpq_table.functions.PQconninfoParse
#define PQconsumeInput gh_libpq_table.functions.PQconsumeInput
#define PQdb gh_libpq_table.functions.PQdb
#define PQenterPipelineMode gh_libpq_table.functions.PQenterPipelineMode
#define PQerrorMessage gh_libpq_table.functions.PQerrorMessage
#define PQfinish gh_libpq_table.functions.PQfinish
#define PQflush gh_libpq_table.functions.PQflush
#define PQfreemem gh_libpq_table.functions.PQfreemem
#define PQftype gh_libpq_table.functions.PQftype
#define PQgetResult gh_libpq_table.functions.PQgetResult
#define PQgetisnull gh_libpq_table.functions.PQgetisnull
#define PQgetlength gh_libpq_table.functions.PQgetlength
#define PQgetvalue gh_libpq_table.functions.PQgetvalue
#define PQhost gh_libpq_table.functions.PQhost
#define PQisBusy gh_libpq_table.functions.PQisBusy
#define PQnfields gh_libpq_table.functions.PQnfields
#define PQnotifies gh_libpq_table.functions.PQnotifies
#define PQpass gh_libpq_table.functions.PQpass
#define PQpipelineSync gh_libpq_table.functions.PQpipelineSync
#define PQport gh_libpq_table.functions.PQport
#define PQresultErrorField gh_libpq_table.functions.PQresultErrorField
#define PQresultErrorMessage gh_libpq_table.functions.PQresultErrorMessage
#define PQresultStatus gh_libpq_table.functions.PQresultStatus
#define PQsendPrepare gh_libpq_table.functions.PQsendPrepare
#define PQsendQueryPrepared gh_libpq_table.functions.PQsendQueryPrepared
#define PQserverVersion gh_libpq_table.functions.PQserverVersion
#define PQsetErrorVerbosity gh_libpq_table.functions.PQsetErrorVerbosity
#define PQsetNoticeReceiver gh_libpq_table.functions.PQsetNoticeReceiver
#define PQsetSingleRowMode gh_libpq_table.functions.PQsetSingleRowMode
#define PQsetnonblocking gh_libpq_table.functions.PQsetnonblocking
#define PQsocket gh_libpq_table.functions.PQsocket
#define PQsslAttribute gh_libpq_table.functions.PQsslAttribute
#define PQsslInUse gh_libpq_table.functions.PQsslInUse
#define PQsslStruct gh_libpq_table.functions.PQsslStruct
#define PQstatus gh_libpq_table.functions.PQstatus

#endif
