"""The log of a run, written with the declarations that the reader reads with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from convlens.errors import TrainingError
from convlens.formats.gluoncv import detection_lines as lines
from convlens.formats.gluoncv import gan, ssd
from convlens.formats.gluoncv.family import Family
from convlens.formats.gluoncv.namespace import format_namespace
from convlens.metrics import Role


def family_of_terms(terms: Sequence[str]) -> Family:
    """The family whose lines hold these terms: that of the published GAN log, or plain SSD."""
    known = {column.name for column in gan.SSD.columns if column.role is Role.TERM}
    return gan.SSD if set(terms) & known else ssd.FAMILY


class LogWriter:
    """Appends to a log, a whole line at a time, each at once on disk for who follows it.

    Figures are given by what they measure (`CrossEntropy`); the family knows how its lines call it.
    """

    def __init__(self, path: Path, terms: Sequence[str]) -> None:
        self.path = path
        self.family = family_of_terms(terms)
        self.names = {c.measures: c.name for c in self.family.columns if c.role is Role.LOSS}
        order = [c.name for c in self.family.columns]
        self.order = {name: place for place, name in enumerate(order)}

    def begin(self, arguments: Mapping[str, object], epoch: int) -> None:
        """A process begins: a line that a killed one left unfinished goes, arguments and start are told."""
        try:
            whole = self.path.read_bytes() if epoch and self.path.exists() else b""
            self.path.write_bytes(whole[: whole.rfind(b"\n") + 1])
        except OSError as error:
            raise self._failed(error) from None
        self._write(format_namespace(arguments), lines.START.format(epoch=epoch))

    def rate(self, epoch: int, rate: float) -> None:
        """The learning rate with which an epoch begins."""
        self._write(lines.RATE.format(epoch=epoch, lr=rate))

    def batch(self, epoch: int, step: int, speed: float, means: Mapping[str, float]) -> None:
        """The means of an epoch so far [speed: images/s]."""
        values = {"Speed": speed} | self._named(means)
        self._write(lines.BATCH.format(epoch=epoch, step=step, values=self.family.write(values)))

    def close(self, epoch: int, seconds: float, means: Mapping[str, float]) -> None:
        """The means of a whole epoch."""
        values = self.family.write(self._named(means))
        self._write(lines.CLOSE.format(epoch=epoch, seconds=seconds, values=values))

    def validation(self, epoch: int, block: str) -> None:
        """A block of scores."""
        self._write(lines.VALIDATION.format(epoch=epoch), block)

    def best(self, epoch: int, score: float, before: float, path: str) -> None:
        """The best mAP so far [fractions], and where its parameters are."""
        told = lines.BEST.format(epoch=epoch, map=score, best=f"{before:g}", path=path)
        self._write(told)

    def saved(self, epoch: int, path: str) -> None:
        """Parameters were saved."""
        self._write(lines.SAVED.format(epoch=epoch, path=path))

    def note(self, text: str) -> None:
        """A sentence that names no epoch."""
        self._write(" ".join(text.split()))

    def _named(self, means: Mapping[str, float]) -> dict[str, float]:
        named = {self.names.get(name, name): value for name, value in means.items()}
        return dict(sorted(named.items(), key=lambda item: self.order.get(item[0], len(self.order))))

    def _write(self, *texts: str) -> None:
        data = "".join(f"{text}\n" for text in texts).encode()
        try:
            with self.path.open("ab", buffering=0) as file:
                written = file.write(data)
                if written != len(data):
                    raise OSError(28, os.strerror(28))
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> TrainingError:
        return TrainingError(f"{self.path}: the log cannot be written: {error.strerror or error}.")
