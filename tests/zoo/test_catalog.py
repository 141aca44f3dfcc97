"""What is known of the published logs."""

import csv
import hashlib
import re
from collections import Counter

import pytest

from convlens import ConvlensError, read_log, zoo
from convlens.errors import SourceError, UnknownNameError
from convlens.zoo import catalog
from convlens.zoo.catalog import Entry, entries, find_entry, folded

NO_SCORES = {"Hashtag", "Pretrained", "Segments", "Clip Length", "Modality", "Resolution", "Method"}


@pytest.fixture(scope="module")
def rows(corpus):
    """The list of the published logs: one row a model, and one a log that no model is told of."""
    with (corpus / "logs" / "catalog.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def made(name, **facts):
    unknown = {"aliases": (), "task": "detection", "family": "ssd", "dataset": "voc", "input_size": None}
    unknown |= {"log": f"{name}.log", "url": "", "size": None, "sha256": None, "published": ()}
    return Entry(name=name, **unknown | facts)


def test_the_catalogue_has_every_log_once(rows):
    assert sorted(e.log for e in entries()) == sorted({row["log"] for row in rows})
    assert len(entries()) == 203


def test_names_differ_whatever_their_spelling():
    assert len({folded(e.name) for e in entries()}) == len(entries())
    assert all(re.fullmatch(r"[a-z0-9_.]+", e.name) for e in entries())
    assert [e.name for e in entries()] == sorted(e.name for e in entries())


def test_size_hash_address_and_task(rows):
    told = {row["log"]: row for row in rows}
    for e in entries():
        row = told[e.log]
        assert (str(e.size or ""), e.sha256 or "", e.url) == (row["bytes"], row["sha256"], row["url"])
        assert e.task == row["task"]


def test_every_published_score_is_told_once(rows):
    """A model whose score is told beside two logs is told of once; what was not measured is nothing."""
    listed = {(row["zoo_table"], row["zoo_model"], row["published"]) for row in rows}
    told = Counter()
    for _, _, published in listed:
        for item in filter(None, published.split("; ")):
            what, _, numbers = item.partition("=")
            if what not in NO_SCORES and numbers != "N/A":
                told.update(float(n.strip(" _")) for n in numbers.split("/"))
    assert Counter(score for e in entries() for score, _ in e.published) == told


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("ssd_512_mobilenet1.0_coco", [(21.7, "box AP"), (39.2, "box AP50"), (21.3, "box AP75")]),
        ("ssd_512_mobilenet1.0_distilled_voc", [(78.4, "mAP")]),
        ("yolo3_mobilenet1.0_voc", [(73.9, "mAP at 320x320"), (75.8, "mAP at 416x416")]),
        ("center_net_resnet18_v1b_voc", [(66.8, "mAP without flip"), (69.5, "mAP with flip")]),
        ("cifar_resnet20_v1", [(92.1, "top-1 without mixup")]),  # its log ends at 0.9200, after 0.9214
        ("cifar_resnet20_v1_mixup", [(92.9, "top-1 with mixup")]),
        ("cifar_resnet110_v1_mixup", [(95.2, "top-1 with mixup")]),  # its log ends at 0.9520
        ("darknet53", [(78.13, "top-1"), (93.86, "top-5")]),
        ("darknet53_mixup", [(78.56, "top-1"), (94.43, "top-5")]),
        ("resnet152_v1b", [(79.69, "top-1"), (94.74, "top-5")]),
        ("resnet152_v1c", [(80.01, "top-1"), (94.96, "top-5")]),
        ("fcn_resnet101_voc", [(83.6, "mIoU")]),
        ("psp_resnet101_citys", [(79.9, "mIoU"), (96.4, "pixAcc")]),
        ("i3d_resnet50_v1_hmdb51", [(48.5, "top-1 with ImageNet pretraining, 1 segment of 32 frames")]),
        ("vgg16_ucf101_tsn", [(83.4, "top-1 with ImageNet pretraining, 3 segments of 1 frame")]),
        ("c3d_kinetics400", [(59.5, "top-1 without pretraining, 1 segment of 16 frames")]),
        (
            "monodepth2_resnet18_kitti_mono_640x192",
            [(0.121, "abs rel at 640x192"), (0.858, "delta < 1.25 at 640x192")],
        ),
        ("faster_rcnn_resnet50_v2a_voc", []),
    ],
)
def test_published_scores_with_their_conditions(name, published):
    assert list(find_entry(name).published) == published


