"""Read the log of a GluonCV detection script: find its few telling lines, then read those.

A batch line is located by comparing bytes over the whole file at once; only the first and the last of
each stretch are parsed unless all are asked for. Everything that names an epoch is accounted for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import Blocks, Checkpoint, Format, Restarts, Table, Want
from convlens.formats.gluoncv import detection_lines as kinds
from convlens.formats.gluoncv.families import describe, family_of
from convlens.formats.gluoncv.gaps import Gaps
from convlens.formats.gluoncv.validations import Block, read_validations
from convlens.formats.lines import NUMBER, Line, read_pairs, same_form
from convlens.formats.text import LONGEST_LINE, Text, clean
from convlens.meters import Bools, Ints

_BATCH, _CLOSE = kinds.BATCH.literals[1], kinds.CLOSE.literals[1]
_HINT = re.compile(
    rb"\[Epoch \d+(?:\]\[Batch \d+\]|\] Training cost: |\], Speed: |\] (?:\w+ )?Validation(?::| Inference))"
)
_COST = re.compile(NUMBER.encode())
_STARTED = re.compile(rb"Start training from \[Epoch \d+\]")
_HEADERS = (kinds.VALIDATION, kinds.VALIDATION_OF, kinds.VALIDATION_COST)
_RATES = (kinds.RATE, kinds.WARMUP_RATE)
_CHECKPOINTS = (kinds.SAVED, kinds.BEST)
# Frequent kinds first. Batch and closing lines are found by their literals.
_KINDS: tuple[Line, ...] = (
    kinds.VALIDATION,
    *_RATES,
    *_CHECKPOINTS,
    kinds.CLOSE_WITHOUT_COST,
    kinds.VALIDATION_OF,
    kinds.VALIDATION_COST,
)

_SPELLINGS = {"lr": "LR", "Lr": "LR", "learning_rate": "LR", "speed": "Speed"}

Record = tuple[int, Line, dict[str, bytes]]  # index of the line, its kind, its fields


def recognise(name: str, head: bytes) -> bool:
    """Whether the file's first bytes are those of a detection log; its name does not matter."""
    del name
    return bool(_HINT.search(clean(head)[0]) or _STARTED.search(head))


def read(data: bytes, want: Want) -> Blocks:
    """Read a detection log (see `Format.read`)."""
    cleaned, findings = clean(data)
    return _Reading(Text(cleaned), want, list(findings)).blocks()


FORMAT = Format(
    "gluoncv",
    "epoch",
    Restarts.PHASES,
    recognise,
    read,
    example="[Epoch 12][Batch 99], Speed: 60.122 samples/sec, CrossEntropy=2.146, SmoothL1=1.226",
)


