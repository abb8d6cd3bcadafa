#include "passwords/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/crypto.h"

/* Small, so that hundreds of hashes take a moment. */
static const gh_password_params small = {64 * 1024, 1};

#define STAPLE "correct horse battery staple"
#define FOREIGN "p\u00e4ssw\u00f6rd \u65e5\u672c\u8a9e \U0001f600"
#define LONG \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxabcdefgh" /* 71 x and 8 more */

/* Made by passlib 1.7.4, python-bcrypt 3.2.2 and argon2-cffi 21.1.0. */
static const struct {
    const char *family, *stored, *password;
} vectors[] = {
    {"bcrypt", "$2b$04$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ2", STAPLE},
    {"bcrypt", "$2b$04$BOCgdpMoeo.iEwut4K666uMujYSU.YkY.dSGKim/NDYyeheehOGYe", FOREIGN},
    {"bcrypt", "$2b$04$a8cLYYY4gndC/dR1pDucdOoToMDpnJinKtaTlgXL/8CUSaZi9OHuK", LONG},
    {"bcrypt", "$2b$04$OEKsV7bMd8xa8tCn.fTpe.sc01WydQQHagVkO3XaxGALr4iRcHBzW", ""},
    {"bcrypt", "$2a$05$9po7xawK/sNwGOIbKsLvXugN6ArDh1CcA5SMAeqIRezLXTvHQcN3W", STAPLE},
    {"bcrypt", "$2y$05$iM0ZiPb/pL8N8cyqMdt9Ou60k4SV0ZERnY0RfZc62aIuWNVB3/h46", STAPLE},
    /* A password for which libxcrypt computes 2a in a way of its own. */
    {"bcrypt", "$2a$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", "\xff\xff\xa3"},
    {"bcrypt-sha256", "$bcrypt-sha256$v=2,t=2b,r=4$JZU3FqfMoN2RLUNoR6b1Se$LwYKu1I3hw.wGiQ5FF4uDbwqzFH6CGe",
     STAPLE},
    {"bcrypt-sha256", "$bcrypt-sha256$v=2,t=2b,r=4$B2/SBSJE28nnVod33VZ48u$.oqydj6G.boQQNBFUIVx/475crjcvZS",
     FOREIGN},
    {"bcrypt-sha256", "$bcrypt-sha256$v=2,t=2b,r=4$lnE.GS0iE7Z4sKgRB1uUOu$SwpXDV10DunDo8EW2HJ3G4u1pyUcG1W",
     LONG},
    {"bcrypt-sha256", "$bcrypt-sha256$v=2,t=2b,r=4$FPbBSzJGLjFvLSUJ8JG2tO$MRk.JJNhn/.RokJURwlN0QZR1a/ftV6",
     ""},
    {"bcrypt-sha256", "$bcrypt-sha256$2b,4$Hm2yqWVbkBxx8vYbR8YGUe$prQ3kTdj8vRMhQ3i4eO8t0CTxVLWeKS", STAPLE},
    {"bcrypt-sha256", "$bcrypt-sha256$2b,4$Zdr/W8Wol8fOAjnLLMF.8.$uXlOiLoTmuImrhObMSYPbwt9eyoNSry", LONG},
    {"bcrypt-sha256", "$bcrypt-sha256$2a,4$QcdxnBy8wng9yAHCWfShqe$MmmORFGVhAW9F0h6fdf/hgkfKNbbZkq", STAPLE},
    {"pbkdf2-sha256",
     "$pbkdf2-sha256$1000$sLaWEgKgdC4lRGit1Zqz1g$FI.AgZqLL8G5oRmrnpRyUJ04YVfXRnRvTT.OiJg.qLQ", STAPLE},
    {"pbkdf2-sha256",
     "$pbkdf2-sha256$1000$nPMeoxSC0HrvvTdGqJVSyg$2AaUdeG6obPWZ6nRxWB.VvtttgMGk.Wmm8DDliI1k80", FOREIGN},
    {"pbkdf2-sha256",
     "$pbkdf2-sha256$1000$EuL8f2/NOec8p7SWstZ6jw$2IO5ruQMFwg8V3LEGz3eGcZ1BvT1Bd/Bte6EfIaR2gQ", ""},
    {"pbkdf2-sha512",
     "$pbkdf2-sha512$1000$s9a6V6rV2lvL.V.LMWZMSWmtde59by1FSKkVojRGyHnv$MMCcSoyoT1Hs906rqyzRV1e7q2.XRgzRGdbe"
     "eZjm/DY3.bmA6GIMwOqKOTGhszuyYaIjHLpu6et7oYspSL43XA",
     STAPLE},
    {"pbkdf2-sha512",
     "$pbkdf2-sha512$1000$Y4zROmfsXStlTKmVknIOofSeE8JYC.G8V4qx1nqvlfLe$YWmscqT/cak9lJLdoJZdtdmPA/zqmhmw2tuI"
     "ysWTgYqwhu/pyAgsd77dQf2LRKBptCUlMTZldbE3FJDJxyUGTg",
     LONG},
    {"argon2id", "$argon2id$v=19$m=64,t=2,p=4$S6m19p5zjjFGKKW0ds75nw$Ibf+mCAULsZirL91sTHIKw", STAPLE},
    {"argon2id", "$argon2id$v=19$m=64,t=2,p=4$ai2F8P4/B0Do3ZuzVopxjg$zG8dcCfjdiuXffv9L3fSsQ", FOREIGN},
    {"argon2id",
     "$argon2id$v=19$m=256,t=1,p=8$iXGulZKy1hqj9J6TMuac01qrFUKoFeL8nzMmBICQsnY$2pCxOSaRuDnpnB8E1qGE2TpV1lVxkZvyadR"
     "TD2wb6G9dPxousi32/8wUQ2NtMsbXW1pyDim0KZMYGy2zRx9JKQ",
     STAPLE},
    {"argon2id",
     "$argon2id$v=19$m=256,t=1,p=8$hVBqzTnH2HuP0bq31jpHKOWc0xqDcK71fu/9PyfEWCs$mXjM3njwUKnfRacdBWygj7ZioFHzWALQLbU"
     "jxlxupD6n432nE1QTXrnsQ+OdTbuzTxU90p2Trq5zsUL2c323og",
     ""},
    {"argon2i", "$argon2i$v=19$m=64,t=3,p=1$3JszhjAG4FyLkTKmtLZWyg$A9yDmjRizAi0AN1u2eLj1g", STAPLE},
    {"argon2i", "$argon2i$v=19$m=64,t=3,p=1$XwsBgJCSkpKyds4Zg3AuZQ$MMsMWCO3W2KP+bKIDhLvuQ", LONG},
};

