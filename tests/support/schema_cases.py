"""Schemas and instances by chance, from a seed: all keywords of 2020-12 that decide, over small alphabets, so that
verdicts vary; with most weight on "unevaluated..." beside what applies to the same value."""

NAMES = "abcd"
SCALARS = [None, True, False, 0, 1, 2, 1.0, 1.5, "", "a", "ab", "b"]
PATTERNS = ["^a", "b$", "a|b", "^[ab]+$", ".", "^$", "[c-d]"]
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
# In place, references go upwards only: no circles.
RANKS = {"root": 0, "other": 1, "d0": 2, "d1": 3, "d2": 4, "leaf": 5}
LEAF = RANKS["leaf"]


class Maker:
    """plain: without what some implementations are known to get wrong: the same anchor in two resources,
    "$dynamicRef" and "unevaluated..." in one document, numbers that Python takes for booleans inside of "enum" and "const",
    and schemas that are no booleans in "additionalProperties" and
    "unevaluatedProperties"."""

    def __init__(self, random, plain=False):
        self.random, self.plain = random, plain
        self.scalars = [v for v in SCALARS if not plain or isinstance(v, bool) or v not in (0, 1)]

    def one_in(self, n):
        return self.random.randrange(n) == 0

    def pick(self, items):
        return self.random.choice(items)

    def names(self, least=0):
        return self.random.sample(NAMES, self.random.randint(least, 3))

    def value(self, depth=3):
        kind = self.random.randrange(8) if depth > 0 else 7
        if kind < 4:
            return {name: self.value(depth - 1) for name in self.names()}
        if kind < 7:
            return [self.value(depth - 1) for _ in range(self.random.randint(0, 4))]
        return self.pick(self.scalars)

    def instance(self):
        kind = self.random.randrange(11)
        if kind < 5:
            return {name: self.value(2) for name in self.random.sample(NAMES, self.random.randint(1, 4))}
        if kind < 9:
            return [self.value(2) for _ in range(self.random.randint(1, 4))]
        if kind < 10:
            return self.value()
        # More than a word of bits.
        many = self.random.randint(60, 70)
        if self.one_in(2):
            return [self.pick(self.scalars) for _ in range(many)]
        return {**{f"{self.pick(NAMES)}{i}": self.pick(self.scalars) for i in range(many)}, self.pick(NAMES): self.value(1)}

    def reference(self, schema, at, in_place):
        """at: (resource, rank)."""
        resource, rank = at
        ways = [name for name, r in RANKS.items() if not in_place or r > rank]
        if self.dynamic and self.one_in(3) and (not in_place or rank < LEAF):
            name = "leaf" if in_place else self.pick(["leaf", "node"])
            if name == "leaf" or self.nodes[resource]:
                schema["$dynamicRef"] = ("root#" if self.plain else "#") + name
                return
        if not ways:
            return
        to = self.pick(ways)
        if to in ("root", "other"):
            schema["$ref"] = to if to != resource or self.one_in(2) else "#"
        elif to == "leaf":
            schema["$ref"] = self.pick(["root#leaf" if self.plain else "#leaf", "root#leaf", "other#/$defs/leaf", "root#/$defs/leaf"])
        else:
            schema["$ref"] = self.pick(["root#/$defs/" + to, "root#" + to])

    def assertions(self, s):
        r = self.random
        kind = r.randrange(9)
        if kind == 0:
            s["type"] = self.pick(TYPES) if self.one_in(2) else r.sample(TYPES, r.randint(1, 4))
        elif kind == 1:
            s[self.pick(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"])] = self.pick([0, 1, 1.5])
            if self.one_in(3):
                s["multipleOf"] = self.pick([0.5, 1, 2])
        elif kind == 2:
            s["pattern"] = self.pick(PATTERNS)
            s[self.pick(["minLength", "maxLength"])] = r.randint(0, 2)
        elif kind == 3:
            s[self.pick(["minItems", "maxItems"])] = r.randint(0, 4)
            s["uniqueItems"] = self.one_in(2)
        elif kind == 4:
            s[self.pick(["minProperties", "maxProperties"])] = r.randint(0, 4)
        elif kind == 5:
            s["required"] = self.names()
        elif kind == 6:
            s["dependentRequired"] = {name: self.names() for name in self.names(1)}
        elif kind == 7:
            s["enum"] = [self.value(1) for _ in range(r.randint(1, 5))]
        else:
            s["const"] = self.value(1)

    def applied(self, s, depth, at):
        def sub():
            return self.schema(depth - 1, at, True)
        kind = self.random.randrange(8)
        if kind < 3:
            word = self.pick(["allOf", "anyOf", "oneOf", "anyOf", "oneOf"])
            s[word] = [sub() for _ in range(self.random.randint(1, 3))]
        elif kind == 3:
            s["not"] = sub()
        elif kind < 6:
            s["if"] = sub()
            for word in ("then", "else"):
                if not self.one_in(4):
                    s[word] = sub()
        elif kind == 6:
            s["dependentSchemas"] = {name: sub() for name in self.names(1)}
        else:
            self.reference(s, at, True)

    def members(self, s, depth, at):
        def sub():
            return self.schema(depth - 1, at, False)
        kind = self.random.randrange(8)
        if kind < 4:
            s["properties"] = {name: sub() for name in self.names(1)}
        elif kind < 6:
            s["patternProperties"] = {self.pick(PATTERNS): sub() for _ in range(self.random.randint(1, 2))}
        elif kind == 6:
            s["additionalProperties"] = not self.one_in(3) if self.plain else sub()
        else:
            s["propertyNames"] = sub()

    def items(self, s, depth, at):
        def sub():
            return self.schema(depth - 1, at, False)
        kind = self.random.randrange(8)
        if kind < 4:
            s["prefixItems"] = [sub() for _ in range(self.random.randint(1, 3))]
        elif kind < 7:
            s["contains"] = sub()
            if self.one_in(3):
                s["minContains"] = self.random.randint(0, 2)
            if self.one_in(3):
                s["maxContains"] = self.random.randint(0, 2)
        else:
            s["items"] = sub()

    def schema(self, depth, at, in_place):
        if self.one_in(6):
            return not self.one_in(3)
        s = {}
        if depth <= 0:
            if not in_place and self.one_in(4):
                self.reference(s, at, False)
            elif not self.one_in(4):
                self.assertions(s)
            return s
        for way, chance in ((self.members, 2), (self.items, 2), (self.applied, 2), (self.applied, 2)):
            if self.one_in(chance):
                way(s, depth, at)
        if self.one_in(4):
            self.assertions(s)
        if self.one_in(3):
            self.unevaluated(s, depth, at)
        return s

    def unevaluated(self, s, depth, at):
        if self.plain and self.dynamic:
            return
        for word in ("unevaluatedProperties", "unevaluatedItems"):
            if not self.one_in(3):
                boolean = (self.plain and word == "unevaluatedProperties") or not self.one_in(3)
                s[word] = self.one_in(6) if boolean else self.schema(min(depth - 1, 1), at, False)

    def whole(self, depth, at):
        s = self.schema(depth, at, True)
        return s if isinstance(s, dict) else {"allOf": [s]}

    def document(self):
        self.dynamic = not self.plain or self.one_in(4)
        root = self.one_in(2)
        self.nodes = {"root": root, "other": root if self.plain else self.one_in(2)}
        other = self.whole(2, ("other", RANKS["other"]))
        other["$id"] = "other"
        other["$defs"] = {"leaf": self.whole(1, ("other", LEAF))}
        if not self.plain:
            # A "$dynamicRef" that ends first at a plain anchor is as any other.
            other["$defs"]["leaf"][self.pick(["$anchor", "$dynamicAnchor", "$dynamicAnchor"])] = "leaf"
        root = self.whole(3, ("root", RANKS["root"]))
        if not self.one_in(3):
            self.unevaluated(root, 2, ("root", RANKS["root"]))
        if self.one_in(3):
            root["$ref"] = "other"
            if self.dynamic and not self.one_in(4):
                other["$dynamicRef"] = "root#leaf" if self.plain else "#leaf"
        root["$id"] = "https://test.example/root"
        root["$defs"] = {name: {"$anchor": name, **self.whole(2, ("root", RANKS[name]))} for name in ("d0", "d1", "d2")}
        root["$defs"]["leaf"] = {"$dynamicAnchor": "leaf", **self.whole(1, ("root", LEAF))}
        root["$defs"]["other"] = other
        for name, s in (("root", root), ("other", other)):
            if self.nodes[name] and not (self.plain and s is other):
                s["$dynamicAnchor"] = "node"
        return root

    def case(self, instances):
        return {"schema": self.document(), "instances": [self.instance() for _ in range(instances)]}
