#include "edges/redis/reader.h"

#include <hiredis/read.h>

/* What the functions below give hiredis for an object: anything but NULL, which it takes as a failure. */
static gh_redis_reader *reader_of(const redisReadTask *task)
{
    return task->privdata;
}

static void *take_text(const redisReadTask *task, char *text, size_t n)
{
    gh_redis_reader *r = reader_of(task);
    if (task->parent != NULL)
        return NULL;
    r->kind = task->type == REDIS_REPLY_ERROR ? GH_REDIS_ERROR : GH_REDIS_TEXT;
    r->n = (unsigned)(n < sizeof r->text ? n : sizeof r->text);
    memcpy(r->text, text, r->n);
    return r;
}

static void *take_array(const redisReadTask *task, int elements)
{
    gh_redis_reader *r = reader_of(task);
    if (task->parent != NULL || elements < 0 || elements > GH_REDIS_VALUES_MAX)
        return NULL;
    r->kind = GH_REDIS_INTEGERS;
    r->n = (unsigned)elements;
    return r;
}

static void *take_integer(const redisReadTask *task, long long value)
{
    gh_redis_reader *r = reader_of(task);
    if (task->parent != NULL) {
        r->values[task->idx] = value;
        return r;
    }
    r->kind = GH_REDIS_INTEGERS;
    r->n = 1;
    r->values[0] = value;
    return r;
}

static void *take_nil(const redisReadTask *task)
{
    gh_redis_reader *r = reader_of(task);
    if (task->parent != NULL)
        return NULL;
    r->kind = GH_REDIS_NIL;
    r->n = 0;
    return r;
}

static void let_go(void *object)
{
    (void)object;
}

bool gh_redis_reader_init(gh_redis_reader *r)
{
    static redisReplyObjectFunctions functions = {take_text, take_array, take_integer, take_nil, let_go};
    r->kind = GH_REDIS_NONE;
    r->n = 0;
    r->reader = redisReaderCreateWithFunctions(&functions);
    if (r->reader == NULL)
        return false;
    r->reader->privdata = r;
    return true;
}

void gh_redis_reader_free(gh_redis_reader *r)
{
    if (r->reader != NULL)
        redisReaderFree(r->reader);
    r->reader = NULL;
}

bool gh_redis_reader_feed(gh_redis_reader *r, const char *bytes, size_t n)
{
    return redisReaderFeed(r->reader, bytes, n) == REDIS_OK;
}

bool gh_redis_reader_next(gh_redis_reader *r, enum gh_redis_kind *ret_kind)
{
    void *reply = NULL;
    if (redisReaderGetReply(r->reader, &reply) != REDIS_OK)
        return false;
    if (reply == NULL && r->reader->len - r->reader->pos > GH_REDIS_REPLY_MAX)
        return false;
    *ret_kind = reply == NULL ? GH_REDIS_NONE : r->kind;
    return true;
}
