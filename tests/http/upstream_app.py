"""The upstream of the black-box tests: a FastAPI application that shows what reached it."""
import asyncio
import hashlib
from collections import Counter

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, StreamingResponse

app = FastAPI()
counts = Counter()
gates = {}


def gate(name):
    return gates.setdefault(name, asyncio.Event())


@app.get("/health")
async def health():
    return {"status": "healthy"}


@app.api_route("/echo", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
@app.api_route("/echo/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
async def echo(request: Request):
    """Everything that reached the application."""
    counts["echo"] += 1
    body = await request.body()
    return {
        "method": request.method,
        "path": request.scope["raw_path"].decode("latin-1"),
        "query": request.scope["query_string"].decode("latin-1"),
        "headers": [[n.decode("latin-1"), v.decode("latin-1")] for n, v in request.scope["headers"]],
        "body": body.decode("latin-1"),
    }


@app.api_route("/count/{name}", methods=["GET", "POST", "PUT"])
async def count(name: str):
    """Counts its calls; /counted/NAME tells how many."""
    counts[name] += 1
    return {"count": counts[name]}


@app.get("/counted/{name}")
async def counted(name: str):
    return {"count": counts[name]}


@app.api_route("/answer/{status}", methods=["GET", "POST"])
async def answer(status: int, request: Request):
    """An answer with this status and the query's pairs as headers."""
    response = Response(content="" if status in (204, 304) else "body", status_code=status)
    for name, value in request.query_params.multi_items():
        response.headers.append(name, value)
    return response


@app.get("/bytes/{n}")
async def give_bytes(n: int):
    """n bytes, streamed."""
    async def pieces():
        left, piece = n, b"0123456789abcdef" * 4096
        while left:
            yield piece[:min(left, len(piece))]
            left -= min(left, len(piece))
    return StreamingResponse(pieces(), media_type="application/octet-stream", headers={"Content-Length": str(n)})


@app.post("/upload")
async def upload(request: Request):
    """Length and SHA-256 of what was sent, read as a stream."""
    digest, n = hashlib.sha256(), 0
    async for piece in request.stream():
        digest.update(piece)
        n += len(piece)
    return {"length": n, "sha256": digest.hexdigest()}


@app.post("/gate/{name}")
async def open_gate(name: str):
    gate(name).set()
    return {}


@app.get("/events/{name}")
async def events(name: str):
    """Server-sent events: one at once, the second when the gate is opened."""
    async def stream():
        yield "data: first\n\n"
        await gate(name).wait()
        yield "data: second\n\n"
    return StreamingResponse(stream(), media_type="text/event-stream")


@app.post("/upload-events/{name}")
async def upload_events(name: str, request: Request):
    """Says on /counted/NAME how many bytes of the body have come so far."""
    async for piece in request.stream():
        counts[name] += len(piece)
    return {"length": counts[name]}


@app.get("/wait/{name}")
async def wait(name: str, request: Request):
    """Waits until the gate is opened or the caller has left; /counted/NAME-left tells of that."""
    counts[name + "-began"] += 1
    while not gate(name).is_set():
        if await request.is_disconnected():
            counts[name + "-left"] += 1
            return JSONResponse({})
        await asyncio.sleep(0.02)
    return JSONResponse({"waited": name})


@app.get("/who")
async def who(request: Request):
    return {"port": request.scope["server"][1]}


@app.websocket("/ws")
async def websocket(socket: WebSocket):
    """Says every text and every binary message back."""
    await socket.accept()
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                counts["ws-left"] += 1
                return
            if message.get("text") is not None:
                await socket.send_text(message["text"])
            else:
                await socket.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        counts["ws-left"] += 1
