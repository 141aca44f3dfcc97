"""A small and a large run, made by hand."""

from convlens.reader import read_bytes
from tests.writing import made_log

SMALL = [(5.0, 2.0), (4.0, 1.5), (3.0, 1.0), (2.5, 0.75)]


LARGE = [(4.0, 1.0), (3.0, 0.75), (2.0, 0.5), (1.5, 0.25)]


def read(text, name):
    return read_bytes(text.encode(), "-", name)


def run(name, losses=SMALL, maps=(), **arguments):
    return read(made_log(losses, maps, **arguments), name)


def small(name="small", **arguments):
    return run(name, **({"maps": [None, 40, None, 50]} | arguments))


def large(name="large", **arguments):
    return run(name, **({"losses": LARGE, "maps": [None, 55, None, 62.5], "wd": 0.0005} | arguments))


def write(folder, **logs):
    for name, text in logs.items():
        (folder / f"{name}.log").write_text(text)
    return {name: str(folder / f"{name}.log") for name in logs}
