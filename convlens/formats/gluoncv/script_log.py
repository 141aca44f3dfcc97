"""Read the log of a script from what its family declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import Blocks, Config, Format, Restarts, Table, Want
from convlens.formats.gluoncv.family import guess_column
from convlens.formats.gluoncv.gaps import Gaps
from convlens.formats.gluoncv.namespace import OPENING, parse_namespace
from convlens.formats.gluoncv.script import Says, Script
from convlens.formats.gluoncv.script_lines import find_lines
from convlens.formats.gluoncv.script_tables import joined, merged, picked, table_of
from convlens.formats.text import Text, clean
from convlens.meters import Ints
from convlens.metrics import RATE, SPEED, Better, Column, Unit, score

_TOTAL = re.compile(rb"Total Epoche?s: (\d{1,7})[ \t]*$", re.MULTILINE)


def format_of(script: Script, example: str) -> Format:
    """The format of a script's logs, with a line of one."""
    recognise, read = partial(_recognise, script), partial(read_script, script)
    return Format(script.name, "epoch", Restarts.PHASES, recognise, read, example=example)


def _recognise(script: Script, name: str, head: bytes) -> bool:
    """Whether the file's first bytes hold what only this script prints; its name does not matter."""
    del name
    return bool(script.signs.search(clean(head)[0]))


def read_script(script: Script, data: bytes, want: Want) -> Blocks:
    """Read the log of a script (see `Format.read`); it gives all batch lines, wanted or not."""
    del want
    cleaned, findings = clean(data)
    return script.refine(_Reading(script, Text(cleaned), list(findings)).blocks())


class _Reading:
    """One pass over one log."""

    def __init__(self, script: Script, text: Text, findings: list[Finding]) -> None:
        self.script, self.text, self.findings = script, text, findings
        self.lines = find_lines(text, script.kinds)
        self.spellings = {"lr": RATE.name, **script.spellings}

    def blocks(self) -> Blocks:
        starts, configs = self._starts()
        train, close = (self._table(says, self.spellings) for says in (Says.BATCH, Says.CLOSE))
        breaks = np.union1d(starts.line, train.line)
        trained = {c.name for c in self.script.columns}
        score = self._table(Says.SCORE, {name: f"val_{name}" for name in trained})
        beside = [c.name for c in self.script.scores if c.name in close.names and c.name not in trained]
        score = merged(joined(score, picked(close, beside)), breaks)
        close = merged(picked(close, [name for name in close.names if name not in beside]), breaks)
        train = merged(train, starts.line)
        score, scores = self._scores(self._of_epochs(score, train, close, starts.line))
        self.findings += Gaps(self.text, self.lines.naming).findings()
        self.findings += [self.lines.cut] if self.lines.cut else []
        return Blocks(
            columns=self._columns((*train.names, *close.names)),
            scores=scores,
            task=self.script.task,
            train=train,
            close=close,
            score=score,
            starts=starts,
            configs=configs,
            findings=tuple(self.findings),
            epoch_lines=len(self.lines.naming),
            not_understood=tuple(sorted(self.lines.not_understood)),
        )

    def _table(self, says: Says, spellings: Mapping[str, str]) -> Table:
        """What the lines of one kind say, their names as they are usually spelled."""
        records = [r for r in self.lines.records if r.says is says]
        table, whole = table_of(records, spellings)
        for n in np.flatnonzero(~whole).tolist():
            self.lines.skip(self.text, records[n].line)
        inside = says is Says.BATCH
        return table if inside else replace(table, step=np.full(len(table), -1, dtype=np.int64))

    def _starts(self) -> tuple[Table, tuple[Config, ...]]:
        """Where processes begin, by a line that says so or by their arguments; and these arguments."""
        arguments = list(self._arguments())
        told = [(c.line, c.plan.start_epoch) for c in arguments]
        told += [(r.line, int(r.fields["epoch"])) for r in self.lines.records if r.says is Says.START]
        line, epoch = (np.array([t[k] for t in sorted(told)], dtype=np.int64) for k in (0, 1))
        starts = Table(epoch, np.full(len(told), -1, dtype=np.int64), line)
        return starts, tuple(arguments or self._totals())

    def _arguments(self) -> Iterator[Config]:
        data, at = self.text.data, self.text.data.find(OPENING)
        while at >= 0:
            end = data.find(b"\n", at)
            raw = data[at : end if end >= 0 else len(data)]
            yield self._config(at, parse_namespace(raw.decode("utf-8", errors="replace")))
            at = data.find(OPENING, at + 1)

    def _totals(self) -> Iterator[Config]:
        """What scripts that print no arguments say of themselves."""
        for match in _TOTAL.finditer(self.text.data):
            yield self._config(match.start(), {"epochs": int(match[1])})

    def _config(self, at: int, arguments: Mapping[str, object]) -> Config:
        return Config(self.text.line_number(at), arguments, self.script.plan(arguments))

    def _of_epochs(self, score: Table, train: Table, close: Table, starts: Ints) -> Table:
        """The validations that are of an epoch: a process that only evaluates prints some too."""
        line = np.concatenate([train.line, close.line])
        if not len(line):
            return score
        order = np.argsort(line, kind="stable")
        epoch, line = np.concatenate([train.epoch, close.epoch])[order], line[order]
        before = np.searchsorted(line, score.line, side="right") - 1
        started = np.searchsorted(starts, score.line) > np.searchsorted(starts, line[before])
        stray = (before >= 0) & (started | (score.epoch < epoch[before]))
        for n in np.flatnonzero(stray).tolist():
            shown = ", ".join(
                f"{name} {value:.4g}"
                for name, value, there in zip(score.names, score.values[n], score.present[n], strict=True)
                if there
            )
            text = f"an evaluation ({shown}) belongs to no epoch: not used"
            self.findings.append(Finding(Code.SCORES_WITHOUT_EPOCH, text, f"line {score.line[n]}"))
        return score.rows(~stray)

    def _scores(self, table: Table) -> tuple[Table, tuple[Column, ...]]:
        """The scores and what they are, the main one first; printed fractions become percentages."""
        known = [c for c in self.script.scores if c.name in table.names]
        others = [name for name in table.names if name not in {c.name for c in known}]
        self._tell_unknown(others, "its direction is not known")
        columns = (*known, *(score(name, Better.NEITHER, Unit.NONE) for name in others))
        table = picked(table, [c.name for c in columns])
        values, decimals = table.values.copy(), list(table.decimals)
        for k, name in enumerate(table.names):
            if name in self.script.fractions:
                decimals[k] = max(decimals[k] - 2, 0)
                values[:, k] = np.round(values[:, k] * 100, decimals[k])
        return replace(table, values=values, decimals=tuple(decimals)), columns

    def _columns(self, names: Sequence[str]) -> tuple[Column, ...]:
        known = {c.name: c for c in (*self.script.columns, SPEED, RATE)}
        printed = [name for name in dict.fromkeys(names) if name != "seconds"]
        self._tell_unknown([name for name in printed if name not in known], "not part of the summed loss")
        return tuple(known.get(name) or guess_column(name, family_known=True) for name in printed)

    def _tell_unknown(self, names: Sequence[str], fate: str) -> None:
        if names:
            text = f"{', '.join(names)} not known in logs of this kind: {fate}"
            self.findings.append(Finding(Code.UNKNOWN_COLUMN, text))
