"""GAN distillation (Hong Wei, 2019): a student's detection losses beside adversarial terms."""

from convlens.formats.gluoncv import faster_rcnn
from convlens.formats.gluoncv.family import Family
from convlens.metrics import loss, term

_STUDENT = "train_student_ori_net_"
_TERMS = ("Loss_D", "Loss_G", "Loss_D_real", "Loss_D_fake")

SSD = Family(
    "ssd_gan",
    (
        *map(term, _TERMS),
        loss(f"{_STUDENT}CrossEntropy", quantity="CrossEntropy"),
        loss(f"{_STUDENT}SmoothL1", quantity="SmoothL1"),
        term("cosine_length_loss_metric"),
    ),
    joiner=". ",
)
FASTER_RCNN = Family(
    "faster_rcnn_gan",
    (*faster_rcnn.LOSSES, *faster_rcnn.METRICS, term("Loss_G"), term("Loss_D")),
    joiner=",",
)
