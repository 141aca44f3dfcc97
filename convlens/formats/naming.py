"""Names become columns: which of a log's names are losses, terms, scores, and what they are called here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from convlens.findings import Code, Finding
from convlens.formats.rows import scores_in_percent
from convlens.meters import Meter
from convlens.metrics import Better, Column, Role, Unit, auxiliary, loss, term, total

# What tables hold beside the columns: the seconds of an epoch, and how many of its batches a line covers.
SECONDS = Column("seconds", Role.SPEED, Unit.SECONDS, Better.NEITHER)
COUNT = Column("count", Role.SPEED, better=Better.NEITHER)
# Terms that teach or that need no labels; what is left is the detector's own.
_TERM = re.compile(
    r"distill|teacher|pseudo|unsup|adversarial|(?:^|[._/])(?:kd|ld|pkd|cwd|fgd|mgd|mimic|hint|gan)(?:[._]|$)"
)
# Decoder layers before the last, the encoder's proposals, denoising queries.
_AUXILIARY = re.compile(
    r"(?:^|[._/])(?:d\d+|enc|dn|aux|interm)(?:[._]|$)|loss.*_\d+(?:_|$)|_(?:enc|dn|aux|pre|interm)(?:_|$)"
)
_TOTAL = re.compile(r"(?:train(?:ing)?[/_.])?(?:total_)?loss(?:_epoch|_step)?")
_OTHER_MODEL = re.compile(r"map_(teacher|ema)(?:_segm)?")
MAIN = ("map", "map_segm", "map_keypoints", "map_50")


@dataclass(frozen=True)
class Named:
    """The columns of a log by printed names: `train` those of training, `scores` the main one first."""

    train: dict[str, Column]
    scores: dict[str, Column]
    findings: tuple[Finding, ...] = ()
    not_taken: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The training columns."""
        return tuple(self.train.values())

    @property
    def score_columns(self) -> tuple[Column, ...]:
        """The scores, in the units in which they are kept."""
        return scores_in_percent(self.scores.values())


def name_columns(
    names: Iterable[str], describe: Callable[[str], Column | None], main: Sequence[str] = MAIN
) -> Named:
    """Describe the names of a log.

    What `describe` does not know (None) is left out, as is what would be a second column of a name. A printed
    total that holds terms is no sum of the detector's losses, and where no part of it is printed it is the
    loss itself. A run is judged by the first of the `main` scores that there is.
    """
    told: dict[str, Column] = {}
    left: list[str] = []
    for name in names:
        column = describe(name)
        if column and column.name not in {c.name for c in told.values()}:
            told[name] = column
        else:
            left.append(name)
    train = {n: c for n, c in told.items() if c.role is not Role.SCORE}
    ranks = {name: rank for rank, name in enumerate(main)}
    scores = sorted(
        ((n, c) for n, c in told.items() if c.role is Role.SCORE),
        key=lambda item: (ranks.get(item[1].name, len(ranks)), item[1].better is not Better.HIGHER),
    )
    terms = [c.name for c in train.values() if c.role is Role.TERM]
    losses = [c.measures for c in train.values() if c.role is Role.LOSS]
    findings = []
    for name, column in train.items():
        if column.role is Role.TOTAL and terms:
            train[name] = replace(
                column, role=Role.TERM, better=Better.NEITHER, quantity=f"{column.name} with terms"
            )
            text = f"{column.name} holds {_some(terms)}: the summed loss is {' + '.join(losses) or 'unknown'}"
            findings.append(Finding(Code.TERMS_IN_TOTAL, text))
        elif column.role is Role.TOTAL and not losses:
            train[name] = replace(column, role=Role.LOSS, part_of="loss")
    findings += _of_other_models(scores)
    return Named(train, dict(scores), tuple(findings), tuple(left))


def _of_other_models(scores: Iterable[tuple[str, Column]]) -> list[Finding]:
    """Whose the scores beside the run's own are."""
    told = {
        m[1]: (name, column.name) for name, column in scores if (m := _OTHER_MODEL.fullmatch(column.name))
    }
    whose = {"teacher": "the teacher's", "ema": "of the averaged weights (EMA)"}
    return [
        Finding(Code.OTHER_MODEL, f"{name} is {whose[model]}, kept as {kept}; the run's own is map")
        for model, (name, kept) in told.items()
    ]


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def loss_column(name: str, meter: Meter = Meter.EPOCH, quantity: str = "") -> Column:
    """What a loss of training is: the total, a part of it, an auxiliary layer's, or another kind of term."""
    lowered = name.lower()
    if _TERM.search(lowered):
        return term(name, meter)
    if _AUXILIARY.search(lowered):
        return auxiliary(name, meter)
    return total(name, meter) if _TOTAL.fullmatch(lowered) else loss(name, meter, quantity)
