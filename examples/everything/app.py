"""An API that uses every kind of parameter and body that FastAPI knows, and shows what reached it.

It is there to be put behind Gatehouse: its own /openapi.json is the contract.
"""
import datetime
import enum
import uuid
from typing import Dict, List, Literal, Optional, Union

from fastapi import Body, Cookie, FastAPI, File, Form, Header, Path, Query, UploadFile
from pydantic import BaseModel, Extra, Field

app = FastAPI(title="Everything", version="1.0")


class Size(str, enum.Enum):
    small = "small"
    large = "large"


class Level(enum.IntEnum):
    low = 1
    high = 2


class Part(BaseModel):
    code: str = Field(..., regex="^[A-Z]{2}-[0-9]{4}$")
    count: int = Field(1, ge=1, le=1000, multiple_of=1)
    weight: Optional[float] = Field(None, gt=0)


class Order(BaseModel):
    """Nested models, lists, maps, optional members, constrained numbers and texts, dates."""
    name: str = Field(..., min_length=1, max_length=40)
    size: Size
    level: Level = Level.low
    kind: Literal["order", "offer"]
    parts: List[Part] = Field(..., min_items=1, max_items=5)
    tags: List[str] = Field([], max_items=10, unique_items=True)
    prices: Dict[str, float] = {}
    note: Optional[str] = Field(None, max_length=200)
    ratio: float = Field(0.5, ge=0, lt=1)
    reference: Optional[uuid.UUID] = None
    due: Optional[datetime.date] = None
    made: Optional[datetime.datetime] = None
    express: bool = False


class Closed(BaseModel, extra=Extra.forbid):
    """No member but these."""
    left: int
    right: int


class Cat(BaseModel):
    pet: Literal["cat"]
    lives: int = Field(..., ge=0, le=9)


class Dog(BaseModel):
    pet: Literal["dog"]
    tricks: List[str]


class Tree(BaseModel):
    value: int
    children: List["Tree"] = []


Tree.update_forward_refs()


class Owner(BaseModel):
    name: str = Field(..., min_length=2)


@app.get("/health")
async def health():
    return {"status": "healthy"}


# path parameters

@app.get("/numbers/{number}")
async def number(number: int = Path(..., ge=1, le=100)):
    return {"number": number}


@app.get("/sizes/{size}")
async def size(size: Size):
    return {"size": size}


@app.get("/references/{reference}")
async def reference(reference: uuid.UUID):
    return {"reference": reference}


@app.get("/days/{day}/slots/{slot}")
async def slot(day: datetime.date, slot: str = Path(..., regex="^[a-z]+$", max_length=8)):
    return {"day": day, "slot": slot}


# query parameters

@app.get("/search")
async def search(q: str = Query(..., min_length=2, max_length=20),
                 page: int = Query(1, ge=1),
                 limit: int = Query(10, gt=0, lt=101),
                 ratio: Optional[float] = Query(None, ge=0, le=1),
                 exact: bool = False,
                 size: Optional[Size] = None,
                 code: Optional[str] = Query(None, regex="^[A-Z]{3}$"),
                 tag: List[str] = Query([], max_items=3),
                 near: List[int] = Query([]),
                 sort: Literal["name", "date"] = Query("name", alias="sort-by")):
    return {"q": q, "page": page, "limit": limit, "ratio": ratio, "exact": exact, "size": size, "code": code,
            "tag": tag, "near": near, "sort": sort}


# headers and cookies

@app.get("/headers")
async def headers(x_token: str = Header(..., regex="^[a-z]{4,8}$"),
                  x_count: int = Header(0, ge=0),
                  x_words: List[str] = Header([])):
    return {"x_token": x_token, "x_count": x_count, "x_words": x_words}


@app.get("/cookies")
async def cookies(theme: Literal["dark", "light"] = Cookie("light"), visits: int = Cookie(0, ge=0)):
    return {"theme": theme, "visits": visits}


# JSON bodies

@app.post("/orders")
async def orders(order: Order):
    return order


@app.put("/orders/{number}")
async def replace(number: int, order: Order, dry: bool = False):
    return {"number": number, "dry": dry, "order": order}


@app.post("/closed")
async def closed(closed: Closed):
    return closed


@app.post("/pets")
async def pets(pet: Union[Cat, Dog]):
    return pet


@app.post("/trees")
async def trees(tree: Tree):
    return tree


@app.post("/lists")
async def lists(numbers: List[int] = Body(..., max_items=4)):
    return numbers


@app.post("/maps")
async def maps(weights: Dict[str, float]):
    return weights


@app.post("/several")
async def several(part: Part, owner: Owner, importance: int = Body(..., ge=0, le=5)):
    return {"part": part, "owner": owner, "importance": importance}


@app.post("/embedded")
async def embedded(part: Part = Body(..., embed=True)):
    return part


@app.post("/maybe")
async def maybe(part: Optional[Part] = None):
    return {"part": part}


@app.patch("/anything")
async def anything(value: dict):
    return value


@app.delete("/orders/{number}", status_code=204)
async def remove(number: int):
    return None


# forms and files

@app.post("/login")
async def login(username: str = Form(..., min_length=3, max_length=50, regex="^[a-zA-Z0-9_]+$"),
                password: str = Form(..., min_length=8, max_length=128),
                remember: bool = Form(False),
                attempts: int = Form(1, ge=1)):
    return {"username": username, "password": len(password), "remember": remember, "attempts": attempts}


@app.post("/upload")
async def upload(title: str = Form(..., max_length=30),
                 stars: int = Form(3, ge=1, le=5),
                 file: UploadFile = File(...),
                 more: List[UploadFile] = File([])):
    return {"title": title, "stars": stars, "file": [file.filename, len(await file.read())],
            "more": [[f.filename, len(await f.read())] for f in more]}
