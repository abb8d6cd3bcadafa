#include "certificates.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void must(int done, const char *what)
{
    if (done)
        return;
    (void)fprintf(stderr, "certificates: %s failed\n", what);
    abort();
}

static void extend(X509 *x, const X509 *by, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, (X509 *)(uintptr_t)by, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(e != NULL && X509_add_ext(x, e, -1) == 1, value);
    X509_EXTENSION_free(e);
}

certificate certificate_make(const char *name, const char *names, long from_s, long until_s,
                             const certificate *by)
{
    certificate c = {X509_new(), EVP_EC_gen("P-256")};
    must(c.x509 != NULL && c.key != NULL, "memory");
    X509_NAME *subject = X509_get_subject_name(c.x509);
    const certificate *signer = by == NULL ? &c : by;
    static long serial = 1;
    must(X509_set_version(c.x509, X509_VERSION_3), "version");
    must(ASN1_INTEGER_set(X509_get_serialNumber(c.x509), serial++), "serial");
    must(X509_gmtime_adj(X509_getm_notBefore(c.x509), from_s) != NULL, "notBefore");
    must(X509_gmtime_adj(X509_getm_notAfter(c.x509), until_s) != NULL, "notAfter");
    must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0),
         "name");
    must(X509_set_issuer_name(c.x509, X509_get_subject_name(signer->x509)), "issuer");
    must(X509_set_pubkey(c.x509, c.key), "key");
    extend(c.x509, signer->x509, NID_basic_constraints,
           by == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (names != NULL)
        extend(c.x509, signer->x509, NID_subject_alt_name, names);
    must(X509_sign(c.x509, signer->key, EVP_sha256()) > 0, "signature");
    return c;
}

void certificate_free(certificate *c)
{
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
    *c = (certificate){NULL, NULL};
}

static FILE *create(const char *folder, const char *name, const char *end, unsigned mode, int owner)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s.%s", folder, name, end);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    must(fd >= 0 && (owner < 0 || fchown(fd, (uid_t)owner, (gid_t)-1) == 0), path);
    return fdopen(fd, "w");
}

void certificate_write(const certificate *c, const char *folder, const char *name, int owner)
{
    FILE *out = create(folder, name, "crt", 0644, owner);
    must(PEM_write_X509(out, c->x509), "PEM");
    (void)fclose(out);
    out = create(folder, name, "key", 0600, owner);
    must(PEM_write_PrivateKey(out, c->key, NULL, NULL, 0, NULL, NULL), "PEM");
    (void)fclose(out);
}
