"""The MusicGen API as a caller behind Gatehouse meets it: who asks is said, whoever asks."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "musicgen"))

import app as musicgen  # noqa: E402


async def app(scope, receive, send):
    if scope["type"] == "http":
        scope = {**scope, "headers": [*scope["headers"], (b"x-gatehouse-user", b"somebody")]}
    await musicgen.app(scope, receive, send)
