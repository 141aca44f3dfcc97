"""`convlens zoo fetch`: published logs, into the cache."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from convlens.cli import completion
from convlens.cli.output import emit, say
from convlens.cli.sources import Bar
from convlens.errors import ConvlensError
from convlens.files import written_whole
from convlens.wording.text import safe


def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of published logs, as `convlens zoo list` has them.",
            show_default=False,
            autocompletion=completion.published,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    task: Annotated[
        str | None, typer.Option(help="All of this task (detection, segmentation, …).", metavar="TASK")
    ] = None,
    family: Annotated[
        str | None,
        typer.Option(
            "--family", "--detector", help="All of this detector or kind of network.", metavar="NAME"
        ),
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="All of this dataset.", metavar="NAME")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Copy the logs into this folder.", metavar="DIR")
    ] = None,
) -> None:
    """Fetch published logs into the cache, and print where each one is.

    Their names are then read from there, batches and all, without a network. What is in the cache already
    is not fetched again, so that a command that was stopped goes on where it was.
    """
    from convlens.sources import fetch as fetch_log
    from convlens.zoo import named, select

    several = everything or any(value is not None for value in (task, family, dataset))
    if not names and not several:
        raise typer.BadParameter("name logs, or give --all, --task, --family or --dataset")
    chosen = select("", task, family, dataset) if several else []
    wanted = list(dict.fromkeys([*(names or ()), *(entry.name for entry in chosen)]))
    if not wanted:
        say("no published log fits all of these")
    paths = []
    with Bar("fetching logs", len(wanted)) as bar:
        for name in wanted:
            try:
                entry = named(name)
                path = fetch_log(entry.url, entry.sha256, entry.size, bar.arriving(entry.name))
                paths.append(_copied(path, output) if output else path)
            except ConvlensError as error:
                say(str(error))
            bar.advance()
    for path in paths:  # not before: a bar on the screen takes what is printed for its own
        emit(f"{safe(path)}\n")
    raise typer.Exit(int(len(paths) < len(wanted)))


def _copied(path: Path, folder: Path) -> Path:
    with written_whole(folder / path.name) as temporary:
        shutil.copyfile(path, temporary)
    return folder / path.name
