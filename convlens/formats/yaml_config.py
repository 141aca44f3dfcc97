"""Configs written in YAML: read with safe loading only, whatever tags they hold."""

from __future__ import annotations

from convlens.formats.nested import Values

_LONGEST, _LARGEST = 1_000_000, 100_000


def parse_yaml(text: str) -> Values:
    """The mapping that a YAML text holds; objects of any tag stay opaque.

    Empty where it is no YAML, no mapping, longer than a megabyte, or grows beyond bounds by its aliases.
    """
    import yaml  # only where a log holds a config

    class Loader(yaml.SafeLoader):
        """Makes text of what has a tag that plain YAML lacks."""

    def opaque(loader: yaml.SafeLoader, node: yaml.Node) -> str:
        del loader
        return node.tag

    Loader.add_constructor(None, opaque)
    if len(text) > _LONGEST:
        return {}
    try:
        values = yaml.load(text, Loader)  # noqa: S506, a SafeLoader
        large = _size(values, {}) > _LARGEST
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, MemoryError):
        return {}
    return {str(k): v for k, v in values.items()} if isinstance(values, dict) and not large else {}


def _size(value: object, known: dict[int, int]) -> int:
    """How many values there are with all aliases followed; ValueError if one holds itself."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = -1
        parts = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(part, known) for part in parts)
    if known[id(value)] < 0:
        raise ValueError("a value that holds itself")
    return known[id(value)]