static enum gh_password_result verify(const char *stored, const char *password)
{
    return gh_password_verify(gh_str_of(stored), gh_str_of(password));
}

static void verifies_what_others_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(vectors); i++) {
        gh_str stored = gh_str_of(vectors[i].stored), name = {0};
        enum gh_password_fault fault;
        assert_true(gh_password_hash_known(stored, &name, &fault));
        assert_true(gh_str_eq(name, gh_str_of(vectors[i].family)));
        if (verify(vectors[i].stored, vectors[i].password) != GH_PASSWORD_OK)
            fail_msg("not verified: %s", vectors[i].stored);
        assert_true(gh_password_needs_rehash(stored, GH_STR(STAPLE), &small));
    }
}

/* The first byte, the last one that counts, none, one more. */
static void refuses_other_passwords(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(vectors); i++) {
        char other[128];
        size_t n = strlen(vectors[i].password);
        size_t counts = strcmp(vectors[i].family, "bcrypt") == 0 && n > 72 ? 72 : n;
        for (size_t at = 0; at<counts; at += counts> 1 ? counts - 1 : 1) {
            memcpy(other, vectors[i].password, n + 1);
            other[at] ^= 1;
            assert_int_equal(verify(vectors[i].stored, other), GH_PASSWORD_WRONG);
        }
        assert_int_equal(verify(vectors[i].stored, n == 0 ? "x" : ""), GH_PASSWORD_WRONG);
        if (n <= counts) {
            (void)snprintf(other, sizeof other, "%s ", vectors[i].password);
            assert_int_equal(verify(vectors[i].stored, other), GH_PASSWORD_WRONG);
        }
    }
}

