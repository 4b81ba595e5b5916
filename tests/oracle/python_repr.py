"""Writes python_repr.jsonl: values as JSON, with Python's own repr of each.

    python3 tests/oracle/python_repr.py > tests/oracle/python_repr.jsonl

Floats stand as their 64 bits in hexadecimal, `{"bits": "3ff0..."}`, so that no reader can round them.
Characters come from those that Unicode assigns for this Python, since later tables differ beyond them.
"""

import argparse
import json
import math
import random
import struct
import unicodedata

RANDOM = random.Random(20190417)
ASSIGNED = [
    chr(code)
    for code in range(0x110000)
    if unicodedata.category(chr(code)) not in ("Cn", "Cs")
]
BY_CATEGORY = {}
for character in ASSIGNED:
    BY_CATEGORY.setdefault(unicodedata.category(character), []).append(character)


def encode(value):
    if isinstance(value, float):
        return {"bits": struct.pack(">d", value).hex()}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[key, encode(item)] for key, item in value.items()]}
    return value


def from_bits(bits):
    return struct.unpack(">d", struct.pack(">Q", bits))[0]


def hard_floats():
    yield from (0.0, -0.0, 0.1, 0.2, 0.1 + 0.2, 1e-06, 1e-4, 9.999e-5, 1e15, 1e16, 9999999999999998.0)
    yield from (123456789012345.6, 1e22, 1e23, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308)
    yield from (2.0**53, 2.0**53 + 2, 2.0**63, 2.0**64, 9007199254740993.0, 4.35, 0.3, 2.675, 1e21, 1e-7)
    for exponent in range(-330, 309):
        power = float(f"1e{exponent}")
        yield from (power, math.nextafter(power, math.inf), math.nextafter(power, -math.inf))
    for exponent in range(-1074, 1024, 7):
        yield 2.0**exponent


def random_floats(count):
    while count:
        value = from_bits(RANDOM.getrandbits(64))
        if math.isfinite(value):
            count -= 1
            yield value
    for _ in range(1000):
        yield round(RANDOM.uniform(-1000, 1000), RANDOM.randrange(8))
        yield RANDOM.uniform(0, 1) * 10.0 ** RANDOM.randrange(-8, 20)


def random_string():
    alphabets = ("ab'\"\\ ", "".join(map(chr, range(0x180))), None)
    alphabet = RANDOM.choice(alphabets)
    length = RANDOM.randrange(12)
    if alphabet:
        return "".join(RANDOM.choice(alphabet) for _ in range(length))
    return "".join(RANDOM.choice(RANDOM.choice(list(BY_CATEGORY.values()))) for _ in range(length))


def edges():
    """Every assigned character at which printability changes, four to a string."""
    edge = [
        character
        for previous, character in zip(ASSIGNED, ASSIGNED[1:])
        if previous.isprintable() != character.isprintable()
    ]
    for start in range(0, len(edge), 4):
        yield "".join(edge[start : start + 4])


def random_value(depth):
    kind = RANDOM.randrange(7 if depth else 5)
    if kind == 0:
        return RANDOM.choice([None, True, False])
    if kind == 1:
        return RANDOM.randrange(-(2 ** RANDOM.randrange(1, 64)), 2 ** RANDOM.randrange(1, 65))
    if kind == 2:
        return next(random_floats(1))
    if kind in (3, 4):
        return random_string()
    if kind == 5:
        return [random_value(depth - 1) for _ in range(RANDOM.randrange(4))]
    return {random_string(): random_value(depth - 1) for _ in range(RANDOM.randrange(4))}


def random_namespace():
    names = ["batch_size", "lr_rate", "loss_weights", "subtasks", "seed", "a b", "log-dir", "π", "_x", "1st"]
    keys = RANDOM.sample(names, RANDOM.randrange(len(names)))
    return argparse.Namespace(**{key: random_value(2) for key in keys})


def main():
    values = [*hard_floats(), *random_floats(3000)]
    values += [random_string() for _ in range(2000)]
    values += [*edges()]
    values += [random_value(3) for _ in range(2000)]
    for value in values:
        print(json.dumps({"value": encode(value), "repr": repr(value)}, ensure_ascii=True))
    for _ in range(500):
        namespace = random_namespace()
        print(json.dumps({"namespace": encode(vars(namespace)), "repr": repr(namespace)}, ensure_ascii=True))


if __name__ == "__main__":
    main()
