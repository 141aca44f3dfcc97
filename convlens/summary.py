"""What a run reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convlens.metrics import NO_MEANS, Better

if TYPE_CHECKING:
    from convlens.run import Run


@dataclass(frozen=True)
class Summary:
    """What a run reached; losses as printed.

    `epochs` counts complete ones (on an axis of iterations, the iterations done). `final` holds what the
    closing line of the last complete epoch that prints any says, else its last batch line;
    `final_epoch_mean` the own means of the same epoch and names. `score` names the score by which the run is
    judged (`Run.main_score` says more of it): `final_score` is the last validation's, `best_epoch` the
    earliest of the best, be that the highest or the lowest. `final_map` and `best_map` are the same where
    that score is the mAP [%], else None. `published` holds (score, conditions) pairs for this very log,
    `published_map` the score whose conditions its validation used. `hours` is the training time that the
    closing lines state.
    """

    epochs: int
    final: Mapping[str, float]
    final_epoch_mean: Mapping[str, float]
    score: str | None
    final_score: float | None
    best_score: float | None
    final_map: float | None
    best_map: float | None
    best_epoch: int | None
    best_checkpoint: str | None
    published: tuple[tuple[float, str], ...]
    published_map: float | None
    hours: float | None


def summarise(run: Run) -> Summary:
    """The summary of a run, from its arrays."""
    curve = run.arrays
    done = np.flatnonzero(curve.complete)
    final: dict[str, float] = {}
    own: dict[str, float] = {}
    for last in done[::-1]:
        session, row = run.sessions[run.curve_rows[last, 0]], run.curve_rows[last, 1]
        if not session.present[row].any():
            continue
        closed = session.closing[row]
        told = closed if closed.any() else session.present[row]
        for k, column in enumerate(run.columns):
            if told[k] and column.role not in NO_MEANS:
                final[column.name] = float(session.printed[row, k])
                own[column.name] = float(session.own[row, k])
        break
    main = run.main_score
    scores = curve.score(main.name) if main else np.empty(0)
    scored = np.flatnonzero(np.isfinite(scores))
    best = None
    if main and len(scored):
        better = np.argmin if main.better is Better.LOWER else np.argmax
        best = int(scored[better(scores[scored])])
    final_score = float(scores[scored[-1]]) if len(scored) else None
    best_score = None if best is None else float(scores[best])
    is_map = main is not None and main.name == "map"
    hours = float(np.nansum(curve.seconds)) / 3600 if np.isfinite(curve.seconds).any() else None
    best_saved = [c for c in run.checkpoints if c.best]
    return Summary(
        epochs=len(done) if run.axis == "epoch" or not len(done) else int(run.done[done[-1]]),
        final=final,
        final_epoch_mean=own,
        score=main.name if main else None,
        final_score=final_score,
        best_score=best_score,
        final_map=final_score if is_map else None,
        best_map=best_score if is_map else None,
        best_epoch=None if best is None else int(curve.epoch[best]),
        best_checkpoint=best_saved[-1].path if best_saved else None,
        published=run.published,
        published_map=run.published_map,
        hours=hours,
    )
