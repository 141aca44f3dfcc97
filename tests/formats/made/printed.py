"""What is printed, COCO's tables between it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.formats.made.records import TWELVE


def coco_table(scores: Sequence[float]) -> str:
    """What pycocotools prints of its twelve scores."""
    areas = ["   all", "   all", "   all", " small", "medium", " large"] * 2
    ious = ["0.50:0.95", "0.50     ", "0.75     ", *["0.50:0.95"] * 9]
    most = [*["100"] * 6, "  1", " 10", "100", "100", "100", "100"]
    kinds = ["Precision  (AP)"] * 6 + ["Recall     (AR)"] * 6
    areas[7:9] = ["   all", "   all"]
    told = zip(kinds, ious, areas, most, scores, strict=True)
    return "".join(
        f" Average {kind} @[ IoU={iou} | area={area} | maxDets={dets} ] = {value:0.3f}\n"
        for kind, iou, area, dets, value in told
    )


def torchvision(epochs: int = 3, masks: bool = True, seconds: int | None = 75) -> bytes:
    """What torchvision's references print: two lines an epoch of twelve iterations."""
    text = ""
    for epoch in range(epochs):
        for step in (0, 11):
            b = 2.0 / (epoch + 1) + 0.5 / (step + 1)
            told = f"loss: {b / 2:.4f} ({2 * b:.4f})  loss_classifier: {b / 4:.4f} ({b:.4f})  "
            told += f"loss_box_reg: {b / 3:.4f} ({b:.4f})"
            head = f"Epoch: [{epoch}]  [{step:2d}/12]  eta: 0:00:49  lr: {0.005 / (epoch + 1):.6f}  "
            text += f"{head}{told}  time: 0.8333  data: 0.2157  max mem: 2302\n"
        if seconds is not None:
            text += f"Epoch: [{epoch}] Total time: 0:{seconds // 60:02d}:{seconds % 60:02d} (0.3493 s / it)\n"
        text += "Test:  [ 0/50]  eta: 0:00:10  model_time: 0.0890 (0.0890)  max mem: 3594\n"
        boxes = [0.25 + 0.05 * epoch, *TWELVE[1:]]
        text += "IoU metric: bbox\n" + coco_table(boxes)
        text += "IoU metric: segm\n" + coco_table([0.125, *TWELVE[1:]]) if masks else ""
    return text.encode()


def yolox(
    epochs: int = 3, first: int = 1, table: bool = True, mosaic_ends: int = 0, best: float = 0.0
) -> bytes:
    """A `train_log.txt`: a start, its experiment, two lines an epoch of 47 iterations, and a table."""
    stamp = "2021-09-03 20:47:16.953 | INFO     | yolox.core.trainer:"
    args = "batch_size=64, devices=8, experiment_name='yolox_s', ckpt=None"
    lines = [f"{stamp}before_train:131 - args: Namespace({args})"]
    lines += [f"{stamp}before_train:132 - exp value:", "╒═══════╤══════╕", "│ keys │ values │"]
    lines += ["│ max_epoch │ 3 │", "├───────┼──────┤", "│ eval_interval │ 1 │", "│ input_size │ (640, 640) │"]
    lines += ["│ act │ 'silu' │", "│ evil │ __import__('os').abort() │", "╘═══════╧══════╛"]
    lines += [f"{stamp}before_train:137 - Model Summary: Params: 8.97M, Gflops: 26.93"]
    for epoch in range(first, first + epochs):
        lines.append(f"{stamp}before_epoch:204 - ---> start train epoch{epoch}")
        if mosaic_ends == epoch:
            lines.append(f"{stamp}before_epoch:207 - --->No mosaic aug now!")
        added = 0.5 if mosaic_ends and epoch >= mosaic_ends else 0.0
        for iteration in (20, 40):
            losses = {"total_loss": 9 / epoch + added + iteration / 40, "iou_loss": 4 / epoch}
            losses |= {"l1_loss": added, "conf_loss": 5 / epoch}
            shown = ", ".join(f"{name}: {value:.1f}" for name, value in losses.items())
            head = (
                f"epoch: {epoch}/3, iter: {iteration}/47, gpu mem: 3000Mb, mem: 40.5Gb, iter_time: 0.500s, "
            )
            tail = f"lr: {0.01 / epoch:.3e}, size: 640, ETA: 0:00:07"
            lines.append(f"{stamp}after_iter:256 - {head}data_time: 0.002s, {shown}, {tail}")
        if table:
            lines.append(f"{stamp}evaluate_and_save_model:344 - \nAverage forward time: 3.90 ms")
            lines.append(coco_table([0.25 + 0.05 * epoch, *TWELVE[1:]]).rstrip())
            lines += ["per class AP:", "| class | AP | class | AP |", "|:---|:---|:---|:---|"]
            lines.append("| cat | 50.500 | dog | 25.000 |\n")
    lines.append(f"{stamp}after_train:184 - Training of experiment is done and the best AP is {best:.2f}")
    return ("\n".join(lines) + "\n").encode()


