"""Where logs come from: files, folders, patterns, standard input, zoo names."""

from convlens.sources.files import Stamp, open_source
from convlens.sources.resolve import Source, resolve

__all__ = ["Source", "Stamp", "open_source", "resolve"]
