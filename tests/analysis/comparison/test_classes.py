"""The class APs that differ most."""

from convlens import compare
from tests.analysis.comparison.runs import LARGE, SMALL, write
from tests.writing import made_log


def class_log(*aps, **arguments):
    return made_log(SMALL, [None, 40, None, 50], classes=[{}, *aps[:1], {}, *aps[1:]], **arguments)


def test_classes_that_differ_most_stand_first(tmp_path):
    logs = write(
        tmp_path,
        a=class_log({"cat": 1, "dog": 2, "cow": 3}, {"cat": 10, "dog": 20, "cow": 30}),
        b=class_log({"cat": 9, "dog": 9, "cow": 9}, {"cat": 10, "dog": 25, "cow": 20}, lr=0.2),
    )
    frame = compare(logs).classes()
    assert frame.to_dict("list") == {"a": [30, 20, 10], "b": [20, 25, 10]}
    assert list(frame.index) == ["cow", "dog", "cat"]
    assert list(compare(logs).classes(1).index) == ["cow"]
    assert list(compare(logs, reference="b").classes(1).index) == ["cow"]


def test_classes_of_another_dataset_do_not_count_for_the_order(tmp_path):
    logs = write(
        tmp_path,
        a=class_log({}, {"cat": 10, "dog": 20}),
        b=class_log({}, {"cat": 15, "dog": 20}, lr=0.2),
        c=class_log({}, {"cat": 10, "dog": 90}, save_prefix="ssd_512_resnet50_v1_coco", dataset="coco"),
    )
    assert compare(logs).classes().to_dict("index") == {
        "cat": {"a": 10, "b": 15, "c": 10},
        "dog": {"a": 20, "b": 20, "c": 90},
    }
    assert list(compare(logs).classes(1).index) == ["cat"]


def test_classes_of_repeats_are_their_means(tmp_path):
    logs = write(
        tmp_path,
        a=class_log({}, {"cat": 10}, seed=1),
        b=class_log({}, {"cat": 20}, seed=2),
        c=class_log({}, {"cat": 50}, lr=0.2),
    )
    assert compare(logs).classes().to_dict("list") == {"a (n=2)": [15], "c": [50]}


def test_logs_without_classes_have_an_empty_table(tmp_path):
    logs = write(tmp_path, a=made_log(SMALL), b=made_log(LARGE))
    assert compare(logs).classes().empty


def test_the_published_classes_are_compared():
    frame = compare("ssd_512_mobilenet1.0_coco", "ssd_512_resnet50_v1_coco").classes(2)
    assert frame.iloc[0].tolist() == [22.4, 40.7]
    assert list(frame.index) == ["skateboard", "dog"]