/* Whatever is cut off: no crash, and never the password that fitted the whole. A shorter digest of Argon2 is one
 * that can be read; all else can't be. */
static void refuses_truncated_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(vectors); i++) {
        bool argon2 = vectors[i].family[0] == 'a';
        for (size_t n = 0; n < strlen(vectors[i].stored); n++) {
            char *cut = malloc(n + 1); /* its end is where a sanitizer looks */
            assert_non_null(cut);
            memcpy(cut, vectors[i].stored, n);
            enum gh_password_result result =
                gh_password_verify((gh_str){cut, n}, gh_str_of(vectors[i].password));
            if (result != GH_PASSWORD_UNSUPPORTED && !(argon2 && result == GH_PASSWORD_WRONG))
                fail_msg("%zu bytes of %s: %d", n, vectors[i].stored, (int)result);
            free(cut);
        }
    }
}

static void refuses_changed_texts(void **state)
{
    (void)state;
    static const char bytes[] = {'\0', '$', '+', '-', '=', ' ', '\n', '\x80', ',', '0'};
    char text[GH_PASSWORD_STORED_MAX];
    for (size_t i = 0; i < GH_COUNT(vectors); i++) {
        size_t n = strlen(vectors[i].stored);
        for (size_t at = 0; at < n * sizeof bytes; at++) {
            memcpy(text, vectors[i].stored, n);
            /* bcrypt ignores four bits of the salt's last character. */
            bool ignored = text[1] == '2' && at / sizeof bytes == 28;
            if (text[at / sizeof bytes] == bytes[at % sizeof bytes] || ignored)
                continue;
            text[at / sizeof bytes] = bytes[at % sizeof bytes];
            /* What is read must be cheap: a zero can make 1000 rounds of 100, never more. */
            enum gh_password_result result =
                gh_password_verify((gh_str){text, n}, gh_str_of(vectors[i].password));
            if (result != GH_PASSWORD_UNSUPPORTED && result != GH_PASSWORD_WRONG)
                fail_msg("byte %zu of %s", at / sizeof bytes, vectors[i].stored);
        }
    }
}

static const char malformed[][200] = {
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$",           /* no digest */
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2Fs",  /* 15 bytes of it */
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbA$c2FsdHNhbHRzYWx0c2FsdA", /* seven bytes of salt */
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHR$c2FsdHNhbHRzYWx0c2FsdA", /* bits behind the last byte of the salt */
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ=$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA==",
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA$",
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA\n",
    "$argon2id$v=19$m=64,t=1,p=9$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA", /* under eight KiB a lane */
    "$argon2id$v=19$m=64,t=1,p=0$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$v=19$m=0,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$v=19$m=064,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$v=19$m=+64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$v=19$m=4294967360,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA", /* 64 beyond 32 bits */
    "$argon2id$v=19$t=1,m=64,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
    "$argon2id$v=19$m=64,t=1,p=1,keyid=x$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
    "$2b$03$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ2",
    "$2b$4$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ2",
    "$2b$04$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ22",
    "$2b$04$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ3", /* bits behind the last byte */
    "$2b$04$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY_caAegQ2",
    "$bcrypt-sha256$v=1,t=2b,r=4$JZU3FqfMoN2RLUNoR6b1Se$LwYKu1I3hw.wGiQ5FF4uDbwqzFH6CGe",
    "$bcrypt-sha256$v=2,t=2a,r=4$JZU3FqfMoN2RLUNoR6b1Se$LwYKu1I3hw.wGiQ5FF4uDbwqzFH6CGe",
    "$bcrypt-sha256$v=2,t=2b,r=04$JZU3FqfMoN2RLUNoR6b1Se$LwYKu1I3hw.wGiQ5FF4uDbwqzFH6CGe",
    "$bcrypt-sha256$v=2,t=2b,r=4$JZU3FqfMoN2RLUNoR6b1Sf$LwYKu1I3hw.wGiQ5FF4uDbwqzFH6CGe", /* bits in the salt */
    "$bcrypt-sha256$2y,4$Hm2yqWVbkBxx8vYbR8YGUe$prQ3kTdj8vRMhQ3i4eO8t0CTxVLWeKS",
    "$bcrypt-sha256$2b,4$Hm2yqWVbkBxx8vYbR8YGUe",
    "$pbkdf2-sha256$0$c2FsdHNhbHQ$FI.AgZqLL8G5oRmrnpRyUJ04YVfXRnRvTT.OiJg.qLQ",
    "$pbkdf2-sha256$1000$$FI.AgZqLL8G5oRmrnpRyUJ04YVfXRnRvTT.OiJg.qLQ",
    "$pbkdf2-sha256$1000$c2FsdHNhbHQ$FI+AgZqLL8G5oRmrnpRyUJ04YVfXRnRvTT+OiJg+qLQ",
    "$pbkdf2-sha256$1000$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
    "$pbkdf2-sha512$1000$c2FsdHNhbHQ$FI.AgZqLL8G5oRmrnpRyUJ04YVfXRnRvTT.OiJg.qLQ",
    "$pbkdf2-sha256$1000",
};

