"""`convlens run-distill`: train a teacher and students in MXNet, and compare their logs."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convlens.cli.output import emit, say, show
from convlens.wording.text import safe

if TYPE_CHECKING:
    from convlens.distill.config import DistillConfig
    from convlens.run import Run


class Preset(StrEnum):
    """What `--preset` takes."""

    SHAPES = "shapes"
    SHAPES_FEW = "shapes-few"
    SMOKE = "smoke"
    VOC = "voc"


def run_distill(
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="The folder for logs, settings and parameters.", metavar="DIR"),
    ],
    preset: Annotated[Preset | None, typer.Option(help="Settings by name.", show_default=False)] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings from a file, as stand beside each log.", metavar="FILE")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting: student.lr=0.01; again for more.", metavar="KEY=VALUE"),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(help="Of teacher, baseline, longer, distilled: those.", metavar="PART,…"),
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option(help="Methods to train in turn; a+b is both at once.", metavar="METHOD,…"),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(help="Repeat with the seeds 0 to N-1.", metavar="N", min=1)
    ] = None,
    devices: Annotated[
        str | None,
        typer.Option(help="Where to train: cpu, cpu:0,1 or gpu:0,1.", show_default=False, metavar="DEVICES"),
    ] = None,
    teacher_params: Annotated[
        Path | None, typer.Option(help="The teacher's parameters: it is not trained.", metavar="FILE")
    ] = None,
    student_params: Annotated[
        Path | None, typer.Option(help="Parameters that students begin with.", metavar="FILE")
    ] = None,
    teacher_min_map: Annotated[
        float | None, typer.Option(help="Refuse a teacher of a lower mAP [%].", min=0, max=100)
    ] = None,
    launch_local: Annotated[
        int | None,
        typer.Option(help="Train by N processes under a parameter server.", metavar="N", min=1),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where DIR was left.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all and say what would be done.")] = False,
) -> None:
    """Train a teacher, a student alone and the student under the teacher; compare their logs.

    Writes DIR/teacher.log, DIR/baseline.log and DIR/distilled.log, each beside the settings that made it.
    """
    settings = _settings(preset, config, change or [])
    given: dict[str, Any] = {
        "only": _listed(only),
        "methods": _listed(methods),
        "seeds": tuple(range(seeds)) if seeds else None,
        "devices": devices,
        "teacher_min_map": teacher_min_map,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if student_params is not None:
        changes["student"] = replace(settings.student, params=str(student_params.resolve()))
    if teacher_params is not None:
        changes["teacher"] = replace(settings.teacher, params=str(teacher_params.resolve()))
        changes.setdefault("only", tuple(part for part in settings.only if part != "teacher"))
    settings = replace(settings, **changes)
    if settings.threads:
        os.environ["OMP_NUM_THREADS"] = str(settings.threads)  # before MXNet is imported
    if launch_local is not None:
        from convlens.distill.launch import launch_local as launch

        launch(settings, output, launch_local, resume)
        logs = [output / f"{role}.log" for role in settings.only]
    else:
        from convlens.distill.experiment import Experiment

        experiment = Experiment(settings, output)
        if dry_run:
            from convlens.distill.plan import plan

            for line in plan(experiment):
                emit(f"{safe(line)}\n")
            return
        with _bar() as watch:
            logs = _run(experiment, resume, watch)
    if os.environ.get("DMLC_ROLE") != "worker":
        _compare(logs)


def _run(experiment: Any, resume: bool, watch: Callable[[Any], None]) -> list[Path]:
    try:
        logs: list[Path] = experiment.run(resume, watch)
    except KeyboardInterrupt:
        say("stopped; --resume goes on behind the last epoch that was complete")
        raise
    return logs


def _settings(preset: Preset | None, config: Path | None, change: Sequence[str]) -> DistillConfig:
    from convlens.distill import config_file
    from convlens.distill.config import DistillConfig
    from convlens.distill.presets import PRESETS

    if (preset is None) == (config is None):
        known = ", ".join(Preset)
        raise typer.BadParameter(f"name one of {known}, or a file with --config", param_hint="--preset")
    settings = config_file.load(config) if config is not None else PRESETS[str(preset)]
    if not change:
        return settings
    table = config_file.as_table(settings)
    for text in change:
        key, equals, value = text.partition("=")
        try:
            parsed = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            parsed = value
        if not equals or not all(key.split(".")):
            raise typer.BadParameter(f"{safe(text)}: a change is KEY=VALUE", param_hint="--set")
        _put(table, key.split("."), parsed)
    return config_file.build(DistillConfig, config_file.plain(table), "")


def _put(table: dict[str, Any], path: Sequence[str], value: object) -> None:
    for part in path[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            raise typer.BadParameter(f"{safe(part)} is no table", param_hint="--set")
        table = inner
    table[path[-1]] = value


def _listed(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


@contextmanager
def _bar() -> Iterator[Callable[[Any], None]]:
    """A progress bar with losses, speed and time left, in a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"))
    bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
    tasks: dict[str, Any] = {}

    def watch(at: Any) -> None:
        if at.job.name not in tasks:
            tasks[at.job.name] = bar.add_task(at.job.name, total=at.steps, told="")
        losses = "  ".join(f"{name} {value:.3f}" for name, value in at.means.items())
        bar.update(tasks[at.job.name], completed=at.step, told=f"{losses}  {at.speed:.0f} images/s")

    with bar:
        yield watch


def _compare(logs: Sequence[Path]) -> None:
    """Print the comparison of the logs, read as any others, and what part of the gap was closed."""
    from convlens.analysis.comparison.comparison import compare
    from convlens.analysis.gap import gap
    from convlens.cli import comparison_tables, gap_tables
    from convlens.reader import read_log

    runs = [read_log(path) for path in logs]
    if len(runs) > 1:
        show(*comparison_tables.view(compare(runs), 0, None, None, False))
    sides: dict[str, list[Run]] = {}
    for run in runs:
        sides.setdefault(run.name.partition("_seed")[0], []).append(run)
    if "baseline" in sides and "teacher" in sides:
        for name, improved in sides.items():
            if name.startswith("distilled"):
                emit(f"\nThe gap that {safe(name)} closed:\n\n")
                show(*gap_tables.view(gap(sides["baseline"], improved, sides["teacher"])))
    emit(f"The logs are in {safe(logs[0].parent)}\n")
