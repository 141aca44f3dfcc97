"""Follow a file that another process writes: whether it grew, was replaced, is gone, or has fallen silent."""

from __future__ import annotations

import time
from collections import deque
from enum import StrEnum
from pathlib import Path

_SILENT = 4  # times the longest usual gap: then nothing is being written any more
_GAPS = 200  # that tell what is usual: a validation's too, which comes but once in many lines


class Change(StrEnum):
    """What has become of a file since the last look."""

    NONE = "none"
    GREW = "grew"
    REPLACED = "replaced"  # by another file (rotation), or cut and written anew
    GONE = "gone"


class Follower:
    """Looks at a file again and again; each look costs one `stat`.

    `silence` and `pace` are in seconds: since the last change, and the longest gap between changes that is
    usual, None until three were seen.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.gaps: deque[float] = deque(maxlen=_GAPS)
        self._seen: tuple[int, int, int] | None = None  # the file, its size, and when it was changed
        self._changed = time.monotonic()

    def look(self) -> Change:
        """What has changed; the first look at a file that is there says that it grew."""
        before = self._seen
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self._seen = None
            return Change.GONE
        self._seen = (status.st_ino, status.st_size, status.st_mtime_ns)
        if self._seen == before:
            return Change.NONE
        now = time.monotonic()
        if before is None:
            self._changed = now - max(0.0, time.time() - status.st_mtime)
            return Change.GREW
        self.gaps.append(now - self._changed)
        self._changed = now
        same = before[0] == status.st_ino and before[1] <= status.st_size
        return Change.GREW if same else Change.REPLACED

    @property
    def silence(self) -> float:
        """Seconds since the file was last seen to change."""
        return time.monotonic() - self._changed

    @property
    def pace(self) -> float | None:
        """The longest gap between changes that is usual [s]."""
        return max(self.gaps) if len(self.gaps) >= 3 else None

    def stalled(self, otherwise: float, least: float) -> bool:
        """Whether nothing was written for several times the usual pace.

        `otherwise` [s] is the pace until the file's own is known, `least` what no pace is below.
        """
        return self.silence > _SILENT * max(self.pace or otherwise, least)
