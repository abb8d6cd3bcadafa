"""RFC 9651 Lists of Items, parsed strictly: what RateLimit and RateLimit-Policy are made of."""
import re

_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]{1,3})?")
_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*")
_BYTES = re.compile(r":([A-Za-z0-9+/=]*):")


class Token(str):
    pass


def _bare(text, at):
    c = text[at:at + 1]
    if c == '"':
        out, at = "", at + 1
        while True:
            c = text[at:at + 1]
            if c == "":
                raise ValueError("string without end")
            if c == "\\":
                if text[at + 1:at + 2] not in ('"', "\\"):
                    raise ValueError("bad escape")
                out, at = out + text[at + 1], at + 2
            elif c == '"':
                return out, at + 1
            elif not 0x20 <= ord(c) < 0x7F:
                raise ValueError("character not allowed in a string")
            else:
                out, at = out + c, at + 1
    if c == "?" and text[at + 1:at + 2] in ("0", "1"):
        return text[at + 1] == "1", at + 2
    for pattern, make in ((_BYTES, lambda s: s.encode()), (_NUMBER, lambda s: float(s) if "." in s else int(s)),
                          (_TOKEN, Token)):
        m = pattern.match(text, at)
        if m:
            return make(m.group(0)), m.end()
    raise ValueError(f"no item at {at}: {text!r}")


def parse_list(text):
    """[(value, {parameter: value}), ...]; ValueError when it is not a List of Items."""
    items, at = [], 0
    text = text.strip(" ")
    while True:
        value, at = _bare(text, at)
        parameters = {}
        while text[at:at + 1] == ";":
            at += 1
            while text[at:at + 1] == " ":
                at += 1
            m = _KEY.match(text, at)
            if not m:
                raise ValueError(f"no key at {at}: {text!r}")
            at, parameters[m.group(0)] = m.end(), True
            if text[at:at + 1] == "=":
                parameters[m.group(0)], at = _bare(text, at + 1)
        items.append((value, parameters))
        while text[at:at + 1] in (" ", "\t") and at < len(text):
            at += 1
        if at == len(text):
            return items
        if text[at] != ",":
            raise ValueError(f"no comma at {at}: {text!r}")
        at += 1
        while text[at:at + 1] in (" ", "\t") and at < len(text):
            at += 1
        if at == len(text):
            raise ValueError("comma at the end")
