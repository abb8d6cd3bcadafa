#include "model/reason.h"

static const gh_reason_row rows[] = {
#define REASON(id, status, error, message) {status, GH_STR_INIT(error), GH_STR_INIT(message)},
#include "model/reasons.def"
#undef REASON
};

const gh_reason_row *gh_reason_of(enum gh_reason reason)
{
    return &rows[(unsigned)reason < GH_REASON_COUNT ? reason : GH_REASON_INTERNAL_ERROR];
}

gh_str gh_status_phrase(unsigned status)
{
    static const struct {
        unsigned status;
        gh_str phrase;
    } phrases[] = {
        {200, GH_STR_INIT("OK")},
        {201, GH_STR_INIT("Created")},
        {204, GH_STR_INIT("No Content")},
        {400, GH_STR_INIT("Bad Request")},
        {401, GH_STR_INIT("Unauthorized")},
        {403, GH_STR_INIT("Forbidden")},
        {404, GH_STR_INIT("Not Found")},
        {405, GH_STR_INIT("Method Not Allowed")},
        {408, GH_STR_INIT("Request Timeout")},
        {409, GH_STR_INIT("Conflict")},
        {410, GH_STR_INIT("Gone")},
        {413, GH_STR_INIT("Content Too Large")},
        {414, GH_STR_INIT("URI Too Long")},
        {415, GH_STR_INIT("Unsupported Media Type")},
        {422, GH_STR_INIT("Unprocessable Content")},
        {429, GH_STR_INIT("Too Many Requests")},
        {431, GH_STR_INIT("Request Header Fields Too Large")},
        {500, GH_STR_INIT("Internal Server Error")},
        {502, GH_STR_INIT("Bad Gateway")},
        {503, GH_STR_INIT("Service Unavailable")},
        {504, GH_STR_INIT("Gateway Timeout")},
        {505, GH_STR_INIT("HTTP Version Not Supported")},
    };
    for (size_t i = 0; i < GH_COUNT(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return (gh_str){"", 0};
}
