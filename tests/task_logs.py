"""The real logs of tasks other than detection, and their runs."""

from functools import cache
from pathlib import Path

import pytest

from convlens import Run, read_log

# log -> epochs, the score that judges it, its final value, its best one, the epoch of that; by hand
REACHED = {
    "classification/cifar/cifar_resnet110_v1_mixup": (220, "val", 95.20, 95.20, 219),
    "classification/cifar/cifar_resnet20_v1": (200, "val", 92.00, 92.14, 184),
    "classification/imagenet/mobilenet1.0": (200, "err-top1", 26.9212, 26.7279, 194),
    "classification/imagenet/resnest14": (270, "Validation-accuracy", 75.8760, 75.9560, 264),
    "classification/imagenet/resnet50_v1": (120, "err-top1", 22.6662, 22.6562, 116),
    "classification/imagenet/vgg16": (100, "err-top1", 26.8076, 26.7777, 96),
    "segmentation/fcn_resnet50_voc": (50, "mIoU", 63.4, 64.6, 47),
    "segmentation/icnet_resnet50_mhpv1": (120, "mIoU", 43.0, 43.6, 103),
    "pose/mobile_pose_mobilenet1.0": (140, None, None, None, None),
    "pose/simple_pose_resnet18_v1b_coco": (140, None, None, None, None),
    "depth/kitti/monodepth2_resnet18_kitti_mono_640x192": (20, "abs_REL", 0.137, 0.136, 9),
    "action_recognition/hmdb51/i3d_resnet50_v1_hmdb51": (35, "acc-top1", 45.855978, 46.875, 27),
    "action_recognition/kinetics400/inceptionv3_kinetics400_tsn": (100, "acc-top1", 67.804216, 68.12774, 47),
    "action_recognition/ucf101/vgg16_ucf101": (80, "acc-top1", 75.099128, 75.416336, 66),
}


every_log = pytest.mark.parametrize("name", REACHED)


def path_of(corpus: Path, name: str) -> Path:
    return corpus / "logs" / f"{name}.log"


@cache
def run(path: Path) -> Run:
    return read_log(path)
