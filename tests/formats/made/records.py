"""Files of JSON: records in lines, DETR's among them, and the Trainer's document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Figures = Mapping[str, object]


def json_lines(*records: Figures) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


TWELVE = [0.25, 0.5, 0.2, -1.0, 0.3, 0.4, 0.1, 0.3, 0.35, -1.0, 0.4, 0.5]


def detr_row(epoch: int | None, **more: object) -> dict[str, object]:
    """A line of DETR: a layer, an auxiliary one, and their weighted sum."""
    ce, box = 1.0 / ((epoch or 0) + 1), 0.5
    losses = {"train_loss": 2 * ce + 2 * box, "train_loss_ce": ce, "train_loss_bbox": box}
    losses |= {"train_loss_ce_0": ce, "train_loss_bbox_0": box, "train_loss_bbox_unscaled": box / 5}
    row = {"train_lr": 0.0001, "train_class_error": 42.5, **losses, "test_loss": 3.5, "test_loss_ce_0": 1.0}
    row |= {"test_coco_eval_bbox": TWELVE, "n_parameters": 41302368}
    return row | ({} if epoch is None else {"epoch": epoch}) | more


def trainer_state(history: Sequence[Figures], **more: object) -> bytes:
    """A `trainer_state.json`, indented as the Trainer writes it."""
    last = {"epoch": 3.0, "step": 30, "total_flos": 1e15, "train_loss": 0.75, "train_runtime": 60.0}
    document = {
        "best_metric": 0.5,
        "best_model_checkpoint": "out/checkpoint-20",
        "epoch": 3.0,
        "global_step": 30,
    }
    document |= {
        "log_history": [*history, last],
        "max_steps": 30,
        "num_train_epochs": 3,
        "trial_params": None,
    }
    return (json.dumps(document | more, indent=2) + "\n").encode()


def trainer_history(steps: int = 3) -> list[Figures]:
    """A row of training and one of an evaluation, by turns."""
    rows: list[Figures] = []
    for n in range(1, steps + 1):
        head = {"epoch": n * 0.9, "step": 9 * n}
        rows.append({**head, "learning_rate": 0.001 / n, "loss": 1.5 / n, "grad_norm": 2.5})
        scores = {"eval_loss": 0.5, "eval_map": 0.25 + n / 16, "eval_map_50": 0.5, "eval_map_small": -1.0}
        scores |= {"eval_map_mask on": 0.5, "eval_mar_100": 0.75, "eval_mar_100_mask on": 0.5}
        rows.append({"epoch": float(n), "step": 10 * n, **scores, "eval_runtime": 5.5})
    return rows
