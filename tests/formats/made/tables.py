"""Tables of comma-separated cells, and Ultralytics' of fixed width."""

from __future__ import annotations

from collections.abc import Sequence


def ultralytics(rows: Sequence[Sequence[float]], padded: int = 0, names: Sequence[str] = ()) -> bytes:
    """A `results.csv`: cells of five digits as in YOLOv5 to v8.2 (`padded` to a width), or of six."""
    digits = 5 if padded else 6
    cells = [[f"{int(row[0])}", *(f"{value:.{digits}g}" for value in row[1:])] for row in rows]
    return "".join(",".join(c.rjust(padded) for c in line) + "\n" for line in [names, *cells]).encode()


YOLOV8 = (
    "epoch",
    "train/box_loss",
    "train/cls_loss",
    "train/dfl_loss",
    "metrics/precision(B)",
    "metrics/recall(B)",
    "metrics/mAP50(B)",
    "metrics/mAP50-95(B)",
    "val/box_loss",
    "val/cls_loss",
    "val/dfl_loss",
    "lr/pg0",
    "lr/pg1",
    "lr/pg2",
)
YOLOV11 = (YOLOV8[0], "time", *YOLOV8[1:])


def yolo_rows(first: int, timed: bool) -> list[list[float]]:
    """Three epochs: losses fall, scores rise, the biases' rate begins high."""
    rows = []
    for n in range(3):
        time = [100.5 * (n + 1)] if timed else []
        losses = [1.5 / (n + 1), 2.25 / (n + 1), 1.125]
        scores = [0.25 * n, 0.5, 0.5 + 0.1 * n, 0.25 + 0.05 * n]
        rates = [0.07 / (n + 1), 0.01 / (n + 1), 0.01 / (n + 1)]
        rows.append([first + n, *time, *losses, *scores, 1.6, 2.5, 1.25, *rates])
    return rows


def yolo_text(epochs: int) -> bytes:
    """A `results.txt` of YOLOv7."""
    lines = []
    for n in range(epochs):
        losses = [0.1 / (n + 1), 0.2 / (n + 1), 0.05, 0.3 / (n + 1) + 0.05]
        scores = [0.5, 0.25, 0.4 + 0.1 * n, 0.2 + 0.05 * n, 0.09, 0.08, 1.766e-06]
        head = f"{f'{n}/{epochs - 1}':>10s}{f'{1.5:.3g}G':>10s}"
        lines.append(head + "".join(f"{v:10.4g}" for v in [*losses, 84, 640, *scores]) + "\n")
    return "".join(lines).encode()


def lightning(batches: int = 3) -> bytes:
    """A `metrics.csv` with a rate on rows of their own and a validation an epoch."""
    lines = ["epoch,lr-AdamW,step,train_loss,val_loss,val_map"]
    for epoch in range(3):
        for batch in range(batches):
            step = 10 * (batches * epoch + batch + 1) - 1
            lines.append(f",{0.01 / (epoch + 1)},{step},,,")
            lines.append(f"{epoch},,{step},{1.5 / (epoch + 1) + batch / 8},,")
        lines.append(f"{epoch},,{10 * batches * (epoch + 1) - 1},,{1.25 - epoch / 8},{0.25 + epoch / 16}")
    return ("\n".join(lines) + "\n").encode()


RFDETR = (
    "epoch,step,train/class_error,train/loss,train/loss_bbox,train/loss_bbox_0,train/loss_ce,train/lr,"
    'val/AP/cat,"val/AP/dog, small",val/ema_mAP_50_95,val/loss,val/mAP_50,val/mAP_50_95,val/mAR'
)


def rf_detr() -> bytes:
    """A `metrics.csv` of RF-DETR: the row of the validation stands before that of training."""
    lines = [RFDETR]
    for epoch in range(3):
        step = 100 * (epoch + 1) - 1
        lines.append(f"{epoch},{step - 50},,,,,,0.0001,,,,,,,")
        lines.append(f"{epoch},{step},,,,,,,0.5,0.25,0.475,6.5,0.75,{0.25 + epoch / 16},0.625")
        lines.append(f"{epoch},{step},12.5,{8 / (epoch + 1)},0.5,0.25,1.5,,,,,,,,")
    return ("\n".join(lines) + "\n").encode()


KERAS = """\
epoch,accuracy,loss,lr,val_accuracy,val_loss
0,0.25,1.5,0.001,0.5,1.75
1,0.5,0.75,0.001,0.625,1.25
2,0.75,0.5,0.0001,0.75,1.125
"""
