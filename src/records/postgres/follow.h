/* The feed's hands: its connection, its position in the changes, and what a read does to the roster. One thread. */
#ifndef GH_RECORDS_POSTGRES_FOLLOW_H
#define GH_RECORDS_POSTGRES_FOLLOW_H

#include "base/hash.h"
#include "records/postgres/connection.h"
#include "stores/state/roster.h"

enum {
    GH_FOLLOW_SNAPSHOT = 64 << 10, /* bytes of a snapshot's text: 5000 transactions at once */
    GH_FOLLOW_MEMORY = 64 << 20,   /* bytes of changes of one read; with more it is better to load */
    /* Who has not read for so long loads. A row that was under way at the last read and had a smaller id than others that
     * were there may have been swept since with them, after an hour: that nobody can tell by the ids. */
    GH_FOLLOW_GAP_S = 1800,
    GH_FOLLOW_LOAD_MS = 20000 /* while loading an answer may take so long: a million rows are sorted first */
};

typedef struct gh_follower {
    gh_postgres c;
    bool open;
    gh_roster *roster;
    bool loaded;      /* the roster is as of the position; else it has to be loaded */
    char server[128]; /* which server, which history; empty: nobody can say, and it might be another one */
    uint64_t tx;      /* the position: the largest transaction of a row that was read, */
    uint64_t last_id; /* the last id there was, */
    char snapshot[GH_FOLLOW_SNAPSHOT]; /* and the snapshot */
    uint64_t at_s;                     /* of it, by the server's clock */
    struct {
        uint64_t id, tx; /* 0: none */
        uint8_t hash[GH_SHA256_SIZE];
    } last;         /* the row with the largest id that is in the roster */
    gh_arena arena; /* of one read's changes */
} gh_follower;

void gh_follow_init(gh_follower *f, gh_roster *roster);
void gh_follow_close(gh_follower *f);

/* Connects, and listens. What was loaded stays loaded when it is the same server. False: `why` (of GH_POSTGRES_WHY). */
GH_MUST_CHECK bool gh_follow_connect(gh_follower *f, const gh_postgres_server *server, char *why);
/* Clears the roster and reads all of it, as of one snapshot, which is the position. False: it is not to be used; `why`. */
GH_MUST_CHECK bool gh_follow_load(gh_follower *f, uint64_t now_s, char *why);

enum gh_followed {
    GH_FOLLOWED,
    GH_FOLLOW_LOST,  /* nothing was applied; the connection is of no more use */
    GH_FOLLOW_MISSED /* changes were swept before they were read, or one can't be read or applied: load */
};
typedef struct gh_followed_what {
    unsigned changes; /* rows */
    bool ring;        /* the signing keys were changed */
} gh_followed_what;
/* Reads what is new and applies it; `tell`: others are told first. Nothing is applied before all of it has come. */
GH_MUST_CHECK enum gh_followed gh_follow_read(gh_follower *f, bool tell, gh_followed_what *ret, char *why);

#endif
