"""The published logs: what is known of each (catalogue), and the figures of some (snapshot)."""

from convlens.zoo.catalog import Entry, canonical, find_log, named, names, select
from convlens.zoo.snapshot import load, same_identity, snapshot_names

__all__ = [
    "Entry",
    "canonical",
    "find_log",
    "load",
    "named",
    "names",
    "same_identity",
    "select",
    "snapshot_names",
]
