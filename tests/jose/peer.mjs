// The other implementation of tests/embed/jose_test.py: on standard input a line of JSON a question, on standard
// output a line of JSON an answer. Its keys live as long as the process.
import { createInterface } from "node:readline";
import { createPrivateKey, randomBytes } from "node:crypto";
import * as jose from "jose";

const ISSUER = "https://issuer.example";
const AUDIENCE = "api";
const ALGS = ["EdDSA", "ES256", "RS256"];

const secret = randomBytes(32);
const keys = {};
for (const alg of ALGS) {
    const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await jose.exportJWK(publicKey)), kid: `peer-${alg}`, alg, use: "sig" };
    keys[alg] = { privateKey, publicKey, jwk };
}
const jwks = { keys: ALGS.map((alg) => keys[alg].jwk) };

const headerOf = (alg) => ({ alg, typ: "at+jwt", ...(alg === "HS256" ? {} : { kid: keys[alg].jwk.kid }) });
const keyOf = (alg) => (alg === "HS256" ? secret : keys[alg].privateKey);
const bytes = (text) => new TextEncoder().encode(text);

const signText = (text, header, key) => new jose.CompactSign(bytes(text)).setProtectedHeader(header).sign(key);
const sign = (claims, header, key) => signText(JSON.stringify(claims), header, key);

async function verify({ token, jwks: set, secret: shared, now }) {
    const key = shared ? jose.base64url.decode(shared) : jose.createLocalJWKSet(set);
    const { payload } = await jose.jwtVerify(token, key, {
        issuer: ISSUER, audience: AUDIENCE, typ: "at+jwt", requiredClaims: ["exp", "sub"],
        algorithms: shared ? ["HS256"] : ALGS, currentDate: new Date(now * 1000),
    });
    return payload;
}

