"""`convlens explain`: what a finding means."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer

from convlens.cli import completion
from convlens.cli.output import emit


def explain(
    code: Annotated[
        str | None,
        typer.Argument(help="A code such as CL005; all codes without one.", autocompletion=completion.codes),
    ] = None,
) -> None:
    """Say what a finding means, with an example."""
    from convlens.explanations import EXPLANATIONS
    from convlens.explanations import explain as look_up

    if code is None:
        for known, explanation in EXPLANATIONS.items():
            emit(f"{known}  {explanation.title}\n")
        return
    explanation = look_up(code)
    title = f"{code.strip().upper()}: {explanation.title}"
    example = textwrap.fill(f"Example: {explanation.example}", 80)
    emit(f"{title}\n\n{textwrap.fill(explanation.text, 80)}\n\n{example}\n")
