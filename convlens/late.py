"""Tables that are read when first asked for: batches and class APs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convlens.errors import SourceError
from convlens.formats.base import ALL_LINES, Blocks, Format, Want
from convlens.meters import Ints
from convlens.sources import Kept, Stamp, open_parts

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LogOnDisk:
    """The log that a run was read from; `data` is kept only where it cannot be read again (stdin).

    Of a URL it is the file that was `kept` in the cache: no server is asked again.
    """

    kind: Format
    path: str
    stamp: Stamp
    data: bytes | None
    session_lines: tuple[int, ...] = ()
    kept: Kept | None = None
    earlier: tuple[str, ...] = ()  # files of earlier processes
    lines: tuple[int, int] = ALL_LINES  # of the run, where the file holds several

    def batches(self) -> pd.DataFrame:
        """See `Run.batches`."""
        import pandas as pd

        train = self._blocks(Want(batches=True)).train
        names = {"Speed": "speed", "LR": "lr"}
        frame = pd.DataFrame(
            train.values,
            columns=pd.Index([names.get(name, name) for name in train.names]),
            index=pd.MultiIndex.from_arrays(
                [self._sessions(train.line), train.epoch, train.step],
                names=["session", "epoch", "batch"],
            ),
        )
        return frame[~frame.index.duplicated()]  # a log that is written twice holds each line twice

    def class_ap(self) -> pd.DataFrame:
        """See `Run.class_ap`."""
        import pandas as pd

        classes = self._blocks(Want(class_ap=True)).class_ap
        lines = np.array(classes.line, dtype=np.int64)
        frame = pd.DataFrame(
            {"ap": np.array(classes.ap, dtype=np.float64)},
            index=pd.MultiIndex.from_arrays(
                [self._sessions(lines), np.array(classes.epoch, dtype=np.int64), classes.class_name],
                names=["session", "epoch", "class_name"],
            ),
        )
        return frame[~frame.index.duplicated(keep="last")]

    def sha256(self) -> str:
        """See `Run.sha256`."""
        return hashlib.sha256(self._read()).hexdigest()

    def _sessions(self, lines: Ints) -> Ints:
        found = np.searchsorted(np.array(self.session_lines), lines, side="right") - 1
        return np.maximum(found, 0)

    def _blocks(self, want: Want) -> Blocks:
        blocks = self.kind.read(self._read(), want)
        return blocks if self.lines == ALL_LINES else blocks.between(0, *self.lines)

    def _read(self) -> bytes:
        if self.data is not None:
            return self.data
        if self.kept is not None:
            return self.kept.read()
        data, stamp = open_parts((*self.earlier, self.path))
        if stamp != self.stamp:
            raise SourceError(self.path, "the file has changed since it was read; read it again")
        return data
