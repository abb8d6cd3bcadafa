"""A music API, as small as it can be: the upstream of the example.

It knows nothing of passwords, sessions, tokens, roles, rate limits or origins. Gatehouse stands in front of it and says
in X-Gatehouse-User who asks; nobody else reaches it, so it believes that.
"""
import hashlib
import pathlib
from typing import List

from fastapi import FastAPI, Header, HTTPException
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

app = FastAPI(title="MusicGen API")
tracks: List[dict] = []
KEPT = 1000


class GenerationRequest(BaseModel):
    prompt: str = Field(..., min_length=1, max_length=500)
    duration: float = Field(10.0, gt=0, le=300)


@app.get("/health")
async def health():
    return {"status": "healthy"}


@app.post("/generate")
async def generate(request: GenerationRequest, user: str = Header(..., alias="X-Gatehouse-User", include_in_schema=False)):
    """Answers with the name of a track; a real one would be composed here."""
    name = hashlib.sha256(request.prompt.encode()).hexdigest()[:12]
    track = {"track": f"/tracks/{name}.wav", "prompt": request.prompt, "duration": request.duration}
    tracks.append({**track, "user": user})
    del tracks[:-KEPT]
    return track


@app.get("/tracks/{name}")
async def track(name: str):
    return {"track": name, "state": "ready"}


@app.get("/users/{user}/tracks")
async def tracks_of(user: str):
    return {"tracks": [track for track in tracks if track["user"] == user]}


@app.get("/admin/tracks")
async def all_tracks():
    return {"tracks": tracks}


@app.delete("/admin/tracks/{name}", status_code=204)
async def remove(name: str):
    left = [track for track in tracks if track["track"] != f"/tracks/{name}"]
    if len(left) == len(tracks):
        raise HTTPException(404)
    tracks[:] = left


app.mount("/page", StaticFiles(directory=pathlib.Path(__file__).parent / "page", html=True))
