"""A playlist API, as small as it can be: the upstream of the example.

It knows nothing of limits, of registering devices or of checking input. Gatehouse stands in front of it and says in
X-Gatehouse-Device which device asks; nobody else reaches it, so it believes that.
"""
import hashlib
import os
import secrets
from collections import OrderedDict
from typing import List, Optional
from urllib.parse import urlencode

from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

app = FastAPI(title="EchoTuner API")
SONGS = ["Rain on Tin", "Night Train North", "Slow Harbour", "Paper Lanterns", "The Long Thaw", "Gravel Road", "Blue Kitchen",
         "Sunday Static", "Low Tide", "Copper Wire", "Half a Moon", "Winter Bees"]
playlists: "OrderedDict[str, dict]" = OrderedDict()
KEPT = 1000


class PlaylistRequest(BaseModel):
    prompt: str
    session_id: str
    device_id: str


class RefineRequest(PlaylistRequest):
    playlist_id: str


class AuthInitRequest(BaseModel):
    device_id: str
    platform: Optional[str] = None


def songs_for(prompt: str) -> List[str]:
    """The same for the same prompt; a real one would ask a model."""
    first = hashlib.sha256(prompt.encode()).digest()[0]
    return [SONGS[(first + i * 5) % len(SONGS)] for i in range(4)]


@app.get("/config/health")
async def health():
    return {"status": "healthy"}


@app.post("/playlist/generate")
async def playlist_generate(request: PlaylistRequest, device: str = Header(..., alias="X-Gatehouse-Device", include_in_schema=False)):
    playlist = {"playlist_id": secrets.token_urlsafe(9), "prompt": request.prompt, "songs": songs_for(request.prompt)}
    playlists[playlist["playlist_id"]] = {"device": device, **playlist}
    while len(playlists) > KEPT:
        playlists.popitem(last=False)
    return playlist


@app.post("/playlist/refine")
async def playlist_refine(request: RefineRequest, device: str = Header(..., alias="X-Gatehouse-Device", include_in_schema=False)):
    playlist = playlists.get(request.playlist_id)
    if playlist is None or playlist["device"] != device:
        raise HTTPException(404, "There is no such playlist on this device.")
    playlist["prompt"] += ", " + request.prompt
    playlist["songs"] = songs_for(playlist["prompt"])
    return {name: playlist[name] for name in ("playlist_id", "prompt", "songs")}


@app.post("/auth/init")
async def auth_init(request: AuthInitRequest):
    """Where to sign in to the music service, and the session that waits for it."""
    session_id = secrets.token_urlsafe(24)
    query = {"response_type": "code", "client_id": os.environ.get("SPOTIFY_CLIENT_ID", "your-client-id"), "state": session_id}
    return {"auth_url": f"https://accounts.spotify.com/authorize?{urlencode(query)}", "session_id": session_id}


@app.get("/search")
async def search(q: str, limit: int = 10):
    return {"songs": [song for song in SONGS if q.lower() in song.lower()][:limit]}
