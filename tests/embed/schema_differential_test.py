"""The evaluator of JSON Schema held against others, over schemas and values by chance: against the specification
written out in Python (tests/support/schema_model.py), and against python3-jsonschema where that is known to follow
it. tests/unit/schema/unevaluated_test.c keeps what an implementation was once seen to get wrong.

GATEHOUSE_SCHEMA_SEEDS=100 tries a hundred seeds of each."""
import collections
import json
import os
import pathlib
import random
import subprocess
import warnings

import pytest

from support.schema_cases import Maker
from support.schema_model import Model

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    jsonschema = pytest.importorskip("jsonschema")

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("GATEHOUSE_BUILD", ROOT / "build"))
SEEDS = range(int(os.environ.get("GATEHOUSE_SCHEMA_SEEDS", "2")))
SCHEMAS, INSTANCES = 400, 6


def cases(seed, **kwargs):
    maker = Maker(random.Random(seed), **kwargs)
    return [maker.case(INSTANCES) for _ in range(SCHEMAS)]


def verdicts(made):
    """Ours: a line of letters each; no schema may be refused."""
    done = subprocess.run([BUILD / "tests" / "unit" / "schema_verdicts"], input="".join(json.dumps(c) + "\n" for c in made),
                          capture_output=True, text=True, timeout=60, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(made)
    for case, line in zip(made, lines):
        assert len(line) == INSTANCES, f"{line}: {json.dumps(case['schema'])}"
    return lines


def compare(made, judge):
    """judge(schema): value -> "v", "i", or None: no opinion. Returns how often each was said."""
    said, wrong = collections.Counter(), []
    for case, ours in zip(made, verdicts(made)):
        ask = judge(case["schema"])
        for value, verdict in zip(case["instances"], ours):
            other = ask(value)
            said[other] += 1
            if other not in (None, verdict):
                wrong.append(f"we say {verdict}, not {other}: {json.dumps(value)} by {json.dumps(case['schema'])}")
    assert not wrong, f"{len(wrong)} disagreements, among them {min(wrong, key=len)}"
    return said


@pytest.mark.parametrize("seed", SEEDS)
def test_as_the_specification_says(seed):
    def judge(schema):
        model = Model(schema)
        return lambda value: "v" if model.valid(value) else "i"
    said = compare(cases(seed), judge)
    assert min(said["v"], said["i"]) > SCHEMAS * INSTANCES / 6


def of_python(schema):
    """python3-jsonschema 4.10.3. It fails while it writes the message of some arrays whose "unevaluatedItems" are
    refused; what else is wrong with it, Maker(plain=True) leaves out."""
    validator = jsonschema.Draft202012Validator(schema)

    def ask(value):
        try:
            return "v" if validator.is_valid(value) else "i"
        except TypeError:
            return None
    return ask


@pytest.mark.parametrize("seed", SEEDS)
def test_as_python_jsonschema_says(seed):
    said = compare(cases(seed, plain=True), of_python)
    assert min(said["v"], said["i"]) > SCHEMAS * INSTANCES / 8
