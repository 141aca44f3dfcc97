"""The published logs: what is known of each (catalogue), and the figures of some (snapshot)."""

from convlens.zoo.catalog import Entry, find_log
from convlens.zoo.snapshot import canonical, load, names

__all__ = ["Entry", "canonical", "find_log", "load", "names"]
