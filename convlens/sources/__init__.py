"""Where logs come from: files, folders, patterns, URLs, standard input, zoo names."""

from convlens.sources.cache import Kept, fetch, look_up, obtain
from convlens.sources.files import Stamp, open_parts, open_source, unpacked
from convlens.sources.resolve import Source, resolve

__all__ = [
    "Kept",
    "Source",
    "Stamp",
    "fetch",
    "look_up",
    "obtain",
    "open_parts",
    "open_source",
    "resolve",
    "unpacked",
]
