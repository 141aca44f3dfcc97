"""The commands of the program, those of groups too."""

from __future__ import annotations

from collections.abc import Mapping

import typer

from convlens.cli.app import app


def commands(group=None, before: str = "") -> dict[str, object]:
    """Every command by what is typed: `compare`, `zoo list`."""
    group = group or typer.main.get_command(app)
    found: dict[str, object] = {}
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        found |= (
            commands(command, f"{before}{name} ") if isinstance(inner, Mapping) else {before + name: command}
        )
    return found
