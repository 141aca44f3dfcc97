"""Experiments by name."""

from __future__ import annotations

from dataclasses import replace

from convlens.distill.config import Data, DistillConfig, Shapes, Training

_STUDENT = Training(network="resnet_w8", epochs=9, lr=0.016, wd=0.0)
_TERMS: dict[str, dict[str, object]] = {
    "adversarial": {"weight": 0.001, "warmup_steps": 300, "clamp": 0.05, "channels": 32, "normalise": True},
    "cosine": {"weight": 0.3, "warmup_steps": 300},
    "features": {"weight": 0.1},
    "logits": {"weight": 0.3, "temperature": 2.0},
    "pkd": {"weight": 0.3},
    "cwd": {"weight": 0.3},
}

SHAPES = DistillConfig(
    data=Data(dataset="shapes", size=64, batch_size=16),
    teacher=Training(network="resnet_w32", epochs=11, lr=0.004, wd=0.0),
    student=_STUDENT,
    terms=_TERMS,
    threads=1,
    teacher_min_map=50.0,
)
SHAPES_FEW = replace(
    SHAPES,
    shapes=Shapes(images=300),
    student=replace(_STUDENT, epochs=80),
    methods=("logits",),
    val_interval=5,
)
SMOKE = replace(
    SHAPES,
    shapes=Shapes(images=96, teacher_images=96, validation_images=32),
    teacher=replace(SHAPES.teacher, network="resnet_w8", epochs=3),
    student=replace(_STUDENT, network="resnet_w4", epochs=3),
    log_interval=2,
    teacher_min_map=0.0,
)
_DETECTOR = Training(
    pretrained=True, epochs=240, optimizer="sgd", lr=0.001, schedule="step", lr_decay_epoch=(160, 200)
)
VOC = DistillConfig(  # Hong Wei, 2019
    data=Data(
        dataset="voc",
        root="~/.mxnet/datasets/voc",
        splits=("2007_trainval", "2012_trainval"),
        validation=("2007_test",),
        size=512,
        batch_size=64,
        workers=8,
    ),
    teacher=replace(_DETECTOR, network="ssd_512_resnet50_v1"),
    student=replace(_DETECTOR, network="ssd_512_mobilenet1.0", lr_decay_epoch=(80, 100), epochs=221),
    terms={"adversarial": {"weight": 1.0, "clamp": 0.03, "channels": 512}, "cosine": {"weight": 1.0}},
    devices="gpu:0",
    log_interval=100,
    teacher_min_map=70.0,
)
PRESETS = {"shapes": SHAPES, "shapes-few": SHAPES_FEW, "smoke": SMOKE, "voc": VOC}
