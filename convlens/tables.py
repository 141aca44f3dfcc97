"""The tables of a run. Each is built from the sessions' arrays; pandas is loaded by the first one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convlens.meters import Bools, Floats, Ints
from convlens.metrics import NO_MEANS

if TYPE_CHECKING:
    import pandas as pd

    from convlens.run import Run


@dataclass(frozen=True, eq=False)
class Curve:
    """A stitched curve of n epochs: own means (n, k) with their half-widths, scores (n, q), and more (n,).

    `told` (n, k) says which values the epoch prints: own means are NaN where it prints none, or prints NaN.
    """

    epoch: Ints
    own: Floats
    width: Floats
    told: Bools
    scores: Floats
    score_names: tuple[str, ...]
    loss: Floats
    loss_width: Floats
    lr: Floats
    seconds: Floats
    complete: Bools

    def score(self, name: str) -> Floats:
        """One score (n,) in percent, NaN where there was no validation."""
        if name not in self.score_names:
            return np.full(len(self.epoch), np.nan)
        score: Floats = self.scores[:, self.score_names.index(name)]
        return score


def stitched(run: Run, rows: Ints) -> Curve:
    """The curve that takes its epochs from the given (session, row) pairs (n, 2)."""
    count, columns = len(rows), len(run.columns)
    own, width = np.full((count, columns), np.nan), np.full((count, columns), np.nan)
    told = np.zeros((count, columns), dtype=np.bool_)
    scores = np.full((count, len(run.score_names)), np.nan)
    epoch = np.zeros(count, dtype=np.int64)
    lr, seconds = np.full(count, np.nan), np.full(count, np.nan)
    complete = np.zeros(count, dtype=np.bool_)
    for number in np.unique(rows[:, 0]).tolist():
        session = run.sessions[number]
        at = np.flatnonzero(rows[:, 0] == number)
        taken = rows[at, 1]
        own[at], width[at], told[at] = session.own[taken], session.width[taken], session.present[taken]
        epoch[at], complete[at] = session.epoch[taken], session.complete[taken]
        lr[at], seconds[at] = session.lr[taken], session.seconds[taken]
        if len(session.score_epoch):
            place = np.searchsorted(session.score_epoch, epoch[at], side="right") - 1
            scored = (place >= 0) & (session.score_epoch[place] == epoch[at])
            scores[at[scored]] = session.scores[place[scored]]
    summed = np.array([c in run.summed for c in run.columns], dtype=np.bool_)
    nothing = np.full(count, np.nan)
    with np.errstate(invalid="ignore"):  # inf and -inf make NaN
        loss = own[:, summed].sum(axis=1) if summed.any() else nothing
    return Curve(
        epoch=epoch,
        own=own,
        width=width,
        told=told,
        scores=scores,
        score_names=run.score_names,
        loss=loss,
        loss_width=width[:, summed].sum(axis=1) if summed.any() else nothing,
        lr=lr,
        seconds=seconds,
        complete=complete,
    )


def curve(run: Run, arrays: Curve) -> pd.DataFrame:
    """See `Run.curve`."""
    return _frame(run, arrays, arrays.own, arrays.loss, arrays.scores, arrays.lr, arrays.complete)


def resolution(run: Run, arrays: Curve) -> pd.DataFrame:
    """See `Run.resolution`; `lr` and `complete` are exact."""
    half = np.array([0.5 * 10.0**-d for d in run.score_decimals])
    widths = np.where(np.isfinite(arrays.scores), half, np.nan)
    exact = np.zeros(len(arrays.epoch))
    return _frame(run, arrays, arrays.width, arrays.loss_width, widths, exact, exact)


def _frame(
    run: Run, arrays: Curve, own: Floats, loss: Floats, scores: Floats, lr: Floats, complete: Floats | Bools
) -> pd.DataFrame:
    import pandas as pd

    measured = [k for k, c in enumerate(run.columns) if c.role not in NO_MEANS]
    columns = {run.columns[k].name: own[:, k] for k in measured}
    columns |= {"loss": loss, "map": arrays.score("map")}
    columns |= {name: scores[:, k] for k, name in enumerate(run.score_names)}
    columns["lr"] = lr
    # One block of floats: many times faster than a block a column.
    values = np.stack(list(columns.values()), axis=1)
    frame = pd.DataFrame(values, index=pd.Index(arrays.epoch, name=run.axis), columns=list(columns))
    frame["complete"] = complete
    return frame


def epochs(run: Run) -> pd.DataFrame:
    """See `Run.epochs`."""
    import pandas as pd

    frames = []
    for session in run.sessions:
        data: dict[str, object] = {
            c.name: session.printed[:, k] for k, c in enumerate(run.columns) if c.role not in NO_MEANS
        }
        data |= {
            "lr": session.lr,
            "speed": session.speed,
            "seconds": session.seconds,
            "complete": session.complete,
        }
        frames.append(pd.DataFrame(data, index=_key(run, session.index, session.epoch)))
    return pd.concat(frames)


def validation(run: Run) -> pd.DataFrame:
    """See `Run.validation`."""
    import pandas as pd

    names = list(run.score_names) or ["map"]
    frames = [
        pd.DataFrame(
            s.scores.reshape(len(s.score_epoch), len(names)),
            columns=pd.Index(names),
            index=_key(run, s.index, s.score_epoch),
        )
        for s in run.sessions
        if len(s.score_epoch)
    ]
    if not frames:
        nothing = np.empty(0, dtype=np.int64)
        return pd.DataFrame(columns=pd.Index(names), index=_key(run, 0, nothing), dtype=np.float64)
    return pd.concat(frames)


def overview(run: Run) -> pd.DataFrame:
    """A run at a glance: one row a fact."""
    import pandas as pd

    summary = run.summary
    judge = "mAP" if run.main_score is None or summary.score == "map" else run.main_score.name
    facts: dict[str, object] = {
        "identity": str(run.identity),
        "epochs": f"{summary.epochs} of {run.plan.epochs or '?'}",
        f"final {judge}": summary.final_score,
        f"best {judge}": summary.best_score,
        "best epoch": summary.best_epoch,
        "published mAP": summary.published_map,
        "hours": summary.hours,
        **{f"final {name}": value for name, value in summary.final.items()},
        "findings": "; ".join(str(f) for f in run.findings),
    }
    return pd.DataFrame({run.name: pd.Series(facts, dtype=object)})


def _key(run: Run, session: int, epoch: Ints) -> pd.MultiIndex:
    import pandas as pd

    where = np.full(len(epoch), session, dtype=np.int64)
    return pd.MultiIndex.from_arrays([where, epoch], names=["session", run.axis])
