"""Reading what the command line names: bad files are reported, the others go on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from convlens.cli.output import say
from convlens.errors import ConvlensError

if TYPE_CHECKING:
    from rich.progress import Progress

    from convlens.run import Run

SOURCES_HELP = "Logs: paths, folders, patterns, '-', or zoo names, each with an optional 'label=' before it."


class Reader:
    """Reads runs one by one; `failed` tells afterwards whether any could not be read."""

    def __init__(self, named: Sequence[str]) -> None:
        self.named = named
        self.failed = False

    def runs(self) -> Iterator[Run]:
        """Every run that can be read, with a progress bar where it takes long and someone watches."""
        from convlens.reader import read_source
        from convlens.sources import resolve

        found = resolve(self.named, self.report)
        with _Bar(len(found)) as bar:
            for source in found:
                try:
                    yield read_source(source)
                except ConvlensError as error:
                    self.report(error)
                bar.advance()

    def report(self, error: ConvlensError) -> None:
        """Tell that something could not be read."""
        self.failed = True
        say(str(error))

    def exit_code(self) -> int:
        """0, or 1 if anything could not be read."""
        return int(self.failed)


class _Bar:
    """A progress bar on stderr that appears after a second, and only in a terminal."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.begun = total, 0, time.monotonic()
        self.progress: Progress | None = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.progress:
            self.progress.stop()

    def advance(self) -> None:
        """One more is done."""
        self.done += 1
        if self.progress is None and sys.stderr.isatty() and time.monotonic() - self.begun > 1:
            from rich.console import Console
            from rich.progress import Progress

            self.progress = Progress(console=Console(stderr=True), transient=True)
            self.progress.add_task("reading logs", total=self.total)
            self.progress.start()
        if self.progress:
            self.progress.update(self.progress.task_ids[0], completed=self.done)
