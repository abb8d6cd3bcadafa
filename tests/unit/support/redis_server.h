/* A real redis-server of the test's own, in a temporary folder: started, spoken to, paused, killed, started again. */
#ifndef GH_TESTS_REDIS_SERVER_H
#define GH_TESTS_REDIS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct redis_server {
    pid_t pid;         /* 0: not running */
    uint16_t port;     /* plain, on 127.0.0.1 and ::1 */
    uint16_t tls_port; /* 0: none */
    char folder[128];
    char socket[160];
    const char *const *more; /* options, up to NULL; kept for the next start */
} redis_server;

/* Is there a redis-server on this machine? */
bool redis_is_there(void);
/* Makes the folder, for who has to put something there before the start. */
void redis_make_folder(redis_server *s);
/* more: further options, up to a NULL; may be NULL. Returns when it answers; fails the test when it doesn't. */
void redis_start(redis_server *s, const char *const *more);
/* Where it was, with nothing in memory. */
void redis_start_again(redis_server *s);
void redis_signal(redis_server *s, int number);
void redis_kill(redis_server *s);
/* Kills it and removes its folder. */
void redis_remove(redis_server *s);
/* An inline command by a connection of its own; a bulk string's text, or the reply's first line without its type, is
 * copied to ret (which may be NULL). An error fails the test. */
void redis_tell(const redis_server *s, const char *command, char *ret, size_t size);
long redis_number(const redis_server *s, const char *command);
/* The same in two steps, for who must keep the connection. */
int redis_open(const redis_server *s);
void redis_say(int fd, const char *command);
/* A port of 127.0.0.1 that nobody has now. */
uint16_t redis_free_port(void);

/* Certificates by libcrypto, as PEM files in the folder. */
typedef struct redis_certificate {
    const char *name; /* of the files: NAME.pem, NAME.key */
    const char
        *alternative;     /* subjectAltName, "DNS:localhost,IP:127.0.0.1"; NULL: a CA, which signs itself */
    const char *signer;   /* NAME of its CA; NULL: itself */
    long from_s, until_s; /* from now */
} redis_certificate;

void redis_make_certificate(const char *folder, const redis_certificate *c);

#endif
