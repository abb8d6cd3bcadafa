/* A lookup: a question to what is held in memory of sessions, API keys, devices and revocations. Asked by a control in
 * its `ask`, answered by the edge at once (stores/state/roster.h), never from disk. */
#ifndef GH_MODEL_LOOKUP_H
#define GH_MODEL_LOOKUP_H

#include "base/ip.h"
#include "model/principal.h"

enum gh_lookup_kind {
    GH_LOOKUP_SESSION, /* is this the session's present secret? */
    GH_LOOKUP_API_KEY, /* is this the key's secret, and may it be used from there? */
    GH_LOOKUP_DEVICE,  /* is this the device's secret? */
    GH_LOOKUP_TOKEN,   /* has a verified token been revoked: by jti, by session, by user? */
    GH_LOOKUP_REFRESH  /* is this the family's present refresh token? To tell about it; it lets nobody in */
};

enum gh_lookup_answer {
    GH_LOOKUP_UNAVAILABLE, /* nobody could say: refuse (the value a lookup begins with) */
    GH_LOOKUP_GOOD,
    GH_LOOKUP_UNKNOWN,  /* no such id, or ended */
    GH_LOOKUP_MISMATCH, /* the id is known, the secret is another */
    GH_LOOKUP_EXPIRED,
    GH_LOOKUP_REVOKED,
    GH_LOOKUP_DISABLED,       /* the user is disabled */
    GH_LOOKUP_ADDRESS_REFUSED /* an API key that may not be used from this address */
};

/* Of a token whose answer is REVOKED: by what. For the log. */
enum gh_lookup_revoked {
    GH_REVOKED_TOKEN,   /* it alone */
    GH_REVOKED_SESSION, /* the session it came from has ended */
    GH_REVOKED_USER,    /* all of its user's that were issued until a moment */
    GH_REVOKED_FOREIGN  /* its session is another user's */
};

enum { GH_SECRET_HASH = 16 }; /* the first bytes of HMAC-SHA-256 of the whole credential */

typedef struct gh_lookup {
    uint8_t kind, answer;
    /* asked */
    gh_id id;                     /* of the session, key or device; of a token: its session (sid), 0: none */
    uint8_t hash[GH_SECRET_HASH]; /* of the presented secret; not of a token */
    gh_id user;                   /* of a token: whose; 0: an outside issuer's */
    uint64_t jti;                 /* of a token: its hash, 0: none */
    uint64_t issued_s;            /* of a token */
    uint64_t now_s;               /* Unix time */
    uint32_t idle_s;              /* a session unused for longer is expired; 0: no such rule */
    uint32_t grace_s;             /* how long the secret before the present one still counts */
    gh_ip address;                /* who asks; kept as the last use's */
    bool peeks;                   /* an operator looks: no use of it */
    /* answered, with GH_LOOKUP_REVOKED */
    uint8_t revoked; /* enum gh_lookup_revoked */
    /* answered, with GH_LOOKUP_GOOD */
    gh_subject subject; /* of a token: only user */
    bool previous;      /* it was the secret before the present one, within its grace */
    gh_id device;       /* of a session: the device it is bound to; 0: none */
    uint64_t expires_s; /* absolute end; 0: none */
    uint64_t created_s;
    GH_SHORT_TEXT(scopes, GH_SCOPES_TEXT_MAX); /* of a key */
    bool scoped;                               /* of a key: has scopes */
    GH_SHORT_TEXT(tier, GH_TIER_MAX);          /* of a key: its own, in place of the user's; empty: none */
} gh_lookup;

#endif