static const char unknown[][100] = {
    "",
    "$",
    "password",
    "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
    "$5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1",
    "$argon2d$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
    "$ARGON2ID$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2Fs",
    "$2$04$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ2",
    "$2x$04$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ2",
    "$pbkdf2$1000$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0",
    " $2b$04$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ2",
    "*0",
    "!",
};

static void check_fault(const char *stored, enum gh_password_fault want)
{
    gh_str name = GH_STR("untouched");
    enum gh_password_fault fault = (enum gh_password_fault)99;
    if (gh_password_hash_known(gh_str_of(stored), &name, &fault) || fault != want)
        fail_msg("%s: fault %d", stored, (int)fault);
    assert_true(gh_str_eq(name, GH_STR("untouched")));
    assert_true(gh_password_fault_text(fault).n > 0);
    assert_int_equal(verify(stored, STAPLE), GH_PASSWORD_UNSUPPORTED);
    assert_false(gh_password_needs_rehash(gh_str_of(stored), GH_STR(STAPLE), &small));
}

static void says_what_is_wrong_with_a_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(malformed); i++)
        check_fault(malformed[i], GH_PASSWORD_FAULT_MALFORMED);
    for (size_t i = 0; i < GH_COUNT(unknown); i++)
        check_fault(unknown[i], GH_PASSWORD_FAULT_UNKNOWN);
    char text[GH_PASSWORD_STORED_MAX + 2] = "$argon2id$v=19$m=64,t=1,p=1$";
    memset(text + strlen(text), 'A', sizeof text - strlen(text) - 1);
    check_fault(text, GH_PASSWORD_FAULT_MALFORMED);
}

static void caps_what_a_text_may_cost(void **state)
{
    (void)state;
    static const char *const at_the_cap[] = {
        "$argon2id$v=19$m=1048576,t=10,p=64$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
        "$argon2i$v=19$m=8,t=1310720,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
        "$2b$16$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ2",
        "$bcrypt-sha256$v=2,t=2b,r=16$JZU3FqfMoN2RLUNoR6b1Se$LwYKu1I3hw.wGiQ5FF4uDbwqzFH6CGe",
        "$pbkdf2-sha256$10000000$c2FsdHNhbHQ$FI.AgZqLL8G5oRmrnpRyUJ04YVfXRnRvTT.OiJg.qLQ",
    };
    static const char *const over_it[] = {
        "$argon2id$v=19$m=1048577,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
        "$argon2id$v=19$m=999999999,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
        "$argon2id$v=19$m=1048576,t=11,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
        "$argon2i$v=19$m=8,t=1310721,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
        "$argon2id$v=19$m=1024,t=1,p=65$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
        "$2b$17$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ2",
        "$2b$31$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ2",
        "$bcrypt-sha256$2b,17$Hm2yqWVbkBxx8vYbR8YGUe$prQ3kTdj8vRMhQ3i4eO8t0CTxVLWeKS",
        "$pbkdf2-sha512$10000001$c2FsdHNhbHQ$MMCcSoyoT1Hs906rqyzRV1e7q2.XRgzRGdbeeZjm/DY3.bmA6GIMwOqKOTGhszuyYaIjHLpu6et7oYspSL43XA",
    };
    gh_str name;
    enum gh_password_fault fault;
    for (size_t i = 0; i < GH_COUNT(at_the_cap); i++)
        if (!gh_password_hash_known(gh_str_of(at_the_cap[i]), &name, &fault))
            fail_msg("refused: %s", at_the_cap[i]);
    for (size_t i = 0; i < GH_COUNT(over_it); i++)
        check_fault(over_it[i], GH_PASSWORD_FAULT_COSTLY);
}

