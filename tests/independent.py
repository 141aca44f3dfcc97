"""A second, naive reader of GluonCV's detection logs, to compare convlens with.

It walks a file line by line, knows nothing of convlens and is written from a description of the logs alone.
It is slow, reads only what published logs hold, and shares no line with the code that it checks.
"""

import math
import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

NUMBER = r"[+-]?(?:nan|inf|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
PAIR = re.compile(rf"([A-Za-z_]\w*)=({NUMBER})")
BATCH = re.compile(r"\[Epoch (\d+)\]\[Batch (\d+)\],(.*)")
COST = re.compile(rf"\[Epoch (\d+)\] Training cost: ({NUMBER}),(.*)")
GAN_CLOSE = re.compile(r"\[Epoch (\d+)\], Speed: \S+ samples/sec,(.*)")
SPEED = re.compile(rf"Speed: ({NUMBER}) samples/sec")
RATE = re.compile(rf"LR: ({NUMBER})")
VALIDATION = re.compile(r"\[Epoch (\d+)\] (?:StudentNet )?Validation")
SUMMARY_LINE = re.compile(rf"[ =]Average (?:Precision|Recall) .* = ({NUMBER})")
CLASS_LINE = re.compile(rf"([^~=\[\]]+)=({NUMBER})")

# What the scripts never reset, and which of these is a share of one.
SINCE_START = {
    "yolo3": ("ObjLoss", "BoxCenterLoss", "BoxScaleLoss", "ClassLoss"),
    "center_net": ("HeatmapFocal",),
    "rcnn": ("RPNAcc", "RPNL1Loss", "RCNNAcc", "RCNNL1Loss", "MaskAcc", "MaskFGAcc"),
}
SHARES = ("RPNAcc", "RCNNAcc", "MaskAcc", "MaskFGAcc")
DETECTION_LOSSES = {
    "CrossEntropy", "SmoothL1", "RPN_Conf", "RPN_SmoothL1", "RCNN_CrossEntropy", "RCNN_SmoothL1", "RCNN_Mask",
    "ObjLoss", "BoxCenterLoss", "BoxScaleLoss", "ClassLoss", "WHL1", "CenterRegL1", "HeatmapFocal",
    "train_student_ori_net_CrossEntropy", "train_student_ori_net_SmoothL1",
}  # fmt: skip


@dataclass
class Epoch:
    """What one process printed of one epoch."""

    number: int
    batches: dict[int, dict[str, float]] = field(default_factory=dict)
    closing: dict[str, float] | None = None
    cost: float | None = None
    blocks: list["Block"] = field(default_factory=list)

    @property
    def values(self) -> dict[str, float]:
        """The closing line's values, else those of the last batch line."""
        if self.closing is not None:
            return self.closing
        if not self.batches:
            return {}
        last = self.batches[max(self.batches)]
        return {name: value for name, value in last.items() if name not in ("Speed", "LR")}


@dataclass
class Block:
    """One validation: twelve lines a summary, the classes, and the means."""

    kind: str = "voc"
    summaries: dict[str, list[float]] = field(default_factory=dict)
    classes: dict[str, float] = field(default_factory=dict)
    means: dict[str, float] = field(default_factory=dict)

    @property
    def map(self) -> float:
        return next(iter(self.means.values())) * (100 if self.kind == "voc" else 1)


@dataclass
class Session:
    """What one process printed."""

    started: bool
    epochs: dict[int, Epoch] = field(default_factory=dict)


