// An API that believes Gatehouse's signed assertions, and nothing else: who reaches it past Gatehouse is nobody.
//
// An assertion is a JWT in X-Gatehouse-Assertion. It is verified by the public keys that Gatehouse shows at
// /.well-known/jwks.json. An access token is signed by the same keys; by its type it is no assertion.
import express from "express";
import { createRemoteJWKSet, jwtVerify } from "jose";

const gatehouse = process.env.GATEHOUSE_URL ?? "http://127.0.0.1:8080";
const expected = {
  issuer: process.env.ASSERTION_ISSUER ?? "gatehouse",
  audience: process.env.ASSERTION_AUDIENCE ?? "example-api",
  typ: "gatehouse-assertion+jwt",
  algorithms: ["EdDSA", "ES256", "RS256"],
  requiredClaims: ["iss", "aud", "exp", "iat", "jti", "auth"],
  clockTolerance: 5,
};

// Keeps the keys, and asks again for an unknown one at most once in 30 seconds. Gatehouse shows a key long before it signs
// with it, so that rotating goes unnoticed.
const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", gatehouse), { cooldownDuration: 30_000, timeoutDuration: 5_000 });
const refused = /^ERR_(JWT|JWS|JOSE_ALG|JOSE_NOT_SUPPORTED|JWKS_NO_MATCHING_KEY|JWKS_MULTIPLE_MATCHING_KEYS)/;

async function caller(request, response, next) {
  try {
    const { payload } = await jwtVerify(request.get("X-Gatehouse-Assertion") ?? "", keys, expected);
    if (payload.auth === "none") return response.status(401).json({ detail: "Nobody is signed in." }); // but a device
    request.caller = payload;
  } catch (error) {
    if (refused.test(error.code)) return response.status(401).json({ detail: "Only what comes through Gatehouse is answered." });
    return response.status(503).json({ detail: "Gatehouse's keys are not at hand." });
  }
  return next();
}

const app = express();
app.disable("x-powered-by");

app.get("/health", (request, response) => response.json({ status: "healthy" }));

app.get("/whoami", caller, (request, response) => {
  const { sub = null, name = null, roles = [], tier = null, auth } = request.caller;
  response.json({ user: sub, name, roles, tier, auth });
});

app.get("/reports", caller, (request, response) => {
  if (!(request.caller.roles ?? []).includes("admin")) return response.status(403).json({ detail: "For administrators." });
  return response.json({ reports: [] });
});

app.listen(Number(process.env.PORT ?? 8000), "127.0.0.1");
