"""Tables of what lines say: made of records, merged where several lines tell one thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from convlens.formats.base import Table
from convlens.formats.gluoncv.script_lines import Record
from convlens.formats.lines import decimals_of, read_pairs
from convlens.meters import Bools, Ints

_PLACE = ("epoch", "step", "total", "rank", "values")  # fields that are no values


def table_of(records: Sequence[Record], spellings: Mapping[str, str]) -> tuple[Table, Bools]:
    """The values of some records, of their own fields and of pairs; and which of them are whole (n,)."""
    has_pairs = np.array(["values" in r.fields for r in records], dtype=np.bool_)
    pairs = read_pairs([r.fields["values"].strip(b", \t") for r in records if "values" in r.fields])
    whole = np.ones(len(records), dtype=np.bool_)
    whole[has_pairs] = pairs.whole
    own = list(dict.fromkeys(name for r in records for name in r.fields if name not in _PLACE))
    names = list(dict.fromkeys((*own, *pairs.names)))
    decimals = dict.fromkeys(names, 0) | dict(zip(pairs.names, pairs.decimals, strict=True))
    values = np.full((len(records), len(names)), np.nan)
    present = np.zeros(values.shape, dtype=np.bool_)
    at = np.ix_(np.flatnonzero(has_pairs), np.array([names.index(n) for n in pairs.names], dtype=np.int64))
    values[at], present[at] = pairs.values, pairs.present
    for k, name in enumerate(own):
        told = [(n, r.fields[name]) for n, r in enumerate(records) if name in r.fields]
        rows = [n for n, _ in told]
        values[rows, k], present[rows, k] = [float(text) for _, text in told], True
        decimals[name] = max(decimals_of(text) for _, text in (told[0], told[-1]))
    table = Table(
        _integers(int(r.fields["epoch"]) for r in records),
        _integers(int(r.fields.get("step", b"-1")) for r in records),
        _integers(r.line for r in records),
        tuple(names),
        values,
        tuple(decimals.values()),
        present,
    ).rows(whole)
    return _spelled(table, spellings), whole


def _spelled(table: Table, spellings: Mapping[str, str]) -> Table:
    """A table with its names as they are usually spelled, unless two of them would become one."""
    usual = tuple(spellings.get(name, name) for name in table.names)
    return replace(table, names=usual) if len(set(usual)) == len(usual) else table


def merged(table: Table, breaks: Ints) -> Table:
    """One record of neighbours of the same epoch and step, unless a line of `breaks` (numbers) parts them.

    Of values that several of them tell, the last counts.
    """
    if not len(table):
        return table
    apart = np.diff(table.epoch) != 0
    apart |= (np.diff(table.step) != 0) | (np.diff(np.searchsorted(breaks, table.line)) != 0)
    first: Bools = np.concatenate([np.array([True]), apart])
    group = np.cumsum(first) - 1
    made = table.rows(first)
    values = np.full(made.values.shape, np.nan)
    present = np.zeros(made.present.shape, dtype=np.bool_)
    for k in range(len(table.names)):
        there = table.present[:, k]
        values[group[there], k], present[group[there], k] = table.values[there, k], True
    return replace(made, values=values, present=present)


def picked(table: Table, names: Sequence[str]) -> Table:
    """A table with some of its names only, in this order; records that have none of them are left out."""
    values, present = table.columns(names)
    decimals = tuple(table.decimals[table.names.index(name)] for name in names)
    made = replace(table, names=tuple(names), values=values, present=present, decimals=decimals)
    tells: Bools = np.any(present, axis=1)
    return made.rows(tells)


def joined(first: Table, second: Table) -> Table:
    """The records of two tables in the order of their lines."""
    names = list(dict.fromkeys((*first.names, *second.names)))
    order = np.argsort(np.concatenate([first.line, second.line]), kind="stable")
    halves = [t.columns(names) for t in (first, second)]
    shown = [dict(zip(t.names, t.decimals, strict=True)) for t in (first, second)]
    return Table(
        np.concatenate([first.epoch, second.epoch])[order],
        np.concatenate([first.step, second.step])[order],
        np.concatenate([first.line, second.line])[order],
        tuple(names),
        np.vstack([half[0] for half in halves])[order],
        tuple(max(told.get(name, 0) for told in shown) for name in names),
        np.vstack([half[1] for half in halves])[order],
    )


def _integers(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)
