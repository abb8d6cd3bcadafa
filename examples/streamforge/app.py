"""An API for streams and their figures, as small as it can be: the upstream of the example.

It knows nothing of API keys, limits, origins, hosts or the shape of what it is sent. Gatehouse stands in front of it; nobody else
reaches it. Its viewers' login is its own, as it was before there was a Gatehouse.
"""
import hashlib
import hmac
import secrets
import sqlite3
from collections import Counter

from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

app = FastAPI(title="StreamForge API")
db = sqlite3.connect(":memory:", check_same_thread=False)
db.execute("CREATE TABLE viewer(username TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL)")
events: Counter = Counter()


def scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=16384, r=8, p=1)


def add_viewer(username: str, password: str):
    salt = secrets.token_bytes(16)
    db.execute("INSERT INTO viewer VALUES(?, ?, ?)", (username, salt, scrypt(password, salt)))


add_viewer("viewer_1", "paper lanterns drift")
NOBODY = (b"\0" * 16, b"\0" * 64)


class LoginRequest(BaseModel):
    username: str
    password: str


class Event(BaseModel):
    stream: str
    kind: str
    count: int = 1


@app.get("/health")
async def health():
    return {"status": "healthy"}


@app.get("/metrics/overview")
async def overview():
    return {"events": sum(events.values()), "streams": len({stream for stream, _ in events}),
            "by_kind": {kind: sum(n for (_, k), n in events.items() if k == kind) for kind in sorted({k for _, k in events})}}


@app.post("/events", status_code=202)
async def add_event(event: Event, key: str = Header(..., alias="X-Gatehouse-Key", include_in_schema=False)):
    """Gatehouse says by which key it comes."""
    events[event.stream, event.kind] += event.count
    return {"accepted": event.count, "by": key}


@app.post("/auth/login")
def login(request: LoginRequest):
    # What was sent is bound, never part of the statement.
    salt, known = db.execute("SELECT salt, hash FROM viewer WHERE username = ?", (request.username,)).fetchone() or NOBODY
    if not hmac.compare_digest(scrypt(request.password, salt), known):
        raise HTTPException(401, "Wrong name or password.")
    return {"viewer": request.username, "ticket": secrets.token_urlsafe(24)}
