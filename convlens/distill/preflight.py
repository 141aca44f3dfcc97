"""What must hold before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convlens.distill.data.dataset import Dataset
from convlens.distill.evaluate import evaluate
from convlens.distill.networks import Detector
from convlens.errors import TrainingError


def check_folder(folder: Path, names: Sequence[str], resume: bool) -> None:
    """Make the folder; refuse to write over logs that are there unless they are to go on."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{folder}: cannot be made: {error.strerror}.") from None
    there = [f"{name}.log" for name in names if (folder / f"{name}.log").exists()]
    if there and not resume:
        raise TrainingError(
            f"{folder} holds {', '.join(there)}: go on with --resume, or name another folder."
        )


def check_teacher(
    teacher: Detector, source: str, validation: Dataset, size: int, device: Any, least: float
) -> None:
    """Score the teacher first: one whose parameters did not load, or are of other data, is no teacher."""
    score = evaluate(teacher, validation, size, device)
    if not score.mean >= least:
        raise TrainingError(
            f"{source}: this teacher reaches a mAP of {score.mean:.1f} on the validation images, less than "
            f"{least:g}: wrong parameters, classes or image size? (--teacher-min-map sets the threshold)"
        )
