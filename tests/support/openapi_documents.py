"""OpenAPI documents as large as those of large public APIs, made from a seed.

    python3 tests/support/openapi_documents.py 3.1 yaml > large.yaml
"""
import json
import random
import sys

import yaml

FORMATS = ["date", "date-time", "uuid", "email", "uri", "ipv4"]


class Document:
    """`operations` and `schemas` are how many; version "3.0" or "3.1"."""

    def __init__(self, version="3.1", operations=1200, schemas=900, seed=1):
        self.random = random.Random(seed)
        self.v31 = version == "3.1"
        self.names = [f"Model{i}" for i in range(schemas)]
        self.value = {
            "openapi": "3.1.0" if self.v31 else "3.0.3",
            "info": {"title": "A large API", "version": "2026.1"},
            "servers": [{"url": "https://api.example/v1"}],
            "security": [{"token": []}],
            "paths": {},
            "components": {
                "schemas": {name: self.model(i) for i, name in enumerate(self.names)},
                "parameters": {f"p{i}": self.parameter(f"p{i}") for i in range(40)},
                "responses": {f"error{i}": self.response(f"Model{i}") for i in range(10)},
                "requestBodies": {f"body{i}": self.body() for i in range(20)},
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
        }
        made = 0
        while made < operations:
            made += self.add_path(made, operations - made)

    def pick(self, *choices):
        return self.random.choice(choices)

    def ref(self, name=None):
        return {"$ref": f"#/components/schemas/{name or self.random.choice(self.names)}"}

    def nullable(self, schema):
        if self.v31:
            return {"anyOf": [schema, {"type": "null"}]}
        if "$ref" in schema:
            return {"allOf": [schema], "nullable": True, "type": "object"}
        return {**schema, "nullable": True}

    def scalar(self):
        low = self.random.randrange(10)
        bounds = {"exclusiveMinimum": low} if self.v31 else {"minimum": low, "exclusiveMinimum": True}
        return self.pick(
            {"type": "string", "minLength": low, "maxLength": low + 50},
            {"type": "string", "format": self.random.choice(FORMATS)},
            {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,30}$"},
            {"type": "string", "enum": [f"v{i}" for i in range(low + 2)]},
            {"type": "integer", "format": "int64", **bounds},
            {"type": "number", "maximum": 1e6, "multipleOf": 0.5},
            {"type": "boolean", "default": False},
        )

    def schema(self, depth=0):
        kind = self.random.randrange(10)
        if depth > 3 or kind < 5:
            return self.scalar()
        if kind == 5:
            return {"type": "array", "items": self.schema(depth + 1), "maxItems": 100}
        if kind == 6:
            return self.nullable(self.schema(depth + 1))
        if kind == 7:
            return {"type": "object", "properties": {f"f{i}": self.schema(depth + 1) for i in range(4)},
                    "additionalProperties": self.pick(True, False, {"type": "string"})}
        if kind == 8:
            return {self.pick("oneOf", "anyOf"): [self.ref(), self.scalar(), self.ref()], "description": "one of these"}
        return self.ref()

    def model(self, number):
        """Refers to others, many of them to itself again; every seventh is made of others."""
        fields = {f"field_{i}": self.schema() for i in range(self.random.randrange(3, 16))}
        fields["id"] = {"type": "integer", "readOnly": True}
        fields["parent"] = self.nullable(self.ref())
        model = {"type": "object", "title": f"Model{number}", "required": ["id", *self.random.sample(sorted(fields), 2)],
                 "properties": fields, "x-number": number}
        model["required"] = sorted(set(model["required"]))
        if number % 7 == 3 and number > 3:
            return {"allOf": [self.ref(f"Model{number - 1}"), self.ref(f"Model{number - 2}"), model]}
        return model

    def parameter(self, name):
        return {"name": name, "in": self.pick("query", "query", "header", "cookie"), "required": self.pick(True, False),
                "description": "text " * 10, "schema": self.scalar()}

    def response(self, name=None):
        return {"description": "an answer", "headers": {"X-Total": {"schema": {"type": "integer"}}},
                "content": {"application/json": {"schema": self.ref(name), "example": {"a": [1, 2, {"b": None}]}}}}

    def body(self):
        return {"required": self.pick(True, False), "content": {
            "application/json": {"schema": self.pick(self.ref(), {"type": "array", "items": self.ref()})},
            **self.pick({}, {"multipart/form-data": {"schema": {"type": "object", "properties": {
                "file": {"type": "string", "format": "binary"}, "meta": self.ref()}}}})}}

    def operation(self, number):
        made = {"operationId": f"operation_{number}", "tags": [f"tag{number % 30}"], "summary": "does what it does",
                "parameters": [{"$ref": f"#/components/parameters/p{i}"} for i in self.random.sample(range(40), 3)],
                "responses": {"200": self.response(), "404": {"$ref": f"#/components/responses/error{number % 10}"},
                              "default": {"description": "no"}}}
        names = set()
        own = [self.parameter(f"q{i}") for i in range(self.random.randrange(4))]
        made["parameters"] += [p for p in own if not (p["name"] in names or names.add(p["name"]))]
        return made

    def add_path(self, number, most):
        """/groupN/{a}/partN/{b}: two to four operations."""
        path = f"/group{number % 40}/{{owner}}/part{number}" + self.pick("", "/{item}", "/{item}/state", "/{item}.json")
        item = {"parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string", "maxLength": 60}}
                               for name in ("owner", "item") if f"{{{name}}}" in path]}
        methods = ["get", "put", "post", "delete", "patch"][:min(most, self.random.randrange(2, 5))]
        for offset, method in enumerate(methods):
            item[method] = self.operation(number + offset)
            if method in ("put", "post", "patch"):
                item[method]["requestBody"] = self.pick(self.body(), {"$ref": f"#/components/requestBodies/body{number % 20}"})
        self.value["paths"][path] = item
        return len(methods)

    def text(self, form="json"):
        if form == "json":
            return json.dumps(self.value, indent=1)
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        dumper.ignore_aliases = lambda self, data: True
        return yaml.dump(self.value, Dumper=dumper, sort_keys=False, width=120)


if __name__ == "__main__":
    version, form = (sys.argv[1:] + ["3.1", "json"][len(sys.argv) - 1:])[:2]
    sys.stdout.write(Document(version).text(form))
