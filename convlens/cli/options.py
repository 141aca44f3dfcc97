"""The arguments and options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convlens.cli import completion
from convlens.wording.text import OutputFormat

Sources = Annotated[
    list[str],
    typer.Argument(
        help="Logs: paths, folders, patterns, URLs, '-', or zoo names, "
        "each with an optional 'label=' before it.",
        show_default=False,
        autocompletion=completion.sources,
    ),
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Ask no server: of URLs read what was fetched before.")
]
Mapped = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="Read any table or JSON by names of its columns: --map epoch=step --map loss=train/total_loss "
        "--map 'map[%]=val/mAP'.",
        metavar="NAME=COLUMN",
    ),
]
LogFormat = Annotated[
    Path | None,
    typer.Option(help="Read logs as a TOML file declares their lines (see the README).", metavar="FILE"),
]
Form = Annotated[OutputFormat, typer.Option("--format", help="How the result is printed.")]
Size = Annotated[str | None, typer.Option(help="The figure's size: 3.5x2.6in, 9x6cm.", metavar="WxH")]
Dpi = Annotated[int, typer.Option(help="The resolution of a .png.", min=10, max=1200)]