// What must be refused although this library makes it, with a part of our reason.
async function attacks({ claims, now }) {
    const made = [];
    const add = (name, why, token) => made.push({ name, why, token });
    const rsa = keys.RS256, ec = keys.ES256, ed = keys.EdDSA;
    const rsaHeader = headerOf("RS256"), ecHeader = headerOf("ES256");
    const text = JSON.stringify(claims);
    const evil = await jose.generateKeyPair("ES256", { extractable: true });
    const good = await sign(claims, ecHeader, ec.privateKey);
    const [head, body, signature] = good.split(".");

    add("unsecured", "unsigned", new jose.UnsecuredJWT(claims).encode());
    for (const alg of ["none", "None", "NONE", "nOnE"]) {
        const header = jose.base64url.encode(JSON.stringify({ ...ecHeader, alg }));
        add(`alg ${alg}`, "unsigned", `${header}.${body}.`);
        add(`alg ${alg} with a signature`, "unsigned", `${header}.${body}.${signature}`);
    }
    add("no signature", "no signature", `${head}.${body}.`);

    add("encrypted, dir", "encrypted", await new jose.CompactEncrypt(bytes(text))
        .setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(secret));
    add("encrypted, RSA-OAEP", "encrypted", await new jose.EncryptJWT(claims)
        .setProtectedHeader({ alg: "RSA-OAEP-256", enc: "A256GCM" })
        .encrypt(await jose.importJWK({ ...rsa.jwk, alg: "RSA-OAEP-256", use: undefined })));
    add("encrypted, PBES2", "encrypted", await new jose.CompactEncrypt(bytes(text))
        .setProtectedHeader({ alg: "PBES2-HS256+A128KW", enc: "A128GCM" }).encrypt(bytes("password")));

    for (const alg of ALGS) {
        const { jwk, publicKey } = keys[alg];
        const confused = { alg: "HS256", typ: "at+jwt", kid: jwk.kid };
        const pem = await jose.exportSPKI(publicKey);
        for (const [form, key] of [["PEM", pem], ["PEM without its end", pem.trim()], ["JWK", JSON.stringify(jwk)],
            ["DER", jose.base64url.encode(Buffer.from(pem.split("\n").slice(1, -1).join(""), "base64"))]])
            add(`HS256 with the ${form} of ${alg}`, "not the key's", await sign(claims, confused, bytes(key)));
    }
    const anyRsa = createPrivateKey(await jose.exportPKCS8(rsa.privateKey));
    for (const alg of ["PS256", "RS384", "RS512", "PS512"])
        add(alg, "not spoken", await sign(claims, { ...rsaHeader, alg }, anyRsa));
    for (const alg of ["ES384", "ES512"])
        add(alg, "not spoken", await sign(claims, { ...ecHeader, alg }, (await jose.generateKeyPair(alg)).privateKey));
    for (const alg of ["HS384", "HS512"])
        add(alg, "not spoken", await sign(claims, { ...ecHeader, alg }, randomBytes(64)));
    add("another key", "a signature", await sign(claims, ecHeader, evil.privateKey));
    add("a kid that nobody has", "no such key", await sign(claims, { ...ecHeader, kid: "../../dev/null" }, evil.privateKey));
    add("a kid of another key", "not the key's", await sign(claims, { ...ecHeader, kid: ed.jwk.kid }, ec.privateKey));

    const jwk = await jose.exportJWK(evil.publicKey);
    add("an embedded key", "jwk", await sign(claims, { ...ecHeader, jwk }, evil.privateKey));
    add("a place of keys", "jku", await sign(claims, { ...ecHeader, jku: "https://evil.example/" }, evil.privateKey));
    add("a place of certificates", "x5u", await sign(claims, { ...ecHeader, x5u: "https://evil.example/" }, evil.privateKey));
    add("certificates", "x5c", await sign(claims, { ...ecHeader, x5c: ["MIIB"] }, evil.privateKey));
    add("crit", "crit", await new jose.CompactSign(bytes(text)).setProtectedHeader({ ...ecHeader, crit: ["x"], x: 1 })
        .sign(ec.privateKey, { crit: { x: true } }));
    const unencoded = await new jose.FlattenedSign(bytes("eA")).setProtectedHeader({ ...ecHeader, b64: false, crit: ["b64"] })
        .sign(ec.privateKey);
    add("b64", "crit", `${unencoded.protected}.eA.${unencoded.signature}`);
    add("detached", "detached", `${head}..${signature}`);

    const flattened = await new jose.FlattenedSign(bytes(text)).setProtectedHeader(ecHeader).sign(ec.privateKey);
    add("the flattened form", "three parts", JSON.stringify(flattened));
    const general = new jose.GeneralSign(bytes(text));
    general.addSignature(ec.privateKey).setProtectedHeader(ecHeader);
    add("the general form", "three parts", JSON.stringify(await general.sign()));

    const with_ = (changes) => sign({ ...claims, ...changes }, ecHeader, ec.privateKey);
    add("expired", "expired", await with_({ exp: now }));
    add("from the future", "future", await with_({ iat: now + 1 }));
    add("not yet", "not valid yet", await with_({ nbf: now + 1 }));
    add("another issuer", "another issuer", await with_({ iss: `${ISSUER}/` }));
    add("another audience", "another audience", await with_({ aud: ["web", "API"] }));
    for (const name of ["iss", "aud", "exp", "sub"])
        add(`no ${name}`, "missing", await with_({ [name]: undefined }));
    add("exp as a text", "another type", await with_({ exp: String(claims.exp) }));
    add("sub as an object", "another type", await with_({ sub: { a: 1 } }));
    for (const typ of ["JWT", "id+jwt", "dpop+jwt", undefined])
        add(`typ ${typ}`, "another type (typ)", await sign(claims, { ...ecHeader, typ }, ec.privateKey));
    add("a claim that occurs twice", "twice",
        await signText(`${text.slice(0, -1)},"sub":"admin"}`, ecHeader, ec.privateKey));
    add("a token within a token", "no JSON object", await signText(good, { ...ecHeader, cty: "JWT" }, ec.privateKey));
    add("large", "8192", await with_({ x: "a".repeat(8192) }));

    const other = (await with_({ sub: "admin" })).split(".");
    add("the payload of another", "a signature", `${head}.${other[1]}.${signature}`);
    add("padding", "base64url", `${good}=`);
    const der = Buffer.concat([Buffer.from([0x30, 0x44, 2, 0x20]), Buffer.from(signature, "base64url").subarray(0, 32),
        Buffer.from([2, 0x20]), Buffer.from(signature, "base64url").subarray(32)]);
    add("a signature as DER", "a signature", `${head}.${body}.${der.toString("base64url")}`);
    return { good, made };
}

const answers = {
    keys: () => ({ jwks, secret: jose.base64url.encode(secret) }),
    sign: ({ alg, claims, header }) => sign(claims, { ...headerOf(alg), ...header }, keyOf(alg)),
    sign_with: async ({ alg, pem, claims }) => sign(claims, { alg, typ: "at+jwt" }, await jose.importPKCS8(pem, alg)),
    thumbprints: ({ jwks: set }) => Promise.all(set.keys.map((jwk) => jose.calculateJwkThumbprint(jwk))),
    verify: (question) => verify(question).then((claims) => ({ claims }), (error) => ({ refused: error.code ?? String(error) })),
    attacks,
};

for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    console.log(JSON.stringify(await answers[question.ask](question)));
}
