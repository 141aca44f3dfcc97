"""`convlens explain`: what a finding means."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer


def explain(
    code: Annotated[str | None, typer.Argument(help="A code such as CL005; all codes without one.")] = None,
) -> None:
    """Say what a finding means, with an example."""
    from convlens.findings import EXPLANATIONS
    from convlens.findings import explain as look_up

    if code is None:
        for known, explanation in EXPLANATIONS.items():
            typer.echo(f"{known}  {explanation.title}")
        return
    explanation = look_up(code)
    typer.echo(f"{code.strip().upper()}: {explanation.title}\n")
    typer.echo(textwrap.fill(explanation.text, 80))
    typer.echo("\n" + textwrap.fill(f"Example: {explanation.example}", 80))