def paddle(
    epochs: Sequence[int],
    steps: Sequence[int] = (0, 20, 40),
    losses: Sequence[str] = ("loss_cls", "loss_iou"),
    name: str = "ppyoloe_plus_crn_l_80e_coco",
) -> bytes:
    """A `workerlog.0`: medians of the last 20 of an epoch's 47 iterations, and a table behind each."""
    stamp = "[06/24 11:20:46] ppdet."
    text = f"{stamp}data.source.coco INFO: Load [4290 samples valid, 0 samples invalid] in file a.json.\n"
    for epoch in epochs:
        for step in steps:
            parts = dict.fromkeys(losses, 2.0 / (epoch + 1) + 1.0 / (step + 1))
            told = {"learning_rate": 0.01 / (epoch + 1), **parts, "loss": 2.5 * sum(parts.values())}
            shown = " ".join(f"{loss}: {value:.6f}" for loss, value in told.items())
            tail = "eta: 7:39:28 batch_cost: 0.5000 data_cost: 0.0028 ips: 16.0000 images/s"
            text += f"{stamp}engine INFO: Epoch: [{epoch}] [{step:3d}/47] {shown} {tail}\n"
        if steps[-1] == 40:
            text += f"{stamp}utils.checkpoint INFO: Save checkpoint: output/{name}\n"
            text += "Evaluate annotation type *bbox*\nDONE (t=0.1s).\n"
            text += coco_table([0.2 + 0.01 * epoch, *TWELVE[1:]])
            text += f"{stamp}engine INFO: Best test bbox ap is 0.234.\n"
    return text.encode()


def darknet(iterations: Sequence[int], maps: Mapping[int, float] | None = None, fork: bool = True) -> bytes:
    """What Darknet prints, AlexeyAB's `fork` or the original; between the lines those of its layers."""
    lines = ["yolov4-custom", "mini_batch = 4, batch = 64, time_steps = 1, train = 1"]
    avg = 0.0
    for n in iterations:
        lines.append(
            "Region 82 Avg IOU: -nan, Class: -nan, Obj: 0.5, No Obj: 0.5, .5R: -nan, .75R: -nan,  count: 0"
        )
        value = 100 / n
        avg = value if not avg else 0.9 * avg + 0.1 * value
        told = f" {n}: {value:.6f}, {avg:.6f} avg{' loss' * fork}, 0.001000 rate, 2.000000 seconds, "
        told += f"{64 * n} images"
        lines.append(told + (", 9.893574 hours left" if fork else ""))
        if fork:
            lines.append(f"\x1b[H\x1b[J{n}/7000: loss={value:.1f} hours left=9.9")
        if maps and n in maps:
            lines.append("class_id = 0, name = cat, ap = 85.11%   \t (TP = 3, FP = 1) ")
            lines.append(f" mean average precision (mAP@0.50) = {maps[n]:.6f}, or {100 * maps[n]:.2f} % ")
    return ("\n".join(lines) + "\n").encode()