class _Reading:
    """One pass over one log: where its lines are, then what they say."""

    def __init__(self, text: Text, want: Want, findings: list[Finding]) -> None:
        self.text, self.want, self.findings = text, want, findings
        anchors = text.find(kinds.ANCHOR)
        lines = text.line_of(anchors)
        first = np.diff(lines, prepend=-1) != 0
        self.at: Ints = anchors[first]  # the anchor of each line that names an epoch
        self.lines: Ints = lines[first]
        self.ends: Ints = text.ends[self.lines]
        self.epoch, self.behind = text.integers(self.at + len(kinds.ANCHOR))
        self.step, self.tail = text.integers(self.behind + len(_BATCH))
        short = self.ends - self.at < LONGEST_LINE
        numbered = text.has(b"]", self.tail) & (self.tail > self.behind + len(_BATCH))
        self.is_batch: Bools = text.has(_BATCH, self.behind) & numbered & short
        self.is_close = np.zeros(len(self.at), dtype=np.bool_)
        others = np.flatnonzero(~self.is_batch & short)
        self.is_close[others] = text.has(_CLOSE, self.behind[others])
        self.unfinished = bool(text.data) and not text.data.endswith(b"\n")
        self.not_understood: list[int] = []

    def blocks(self) -> Blocks:
        records = list(self._records())
        starts = self._table([r for r in records if r[1] is kinds.START])
        close = self._close([r for r in records if r[1] is kinds.CLOSE_WITHOUT_COST])
        train = self._train(np.sort(np.concatenate([starts.line, close.line])))
        gaps = Gaps(self.text, self.lines)
        headers = [r[0] for r in records if r[1] in _HEADERS]
        behind = [i + 1 for i in headers]
        gaps.of_validations.update(behind)
        line_starts = [self.text.line_start(n) for n in self.lines[headers].tolist()]
        blocks = [
            Block(epoch, line, span[0], span[1], gap, self.text.data[start:at])
            for epoch, line, span, gap, start, at in zip(
                self.epoch[headers].tolist(),
                (self.lines[headers] + 1).tolist(),
                gaps.spans(behind),
                behind,
                line_starts,
                self.at[headers].tolist(),
                strict=True,
            )
        ]
        rest = partial(gaps.behind, passed_over=self.is_batch | self.is_close)
        score, class_ap, cut = read_validations(self.text.data, blocks, rest, self.want.class_ap)
        columns, unknown = describe((*train.names, *close.names))
        family = family_of((*train.names, *close.names))
        self.findings += [*unknown, *cut, *gaps.findings()]
        return Blocks(
            columns=columns,
            detector=family.detector if family else None,
            train=train,
            close=close,
            score=score,
            rates=self._table([r for r in records if r[1] in _RATES], "lr"),
            starts=starts,
            class_ap=class_ap,
            configs=gaps.configs({r[0] for r in records if r[1] is kinds.START}),
            checkpoints=tuple(self._checkpoint(*r) for r in records if r[1] in _CHECKPOINTS),
            findings=tuple(self.findings),
            epoch_lines=len(self.at),
            not_understood=tuple(sorted(set(self.not_understood))),
        )

    def _line(self, index: int) -> int:
        return int(self.lines[index]) + 1

    def _records(self) -> list[Record]:
        """Every other line that names an epoch, with its kind and fields."""
        data, prefix = self.text.data, kinds.START_PREFIX
        records: list[Record] = []
        for i in np.flatnonzero(~(self.is_batch | self.is_close)).tolist():
            at = int(self.at[i])
            if self.ends[i] - at >= LONGEST_LINE:
                self.not_understood.append(self._line(i))
                continue
            if data.endswith(prefix, 0, at) and (start := kinds.START.parse(data, at - len(prefix))):
                records.append((i, kinds.START, start))
                continue
            for kind in _KINDS:
                fields = kind.parse(data, at)
                if fields and (kind not in _CHECKPOINTS or self._path_is_whole(i, fields["path"])):
                    records.append((i, kind, fields))
                    break
            else:
                self._skip(i)
        return records

    def _ends_unfinished(self, index: int) -> bool:
        return self.unfinished and bool(self.ends[index] == len(self.text.data))

    def _path_is_whole(self, index: int, path: bytes) -> bool:
        return not self._ends_unfinished(index) or path.endswith(b".params")

    def _skip(self, index: int) -> None:
        """A line that cannot be used: cut off if it is the file's unfinished end."""
        if self._ends_unfinished(index):
            text = "the log ends inside a line, which is not used"
            self.findings.append(Finding(Code.CUT_OFF, text, f"line {self._line(index)}"))
        else:
            self.not_understood.append(self._line(index))

    def _table(self, records: Sequence[Record], name: str = "") -> Table:
        """Records that hold at most one number."""
        index = np.array([i for i, _, _ in records], dtype=np.int64)
        values = [[float(fields[name])] for _, _, fields in records] if name else []
        shape = (len(records), 1 if name else 0)
        return Table(
            self.epoch[index],
            np.array([int(f.get("step", -1)) for _, _, f in records], dtype=np.int64),
            self.lines[index] + 1,
            (name,) if name else (),
            np.array(values, dtype=np.float64).reshape(shape),
            present=np.ones(shape, dtype=np.bool_),
        )

    def _train(self, breaks: Ints) -> Table:
        """Batch lines: all if asked for, else the first and last of each stretch between `breaks` (lines)."""
        index = np.flatnonzero(self.is_batch)
        if not self.want.batches:
            lines = self.lines[index] + 1
            thin = index[ends_of_stretches(self.epoch[index], self.step[index], lines, breaks)]
            table, whole = self._pairs(thin, self._tails(thin))
            if whole.all():
                return table
        table, whole = self._pairs(index, self._tails(index))
        for i in index[~whole].tolist():
            self._skip(i)
        if self.want.batches or not len(table):
            return table
        keep = ends_of_stretches(table.epoch, table.step, table.line, breaks)
        return table.rows(keep)

    def _tails(self, index: Ints) -> list[bytes]:
        data = self.text.data
        spans = zip(self.tail[index].tolist(), self.ends[index].tolist(), strict=True)
        return [data[start + 1 : end].strip(b", \t") for start, end in spans]

    def _close(self, without_cost: Sequence[Record]) -> Table:
        """Closing lines, with the seconds that the epoch took where they say so."""
        index = np.flatnonzero(self.is_close)
        spans = zip((self.behind[index] + len(_CLOSE)).tolist(), self.ends[index].tolist(), strict=True)
        texts = [self.text.data[start:end].partition(b", ") for start, end in spans]
        costs = [text[0] for text in texts]
        tails = [text[2].rstrip() if _COST.fullmatch(text[0]) else b"" for text in texts]
        if without_cost:
            index = np.concatenate([index, [i for i, _, _ in without_cost]]).astype(np.int64)
            costs += [b"nan"] * len(without_cost)
            tails += [fields["values"] for _, _, fields in without_cost]
            order = np.argsort(index)
            index = index[order]
            costs, tails = [costs[k] for k in order], [tails[k] for k in order]
        table, whole = self._pairs(index, tails)
        for i in index[~whole].tolist():
            self._skip(i)
        cost = np.array([[float(costs[k])] for k in np.flatnonzero(whole)]).reshape(len(table), 1)
        kept = [k for k, name in enumerate(table.names) if name != "Speed"]  # means nothing here
        return Table(
            table.epoch,
            np.full(len(table), -1, dtype=np.int64),
            table.line,
            ("seconds", *(table.names[k] for k in kept)),
            np.hstack([cost, table.values[:, kept]]),
            (3, *(table.decimals[k] for k in kept)),
            np.hstack([np.isfinite(cost), table.present[:, kept]]),
        )

    def _pairs(self, index: Ints, tails: list[bytes]) -> tuple[Table, Bools]:
        """The records of some lines, and for each line whether its pairs are whole."""
        if tails and self._ends_unfinished(index[-1]) and not same_form(tails[-1], tails[-51:-1]):
            tails[-1] = b""
        pairs = read_pairs(tails)
        kept = index[pairs.whole]
        table = Table(
            self.epoch[kept],
            self.step[kept],
            self.lines[kept] + 1,
            _usual(pairs.names),
            pairs.values[pairs.whole],
            pairs.decimals,
            pairs.present[pairs.whole],
        )
        return table, pairs.whole

    def _checkpoint(self, index: int, kind: Line, fields: dict[str, bytes]) -> Checkpoint:
        path = fields["path"].decode("utf-8", errors="replace")
        return Checkpoint(int(self.epoch[index]), self._line(index), path, kind is kinds.BEST)


def _usual(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names with the rate and the speed as GluonCV's scripts spell them."""
    usual = tuple(_SPELLINGS.get(name, name) for name in names)
    return usual if len(set(usual)) == len(usual) else names


def ends_of_stretches(epoch: Ints, step: Ints, line: Ints, breaks: Ints) -> Bools:
    """Which batch lines are the first or last of a stretch: of one epoch, ascending, with no break inside."""
    if not len(epoch):
        return np.zeros(0, dtype=np.bool_)
    breaks_before = np.searchsorted(breaks, line)
    broken = (np.diff(epoch) != 0) | (np.diff(step) < 0) | (np.diff(breaks_before) != 0)
    edge = np.array([True])
    ends: Bools = np.concatenate([edge, broken]) | np.concatenate([broken, edge])
    return ends
