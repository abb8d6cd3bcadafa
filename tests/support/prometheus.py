"""The Prometheus text format 0.0.4, parsed strictly."""
import re

_SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (\S+)( [0-9]+)?')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')


class Metrics:
    def __init__(self, text):
        assert text.endswith("\n"), "the last line must end"
        self.types, self.helps, self.samples = {}, {}, {}
        for line in text.split("\n")[:-1]:
            if line.startswith("# HELP "):
                name, _, help_text = line[7:].partition(" ")
                assert name not in self.helps, f"second HELP of {name}"
                assert help_text, f"empty HELP of {name}"
                self.helps[name] = help_text
            elif line.startswith("# TYPE "):
                name, kind = line[7:].split(" ")
                assert kind in ("counter", "gauge", "histogram", "summary", "untyped"), line
                assert name not in self.types, f"second TYPE of {name}"
                self.types[name] = kind
            elif line and not line.startswith("#"):
                self._sample(line)
        for name, kind in self.types.items():
            if kind == "histogram":
                self._check_histogram(name)

    def _sample(self, line):
        m = _SAMPLE.fullmatch(line)
        assert m, f"not a sample: {line!r}"
        labels, rest = [], m.group(3) or ""
        while rest:
            label = _LABEL.match(rest)
            assert label, f"not labels: {line!r}"
            labels.append((label.group(1), label.group(2)))
            rest = rest[label.end():]
        key = (m.group(1), tuple(sorted(labels)))
        assert key not in self.samples, f"sample twice: {line!r}"
        base = re.sub(r"_(bucket|sum|count)$", "", m.group(1))
        assert m.group(1) in self.types or base in self.types, f"no TYPE for {line!r}"
        self.samples[key] = float(m.group(4))

    def _check_histogram(self, name):
        buckets = []
        for (sample, labels), value in self.samples.items():
            if sample == name + "_bucket":
                buckets.append((float(dict(labels)["le"]), value))
        buckets.sort()
        assert buckets and buckets[-1][0] == float("inf"), f"{name}: no +Inf bucket"
        counts = [c for _, c in buckets]
        assert counts == sorted(counts), f"{name}: buckets are not cumulative"
        assert self.samples[(name + "_count", ())] == counts[-1], f"{name}: _count is not the +Inf bucket"
        assert (name + "_sum", ()) in self.samples, f"{name}: no _sum"

    def value(self, name, **labels):
        """One sample, or the sum of all samples of the name with these labels."""
        found = [v for (n, have), v in self.samples.items() if n == name and set(labels.items()) <= set(have)]
        assert found, f"no sample {name} {labels}"
        return sum(found)

    def names(self):
        return {n for n, _ in self.samples}
