#include "edges/proxy/documents.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "edges/proxy/fetch.h"
#include "edges/proxy/proxy.h"
#include "edges/proxy/read_file.h"

enum { CONNECT_MS = 2000, TOTAL_MS = 10000, NAME_SIZE = 4096 };

typedef struct document {
    struct document *next;
    char upstream[256], server[256], name[NAME_SIZE];
    bool fetched; /* of the upstream, not of a file */
    bool fresh;   /* came by the last retry */
    bool got;     /* there is a text, or was one before it was let go */
    gh_str text;  /* malloc'ed; absent: missing, or let go */
    uint64_t bad; /* hash of a text that could not be used; 0: none */
    char why[GH_FETCH_WHY_SIZE];
} document;

struct gh_documents {
    document *first;
    const gh_documents *before;
    const atomic_bool *stop;
};

static const gh_str by_upstream = GH_STR_INIT("upstream:");

gh_documents *gh_documents_new(const gh_documents *before, const atomic_bool *stop)
{
    gh_documents *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->before = before;
    d->stop = stop;
    return d;
}

static void let_go(document *doc)
{
    free((void *)(uintptr_t)doc->text.p);
    doc->text = (gh_str){NULL, 0};
}

void gh_documents_free(gh_documents *documents)
{
    while (documents != NULL && documents->first != NULL) {
        document *next = documents->first->next;
        let_go(documents->first);
        free(documents->first);
        documents->first = next;
    }
    free(documents);
}

static bool put_name(char *to, size_t size, gh_str name)
{
    if (name.n >= size)
        return false;
    if (name.n > 0)
        memcpy(to, name.p, name.n);
    to[name.n] = '\0';
    return true;
}

static document *find(const gh_documents *documents, gh_str upstream, gh_str name)
{
    for (document *d = documents == NULL ? NULL : documents->first; d != NULL; d = d->next)
        if (gh_str_eq(gh_str_of(d->upstream), upstream) && gh_str_eq(gh_str_of(d->name), name))
            return d;
    return NULL;
}

static bool failed(document *doc, const char *why)
{
    if (why != doc->why)
        (void)put_name(doc->why, sizeof doc->why, gh_str_cut(gh_str_of(why), 0, sizeof doc->why - 1));
    return false;
}

static bool get_file(document *doc)
{
    const char *why = NULL;
    return gh_read_file(doc->name, GH_DOCUMENT_MAX, &doc->text, &why) || failed(doc, why);
}

static bool fetch(document *doc, const atomic_bool *stop)
{
    gh_server server = {.host = {NULL, 0}};
    memcpy(server.name, doc->server, sizeof doc->server);
    const char *why = gh_server_resolve(&server);
    if (why != NULL)
        return failed(doc, why);
    gh_str name = gh_str_of(doc->name);
    gh_fetch what = {.address = &server.address,
                     .address_size = server.address_size,
                     .host = server.host,
                     .path = gh_str_cut(name, by_upstream.n, name.n),
                     .max = GH_DOCUMENT_MAX,
                     .connect_ms = CONNECT_MS,
                     .total_ms = TOTAL_MS,
                     .stop = stop};
    return gh_fetch_document(&what, &doc->text, doc->why);
}

static void get(document *doc, const atomic_bool *stop)
{
    doc->got = doc->fetched ? fetch(doc, stop) : get_file(doc);
}

static document *add(gh_documents *documents, const gh_upstream_config *upstream, gh_str name)
{
    document *doc = calloc(1, sizeof *doc);
    if (doc == NULL)
        return NULL;
    doc->fetched = gh_str_starts(name, by_upstream);
    gh_str server = upstream != NULL && upstream->servers.n > 0 ? upstream->servers.items[0] : GH_STR("");
    gh_str of = upstream != NULL ? upstream->name : GH_STR("");
    if (!put_name(doc->name, sizeof doc->name, name) || !put_name(doc->server, sizeof doc->server, server) ||
        !put_name(doc->upstream, sizeof doc->upstream, of)) {
        free(doc);
        return NULL;
    }
    doc->next = documents->first;
    documents->first = doc;
    get(doc, documents->stop);
    return doc;
}