def test_masks_and_poses_have_scores_of_several_kinds():
    assert {how: s for s, how in find_entry("mask_rcnn_fpn_resnet50_v1b_coco").published} == {
        "box AP": 39.2, "box AP50": 61.2, "box AP75": 42.2,
        "segm AP": 35.4, "segm AP50": 57.5, "segm AP75": 37.3,
    }  # fmt: skip
    assert {how: s for s, how in find_entry("simple_pose_resnet18_v1b_small_coco").published} == {
        "OKS AP at 128x96": 52.8, "OKS AP50 at 128x96": 83.6, "OKS AP75 at 128x96": 57.9,
        "OKS AP at 128x96 with flip": 54.5, "OKS AP50 at 128x96 with flip": 84.8,
        "OKS AP75 at 128x96 with flip": 60.3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "task", "family", "dataset", "size"),
    [
        ("ssd_512_mobilenet1.0_coco", "detection", "ssd", "coco", "512"),
        ("ssd_512_mobilenet1.0_distilled_voc", "distillation", "ssd", "voc", "512"),
        ("faster_rcnn_fpn_syncbn_resnest101_coco", "detection", "faster_rcnn_fpn_syncbn", "coco", None),
        ("yolo3_darknet53_voc", "detection", "yolo3", "voc", None),  # told at several
        ("cifar_wideresnet28_10", "classification", "wideresnet", "cifar10", None),
        ("se_resnext50_32x4d", "classification", "se_resnext", "imagenet", None),
        ("deeplab_resnest269_ade", "segmentation", "deeplab", "ade", None),
        ("simple_pose_resnet152_v1d_large_coco", "pose", "simple_pose", "coco", "384x288"),
        ("monodepth2_resnet18_kitti_mono_stereo_640x192", "depth", "monodepth2", "kitti", "640x192"),
        ("i3d_resnet50_v1_ucf101_kinetics400", "action_recognition", "i3d", "ucf101", None),
    ],
)
def test_what_a_log_is_of(name, task, family, dataset, size):
    e = find_entry(name)
    assert (e.task, e.family, e.dataset, e.input_size) == (task, family, dataset, size)


@pytest.mark.parametrize("name", zoo.snapshot_names())
def test_what_a_log_is_of_is_what_the_log_says(name):
    e, identity = find_entry(name), read_log(name).identity
    assert identity.dataset in (e.dataset, None)
    if e.task in ("detection", "instance", "distillation"):
        assert e.family == identity.detector
        assert e.input_size in (str(identity.input_size), None)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ssd_512_mobilenet1.0_coco", "ssd_512_mobilenet1.0_coco"),
        ("ssd_512_mobilenet1_0_coco", "ssd_512_mobilenet1.0_coco"),
        ("SSD_512_MobileNet1.0_COCO", "ssd_512_mobilenet1.0_coco"),
        ("ssd_512_mobilenet1_0_coco_train", "ssd_512_mobilenet1.0_coco"),  # the file's name
        ("ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new", "ssd_512_mobilenet1.0_distilled_voc"),
        ("CIFAR_ResNet110_v1", "cifar_resnet110_v1"),
        ("ResNet50_v1d", "resnet50_v1d"),
        ("resnet50_v1d-mixup", "resnet50_v1d_mixup"),
        ("resnext101_64x4d", "resnext101_64x4d_v1"),
        ("simple_pose_resnet50_v1b_coco", "simple_pose_resnet50_v1b"),
        ("inceptionv3_kinetics400_tsn", "inceptionv3_kinetics400"),
        ("monodepth2_resnet18_kitti_mono+stereo_640x192", "monodepth2_resnet18_kitti_mono_stereo_640x192"),
        ("ssd_512", None),
        ("ssd_512_mobilenet1.0", None),
        ("", None),
    ],
)
def test_spellings(written, name):
    assert zoo.canonical(written) == name


def test_every_name_leads_to_its_log_and_every_alias_to_those_that_have_it():
    for e in entries():
        assert zoo.canonical(e.name) == e.name
        for alias in e.aliases:
            owners = [other.name for other in entries() if folded(alias) in map(folded, other.aliases)]
            if owners == [e.name]:
                assert zoo.canonical(alias) == e.name
            else:
                with pytest.raises(SourceError, match=", ".join(owners)):
                    zoo.canonical(alias)


def test_an_alias_of_several_logs_names_them():
    """The zoo's page has this model at two input sizes."""
    with pytest.raises(SourceError) as told:
        read_log("simple_pose_resnet152_v1d")
    assert str(told.value) == (
        "simple_pose_resnet152_v1d: several published logs go by this name: "
        "simple_pose_resnet152_v1d_coco, simple_pose_resnet152_v1d_large_coco"
    )


