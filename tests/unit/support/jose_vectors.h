/* Keys and tokens that RFCs publish: RFC 7515 appendix A, RFC 7638 section 3.1, RFC 8037 appendix A. */
#ifndef GH_TEST_JOSE_VECTORS_H
#define GH_TEST_JOSE_VECTORS_H

/* RFC 7515 A.1: HS256 */
#define HS256_K "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
#define HS256_HEADER "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
#define HS256_SIGNATURE "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
/* The payload of A.1 to A.3: iss "joe", exp 1300819380, and a claim of an application. */
#define JOE_PAYLOAD                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l" \
    "eGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define HS256_TOKEN HS256_HEADER "." JOE_PAYLOAD "." HS256_SIGNATURE

/* RFC 7515 A.2: RS256 */
#define RS256_N                                                    \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHm" \
    "fHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_" \
    "YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5" \
    "z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD" \
    "Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia" \
    "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RS256_E "AQAB"
#define RS256_HEADER "eyJhbGciOiJSUzI1NiJ9"
#define RS256_SIGNATURE                                            \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5R" \
    "Zmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQ" \
    "jbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQB" \
    "MHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqt" \
    "FZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq" \
    "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define RS256_TOKEN RS256_HEADER "." JOE_PAYLOAD "." RS256_SIGNATURE

/* RFC 7515 A.3: ES256 */
#define ES256_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define ES256_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define ES256_HEADER "eyJhbGciOiJFUzI1NiJ9"
#define ES256_SIGNATURE \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define ES256_TOKEN ES256_HEADER "." JOE_PAYLOAD "." ES256_SIGNATURE

/* RFC 7515 A.4: ES512, which Gatehouse does not speak; the payload is "Payload". */
#define ES512_TOKEN                                                \
    "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA."                             \
    "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-" \
    "mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpR" \
    "wcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"

/* RFC 8037 A.1 to A.4: Ed25519; the payload is "Example of Ed25519 signing" */
#define EDDSA_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define EDDSA_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define EDDSA_KID "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
#define EDDSA_HEADER "eyJhbGciOiJFZERTQSJ9"
#define EDDSA_PAYLOAD "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define EDDSA_SIGNATURE                                            \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylG" \
    "jg5BhVsPt9g7sVvpAr_MuM0KAg"
#define EDDSA_TOKEN EDDSA_HEADER "." EDDSA_PAYLOAD "." EDDSA_SIGNATURE

/* RFC 7638 section 3.1 */
#define THUMBPRINT_N                                               \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtV" \
    "T86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64t" \
    "Z_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Q" \
    "vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO" \
    "pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_" \
    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
#define THUMBPRINT "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

#endif
