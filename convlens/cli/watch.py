"""`convlens watch`: follow a log while it is written."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convlens.cli.output import say
from convlens.errors import LogFormatError, SourceError

if TYPE_CHECKING:
    from convlens.analysis.standing import Standing
    from convlens.sources.follow import Follower

_UNKNOWN_PACE = 300.0  # seconds without a line that pass for usual where the log tells nothing


def watch(
    file: Annotated[Path, typer.Argument(help="The log that a training writes.", show_default=False)],
    until_converged: Annotated[
        bool,
        typer.Option(
            "--until-converged",
            help="Exit with 0 as soon as the verdict is converged, with 3 if the run ends before.",
        ),
    ] = False,
    interval: Annotated[
        float, typer.Option(help="How often to look [s].", metavar="SECONDS", min=0.01, max=3600)
    ] = 1.0,
) -> None:
    """Follow a running log: losses, mAP, the verdict so far, the forecast of the end and the time left.

    In a terminal the view is renewed; elsewhere each epoch is one line. It ends with the last configured
    epoch, or with Ctrl-C.
    """
    from convlens.cli.watch_view import Lines, Screen
    from convlens.sources.follow import Follower

    watching = Watching(file, Follower(file), interval)
    terminal = sys.stdout is not None and sys.stdout.isatty()
    with Screen() if terminal else Lines() as view:
        while True:
            watching.look()
            if not view.show(watching.standing, watching.told):
                raise typer.Exit
            converged = watching.standing is not None and watching.standing.diagnosis.verdict == "converged"
            if watching.ended or (until_converged and converged):
                break
            time.sleep(interval)
    raise typer.Exit(3 if until_converged and not converged else 0)


class Watching:
    """The log as it stands now; `told` says what is unusual about it, empty if nothing is."""

    def __init__(self, path: Path, follower: Follower, interval: float) -> None:
        self.path, self.follower, self.interval = path, follower, interval
        self.standing: Standing | None = None
        self.told = ""
        self.begun = False  # the file was there

    def look(self) -> None:
        """Read the log if it has changed. A SourceError if it cannot be, or is no text."""
        from convlens.sources.follow import Change

        change = self.follower.look()
        if change is Change.GONE:
            if not self.begun:
                raise SourceError(str(self.path), "there is no such file")
            self.told = "the log is gone: waiting for it to come back"
            return
        self.begun = True
        if change is not Change.NONE:
            self.told = ""
            self._read(change is Change.REPLACED)
        elif self.standing is not None and self.stalled:
            silence, pace = _time(self.follower.silence), self.follower.pace
            usual = f"the longest gap was {_time(pace)}" if pace else "by the time its epochs take"
            self.told = f"stalled? No line for {silence} ({usual})"

    def _read(self, replaced: bool) -> None:
        from convlens.analysis.standing import standing
        from convlens.reader import read_source
        from convlens.sources import resolve

        [source] = resolve([self.path])
        try:
            run = read_source(source)
        except LogFormatError as error:
            if "binary" in error.why:
                raise
            self.standing, self.told = None, f"waiting for a first epoch: {error.why}"
            return
        if replaced:
            say(f"{self.path}: was replaced, or cut and begun anew")
        self.standing = standing(run, None if replaced else self.standing)

    @property
    def stalled(self) -> bool:
        """Whether no line came for several times the usual pace."""
        import numpy as np

        usual = _UNKNOWN_PACE
        if self.standing is not None:
            seconds = self.standing.run.arrays.seconds
            known = seconds[np.isfinite(seconds)]
            usual = float(np.median(known)) if len(known) else usual
        return self.follower.stalled(usual, self.interval)

    @property
    def ended(self) -> bool:
        """Whether the last configured epoch is complete, and scored unless that does not come."""
        now = self.standing
        return now is not None and now.finished and (now.scored or self.stalled)


def _time(seconds: float) -> str:
    """A span of time for reading."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
