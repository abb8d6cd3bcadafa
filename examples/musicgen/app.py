"""A music API, as small as it can be: the upstream of the example.

It knows nothing of rate limits, origins or security headers. Gatehouse stands in front of it.
"""
import hashlib

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI(title="MusicGen API")


class GenerationRequest(BaseModel):
    prompt: str = Field(..., min_length=1, max_length=500)
    duration: float = Field(10.0, gt=0, le=300)


@app.get("/health")
async def health():
    return {"status": "healthy"}


@app.post("/generate")
async def generate(request: GenerationRequest):
    """Answers with the name of a track; a real one would be composed here."""
    name = hashlib.sha256(request.prompt.encode()).hexdigest()[:12]
    return {"track": f"/tracks/{name}.wav", "prompt": request.prompt, "duration": request.duration}


@app.get("/tracks/{name}")
async def track(name: str):
    return {"track": name, "state": "ready"}
