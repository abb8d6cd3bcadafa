/* Certificates of a test's own: authorities and what they sign, with names and times as wanted. */
#ifndef GH_TEST_SUPPORT_CERTIFICATES_H
#define GH_TEST_SUPPORT_CERTIFICATES_H

#include <openssl/evp.h>
#include <openssl/x509.h>

typedef struct certificate {
    X509 *x509;
    EVP_PKEY *key;
} certificate;

/* name: its common name. names: "DNS:a,DNS:b", or NULL. from_s, until_s: seconds from now. by: NULL: signs itself, and may
 * sign others. */
certificate certificate_make(const char *name, const char *names, long from_s, long until_s,
                             const certificate *by);
void certificate_free(certificate *c);
/* FOLDER/NAME.crt and FOLDER/NAME.key, the key for its owner alone; owner -1: who runs this. */
void certificate_write(const certificate *c, const char *folder, const char *name, int owner);

#endif
