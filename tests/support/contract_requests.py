"""Requests for every operation of an OpenAPI document: ones that fit it, and ones that do not."""
import dataclasses
import json
import urllib.parse

from support.contract_values import Unknown, Values, as_text

JSON = "application/json"
METHODS = ("get", "put", "post", "delete", "patch")


@dataclasses.dataclass
class Call:
    operation: str
    method: str
    path: str
    query: list
    headers: list
    cookies: list
    body: bytes = None
    content_type: str = None
    what: str = "fits"

    def bytes(self, host):
        target = self.path + ("?" + urllib.parse.urlencode(self.query) if self.query else "")
        lines = [f"{self.method} {target} HTTP/1.1", f"Host: {host}"]
        lines += [f"{n}: {v}" for n, v in self.headers]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{n}={v}" for n, v in self.cookies))
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        if self.body is not None:
            lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (self.body or b"")


def multipart(fields, files, boundary="-----------------------------9051914041544843365972754266"):
    out = b""
    for name, value in fields:
        out += (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n').encode() + value.encode()
        out += b"\r\n"
    for name, filename, data in files:
        out += (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n").encode() + data + b"\r\n"
    return out + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


class Requests:
    def __init__(self, document, seed):
        self.document = document
        self.values = Values(document, seed)
        self.random = self.values.random

    def operations(self):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = item[method]
                    parameters = {}
                    for p in item.get("parameters", []) + operation.get("parameters", []):
                        p = self.values.resolve(p)
                        parameters[p["in"], p["name"]] = p
                    yield path, method.upper(), operation, list(parameters.values())

    def media(self, operation, wanted=None):
        body = self.values.resolve(operation.get("requestBody"))
        if not body:
            return None, None, False
        choice = {t: m for t, m in sorted(body["content"].items()) if wanted in (None, t)}
        content_type, media = self.random.choice(list(choice.items()))
        return content_type, media, body.get("required", False)

    def make(self, path, method, operation, parameters, fixed=None):
        """A call that fits. fixed: {(in, name): value, "body": value} instead of made ones; a value of `...`
        leaves the parameter out."""
        fixed = fixed or {}
        call = Call(f"{method} {path}", method, path, [], [], [])
        for p in parameters:
            key = p["in"], p["name"]
            if key not in fixed and not p.get("required") and self.random.random() < 0.4:
                continue
            value = fixed[key] if key in fixed else self.parameter(p)
            if value is ... or value is None:
                continue
            self.place(call, p, value)
        content_type, media, required = self.media(operation, JSON if "body" in fixed else None)
        if media is not None and (required or "body" in fixed or self.random.random() < 0.8):
            if fixed.get("body") is not ...:
                value = fixed["body"] if "body" in fixed else self.values.valid(media.get("schema", {}))
                self.encode(call, content_type, media, value)
        return call

    def parameter(self, p):
        schema = p.get("schema", {})
        for _ in range(100):
            value = self.values.valid(schema)
            texts = [as_text(v) for v in (value if isinstance(value, list) else [value])]
            if all(self.fits(p["in"], t) for t in texts) and (texts or p["in"] == "query"):
                return value
        raise Unknown(f"{p['name']}: no value that can be written in {p['in']}")

    @staticmethod
    def fits(place, text):
        if place == "path":
            return text not in ("", ".", "..") and "/" not in text and "\\" not in text and "%" not in text
        if place in ("header", "cookie"):
            return text.isascii() and text.isprintable() and text.strip() == text and text != "" and \
                not (set(text) & set(';,"\\ ') and place == "cookie")
        return True

    def place(self, call, p, value):
        name = p["name"]
        if p["in"] == "query":
            for v in value if isinstance(value, list) else [value]:
                call.query.append((name, as_text(v)))
        elif p["in"] == "path":
            call.path = call.path.replace("{" + name + "}", urllib.parse.quote(as_text(value), safe=""))
        elif p["in"] == "header":
            call.headers.append((name, ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)))
        else:
            call.cookies.append((name, as_text(value)))

    def encode(self, call, content_type, media, value):
        call.content_type = content_type
        if content_type == "application/json" or content_type.endswith("+json"):
            call.body = json.dumps(value, ensure_ascii=self.random.random() < 0.5,
                                   indent=self.random.choice([None, 2])).encode()
        elif content_type == "application/x-www-form-urlencoded":
            call.body = urllib.parse.urlencode(list(self.pairs(value))).encode()
        elif content_type == "multipart/form-data":
            properties = self.values.resolve(media["schema"]).get("properties", {})
            fields, files = [], []
            for name, v in self.pairs(value):
                binary = "binary" in json.dumps(properties.get(name, {}))
                (files if binary else fields).append((name, "f.bin", v.encode()) if binary else (name, v))
            call.body, call.content_type = multipart(fields, files)
        else:
            call.body = as_text(value).encode()

    @staticmethod
    def pairs(value):
        if not isinstance(value, dict) or any(isinstance(v, dict) for v in value.values()):
            raise Unknown("a form of something else than texts")
        for name, v in value.items():
            for item in v if isinstance(v, list) else [v]:
                if item is not None:
                    yield name, as_text(item)

    @staticmethod
    def attempt(make):
        """Some choices lead to values that can't be made: another try. Unknown when none does."""
        for _ in range(50):
            try:
                return make()
            except Unknown as e:
                why = e
        raise why

    def usable(self, use):
        """The operations that requests can be made for; they must be most of them."""
        every, out = list(self.operations()), []
        for operation in every:
            try:
                self.attempt(lambda: use(operation))
                out.append(operation)
            except Unknown:
                pass
        assert len(out) * 2 > len(every), f"requests for {len(out)} of {len(every)} operations only"
        return out

    def fitting(self, count):
        operations, made = self.usable(lambda o: self.make(*o)), 0
        while made < count:
            for operation in operations:
                try:
                    call = self.make(*operation)
                except Unknown:
                    continue
                made += 1
                yield call

    def breaking(self, count):
        """Calls that break the document in one stated way each."""
        operations = self.usable(lambda o: (self.make(*o), list(self.ways(o[2], o[3]))))
        made = 0
        while made < count:
            before = made
            for path, method, operation, parameters in operations:
                if made >= 2 * count:
                    return
                for what, fixed in self.ways_at_hand(operation, parameters):
                    try:
                        call = self.attempt(lambda: self.make(path, method, operation, parameters, fixed))
                    except Unknown:
                        continue
                    call.what = what
                    made += 1
                    yield call
            assert made > before, "the document gives nothing to break"

    def ways_at_hand(self, operation, parameters):
        try:
            return self.attempt(lambda: list(self.ways(operation, parameters)))
        except Unknown:
            return []

    def ways(self, operation, parameters):
        for p in parameters:
            key = p["in"], p["name"]
            if p.get("required") and p["in"] != "path":
                yield f"{p['in']} {p['name']} missing", {key: ...}
            for what, bad in self.values.broken(p.get("schema", {}), self.parameter(p)):
                if self.writable(p, what, bad):
                    yield f"{p['in']} {p['name']}: {what}", {key: bad}
        body = self.values.resolve(operation.get("requestBody")) or {"content": {}}
        if JSON not in body["content"]:
            return
        media, required = body["content"][JSON], body.get("required", False)
        if required:
            yield "body missing", {"body": ...}
        for what, bad in self.values.broken(media.get("schema", {}), self.values.valid(media.get("schema", {}))):
            yield f"body {what}", {"body": bad}

    def writable(self, p, what, bad):
        """Can this be said in a parameter, and is it still broken there? "7" is a number in a query."""
        if isinstance(bad, (dict, list)) or bad is None:
            return False
        schema = self.values.resolve(p.get("schema", {}))
        kind = schema.get("type")
        if what == "type":
            wrong = {"integer": bad in (True, 1.5), "number": bad is True, "boolean": bad == 3}
            if not wrong.get(kind, False):
                return False
        if "/" in what or kind == "array":
            return False
        return self.fits(p["in"], as_text(bad))
