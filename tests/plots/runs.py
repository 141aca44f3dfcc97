"""Runs made by hand, and what their figures hold."""

from convlens import compare
from convlens.reader import read_bytes
from tests.writing import made_log

LOSSES = [(4.0, 1.0), (3.0, 1.0), (2.0, 0.5), (1.0, 0.25)]


def read(text, name="a"):
    return read_bytes(text.encode(), "-", name)


def run(name="a", losses=LOSSES, maps=(None, 50, None, 60), **arguments):
    return read(made_log(losses, maps, **arguments), name)


def two(**second):
    return compare(run("a"), run("b", **({"lr": 0.2} | second)))


def panels(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes}


def curves(axes):
    """The curves that are drawn, without marks, by label."""
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_child")}
