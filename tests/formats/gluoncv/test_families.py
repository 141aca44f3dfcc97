"""The families of GluonCV's scripts: their columns, and what they write is what is read."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.formats.gluoncv import detection_lines as lines
from convlens.formats.gluoncv.families import FAMILIES, describe, family_of
from convlens.formats.lines import read_pairs
from convlens.meters import Meter
from convlens.metrics import Better, Role, Unit
from convlens.reader import read_bytes
from tests.independent import DETECTION_LOSSES, SINCE_START

PRINTED = {
    "ssd": "CrossEntropy SmoothL1 accuracy",
    "faster_rcnn": "RPN_Conf RPN_SmoothL1 RCNN_CrossEntropy RCNN_SmoothL1 RPNAcc RPNL1Loss RCNNAcc "
    "RCNNL1Loss",
    "mask_rcnn": "RPN_Conf RPN_SmoothL1 RCNN_CrossEntropy RCNN_SmoothL1 RCNN_Mask RPNAcc RPNL1Loss RCNNAcc "
    "RCNNL1Loss MaskAcc MaskFGAcc",
    "yolo3": "ObjLoss BoxCenterLoss BoxScaleLoss ClassLoss",
    "center_net": "WHL1 CenterRegL1 HeatmapFocal",
    "ssd_gan": "Loss_D Loss_G Loss_D_real Loss_D_fake train_student_ori_net_CrossEntropy "
    "train_student_ori_net_SmoothL1 cosine_length_loss_metric",
    "faster_rcnn_gan": "RPN_Conf RPN_SmoothL1 RCNN_CrossEntropy RCNN_SmoothL1 Loss_G Loss_D",
}
ALL_SINCE_START = {name for names in SINCE_START.values() for name in names}


@pytest.mark.parametrize(("family", "printed"), PRINTED.items())
def test_a_family_is_known_by_its_losses(family, printed):
    found = family_of([*printed.split(), "Speed", "LR"])
    assert found is not None
    assert found.name == family
    columns, findings = describe(printed.split())
    assert [column.name for column in columns] == printed.split()
    assert not findings
    for column in columns:
        assert (column.role is Role.LOSS) == (column.name in DETECTION_LOSSES), column
        assert (column.meter is Meter.START) == (column.name in ALL_SINCE_START), column
        accuracy = "acc" in column.name.lower()
        assert (column.unit is Unit.FRACTION) == accuracy
        assert (column.better is Better.HIGHER) == accuracy


def test_a_student_is_measured_as_its_kind():
    columns, _ = describe(PRINTED["ssd_gan"].split())
    assert {c.name: c.measures for c in columns if c.role is Role.LOSS} == {
        "train_student_ori_net_CrossEntropy": "CrossEntropy",
        "train_student_ori_net_SmoothL1": "SmoothL1",
    }


def test_a_name_that_its_family_does_not_know_is_no_part_of_the_loss():
    columns, [finding] = describe(["CrossEntropy", "SmoothL1", "FooLoss", "iou"])
    roles = {column.name: column.role for column in columns}
    assert roles["FooLoss"] is not Role.LOSS
    assert roles["iou"] is Role.METRIC
    assert finding.code == "CL019"
    assert "FooLoss" in finding.text


def test_an_unknown_script_has_its_losses():
    columns, [finding] = describe(["box_loss", "obj_loss", "mask_iou", "Speed", "LR"])
    assert [column.name for column in columns if column.role is Role.LOSS] == ["box_loss", "obj_loss"]
    assert "box_loss" in finding.text
    assert "Speed" not in finding.text


FIGURE = st.floats(-50, 50).map(lambda v: round(v, 3)) | st.just(math.nan)


@given(st.data())
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_what_a_family_writes_is_read_back(family, data):
    """A line's pairs, in the family's own arrangement, LR and NaN included."""
    names = [column.name for column in family.columns]
    written = {"LR": 0.001, "Speed": 12.5} | {name: data.draw(FIGURE) for name in names}
    pairs = read_pairs([family.write(written).encode()])
    assert pairs.names == tuple(written)
    assert pairs.whole.all()
    assert pairs.values[0].tolist() == pytest.approx(list(written.values()), nan_ok=True)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 6))
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_synthetic_log_is_read_back_exactly(family, seed, count):
    """Epochs written with the declarations that read them: every figure comes back as it was printed."""
    draw = random.Random(seed)
    names = [column.name for column in family.columns]
    told = [[{name: draw.randint(100, 900) / 1000 for name in names} for _ in range(2)] for _ in range(count)]
    text = [lines.START.format(epoch=0)]
    for epoch, steps in enumerate(told):
        for n, values in enumerate(steps):
            pairs = family.write({"Speed": 10.0 + n, **values})
            text.append(lines.BATCH.format(epoch=epoch, step=100 * n + 99, values=pairs))
        text.append(lines.CLOSE.format(epoch=epoch, seconds=1.5 * epoch, values=family.write(steps[-1])))
    run = read_bytes("\n".join([*text, ""]).encode(), "made.log", "made")
    assert [column.name for column in run.columns if column.name != "Speed"] == names
    assert run.epochs[names].to_dict("records") == [steps[-1] for steps in told]
    assert run.epochs["seconds"].tolist() == [1.5 * epoch for epoch in range(count)]
    assert run.summary.final == told[-1][-1]
    assert run.epochs["complete"].all()
