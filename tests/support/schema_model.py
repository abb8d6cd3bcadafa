"""JSON Schema 2020-12 as the specification tells it, without any thought of speed: each schema gives a verdict and
what it evaluated (core section 11). For the keywords, formats aside, that tests/support/schema_cases.py writes."""
import re
import urllib.parse


def of_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    if isinstance(value, (int, float)):
        return name == "number" or (name == "integer" and value == int(value))
    return {str: "string", list: "array", dict: "object", type(None): "null"}[type(value)] == name


def key(value):
    """Equal for what JSON Schema takes for equal (core section 4.2.2)."""
    if isinstance(value, list):
        return ("array", *map(key, value))
    if isinstance(value, dict):
        return ("object", *sorted((k, key(v)) for k, v in value.items()))
    return ("number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__, value)


class Resource:
    def __init__(self, uri, root):
        self.uri, self.root = uri, root
        self.anchors, self.dynamic = {}, {}


class Model:
    def __init__(self, schema):
        self.resources, self.of = {}, {}
        self.scan(schema, None)
        self.root = schema

    def scan(self, json, resource):
        if isinstance(json, list):
            for item in json:
                self.scan(item, resource)
        if not isinstance(json, dict):
            return
        if resource is None or isinstance(json.get("$id"), str):
            uri = urllib.parse.urljoin(resource.uri if resource else "", json.get("$id", ""))
            resource = self.resources[uri] = Resource(uri, json)
        self.of[id(json)] = resource
        if isinstance(json.get("$anchor"), str):
            resource.anchors[json["$anchor"]] = json
        if isinstance(json.get("$dynamicAnchor"), str):
            resource.anchors[json["$dynamicAnchor"]] = json
            resource.dynamic[json["$dynamicAnchor"]] = json
        for word, value in json.items():
            if word not in ("const", "enum"):
                self.scan(value, resource)

    def resolve(self, reference, resource):
        uri, fragment = urllib.parse.urldefrag(urllib.parse.urljoin(resource.uri, reference))
        found = self.resources[uri]
        if fragment and not fragment.startswith("/"):
            return found.anchors[fragment]
        at = found.root
        for part in fragment.split("/")[1:]:
            at = at[part]
        return at

    def dynamic(self, reference, resource, scope):
        """Core section 8.2.3.2."""
        target = self.resolve(reference, resource)
        name = reference.partition("#")[2]
        at = self.of.get(id(target))
        if at is None or at.dynamic.get(name) is not target:
            return target
        return next(r.dynamic[name] for r in scope if name in r.dynamic)

    def valid(self, value):
        return self.apply(self.root, value, ())[0]

    def apply(self, schema, value, scope):
        """(valid, names of members or indexes of items that were evaluated)."""
        if isinstance(schema, bool):
            return schema, set()
        resource = self.of[id(schema)]
        scope = (*scope, resource)
        done, fine = set(), [self.asserts(schema, value)]

        def below(sub, v):
            return self.apply(sub, v, scope)[0]

        def here(sub, counts=True):
            valid, seen = self.apply(sub, value, scope)
            if valid and counts:
                done.update(seen)
            return valid

        if "$ref" in schema:
            fine.append(here(self.resolve(schema["$ref"], resource)))
        if "$dynamicRef" in schema:
            fine.append(here(self.dynamic(schema["$dynamicRef"], resource, scope)))
        fine += [here(sub) for sub in schema.get("allOf", [])]
        if "anyOf" in schema:
            fine.append(any([here(sub) for sub in schema["anyOf"]]))
        if "oneOf" in schema:
            fine.append(sum([here(sub) for sub in schema["oneOf"]]) == 1)
        if "not" in schema:
            fine.append(not here(schema["not"], counts=False))
        if "if" in schema:
            branch = "then" if here(schema["if"]) else "else"
            fine.append(branch not in schema or here(schema[branch]))
        if isinstance(value, dict):
            for name, sub in schema.get("dependentSchemas", {}).items():
                fine.append(name not in value or here(sub))
            self.members(schema, value, below, done, fine)
        if isinstance(value, list):
            self.items(schema, value, below, done, fine)
        return all(fine), done if all(fine) else set()

    @staticmethod
    def members(schema, value, below, done, fine):
        named = set()
        for name, sub in schema.get("properties", {}).items():
            if name in value:
                named.add(name)
                fine.append(below(sub, value[name]))
        for pattern, sub in schema.get("patternProperties", {}).items():
            for name in value:
                if re.search(pattern, name):
                    named.add(name)
                    fine.append(below(sub, value[name]))
        if "propertyNames" in schema:
            fine += [below(schema["propertyNames"], name) for name in value]
        if "additionalProperties" in schema:
            fine += [below(schema["additionalProperties"], v) for name, v in value.items() if name not in named]
            named = set(value)
        done |= named
        if "unevaluatedProperties" in schema:
            fine += [below(schema["unevaluatedProperties"], v) for name, v in value.items() if name not in done]
            done |= set(value)

    @staticmethod
    def items(schema, value, below, done, fine):
        prefix = schema.get("prefixItems", [])
        fine += [below(sub, v) for sub, v in zip(prefix, value)]
        done |= set(range(min(len(prefix), len(value))))
        if "items" in schema:
            fine += [below(schema["items"], v) for v in value[len(prefix):]]
            done |= set(range(len(value)))
        if "contains" in schema:
            found = {i for i, v in enumerate(value) if below(schema["contains"], v)}
            fine.append(schema.get("minContains", 1) <= len(found) <= schema.get("maxContains", len(value)))
            done |= found
        if "unevaluatedItems" in schema:
            fine += [below(schema["unevaluatedItems"], v) for i, v in enumerate(value) if i not in done]
            done |= set(range(len(value)))

    @staticmethod
    def asserts(schema, v):
        types = schema.get("type", [])
        if types and not any(of_type(v, t) for t in ([types] if isinstance(types, str) else types)):
            return False
        if "const" in schema and key(v) != key(schema["const"]):
            return False
        if "enum" in schema and key(v) not in map(key, schema["enum"]):
            return False
        fine = True
        if of_type(v, "number"):
            fine = (v >= schema.get("minimum", v) and v <= schema.get("maximum", v)
                    and ("exclusiveMinimum" not in schema or v > schema["exclusiveMinimum"])
                    and ("exclusiveMaximum" not in schema or v < schema["exclusiveMaximum"])
                    and v % schema.get("multipleOf", v or 1) == 0)
        for kind, what in ((str, "Length"), (list, "Items"), (dict, "Properties")):
            if isinstance(v, kind):
                fine = fine and schema.get("min" + what, 0) <= len(v) <= schema.get("max" + what, len(v))
        if isinstance(v, str):
            fine = fine and ("pattern" not in schema or re.search(schema["pattern"], v) is not None)
        if isinstance(v, list) and schema.get("uniqueItems"):
            fine = fine and len({key(i) for i in v}) == len(v)
        if isinstance(v, dict):
            fine = fine and all(name in v for name in schema.get("required", []))
            for name, needs in schema.get("dependentRequired", {}).items():
                fine = fine and (name not in v or all(n in v for n in needs))
        return fine
