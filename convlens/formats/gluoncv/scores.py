"""The validation blocks of GluonCV's VOC and COCO metrics, read and written.

VOC prints fractions, one line a class and `mAP=` last. COCO prints pycocotools' twelve lines as fractions,
then percentages: one line a class and the mean. Mask R-CNN prints two COCO blocks, bbox and segm.
Everything becomes percent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from convlens.formats.lines import NUMBER, decimals_of

# name of the score, kind, IoU, area, detections an image
_ROWS = (
    ("map", "Precision  (AP)", "0.50:0.95", "all", 100),
    ("map_50", "Precision  (AP)", "0.50", "all", 100),
    ("map_75", "Precision  (AP)", "0.75", "all", 100),
    ("map_small", "Precision  (AP)", "0.50:0.95", "small", 100),
    ("map_medium", "Precision  (AP)", "0.50:0.95", "medium", 100),
    ("map_large", "Precision  (AP)", "0.50:0.95", "large", 100),
    ("ar_1", "Recall     (AR)", "0.50:0.95", "all", 1),
    ("ar_10", "Recall     (AR)", "0.50:0.95", "all", 10),
    ("ar_100", "Recall     (AR)", "0.50:0.95", "all", 100),
    ("ar_small", "Recall     (AR)", "0.50:0.95", "small", 100),
    ("ar_medium", "Recall     (AR)", "0.50:0.95", "medium", 100),
    ("ar_large", "Recall     (AR)", "0.50:0.95", "large", 100),
)
_LABELS = {
    name: f"Average {kind} @[ IoU={iou:<9s} | area={area:>6s} | maxDets={dets:>3d} ] = "
    for name, kind, iou, area, dets in _ROWS
}
# All twelve at once where they stand in pycocotools' order; `=` or a blank may stand before each.
_SUMMARY = re.compile(
    r"\n+[= ]*".join(re.escape(label) + f"({NUMBER})" for label in _LABELS.values()).encode()
)
_SUMMARY_LINE = re.compile(
    rf"^[= ]*(Average (?:Precision|Recall)[^\n]*\] = )({NUMBER})".encode(), re.MULTILINE
)
_TITLE = re.compile(rb"~~~~ Summary (?:(\w+) )?metrics ~~~~")
_MEAN_TITLE = b"~~~~ Mean"
_MEAN = re.compile(
    rf"~~~~ Mean ?AP (?:for (?P<task>\w+)|@ IoU=\S+) ~~~~\n+=? ?(?P<map>{NUMBER})[ \t]*$".encode(),
    re.MULTILINE,
)
_VOC_MEAN = re.compile(rf"\nmAP=({NUMBER})[ \t]*$".encode(), re.MULTILINE)
_CLASS = re.compile(rf"^(?!mAP=|~~~~)([^\n]*\S)=({NUMBER})[ \t]*$".encode(), re.MULTILINE)

_MOST_FIXED = 10
_DECIMALS_OF_REPR = 15  # a float that shows fewer is rare, and one that lost a digit behind them is no other


class Scores(NamedTuple):
    """The scores of one validation block as printed; those in `percent` are percentages, others fractions."""

    names: tuple[str, ...] = ()
    numbers: tuple[bytes, ...] = ()
    percent: tuple[str, ...] = ()
    tasks: tuple[bytes | None, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is missing: there is a mAP, and behind Mask R-CNN's bbox its segm."""
        return bool(self.names) and self.tasks != (b"bbox",)

    def printed(self, name: str) -> bytes:
        """One score as printed, `nan` if the block has none."""
        return self.numbers[self.names.index(name)] if name in self.names else b"nan"

    def as_percent(self) -> Scores:
        """The same numbers, taken as percentages."""
        return self._replace(percent=self.names)

    def in_percent(self, name: str) -> float:
        """One score in percent with no digit more than is printed, NaN if it is absent or COCO's -1."""
        text = self.printed(name)
        if name not in self.percent:
            return to_percent(text)
        return float(text) if float(text) >= 0 else math.nan


def to_percent(fraction: bytes) -> float:
    """A printed fraction in percent, to the printed digit; COCO's -1 becomes NaN."""
    shifted = fraction + b"e2" if fraction[-1:].isdigit() and b"e" not in fraction.lower() else b""
    value = float(shifted) if shifted else float(fraction) * 100
    return value if value >= 0 else math.nan


_ONE_SUMMARY = Scores(tuple(_LABELS), (), ("map",), (None,))