class Log:
    """One file."""

    def __init__(self, path: Path) -> None:
        self.sessions: list[Session] = []
        self.orphans: list[Block] = []
        self._read(path.read_text(encoding="utf-8").splitlines())
        self.family = self._family()
        self.curve = self._stitch()

    def _read(self, lines: list[str]) -> None:
        started = True
        position = (math.inf, 0)
        epoch: Epoch | None = None
        block: Block | None = None
        summary = ""
        awaited = ""  # the mean that the next line holds
        for line in lines:
            if line.startswith("Start training from"):
                started = True
                continue
            batch, cost, gan = BATCH.match(line), COST.match(line), GAN_CLOSE.match(line)
            if batch or cost or gan:
                block = None
                number = int((batch or cost or gan)[1])
                here = (number, int(batch[2]) if batch else math.inf)
                if here <= position:
                    self.sessions.append(Session(started))
                    started = False
                position = here
                epoch = self.sessions[-1].epochs.setdefault(number, Epoch(number))
                if batch:
                    epoch.batches[int(batch[2])] = self._batch(batch[3])
                elif cost:
                    epoch.cost = float(cost[2])
                    epoch.closing = self._pairs(cost[3])
                else:
                    epoch.closing = self._pairs(gan[2])
                continue
            if head := VALIDATION.match(line):
                assert epoch is not None
                assert int(head[1]) == epoch.number
                block = Block()
                epoch.blocks.append(block)
                continue
            if line.startswith("~~~~ Summary"):
                summary = "segm" if "segm" in line else "bbox"
                if block is None or summary in block.summaries:  # evaluated after training, with no head
                    block = Block()
                    self.orphans.append(block)
                block.kind = "coco"
                block.summaries[summary] = []
            elif line.startswith("~~~~ Mean"):
                awaited = "segm" if "segm" in line else "bbox"
            elif block is not None and awaited:
                block.means[awaited] = float(line.strip(" ="))
                awaited = ""
                if summary == "segm":
                    block = None
            elif block is not None and (found := SUMMARY_LINE.fullmatch(line)):
                block.summaries[summary].append(float(found[1]))
            elif block is not None and (found := CLASS_LINE.fullmatch(line)):
                if found[1] == "mAP":
                    block.means["voc"] = float(found[2])
                    block = None
                else:
                    block.classes[found[1]] = float(found[2])

    @staticmethod
    def _pairs(text: str) -> dict[str, float]:
        return {name: float(value) for name, value in PAIR.findall(text)}

    def _batch(self, text: str) -> dict[str, float]:
        values = self._pairs(text)
        if speed := SPEED.search(text):
            values["Speed"] = float(speed[1])
        if rate := RATE.search(text):
            values["LR"] = float(rate[1])
        return values

    def _family(self) -> str:
        first = next(iter(self.sessions[-1].epochs.values())).values
        if "ObjLoss" in first:
            return "yolo3"
        if "HeatmapFocal" in first:
            return "center_net"
        return "rcnn" if "RPN_Conf" in first else "ssd"

    def _stitch(self) -> dict[int, tuple[int, Epoch]]:
        """Each epoch from the last session that holds it; a shorter one with no start line is a phase."""
        curve: dict[int, tuple[int, Epoch]] = {}
        longest = 0
        for index, session in enumerate(self.sessions):
            if not session.started and len(session.epochs) < longest:
                continue
            longest = max(longest, len(session.epochs))
            if min(session.epochs) == min(curve, default=-1):
                curve = {}
            curve.update({number: (index, epoch) for number, epoch in session.epochs.items()})
        return dict(sorted(curve.items()))

    @property
    def complete(self) -> list[int]:
        """The epochs of the curve that were finished."""
        found = []
        for number, (index, epoch) in self.curve.items():
            later = max(self.sessions[index].epochs) > number
            if epoch.closing is not None or epoch.blocks or later:
                found.append(number)
        return found

    @property
    def final(self) -> dict[str, float]:
        return self.curve[self.complete[-1]][1].values

    @property
    def maps(self) -> list[tuple[int, float]]:
        """The epochs of the curve that were validated, with the mAP of the last validation of each."""
        return [(n, epoch.blocks[-1].map) for n, (_, epoch) in self.curve.items() if epoch.blocks]

    @property
    def final_map(self) -> tuple[int, float] | None:
        return self.maps[-1] if self.maps else None

    @property
    def best_map(self) -> tuple[int, float] | None:
        if not self.maps:
            return None
        top = max(value for _, value in self.maps)
        return next((n, value) for n, value in self.maps if value == top)

    def own_means(self) -> dict[int, dict[int, dict[str, tuple[float, float]]]]:
        """Session -> epoch -> column -> (own mean of the epoch, how far off rounding may put it)."""
        columns = SINCE_START.get(self.family, ())
        return {
            index: self._undo(session, [c for c in columns if c in self.final or self.family == "rcnn"])
            for index, session in enumerate(self.sessions)
        }

    def _undo(self, session: Session, columns: list[str]) -> dict[int, dict[str, tuple[float, float]]]:
        on_batches = self.family == "rcnn"
        epochs = list(session.epochs.values())
        restarts = hidden_restarts(epochs) if on_batches else []
        last = max(step for epoch in epochs for step in epoch.batches)
        interval = min(step for epoch in epochs for step in epoch.batches) + 1
        found: dict[int, dict[str, tuple[float, float]]] = {}
        n = 0  # epochs since the meters began
        before: dict[str, float] = {}
        for epoch in epochs:
            if epoch.number in restarts:
                n, before = 0, {}
            n += 1
            if on_batches and last not in epoch.batches:
                continue  # it died in this epoch
            now = epoch.batches[last] if on_batches else epoch.values
            found[epoch.number] = {}
            for column in [c for c in columns if c in now]:
                mean = now[column]
                if n == 1:
                    own, doubt = mean, 0.0005
                else:
                    # On batch lines an epoch runs from its predecessor's last line to its own last line.
                    part = (last + 1) / (last + 1 + interval) if on_batches else 1
                    change = mean - before[column]
                    own = mean + (n - 1) * change
                    doubt = 0.0005 * (2 * n - 1) + (1 - part) * abs(change)
                found[epoch.number][column] = (own, doubt)
            before = now
        return found


def hidden_restarts(epochs: list[Epoch]) -> list[int]:
    """Epochs at which every column that should run on cannot have run on."""
    found = []
    for old, new in pairwise(epochs):
        m0, m1 = old.batches[max(old.batches)], new.batches[min(new.batches)]
        n0 = max(old.batches) + 1
        w = min(new.batches) + 1
        verdicts = []
        for column in SINCE_START["rcnn"]:
            if column in m0 and column in m1:
                implied = m1[column] + (m1[column] - m0[column]) * n0 / w
                rounding = 0.001 * n0 / w + 0.0005
                top = 1 if column in SHARES else 3 * m0[column]
                verdicts.append(implied < -rounding or implied > top + rounding)
        if verdicts and all(verdicts):
            found.append(new.number)
    return found
