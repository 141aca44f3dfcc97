"""Logs of MMDetection 2 and MMEngine."""

from __future__ import annotations

from tests.formats.made.records import Figures, json_lines

MM_CONFIG = """\
model = dict(
    type='FasterRCNN',
    backbone=dict(type='ResNet', depth=50, out_indices=(0, 1, 2, 3)),
    bbox_head=dict(num_classes=80, loss_cls=dict(type='FocalLoss', alpha=-0.25)))
dataset_type = 'CocoDataset'
data_root = 'data/coco/'
optimizer = dict(type='SGD', lr=0.02)
lr_config = dict(policy='step', step=[2])
runner = dict(type='EpochBasedRunner', max_epochs=3)
evaluation = dict(interval=1, metric='bbox')
"""


def mm_losses(epoch: int, iteration: int) -> dict[str, float]:
    """Losses that fall, and their sum."""
    parts = {"loss_cls": round(1.5 / epoch + 0.01 * iteration, 4), "loss_bbox": round(0.5 / epoch, 4)}
    return parts | {"loss": round(sum(parts.values()), 4)}


def mm_scores(epoch: int) -> dict[str, float]:
    return {"bbox_mAP": 0.2 + 0.05 * epoch, "bbox_mAP_50": 0.4, "bbox_mAP_s": -1.0}


def mmdetection_json(epochs: int = 3, config: str = MM_CONFIG) -> bytes:
    """A `.log.json`: two lines an epoch of 25 iterations, ten apart."""
    records: list[Figures] = [{"env_info": "sys.platform: linux", "config": config, "exp_name": "x.py"}]
    for epoch in range(1, epochs + 1):
        for iteration in (10, 20):
            head = {"mode": "train", "epoch": epoch, "iter": iteration, "lr": 0.02 if epoch < 3 else 0.002}
            records.append(
                {**head, "memory": 99, "data_time": 0.1, **mm_losses(epoch, iteration), "time": 0.5}
            )
        told = {**mm_scores(epoch), "bbox_mAP_copypaste": "0.2 0.4 -1.0"}
        records.append({"mode": "val", "epoch": epoch, "iter": 7, "lr": 0.02, **told})
    return json_lines(*records)


def mmdetection_text(epochs: int = 3, config: str = MM_CONFIG) -> bytes:
    """The `.log` beside it."""
    stamp = "2021-04-21 20:06:32,895 - mmdet - INFO - "
    lines = [
        stamp + "Environment info:",
        "MMCV: 1.7.0",
        stamp + "Config:",
        config,
        stamp + "Set random seed to 0",
    ]
    for epoch in range(1, epochs + 1):
        for iteration in (10, 20):
            pairs = {"lr": f"{0.02 if epoch < 3 else 0.002:.3e}", "eta": "8:36:22", "time": "0.500"}
            pairs |= {"data_time": "0.100", "memory": "99"}
            pairs |= {name: f"{value:.4f}" for name, value in mm_losses(epoch, iteration).items()}
            told = ", ".join(f"{name}: {value}" for name, value in pairs.items())
            lines.append(f"{stamp}Epoch [{epoch}][{iteration}/25]\t{told}")
        scores = ", ".join(f"{name}: {value:.4f}" for name, value in mm_scores(epoch).items())
        lines.append(f"{stamp}Now best checkpoint is saved as best_bbox_mAP_epoch_{epoch}.pth.")
        lines.append(f"{stamp}Epoch(val) [{epoch}][7]\t{scores}, bbox_mAP_copypaste: 0.2 0.4 -1.0")
    return ("\n".join(lines) + "\n").encode()


ENGINE_CONFIG = MM_CONFIG.replace("runner = dict(type='EpochBasedRunner', ", "train_cfg = dict(").replace(
    "lr_config = dict(policy='step', step=[2])",
    "param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[2])]\n"
    "log_processor = dict(window_size=5)",
)
DISTILLED = {"student.loss_cls": 0.5, "student.loss_bbox": 0.25, "distill.loss_pkd": 4.0, "loss": 4.75}


def engine_scores(epoch: int, teacher: bool = False) -> dict[str, float]:
    scores = {f"coco/{name}": value for name, value in mm_scores(epoch).items()}
    return scores | ({"teacher.coco/bbox_mAP": 0.5} if teacher else {})


def mmengine_json(epochs: int = 3, losses: Figures | None = None, by_epoch: bool = True) -> bytes:
    """A `scalars.json` of epochs of 25 iterations, or of iterations alone."""
    records: list[Figures] = []
    for epoch in range(1, epochs + 1):
        for iteration in (10, 20):
            place = {"epoch": epoch} if by_epoch else {}
            step = 25 * (epoch - 1) + iteration
            told = dict(losses or mm_losses(epoch, iteration))
            records.append({"lr": 0.02 / epoch, "data_time": 0.1, **told, "time": 0.5, **place, "step": step})
        step = epoch if by_epoch else 25 * (epoch - 1) + 20
        records.append(
            {**engine_scores(epoch, losses is not None), "data_time": 0.1, "time": 0.2, "step": step}
        )
    return json_lines(*records)


def mmengine_text(epochs: int = 3, losses: Figures | None = None, config: str = ENGINE_CONFIG) -> bytes:
    """The `.log` beside it."""
    stamp = "2024/04/11 18:52:29 - mmengine - INFO - "
    lines = [stamp, "System environment:", stamp + "Config:", config, stamp + "Hooks will be executed"]
    for epoch in range(1, epochs + 1):
        for iteration in (10, 20):
            told = {name: f"{value:.4f}" for name, value in (losses or mm_losses(epoch, iteration)).items()}
            pairs = {"lr": f"{0.02 / epoch:.4e}", "eta": "15:39:01", "time": "0.5000", "data_time": "0.1000"}
            shown = "  ".join(f"{name}: {value}" for name, value in (pairs | told).items())
            lines.append(f"{stamp}Epoch(train)  [{epoch}][{iteration}/25]  {shown}")
        lines.append(f"{stamp}Epoch(val)  [{epoch}][ 50/2500]    eta: 0:01:24  time: 0.0346  memory: 99  ")
        scores = engine_scores(epoch, losses is not None)
        shown = "  ".join(f"{name}: {value:.4f}" for name, value in scores.items())
        lines.append(f"{stamp}Epoch(val) [{epoch}][2500/2500]    {shown}  data_time: 0.1000  time: 0.0656")
        best = f"{stamp}The best checkpoint with 0.3 coco/bbox_mAP at {epoch} epoch is saved to "
        lines.append(f"{best}best_coco_bbox_mAP_epoch_{epoch}.pth.")
    return ("\n".join(lines) + "\n").encode()
