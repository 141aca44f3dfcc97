"""Reading what the command line names: bad files are reported, the others go on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from convlens.cli.output import say
from convlens.errors import ConvlensError
from convlens.wording.text import safe

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from convlens.run import Run


class Reader:
    """Reads runs one by one; `failed` tells afterwards whether any could not be read."""

    def __init__(
        self,
        named: Sequence[str],
        offline: bool = False,
        mapped: Sequence[str] | None = None,
        log_format: Path | None = None,
    ) -> None:
        self.named, self.offline = named, offline
        self.columns, self.log_format = columns_of(mapped or ()), log_format
        self.failed = False

    def runs(self) -> Iterator[Run]:
        """Every run that can be read, with a progress bar where it takes long and someone watches."""
        from convlens.reader import declared_format, read_runs
        from convlens.sources import resolve

        kind = declared_format(self.columns, self.log_format)
        found = resolve(self.named, self.report)
        with Bar("reading logs", len(found)) as bar:
            for source in found:
                try:
                    arriving = bar.arriving(source.label)
                    yield from read_runs(source, offline=self.offline, progress=arriving, kind=kind)
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


def columns_of(pairs: Sequence[str]) -> dict[str, str]:
    """The columns that `--map NAME=COLUMN` names."""
    columns = {}
    for pair in pairs:
        name, _, column = (part.strip() for part in pair.partition("="))
        if not (name and column):
            message = f"{pair!r} is not NAME=COLUMN, such as loss=train/total_loss"
            raise typer.BadParameter(message, param_hint="--map")
        columns[name] = column
    return columns


class Bar:
    """A progress bar on stderr, only in a terminal: at once for a download, else after a second."""

    def __init__(self, doing: str, total: int) -> None:
        self.doing, self.total, self.done, self.begun = doing, total, 0, time.monotonic()
        self.progress: Progress | None = None
        self.download: TaskID | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.progress:
            self.progress.stop()

    def arriving(self, name: str) -> Callable[[int, int | None], None]:
        """What shows the bytes of a download as they arrive."""

        def show(size: int, total: int | None) -> None:
            if progress := self._shown():
                from rich.markup import escape

                told = f"fetching {escape(safe(name))}, {size / 1e6:.1f} MB"
                if self.download is None:
                    self.download = progress.add_task(told, total=None)
                progress.update(self.download, description=told, completed=size, total=total)

        return show

    def advance(self) -> None:
        """One more is done."""
        self.done += 1
        if self.progress and self.download is not None:
            self.progress.remove_task(self.download)
            self.download = None
        if (self.progress or time.monotonic() - self.begun > 1) and (progress := self._shown()):
            progress.update(progress.task_ids[0], completed=self.done)

    def _shown(self) -> Progress | None:
        if self.progress is None and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self.progress = Progress(console=Console(stderr=True), transient=True)
            self.progress.add_task(self.doing, total=self.total)
            self.progress.start()
        return self.progress
