"""`convlens doctor`: what the runner needs and what of it is here."""

from __future__ import annotations

from typing import Annotated

import typer

from convlens.cli.output import emit
from convlens.wording.text import OutputFormat, as_json, as_text, safe

_MARKS = {True: "ok", False: "NO", None: "–"}


def doctor(
    form: Annotated[
        OutputFormat, typer.Option("--format", help="How the result is printed.")
    ] = OutputFormat.TABLE,
) -> None:
    """Say what of MXNet, GluonCV and the GPUs works here, and what would have to be installed.

    Exit code 1 if `run-distill` cannot run.
    """
    from convlens.distill.doctor import examine

    facts = examine()
    rows = [{"what": fact.what, "ok": fact.ok, "text": fact.text} for fact in facts]
    if form is OutputFormat.JSON:
        emit(as_json({"command": "doctor", "facts": rows}) + "\n")
    elif form is OutputFormat.TABLE:
        width = max(len(fact.what) for fact in facts)
        emit("".join(f"{_MARKS[f.ok]:2s}  {f.what:{width}s}  {safe(f.text)}\n" for f in facts))
    else:
        emit(as_text(rows, form) + "\n")
    raise typer.Exit(int(any(fact.ok is False for fact in facts)))
