"""What GluonCV's other scripts print: a family declares its kinds of lines, its columns and its scores."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from convlens.formats.base import Blocks, Plan
from convlens.formats.gluoncv.arguments import plan_of
from convlens.formats.lines import Line
from convlens.metrics import Column


class Says(StrEnum):
    """What a kind of line tells."""

    BATCH = "batch"  # values inside an epoch
    CLOSE = "close"  # values of a whole epoch
    SCORE = "score"  # a validation
    START = "start"  # that a process begins


@dataclass(frozen=True)
class Kind:
    """One kind of line.

    Its template holds `{epoch:d}` behind the word Epoch; `step`, `total` and `rank` are where the line
    stands, `values` are pairs of names and numbers, and any other field is a value of that name.
    """

    says: Says
    line: Line


def _unchanged(blocks: Blocks) -> Blocks:
    return blocks


@dataclass(frozen=True)
class Script:
    """The logs of one family of scripts.

    `signs` is what only they hold. `kinds` are tried in order. `columns` are those of training, `scores`
    those of validations, the one by which a run is judged first; `fractions` are the scores that are printed
    as fractions and become percentages. `spellings` are other names for the same. `plan` reads the
    arguments, and `refine` says what only the whole log can tell.
    """

    name: str
    task: str
    signs: re.Pattern[bytes]
    kinds: tuple[Kind, ...]
    columns: tuple[Column, ...]
    scores: tuple[Column, ...] = ()
    fractions: frozenset[str] = frozenset()
    spellings: Mapping[str, str] = field(default_factory=dict)
    plan: Callable[[Mapping[str, object]], Plan] = plan_of
    refine: Callable[[Blocks], Blocks] = _unchanged