/* What bcrypt did not see was not verified: such a password must not become the new truth. */
static void does_not_rehash_what_was_not_seen(void **state)
{
    (void)state;
    gh_str stored = GH_STR("$2b$04$a8cLYYY4gndC/dR1pDucdOoToMDpnJinKtaTlgXL/8CUSaZi9OHuK");
    gh_str seen = gh_str_cut(GH_STR(LONG), 0, 72), other = GH_STR(LONG "mistyped"),
           with_nul = GH_STR("secret\0tail");
    assert_int_equal(gh_password_verify(stored, seen), GH_PASSWORD_OK);
    assert_true(gh_password_needs_rehash(stored, seen, &small));
    assert_int_equal(gh_password_verify(stored, other), GH_PASSWORD_OK);
    assert_false(gh_password_needs_rehash(stored, other, &small));
    assert_false(gh_password_needs_rehash(stored, with_nul, &small));
    /* The wrapped form sees all. */
    gh_str wrapped = GH_STR("$bcrypt-sha256$2b,4$Zdr/W8Wol8fOAjnLLMF.8.$uXlOiLoTmuImrhObMSYPbwt9eyoNSry");
    assert_int_equal(gh_password_verify(wrapped, other), GH_PASSWORD_WRONG);
    assert_true(gh_password_needs_rehash(wrapped, GH_STR(LONG), &small));
}

static gh_str create(char memory[GH_PASSWORD_STORED_MAX], gh_str password, const gh_password_params *params)
{
    gh_buf out = gh_buf_over(memory, GH_PASSWORD_STORED_MAX);
    assert_true(gh_password_create(password, params, &out));
    assert_true(gh_buf_ok(&out) && out.n < 128);
    return gh_buf_str(&out);
}

static void makes_hashes_that_verify(void **state)
{
    (void)state;
    char one[GH_PASSWORD_STORED_MAX], two[GH_PASSWORD_STORED_MAX], longest[GH_PASSWORD_MAX + 1];
    memset(longest, 'p', sizeof longest);
    gh_str stored = create(one, GH_STR(STAPLE), &small);
    assert_true(gh_str_starts(stored, GH_STR("$argon2id$v=19$m=64,t=1,p=1$")));
    assert_false(gh_str_eq(stored, create(two, GH_STR(STAPLE), &small))); /* another salt */
    assert_int_equal(gh_password_verify(stored, GH_STR(STAPLE)), GH_PASSWORD_OK);
    assert_int_equal(gh_password_verify(stored, GH_STR("correct horse battery stapla")), GH_PASSWORD_WRONG);
    assert_int_equal(gh_password_verify(stored, (gh_str){0}), GH_PASSWORD_WRONG);
    /* All bytes count, also behind a NUL and at the end of the longest one. */
    stored = create(one, GH_STR("a\0b"), &small);
    assert_int_equal(gh_password_verify(stored, GH_STR("a\0b")), GH_PASSWORD_OK);
    assert_int_equal(gh_password_verify(stored, GH_STR("a\0c")), GH_PASSWORD_WRONG);
    stored = create(one, (gh_str){longest, GH_PASSWORD_MAX}, &small);
    assert_int_equal(gh_password_verify(stored, (gh_str){longest, GH_PASSWORD_MAX}), GH_PASSWORD_OK);
    assert_int_equal(gh_password_verify(stored, (gh_str){longest, GH_PASSWORD_MAX - 1}), GH_PASSWORD_WRONG);
    assert_int_equal(gh_password_verify(stored, (gh_str){longest, GH_PASSWORD_MAX + 1}), GH_PASSWORD_WRONG);
    stored = create(one, (gh_str){0}, &small);
    assert_int_equal(gh_password_verify(stored, GH_STR("")), GH_PASSWORD_OK);
}

