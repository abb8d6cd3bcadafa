"""The check of validation_bench.c by Pydantic, as FastAPI does it: a model's parse of the same bytes.

The same rows of CSV; CPU time of the process.
    pydantic_check.py SCHEMA BODY WRONG [--quick]     (SCHEMA is not read: the model below says the same)
"""

import pathlib
import statistics
import sys
import time
from typing import List, Literal, Optional

from pydantic import BaseModel, Extra, StrictBool, ValidationError, confloat, conint, conlist, constr

BATCHES = 9


class Strict(BaseModel):
    class Config:
        extra = Extra.forbid


class Address(Strict):
    street: constr(strict=True, max_length=200)
    city: constr(strict=True, max_length=100)
    postcode: constr(strict=True, regex=r"^[0-9A-Z -]{3,10}$")


class Body(Strict):
    id: constr(strict=True, regex=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    name: constr(strict=True, min_length=1, max_length=100)
    email: constr(strict=True, max_length=254, regex=r"^[^@ ]+@[a-z0-9-]+(\.[a-z0-9-]+)+$")
    age: conint(strict=True, ge=0, le=150)
    balance: Optional[confloat(ge=0, lt=1000000)]
    active: StrictBool
    country: Literal["AU", "CA", "DE", "FR", "GB", "IT", "JP", "NL", "NZ", "US"]
    tags: conlist(constr(strict=True, min_length=1, max_length=30), max_items=10)
    address: Address
    comment: constr(strict=True, max_length=2000)


class Bodies(BaseModel):
    __root__: List[Body]


def measure(name, body, check, bytes_a_batch):
    times = bytes_a_batch // len(body) + 1
    taken = []
    for _ in range(BATCHES):
        begin = time.process_time_ns()
        for _ in range(times):
            check(body)
        taken.append((time.process_time_ns() - begin) / times)
    print(f"{name},{len(body)},{statistics.median(taken):.0f},", flush=True)


def main():
    body = pathlib.Path(sys.argv[2]).read_bytes().rstrip()
    bytes_a_batch = (128 if "--quick" in sys.argv else 1024) << 10
    for line in pathlib.Path(sys.argv[3]).read_bytes().splitlines():
        try:
            Body.parse_raw(line)
        except ValidationError:
            continue
        raise SystemExit(f"accepted: {line}")
    print("name,bytes,ns_per_op,arena_bytes")
    measure("validate", body, Body.parse_raw, bytes_a_batch)
    measure("validate_array", b"[" + b",".join([body] * 1000) + b"]", Bodies.parse_raw, bytes_a_batch)


main()