def test_a_log_is_known_by_its_bytes(real_log):
    data = real_log.read_bytes()
    found = zoo.find_log(data, "a.log")
    assert found is not None
    assert found.log.split("/")[-1] == real_log.name
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert zoo.find_log(data[:-1] + b" ", real_log.name) is None
    assert zoo.find_log(data[:-1], real_log.name) is None


def test_of_entries_that_share_a_log_its_name_tells(monkeypatch):
    digests = Counter(e.sha256 for e in entries() if e.sha256)
    assert [[e.name for e in entries() if e.sha256 == d] for d, n in digests.items() if n > 1] == [
        ["deeplab_resnet101_coco", "deeplab_resnet101_voc"],
        ["inceptionv3", "inceptionv3_mixup"],
        ["mobilenet1.0", "mobilenet1.0_mixup"],
    ]
    facts = {"size": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}
    two = tuple(made(name, log=f"imagenet/{name}.log", **facts) for name in ("v3-mixup", "v3"))
    monkeypatch.setattr(catalog, "entries", lambda: two)
    assert zoo.find_log(b"abc", "v3.log") is two[1]
    assert zoo.find_log(b"abc", "v3-mixup.log") is two[0]
    assert zoo.find_log(b"abc", "3.log") is None
    assert zoo.find_log(b"abc", "") is None


@pytest.mark.parametrize(
    ("published", "arguments", "expected"),
    [
        (((21.7, "box AP"), (39.2, "box AP50")), {}, 21.7),
        (((38.4, "box AP"), (34.0, "segm AP")), {}, 38.4),
        (((78.4, "mAP"),), {"data_shape": 512}, 78.4),
        (((33.6, "box AP at 320x320"), (36.0, "box AP at 416x416")), {"data_shape": 416}, 36.0),
        (((33.6, "box AP at 320x320"), (36.0, "box AP at 416x416")), {"data_shape": 512}, None),
        (((33.6, "box AP at 320x320"), (36.0, "box AP at 416x416")), {}, None),
        (((26.6, "mAP without flip"), (28.1, "mAP with flip")), {"flip_validation": True}, 28.1),
        (((26.6, "mAP without flip"), (28.1, "mAP with flip")), {"flip_validation": False}, 26.6),
        (((78.13, "top-1"), (93.86, "top-5")), {}, None),
        (((79.9, "mIoU"),), {}, None),
        (((63.7, "OKS AP"),), {}, None),
        ((), {}, None),
    ],
)
def test_the_score_whose_conditions_fit(published, arguments, expected):
    assert made("n", published=published).published_map(arguments) == expected


def selected(*arguments, **named):
    return {e.name for e in zoo.select(*arguments, **named)}


def test_logs_are_selected_by_all_that_is_asked():
    assert len(selected()) == 203
    assert {e.task for e in zoo.select(task="depth")} == {"depth"}
    assert {e.family for e in zoo.select(family="faster_rcnn")} == {
        "faster_rcnn", "faster_rcnn_fpn", "faster_rcnn_fpn_bn", "faster_rcnn_fpn_syncbn",
    }  # fmt: skip
    assert {e.family for e in zoo.select(family="Faster-RCNN_FPN_BN")} == {"faster_rcnn_fpn_bn"}
    assert {e.family for e in zoo.select(family="resnet")} == {"resnet"}
    assert selected("MobileNet1.0", family="ssd", dataset="voc") == {
        "ssd_512_mobilenet1.0_voc", "ssd_512_mobilenet1.0_distilled_voc",
    }  # fmt: skip
    assert selected("g_d_new") == {"ssd_512_mobilenet1.0_distilled_voc"}
    assert selected(task="pose", dataset="voc") == set()


@pytest.mark.parametrize(
    ("named", "guess"),
    [
        ({"task": "detecton"}, "detection"),
        ({"family": "fasterrcnn"}, "faster_rcnn"),
        ({"family": "r"}, None),
        ({"dataset": "cityscapes"}, "citys"),
    ],
)
def test_a_value_that_no_log_has_is_told_with_the_closest(named, guess):
    with pytest.raises(UnknownNameError) as told:
        zoo.select(**named)
    assert (f"Did you mean {guess!r}?" in str(told.value)) == bool(guess)
    assert "There is: " in str(told.value)


def test_a_text_in_no_name_is_told_with_the_closest():
    with pytest.raises(
        ConvlensError, match=r"'ssd_512_resnet50_coco' in its name; the closest are ssd_512_re"
    ):
        zoo.select("ssd_512_resnet50_coco")
    with pytest.raises(ConvlensError, match=r"'%' in its name; `convlens zoo list` shows all"):
        zoo.select("%")
