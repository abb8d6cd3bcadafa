"""An API that believes Gatehouse's signed assertions, and nothing else: who reaches it past Gatehouse is nobody.

An assertion is a JWT in X-Gatehouse-Assertion. It is verified by the public keys that Gatehouse shows at
/.well-known/jwks.json.
"""
import json
import os
import threading
import time
import urllib.request

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException

KEYS = os.environ.get("GATEHOUSE_URL", "http://127.0.0.1:8080") + "/.well-known/jwks.json"
ISSUER = os.environ.get("ASSERTION_ISSUER", "gatehouse")
AUDIENCE = os.environ.get("ASSERTION_AUDIENCE", "example-api")
TYPE = "gatehouse-assertion+jwt"  # an access token is signed by the same keys, and is no assertion
ALGORITHMS = ("EdDSA", "ES256", "RS256")
LEEWAY_S = 5
COOL_DOWN_S = 30
RETRY_S = 1


class KeySet:
    """The public keys by their id. An unknown id makes it ask again, but not more than once in COOL_DOWN_S: anybody can
    make up ids. Gatehouse shows a key long before it signs with it, so that rotating goes unnoticed."""

    def __init__(self, url):
        self.url, self.keys, self.ask_at = url, None, 0.0
        self.lock = threading.Lock()

    def get(self, kid):
        """The key and its algorithm, or None; OSError: there are no keys yet."""
        with self.lock:
            if (self.keys is None or kid not in self.keys) and time.monotonic() >= self.ask_at:
                self.ask_at = time.monotonic() + RETRY_S
                with urllib.request.urlopen(self.url, timeout=5) as answer:
                    found = json.load(answer)["keys"]
                self.keys = {key["kid"]: (jwt.PyJWK(key).key, key["alg"]) for key in found if key.get("alg") in ALGORITHMS}
                self.ask_at = time.monotonic() + COOL_DOWN_S
            if self.keys is None:
                raise OSError("asked a moment ago")
            return self.keys.get(kid)


key_set = KeySet(KEYS)
app = FastAPI(title="An API that verifies assertions")


def caller(assertion: str = Header("", alias="X-Gatehouse-Assertion", include_in_schema=False)):
    """Who asks, as Gatehouse signed it; 401 without. The algorithm is the key's: what the token says of it counts for
    nothing."""
    try:
        header = jwt.get_unverified_header(assertion)
        if header.get("typ") != TYPE or not isinstance(header.get("kid"), str):
            raise jwt.InvalidTokenError("no assertion")
        found = key_set.get(header["kid"])
        if found is None:
            raise jwt.InvalidTokenError("an unknown key")
        key, algorithm = found
        claims = jwt.decode(assertion, key, algorithms=[algorithm], issuer=ISSUER, audience=AUDIENCE, leeway=LEEWAY_S,
                            options={"require": ["iss", "aud", "exp", "iat", "jti", "auth"]})
    except OSError as error:
        raise HTTPException(503, "Gatehouse's keys are not at hand.") from error
    except jwt.PyJWTError as error:
        raise HTTPException(401, "Only what comes through Gatehouse is answered.") from error
    if claims["auth"] == "none":  # a device that nobody is signed in on
        raise HTTPException(401, "Nobody is signed in.")
    return claims


@app.get("/health")
def health():
    return {"status": "healthy"}


@app.get("/whoami")
def whoami(who: dict = Depends(caller)):
    return {"user": who.get("sub"), "name": who.get("name"), "roles": who.get("roles", []), "tier": who.get("tier"), "auth": who["auth"]}


@app.get("/reports")
def reports(who: dict = Depends(caller)):
    if "admin" not in who.get("roles", []):
        raise HTTPException(403, "For administrators.")
    return {"reports": []}