def read_scores(block: bytes) -> Scores:
    """The scores of one validation block, which begins with a newline; none if it is not whole."""
    voc = _voc_mean(block)
    if voc:
        return Scores(("map",), (voc[1],))
    at = block.rfind(_MEAN_TITLE)
    if at == block.find(_MEAN_TITLE):  # as nearly always: one summary, and the mean behind the classes
        mean, summary = _MEAN.match(block, at), _SUMMARY.search(block)
        if mean and summary and not mean["task"] and summary.end() <= at:
            return _ONE_SUMMARY._replace(numbers=(mean["map"], *summary.groups()[1:]))
    printed: dict[str, bytes] = {}
    tasks: dict[bytes | None, str] = {}
    last = 0
    for mean in _MEAN.finditer(block):
        task = _names_of(mean["task"])
        names, numbers = _summary(block[last : mean.start()], task)
        # The mean is printed apart, in percent: it stands for the summary's first line.
        printed |= dict(zip(names, (mean["map"], *numbers[1:]), strict=True))
        tasks[mean["task"]] = task[0]
        last = mean.end()
    return Scores(tuple(printed), tuple(printed.values()), tuple(tasks.values()), tuple(tasks))


def read_classes(block: bytes, in_percent: bool) -> Iterator[tuple[str, float]]:
    """Each class of a validation block and its average precision in percent, whichever the block prints."""
    voc = _voc_mean(block)
    for name, value in _CLASS.findall(block[: voc.end()] if voc else block):
        ap = float(value) if in_percent else to_percent(value)
        yield name.decode("utf-8", errors="replace"), ap if ap >= 0 else math.nan


def holds_scores(text: bytes) -> bool:
    """Whether the text holds scores at all, whole or not."""
    return bool(_TITLE.search(text) or _voc_mean(text) or _MEAN.search(text))


def first_score(text: bytes) -> int:
    """Offset at which the scores in a text begin."""
    found = [m.start() for p in (_TITLE, _VOC_MEAN, _MEAN) if (m := p.search(text))]
    return min(found, default=0)


def is_cut(block: bytes, earlier: Iterable[Scores]) -> bool:
    """Whether a block that ends its file may lack its end, or its last number some digits.

    `earlier` are the scores in the blocks before: they show how many decimals a mAP has.
    """
    voc = _voc_mean(block)
    if voc:
        # 9.1e-05 that lost its end is 9.1 or 9.1e-0, and no fraction.
        cut = float(voc[1]) > 1 or decimals_of(voc[1]) < _fewest_decimals(earlier)
        return voc.end() == len(block) and cut
    means = list(_MEAN.finditer(block))
    if not means or [m["task"] for m in means] == [b"bbox"]:  # segm always follows
        return True
    return means[-1].end() == len(block) and decimals_of(means[-1]["map"]) != 1


def _fewest_decimals(earlier: Iterable[Scores]) -> int:
    """The decimals that a whole mAP shows: always as many, or where printed with repr, about as many."""
    shown = [decimals_of(scores.printed("map")) for scores in earlier]
    if not shown or max(shown) > _MOST_FIXED:
        return _DECIMALS_OF_REPR
    return min(shown)


def write_voc(class_ap: Mapping[str, float], mean: float) -> str:
    """A VOC block from percentages."""
    lines = [f"{name}={ap / 100}" for name, ap in class_ap.items()]
    return "\n".join([*lines, f"mAP={mean / 100}"])


def write_coco(scores: Mapping[str, float], class_ap: Mapping[str, float], task: str = "") -> str:
    """A COCO block from percentages; `task` is empty, "bbox" or "segm"."""
    lines = [f"~~~~ Summary {task + ' ' if task else ''}metrics ~~~~"]
    for number, (name, label) in enumerate(_LABELS.items()):
        lines.append(f"{' ' if number else '='}{label}{scores[name] / 100:0.3f}")
    lines += [f"{name}={ap:.1f}" for name, ap in class_ap.items()]
    lines.append(f"~~~~ Mean AP for {task} ~~~~" if task else "~~~~ MeanAP @ IoU=[0.50,0.95] ~~~~")
    return "\n".join([*lines, f"={scores['map']:.1f}"])


def _voc_mean(block: bytes) -> re.Match[bytes] | None:
    at = block.find(b"\nmAP=")  # many times faster than a search for the pattern
    return _VOC_MEAN.search(block, at) if at >= 0 else None


def _summary(block: bytes, task: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    """The names and numbers of a summary, the mAP first even where its line is missing."""
    whole = _SUMMARY.search(block)
    if whole:
        return task, whole.groups()
    known = dict(zip((label.encode() for label in _LABELS.values()), task, strict=True))
    found = {known[label]: value for label, value in _SUMMARY_LINE.findall(block) if label in known}
    names = (task[0], *(name for name in task[1:] if name in found))
    return names, tuple(found.get(name, b"nan") for name in names)


@cache
def _names_of(task: bytes | None) -> tuple[str, ...]:
    """The names of the twelve scores of a task: `map_50` of segm is `map_segm_50`."""
    if task in (None, b"bbox"):
        return tuple(_LABELS)
    split = [name.partition("_") for name in _LABELS]
    return tuple("_".join(filter(None, (head, task.decode(), tail))) for head, _, tail in split)
