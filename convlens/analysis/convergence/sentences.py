"""A diagnosis in words: the sentence on the run, and the findings of analysis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from convlens.analysis.convergence.fitting import Fit, Fitting
from convlens.analysis.convergence.verdicts import CurveVerdict, Verdict, title_of
from convlens.analysis.schedule.rates import Origin
from convlens.analysis.schedule.schedule import Schedule
from convlens.findings import Code, Finding
from convlens.run import Run

_VERBS = {
    Verdict.CONVERGED: "is flat",
    Verdict.AWAITING_DECAY: "is flat",
    Verdict.IMPROVING: "still falls",
    Verdict.WORSENING: "rises",
}
_FIT_CODES = {Fitting.OVERFITTING: Code.OVERFITTING, Fitting.NO_GAIN_LEFT: Code.NO_GAIN_LEFT}


def of_run(
    run: Run,
    schedule: Schedule,
    curves: Mapping[str, CurveVerdict],
    score: CurveVerdict | None,
    verdict: Verdict,
) -> str:
    """One plain sentence on the loss, and one on the score by which the run is judged."""
    told = [_of_loss(run, schedule, curves, verdict) if run.losses else "The log holds no loss."]
    told.append(_of_score(score) if score and len(run.arrays.epoch) else "The log holds no validation.")
    return " ".join(told)


def findings(axis: str, schedule: Schedule, fit: Fit) -> Iterator[Finding]:
    """What analysis found that a careful reader would want to know."""
    for broken in schedule.breaks:
        cause = f" ({broken.cause})" if broken.cause else ": data or losses changed"
        text = (
            f"the summed loss breaks by {broken.size:+.1%} at {axis} {broken.epoch} though the learning rate"
        )
        yield Finding(Code.LOSS_BREAKS, f"{text} did not change{cause}", f"{axis} {broken.epoch}")
    if schedule.origin is Origin.CHANGE_POINTS:
        points = " and ".join(str(p.first) for p in schedule.phases[1:])
        several = f"points are at {axis}s" if len(schedule.phases) > 2 else f"point is at {axis}"
        text = f"no learning rate is known that fits the loss; its change {several} {points}"
        yield Finding(Code.PHASES_FROM_LOSS, f"{text}, where its phases are taken to begin")
    elif schedule.disbelieved:
        epochs = " and ".join(f"{epoch:g}" for epoch in schedule.disbelieved)
        several = "drops at epochs" if len(schedule.disbelieved) > 1 else "a drop at epoch"
        text = f"the arguments promise {several} {epochs}, to which the loss does not answer: not believed"
        yield Finding(Code.RATE_CONTRADICTED, text)
    if fit.fitting in _FIT_CODES:
        yield Finding(_FIT_CODES[fit.fitting], f"{fit.text[0].lower()}{fit.text[1:].rstrip('.')}")


def _of_loss(run: Run, schedule: Schedule, curves: Mapping[str, CurveVerdict], verdict: Verdict) -> str:
    loss = curves["loss"]
    subject = "The summed loss" if len(run.losses) > 1 else "The loss"
    if verdict in (Verdict.DIVERGED, Verdict.UNSTABLE) and loss.verdict is not verdict:
        loss = next(curves[c.name] for c in run.losses if curves[c.name].verdict is verdict)
        subject = loss.curve
    several = len(schedule.phases) > 1
    where = f" in its last phase (from {run.axis} {schedule.phases[-1].first})" if several else ""
    if loss.verdict in _VERBS:
        waits = loss.verdict is Verdict.AWAITING_DECAY
        return f"{subject} {_VERBS[loss.verdict]}{where}: {loss.reason if waits else f'{loss.outlook}.'}"
    return _open(subject, loss, where if loss.verdict is Verdict.INCONCLUSIVE else "")


def _of_score(score: CurveVerdict) -> str:
    title = title_of(score.curve)
    value = f"{score.value:.4g}" if score.relative else f"{score.value:.1f}"
    if score.verdict is Verdict.CONVERGED:
        return f"{title} is flat at {value}."
    if score.verdict is Verdict.AWAITING_DECAY:
        return f"{title} is flat at {value} for now."
    if score.verdict in (Verdict.IMPROVING, Verdict.WORSENING):
        goes = "rises" if score.change > 0 else "falls"
        still = "still " if score.verdict is Verdict.IMPROVING else ""
        return f"{title} {still}{goes} from {value}: {score.outlook}."
    return _open(f"{title} ({value} at the last)" if math.isfinite(score.value) else title, score)


def _open(subject: str, told: CurveVerdict, where: str = "") -> str:
    """What is said of a curve on which there is no verdict to act upon."""
    of_itself = told.reason.startswith(("It ", "From ", "About ", "No ", "The "))
    reason = told.reason[0].lower() + told.reason[1:] if of_itself else told.reason
    if told.verdict is Verdict.DIVERGED:
        return f"{subject} diverged: {reason}"
    if told.verdict is Verdict.UNSTABLE:
        return f"{subject} is unstable: {reason}"
    lowered = subject.replace("The ", "the ", 1) if subject.startswith("The ") else subject
    return f"Whether {lowered} is flat{where} cannot be told: {reason} {told.settle}".rstrip()
