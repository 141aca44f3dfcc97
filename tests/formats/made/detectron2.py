"""Logs of Detectron2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.formats.made.records import Figures, json_lines


def d2_losses(iteration: int, names: Sequence[str] = ("loss_cls", "loss_box_reg")) -> dict[str, float]:
    parts = {name: 20 / (iteration + 1) + 0.25 * k for k, name in enumerate(names)}
    return parts | {"total_loss": 1.5 * sum(parts.values())}


def detectron2_json(iterations: Sequence[int], evaluated: Mapping[int, Figures] | None = None) -> bytes:
    """A `metrics.json`: scores stand in the row of their iteration, or in one of their own."""
    rows: list[Figures] = []
    scores = dict(evaluated or {})
    for n in iterations:
        head = {
            "data_time": 0.1,
            "eta_seconds": 9.5,
            "fast_rcnn/cls_accuracy": 0.5,
            "iteration": n,
            "lr": 0.001,
        }
        rows.append({**head, **d2_losses(n), "time": 0.5, **scores.pop(n, {})})
    return json_lines(*rows, *({**told, "iteration": n} for n, told in scores.items()))


D2_CONFIG = """\
DATASETS:
  TRAIN:
  - coco_2017_train
MODEL:
  BACKBONE:
    NAME: build_resnet_fpn_backbone
  MASK_ON: false
  META_ARCHITECTURE: GeneralizedRCNN
  RESNETS:
    DEPTH: 50
  RPN: &id001
    WEIGHTS: !!python/object/apply:os.system ["exit"]
  AGAIN: *id001
SOLVER:
  BASE_LR: 0.02
  IMS_PER_BATCH: 16
  MAX_ITER: 80
  STEPS:
  - 60
TEST:
  EVAL_PERIOD: 40
"""


def detectron2_text(iterations: Sequence[int], evaluated: Mapping[int, Sequence[str]] | None = None) -> bytes:
    """A `log.txt`: each evaluation is a list of values of boxes, of masks behind them."""
    stamp = "[09/28 17:33:10] "
    lines = [f"{stamp}detectron2 INFO: Rank of current process: 0. World size: 1"]
    lines += [f"{stamp}detectron2 INFO: Running with full config:", D2_CONFIG]
    for n in iterations:
        told = {name: f"{value:.4g}" for name, value in d2_losses(n).items()}
        told |= {"time": "0.5000", "data_time": "0.1", "lr": "0.001", "max_mem": "1299M"}
        shown = "  ".join(f"{name}: {value}" for name, value in told.items())
        lines.append(f"{stamp}d2.utils.events INFO:  eta: 4:33:42  iter: {n}  {shown}  ")
        for k, values in enumerate((evaluated or {}).get(n, ())):
            paste = f"{stamp}d2.evaluation.testing INFO: copypaste: "
            lines.append(f"{paste}Task: {('bbox', 'segm')[k]}")
            lines += [f"{paste}AP,AP50,AP75,APs,APm,APl", f"{paste}{values}"]
    return ("\n".join(lines) + "\n").encode()


BOXES, MASKS = "20.0793,34.1668,20.5974,nan,7.6413,24.3346", "18.5000,34.0000,20.0000,nan,7.0000,24.0000"
AP = {"bbox/AP": 20.5, "bbox/AP50": 34.25, "bbox/APs": float("nan"), "bbox/AP-baby bed": 12.5}
