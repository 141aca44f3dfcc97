"""Write a report: one folder with the page, its Markdown, all results as JSON, tables and figures."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from convlens.analysis.inputs import Given, read_runs
from convlens.errors import ConvlensError
from convlens.report import convergence, correlation, distillation, findings, page, reached, underfitting
from convlens.report.document import document
from convlens.report.evidence import Evidence, gather
from convlens.report.figures import figures_of, write_figures
from convlens.report.parts import Section, Table
from convlens.report.privacy import last_parts
from convlens.report.tables import tables_of, write_tables
from convlens.wording.text import as_json, number

PAGE, DOCUMENT, TEXT = "report.html", "report.json", "report.md"
_SECTIONS = (reached, convergence, underfitting, correlation, distillation, findings)


def write_report(
    *sources: Given,
    directory: str | Path,
    gap: tuple[str, str, str] | None = None,
    full_paths: bool = False,
    command: str = "",
) -> Path:
    """Write the report of some runs into a folder, and give back the path of its page, `report.html`.

    `sources` are runs or anything that `read_logs` reads, `gap` the names of a baseline, an improved run and
    a reference (default: distilled runs beside their baselines and teachers, where all three are there).
    Paths are shown by their last part unless `full_paths`; `command` is told in the footer. An earlier report
    in the folder is replaced; a folder that holds anything else raises ConvlensError, as do no runs at all.
    """
    runs = read_runs(sources)
    target = Path(directory)
    with _folder_written_whole(target) as folder:
        _write(gather(runs, gap), folder, full_paths, command)
    return target / PAGE


def sections_of(told: Evidence) -> list[Section]:
    """The sections of a report, in the order of the questions."""
    return [module.section(told) for module in _SECTIONS]


def _write(told: Evidence, folder: Path, full_paths: bool, command: str) -> None:
    sections, figures = sections_of(told), figures_of(told)
    shown = _as_is if full_paths else last_parts
    inputs = [
        {
            "run": run.name,
            "source": run.source,
            "bytes": run.size,
            "sha256": run.sha256,
        }
        for run in told.runs
    ]
    names = [arm.name for arm in told.arms]
    title = ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} and {len(names) - 2} more runs"
    header = ["run", "source", "bytes", "sha256"]
    facts = {
        "title": title,
        "inputs": inputs,
        "sources": Table("Logs", header, [[number(line[name]) for name in header] for line in inputs]),
        "figures": list(figures),
        "version": version("convlens"),
        "command": command,
    }
    write_figures(figures, folder / "figures")
    write_tables(tables_of(told), folder / "tables", shown)
    (folder / PAGE).write_text(page.html(sections, shown, **facts), encoding="utf-8")
    (folder / TEXT).write_text(page.markdown(sections, shown, **facts), encoding="utf-8")
    told_by = {"convlens": version("convlens"), "command": "report", "inputs": inputs}
    results = {name: shown(part) for name, part in {**told_by, **document(told)}.items()}
    (folder / DOCUMENT).write_text(as_json(results) + "\n", encoding="utf-8")


def _as_is(value: object) -> object:
    return value


@contextmanager
def _folder_written_whole(target: Path) -> Iterator[Path]:
    """A temporary folder beside `target` that becomes it at the end, or vanishes on an error."""
    temporary: Path | None = None
    try:
        if target.exists() and not _replaceable(target):
            raise ConvlensError(f"{target}: is there and is no report of convlens; name a folder to be made.")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=".convlens-"))
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if target.exists():
            old = Path(tempfile.mkdtemp(dir=target.parent, prefix=".convlens-"))
            target.rename(old / "old")
            temporary.rename(target)
            shutil.rmtree(old)
        else:
            temporary.rename(target)
    except OSError as error:
        raise ConvlensError(f"{target}: cannot be written: {error.strerror or error}.") from None
    finally:
        if temporary is not None and temporary.exists():
            shutil.rmtree(temporary)


def _replaceable(target: Path) -> bool:
    """Whether a folder is empty or an earlier report."""
    if not target.is_dir():
        return False
    if not any(target.iterdir()):
        return True
    try:
        told = json.loads((target / DOCUMENT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(told, dict) and told.get("command") == "report"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