/* Without the network: `gatehouse check` says what can be said of the files. */
static bool read_offline(gh_str name, gh_arena *arena, gh_str *ret_text, const char **ret_why,
                         bool *ret_later)
{
    document doc = {.next = NULL};
    *ret_later = gh_str_starts(name, by_upstream);
    *ret_why = *ret_later ? "it is got when Gatehouse starts" : "its name is too long";
    if (*ret_later || !put_name(doc.name, sizeof doc.name, name))
        return false;
    if (!gh_read_file(doc.name, GH_DOCUMENT_MAX, &doc.text, ret_why))
        return false;
    *ret_text = gh_arena_copy(arena, doc.text);
    let_go(&doc);
    *ret_why = "out of memory";
    return ret_text->p != NULL;
}

bool gh_documents_read(void *data, const gh_upstream_config *upstream, gh_str name, gh_arena *arena,
                       gh_str *ret_text, const char **ret_why, bool *ret_later)
{
    gh_documents *documents = data;
    *ret_later = false;
    if (documents == NULL)
        return read_offline(name, arena, ret_text, ret_why, ret_later);
    gh_str of = upstream != NULL ? upstream->name : GH_STR("");
    document *doc = find(documents, of, name);
    if (doc == NULL)
        doc = add(documents, upstream, name);
    *ret_why = "out of memory";
    if (doc == NULL)
        return false;
    if (doc->text.p != NULL) {
        *ret_text = gh_arena_copy(arena, doc->text);
        return ret_text->p != NULL;
    }
    gh_str why = gh_arena_copy(arena, gh_str_of(doc->why));
    if (why.p != NULL)
        *ret_why = why.p;
    const document *used = find(documents->before, of, name);
    *ret_later = doc->fetched && (used == NULL || !used->got);
    return false;
}

static uint64_t hash_of(gh_str text)
{
    static const uint8_t key[GH_SIPHASH_KEY_SIZE];
    return gh_siphash64(key, text.p, text.n) | 1;
}

static bool came(const gh_documents *documents, document *doc)
{
    get(doc, documents->stop);
    if (doc->got && hash_of(doc->text) == doc->bad) {
        let_go(doc);
        doc->got = false;
        (void)failed(doc, "what it answers is not a usable OpenAPI document");
    }
    doc->fresh = doc->got;
    return doc->got;
}

bool gh_documents_retry(gh_documents *documents)
{
    for (document *d = documents->first; d != NULL; d = d->next)
        if (!d->got && came(documents, d))
            return true;
    return false;
}

/* Behind all others: one whose text is another each time must not be the only one that is ever tried. */
static void put_last(gh_documents *documents, document *doc)
{
    document **at = &documents->first;
    while (*at != doc)
        at = &(*at)->next;
    *at = doc->next;
    while (*at != NULL)
        at = &(*at)->next;
    *at = doc;
    doc->next = NULL;
}

static void take_back(gh_documents *documents, document *doc, bool bad)
{
    if (bad)
        doc->bad = hash_of(doc->text);
    let_go(doc);
    doc->got = doc->fresh = false;
    put_last(documents, doc);
}

void gh_documents_settle(gh_documents *documents, enum gh_documents_end end)
{
    document *fresh = documents->first;
    documents->before = NULL;
    while (fresh != NULL && !fresh->fresh)
        fresh = fresh->next;
    if (fresh != NULL && end == GH_DOCUMENTS_USED)
        fresh->fresh = false;
    else if (fresh != NULL)
        take_back(documents, fresh, end == GH_DOCUMENTS_UNUSABLE);
    if (gh_documents_missing(documents) > 0)
        return;
    for (document *d = documents->first; d != NULL; d = d->next)
        let_go(d);
}

unsigned gh_documents_missing(const gh_documents *documents)
{
    unsigned n = 0;
    for (const document *d = documents->first; d != NULL; d = d->next)
        n += !d->got;
    return n;
}

void gh_documents_say_missing(const gh_documents *documents, void (*say)(void *data, const char *line),
                              void *data)
{
    for (const document *d = documents->first; d != NULL; d = d->next) {
        char line[1024];
        gh_buf b = gh_buf_over(line, sizeof line - 1);
        if (d->got)
            continue;
        gh_buf_printf(&b, "upstream %s: its OpenAPI document can't be got from %s: %s", d->upstream,
                      d->server, d->why);
        line[b.n] = '\0';
        say(data, line);
    }
}
