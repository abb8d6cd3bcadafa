"""Values that fit a JSON Schema, and values that do not, from a seeded generator.

Knows what OpenAPI documents of real services use. Every value that `valid` makes fits; every value that `broken` makes
breaks at least one assertion, which it names. Both are checked against the document, not against any program."""
import base64
import copy
import datetime
import json
import random
from re import _constants as sre_constants
from re import _parser as sre_parse
import string
import uuid


class Unknown(Exception):
    """A schema says something that this generator can't make values for."""


class Values:
    def __init__(self, document, seed):
        self.document = document
        self.random = random.Random(seed)
        self.is_30 = document["openapi"].startswith("3.0")

    def resolve(self, schema):
        while isinstance(schema, dict) and "$ref" in schema:
            at = self.document
            for token in schema["$ref"].lstrip("#/").split("/"):
                at = at[token.replace("~1", "/").replace("~0", "~")]
            schema = at
        if isinstance(schema, dict) and len(schema.get("allOf", [])) == 1:
            # OpenAPI 3.0.3: nullable beside allOf does not make the parts of it nullable.
            rest = {k: v for k, v in schema.items() if k not in ("allOf", "nullable")}
            schema = {**self.resolve(schema["allOf"][0]), **rest}
        return schema

    # values that fit

    def valid(self, schema, depth=0):
        if depth > 12:
            raise Unknown("a schema whose values never end")
        schema = self.resolve(schema)
        if schema is True or schema == {}:
            return self.random.choice([None, True, 7, "x", [1], {"a": 1}])
        # OpenAPI 3.0.3: nullable widens the type beside it, nothing else.
        widened = schema.get("nullable") and "type" in schema and not {"anyOf", "enum"} & set(schema)
        if widened and self.random.random() < 0.2:
            return None
        for key in ("anyOf", "oneOf"):
            if key in schema:
                if depth > 3 and {"type": "null"} in schema[key]:
                    return None
                if key == "oneOf":
                    raise Unknown("a value that fits one alternative may fit another")
                return self.valid(self.random.choice(schema[key]), depth + 1)
        if "allOf" in schema:
            raise Unknown("allOf of several: their values can't just be put together")
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = self.random.choice(kind)
        if kind is None:
            kind = "object" if "properties" in schema else "string" if "maxLength" in schema else None
        if kind is None:
            return self.random.choice([None, True, 7, "x"])
        return getattr(self, "_" + kind)(schema, depth)

    def _null(self, schema, depth):
        return None

    def _boolean(self, schema, depth):
        return self.random.random() < 0.5

    def bounds(self, schema, step):
        low, high = schema.get("minimum"), schema.get("maximum")
        above, below = self.exclusive(schema)
        low = low if above is None else above + step
        high = high if below is None else below - step
        low = low if low is not None else (high - 1000 if high is not None else -1000)
        high = high if high is not None else low + 1000
        return low, high

    @staticmethod
    def exclusive(schema):
        """The bounds that may not be reached: a number, or (OpenAPI 3.0) a switch beside minimum and maximum."""
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        if isinstance(above, bool):
            above = schema["minimum"] if above else None
        if isinstance(below, bool):
            below = schema["maximum"] if below else None
        return above, below

    def _integer(self, schema, depth):
        low, high = self.bounds(schema, 1)
        multiple = int(schema.get("multipleOf", 1))
        return self.random.randint(-(-int(low) // multiple), int(high) // multiple) * multiple

    def _number(self, schema, depth):
        if "multipleOf" in schema:
            low, high = self.bounds(schema, schema["multipleOf"])
            return self.random.randint(0, 20) * schema["multipleOf"] if low <= 0 else low
        low, high = self.bounds(schema, 0.001)
        value = low + (high - low) * self.random.random()
        return self.random.choice([value, float(int(value)) if low <= int(value) <= high else value])

    def _string(self, schema, depth):
        made = self.formatted(schema.get("format"))
        if made is not None:
            return made
        low, high = schema.get("minLength", 0), schema.get("maxLength")
        if "pattern" in schema:
            for _ in range(200):
                made = self.matching(schema["pattern"], low, high)
                if len(made) >= low and (high is None or len(made) <= high):
                    return made
            raise Unknown(schema["pattern"])
        n = self.random.choice([low, max(low, 1), high if high is not None else low + 5])
        letters = string.ascii_letters + string.digits + " äöüéñ漢字ひらがなЖ🎵'\"\\/<>&%+;=\t"
        return "".join(self.random.choice(letters) for _ in range(min(n, 2000)))

    def formatted(self, name):
        r = self.random
        day = datetime.date(2000, 1, 1) + datetime.timedelta(days=r.randint(0, 20000))
        clock = f"{r.randint(0, 23):02}:{r.randint(0, 59):02}:{r.randint(0, 59):02}"
        return {
            "uuid": lambda: str(uuid.UUID(int=r.getrandbits(128), version=4)),
            "date": day.isoformat,
            "date-time": lambda: f"{day}T{clock}" + r.choice(["Z", "+02:00", ".125Z", "-11:30"]),
            "time": lambda: clock + "Z",
            "email": lambda: f"user{r.randint(0, 999)}@example.com",
            "uri": lambda: f"https://example.com/{r.randint(0, 999)}?q=1#f",
            "ipv4": lambda: ".".join(str(r.randint(0, 255)) for _ in range(4)),
            "ipv6": lambda: "2001:db8::" + format(r.randint(1, 65535), "x"),
            "byte": lambda: base64.b64encode(r.randbytes(9)).decode(),
            "binary": lambda: "bytes " + str(r.randint(0, 999)),
        }.get(name, lambda: None)()

    def matching(self, pattern, low, high):
        return "".join(self._piece(op, arg, low, high) for op, arg in sre_parse.parse(pattern))

    def _piece(self, op, arg, low, high):
        r = self.random
        if op is sre_constants.LITERAL:
            return chr(arg)
        if op is sre_constants.AT:
            return ""
        if op is sre_constants.ANY:
            return r.choice(string.ascii_letters)
        if op is sre_constants.IN:
            return r.choice(self._class(arg))
        if op in (sre_constants.MAX_REPEAT, sre_constants.MIN_REPEAT):
            least, most, inside = arg
            most = min(most, max(least + 3, low, 12 if high is None else high))
            return "".join("".join(self._piece(o, a, 0, None) for o, a in inside)
                           for _ in range(r.randint(max(least, min(low, most)), most)))
        if op is sre_constants.SUBPATTERN:
            return "".join(self._piece(o, a, 0, None) for o, a in arg[3])
        if op is sre_constants.BRANCH:
            return "".join(self._piece(o, a, 0, None) for o, a in r.choice(arg[1]))
        raise Unknown(str(op))

    def _class(self, items):
        out = ""
        for op, arg in items:
            if op is sre_constants.LITERAL:
                out += chr(arg)
            elif op is sre_constants.RANGE:
                out += "".join(chr(c) for c in range(arg[0], arg[1] + 1))
            elif op is sre_constants.CATEGORY and arg is sre_constants.CATEGORY_DIGIT:
                out += string.digits
            elif op is sre_constants.CATEGORY and arg is sre_constants.CATEGORY_WORD:
                out += string.ascii_letters + string.digits + "_"
            else:
                raise Unknown(f"{op} {arg}")
        return out

    def _array(self, schema, depth):
        low, high = schema.get("minItems", 0), schema.get("maxItems")
        if "prefixItems" in schema:
            return [self.valid(s, depth + 1) for s in schema["prefixItems"]]
        if isinstance(schema.get("items"), list):  # as Pydantic 1 writes tuples
            return [self.valid(s, depth + 1) for s in schema["items"]]
        n = low if depth > 3 else self.random.randint(low, min(high if high is not None else low + 3, low + 3))
        out = []
        while len(out) < n:
            item = self.valid(schema.get("items", {}), depth + 1)
            if not schema.get("uniqueItems") or item not in out:
                out.append(item)
        return out

    def _object(self, schema, depth):
        required = schema.get("required", [])
        out = {}
        for name, sub in schema.get("properties", {}).items():
            if name in required or (depth < 4 and self.random.random() < 0.6):
                out[name] = self.valid(sub, depth + 1)
        extra = schema.get("additionalProperties", True)
        if isinstance(extra, dict) and extra and depth < 4:
            for i in range(self.random.randint(0, 2)):
                out[f"extra{i}"] = self.valid(extra, depth + 1)
        return out

    # values that do not

    def broken(self, schema, value):
        """[(what is broken, a value), ...]: `value` fits; each of these does not."""
        schema = self.resolve(schema)
        if schema is True or schema == {}:
            return []
        if any(key in schema for key in ("anyOf", "oneOf", "allOf")):
            return []  # what breaks one alternative may fit another
        if value is None:
            return []
        out = []
        if "enum" in schema or "const" in schema:
            allowed = schema.get("enum", [schema.get("const")])
            out.append(("enum", "no such value" if "no such value" not in allowed else 12345))
            return out
        kind = schema.get("type")
        if isinstance(value, bool):
            return out + self._type(kind, ["boolean"], [3, "true", [], {}])
        if isinstance(value, (int, float)):
            return out + self._broken_number(schema, kind)
        if isinstance(value, str):
            return out + self._broken_string(schema, kind)
        if isinstance(value, list):
            return out + self._broken_array(schema, kind, value)
        return out + self._broken_object(schema, kind, value)

    def _type(self, kind, kinds, others):
        if kind is None or isinstance(kind, list):
            return []
        assert kind in kinds, kind
        return [("type", o) for o in others] + ([] if self.is_30 else [("type", None)])

    def _broken_number(self, schema, kind):
        others = ["7", True, [7], {}] if kind == "number" else ["7", True, [7], {}, 1.5]
        out = self._type(kind, ["integer", "number"], others)
        low, high = schema.get("minimum"), schema.get("maximum")
        if low is not None:
            out.append(("minimum", int(low) - 1))
        if high is not None:
            out.append(("maximum", int(high) + 1))
        above, below = self.exclusive(schema)
        if above is not None:
            out.append(("exclusiveMinimum", above))
        if below is not None:
            out.append(("exclusiveMaximum", below))
        if schema.get("multipleOf", 1) not in (1, 1.0):
            low, high = self.bounds(schema, schema["multipleOf"])
            out.append(("multipleOf", low + schema["multipleOf"] / 2 if low % schema["multipleOf"] == 0 else low))
        return out

    def _broken_string(self, schema, kind):
        out = self._type(kind, ["string"], [7, True, ["x"], {}])
        if schema.get("format") == "binary":
            return []
        if schema.get("minLength", 0) > 0:
            out.append(("minLength", "é" * (schema["minLength"] - 1)))
        if "maxLength" in schema:
            out.append(("maxLength", "é" * (schema["maxLength"] + 1)))
        if "pattern" in schema and schema["pattern"].startswith("^") and schema["pattern"].endswith("$"):
            out.append(("pattern", "\u0001\u2603 !!"))
        if schema.get("format") in ("uuid", "date", "date-time", "email", "ipv4", "ipv6"):
            out.append(("format", "certainly not"))
        return out

    def _broken_array(self, schema, kind, value):
        out = self._type(kind, ["array"], ["x", 7, {}])
        if schema.get("minItems", 0) > 0:
            out.append(("minItems", value[:schema["minItems"] - 1]))
        if "maxItems" in schema and value:
            out.append(("maxItems", value * (schema["maxItems"] + 1)))
        if schema.get("uniqueItems") and value:
            out.append(("uniqueItems", value + value[:1]))
        items = schema.get("items")
        if value and isinstance(items, dict):
            at = self.random.randrange(len(value))
            for what, bad in self.broken(items, value[at]):
                out.append((f"{at}/{what}", value[:at] + [bad] + value[at + 1:]))
        return out

    def _broken_object(self, schema, kind, value):
        out = self._type(kind, ["object"], ["x", 7, [], True])
        for name in schema.get("required", []):
            if self.resolve(schema.get("properties", {}).get(name, {})).get("readOnly"):
                continue  # required in answers only
            without = copy.deepcopy(value)
            del without[name]
            out.append((f"required {name}", without))
        for name, sub in schema.get("properties", {}).items():
            if name in value:
                for what, bad in self.broken(sub, value[name]):
                    out.append((f"{name}/{what}", {**value, name: bad}))
        extra = schema.get("additionalProperties", True)
        if extra is False:
            out.append(("additionalProperties", {**value, "not_declared": 1}))
        elif isinstance(extra, dict):
            for name in set(value) - set(schema.get("properties", {})):
                for what, bad in self.broken(extra, value[name]):
                    out.append((f"{name}/{what}", {**value, name: bad}))
        return out


def as_text(value):
    """A scalar as a parameter or form has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
