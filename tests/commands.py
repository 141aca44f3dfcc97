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
        if isinstance(inner, Mapping):
            found |= commands(command, f"{before}{name} ")
        if not isinstance(inner, Mapping) or command.invoke_without_command:
            found[before + name] = command
    return found
