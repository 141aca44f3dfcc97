"""`convlens zoo list`: which logs were published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from convlens.cli.options import Form
from convlens.cli.output import emit, say, show, table
from convlens.wording.text import OutputFormat, as_json, as_text

if TYPE_CHECKING:
    from rich.table import Table

    from convlens.zoo import Entry


def list_logs(
    text: Annotated[str, typer.Argument(help="Only names that have this in them.", show_default=False)] = "",
    task: Annotated[
        str | None, typer.Option(help="Only this task (detection, segmentation, …).", metavar="TASK")
    ] = None,
    family: Annotated[
        str | None,
        typer.Option("--family", "--detector", help="Only this detector or kind of network.", metavar="NAME"),
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Only this dataset.", metavar="NAME")] = None,
    available: Annotated[
        bool, typer.Option("--available", help="Only those that can be read without a network.")
    ] = False,
    form: Form = OutputFormat.TABLE,
) -> None:
    """List the published logs: their names, which serve as sources, and what was published of them.

    `available` says what can be read without a network: the log itself, from the `cache`, or its figures
    without batches, from the `snapshot` that comes with convlens. A score that was published under several
    conditions is shown as a range; csv and json hold all of them.
    """
    from convlens.zoo import select

    entries = [e for e in select(text, task, family, dataset) if _where(e) or not available]
    if not entries:
        say("no published log fits all of these")
    if form is OutputFormat.JSON:
        emit(as_json(_document(entries)) + "\n")
    elif entries and form is OutputFormat.TABLE:
        show(*_view(entries))
    elif entries:
        emit(as_text([_row(e) if form is OutputFormat.CSV else _short(e) for e in entries], form) + "\n")


def _where(entry: Entry) -> str:
    """What can be read of a log without a network; empty if nothing."""
    from convlens.sources import look_up
    from convlens.zoo import snapshot_names

    if look_up(entry.url, entry.sha256):
        return "cache"
    return "snapshot" if entry.name in snapshot_names() else ""


def _view(entries: Sequence[Entry]) -> Iterator[Table | str]:
    """One table a task, and how many there are."""
    for task, of_task in groupby(sorted(entries, key=lambda e: e.task), lambda e: e.task):
        rows = [_short(entry) for entry in of_task]
        yield from (f"{task} ({len(rows)})", "")
        header = [name for name in rows[0] if name != "task"]
        yield table(header, [[row[name] or "–" for name in header] for row in rows], names_up_to=40)
        yield ""
    here = sum(bool(_where(entry)) for entry in entries)
    yield f"{len(entries)} published logs, {here} of them available without a network"


def _short(entry: Entry) -> dict[str, str]:
    """What is worth reading; of a score that was published under several conditions the range."""
    told = [(score, re.split(r" (?:at|with|without) ", how)[0]) for score, how in entry.published]
    scores = [score for score, metric in told if metric == told[0][1]]
    span = "–".join(str(score) for score in sorted({min(scores), max(scores)})) if scores else ""
    return {
        "name": entry.name,
        "task": entry.task,
        "dataset": entry.dataset,
        "published": f"{span} {told[0][1]}" if scores else "",
        "available": _where(entry),
    }


def _document(entries: Sequence[Entry]) -> dict[str, object]:
    """The JSON of the list; README lists its keys."""
    import convlens

    logs = [
        {
            **_row(entry),
            "aliases": entry.aliases,
            "published": [{"score": score, "conditions": how} for score, how in entry.published],
            "available": _where(entry) or None,
        }
        for entry in entries
    ]
    return {"convlens": convlens.__version__, "command": "zoo list", "logs": logs}


def _row(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "aliases": "; ".join(entry.aliases),
        "task": entry.task,
        "family": entry.family,
        "dataset": entry.dataset,
        "input_size": entry.input_size,
        "published": "; ".join(f"{score} {how}" for score, how in entry.published),
        "available": _where(entry),
        "bytes": entry.size,
        "sha256": entry.sha256,
        "url": entry.url,
    }