static void refuses_to_make_what_it_can_not(void **state)
{
    (void)state;
    char memory[200], longest[GH_PASSWORD_MAX + 1] = {0};
    static const gh_password_params none = {64 * 1024, 0}, tiny = {8 * 1024 - 1, 1};
    gh_buf out = gh_buf_over(memory, sizeof memory);
    assert_false(gh_password_create(GH_STR(STAPLE), &none, &out));
    assert_false(gh_password_create(GH_STR(STAPLE), &tiny, &out));
    assert_false(gh_password_create((gh_str){longest, sizeof longest}, &small, &out));
    gh_buf narrow = gh_buf_over(memory, 50);
    assert_false(gh_password_create(GH_STR(STAPLE), &small, &narrow));
    assert_true(out.n == 0 && gh_buf_ok(&out) && narrow.n == 0 && gh_buf_ok(&narrow));
}

static void is_made_anew_when_costs_differ(void **state)
{
    (void)state;
    char memory[GH_PASSWORD_STORED_MAX];
    static const gh_password_params others[] = {{65 * 1024, 1}, {63 * 1024, 1}, {64 * 1024, 2}};
    static const gh_password_params same[] = {{64 * 1024, 1}, {64 * 1024 + 1023, 1}};
    gh_str stored = create(memory, GH_STR(STAPLE), &small), password = GH_STR(STAPLE);
    for (size_t i = 0; i < GH_COUNT(others); i++)
        assert_true(gh_password_needs_rehash(stored, password, &others[i]));
    for (size_t i = 0; i < GH_COUNT(same); i++)
        assert_false(gh_password_needs_rehash(stored, password, &same[i]));
    static const char *const of_others[] = {
        "$argon2id$v=19$m=64,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdA",
        "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ",
    };
    for (size_t i = 0; i < GH_COUNT(of_others); i++)
        assert_true(gh_password_needs_rehash(gh_str_of(of_others[i]), password, &small));
}

static void a_dummy_costs_the_same_and_fits_nothing(void **state)
{
    (void)state;
    char one[GH_PASSWORD_STORED_MAX], two[GH_PASSWORD_STORED_MAX];
    gh_buf dummy = gh_buf_over(one, sizeof one), other = gh_buf_over(two, sizeof two);
    gh_password_dummy(&small, &dummy);
    gh_password_dummy(&small, &other);
    assert_true(gh_buf_ok(&dummy) && !gh_str_eq(gh_buf_str(&dummy), gh_buf_str(&other)));
    char made[GH_PASSWORD_STORED_MAX];
    gh_password_stored d, m;
    enum gh_password_fault fault;
    assert_true(gh_password_stored_read(gh_buf_str(&dummy), &d, &fault));
    assert_true(gh_password_stored_read(create(made, GH_STR(STAPLE), &small), &m, &fault));
    assert_true(d.family == m.family && d.cost == m.cost && d.memory_kib == m.memory_kib &&
                d.lanes == m.lanes);
    assert_true(d.salt.n == m.salt.n && d.digest.n == m.digest.n);
    assert_false(gh_password_needs_rehash(gh_buf_str(&dummy), GH_STR(STAPLE), &small));
    assert_int_equal(gh_password_verify(gh_buf_str(&dummy), GH_STR(STAPLE)), GH_PASSWORD_WRONG);
    assert_int_equal(gh_password_verify(gh_buf_str(&dummy), GH_STR("")), GH_PASSWORD_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifies_what_others_made),
        cmocka_unit_test(refuses_other_passwords),
        cmocka_unit_test(refuses_truncated_texts),
        cmocka_unit_test(refuses_changed_texts),
        cmocka_unit_test(says_what_is_wrong_with_a_text),
        cmocka_unit_test(caps_what_a_text_may_cost),
        cmocka_unit_test(does_not_rehash_what_was_not_seen),
        cmocka_unit_test(makes_hashes_that_verify),
        cmocka_unit_test(refuses_to_make_what_it_can_not),
        cmocka_unit_test(is_made_anew_when_costs_differ),
        cmocka_unit_test(a_dummy_costs_the_same_and_fits_nothing),
    };
    return gh_crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
