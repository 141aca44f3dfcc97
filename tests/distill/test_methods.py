"""The losses of the methods, against cases worked by hand and against numpy."""

import numpy as np
import pytest

from convlens.errors import ConvlensError, TrainingError, UnknownNameError

pytestmark = pytest.mark.usefixtures("mx")


def output(mx, maps, classes=None, anchors=None):
    from convlens.distill.networks import Output

    arrays = [mx.nd.array(m) for m in maps]
    empty = mx.nd.zeros((1, 1, 4))
    return Output(
        mx.nd.array(classes) if classes is not None else empty,
        empty,
        mx.nd.array(anchors) if anchors is not None else empty,
        arrays,
    )


def loss(mx, name, student, teacher, boxes=(), classes=None, **settings):
    """The loss of one method for given outputs."""
    from convlens.distill.methods import make_methods
    from convlens.distill.methods.base import Seen

    (method,) = make_methods(name, {name: settings}).values()
    method.prepare(student, teacher, [mx.cpu()], 0)
    seen = Seen(student, teacher, mx.nd.array(classes) if classes is not None else None, boxes)
    (value,) = method.losses(seen).values()
    return float(value.asscalar())


def random_maps(seed, shape=(3, 4, 5, 5)):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def test_cosine_by_hand(mx):
    """Two places: vectors at a right angle where the teacher has length 3, alike where it has length 1."""
    student = np.array([[[[1.0, 5.0]], [[0.0, 0.0]]]])
    teacher = np.array([[[[0.0, 1.0]], [[3.0, 0.0]]]])
    assert loss(mx, "cosine", output(mx, [student]), output(mx, [teacher])) == pytest.approx(3 / 4, abs=1e-4)


def test_cosine_of_opposite_and_equal_maps(mx):
    maps = random_maps(1)
    assert loss(mx, "cosine", output(mx, [maps]), output(mx, [3 * maps])) == pytest.approx(0, abs=1e-4)
    assert loss(mx, "cosine", output(mx, [maps]), output(mx, [-maps])) == pytest.approx(2, abs=1e-4)


def test_pkd_is_one_minus_pearson(mx):
    student, teacher = random_maps(1), random_maps(2)
    r = [np.corrcoef(student[:, c].ravel(), teacher[:, c].ravel())[0, 1] for c in range(4)]
    expected = 1 - np.mean(r)
    assert loss(mx, "pkd", output(mx, [student]), output(mx, [teacher])) == pytest.approx(expected, abs=1e-4)
    assert loss(mx, "pkd", output(mx, [student]), output(mx, [7 * student + 2])) == pytest.approx(0, abs=1e-4)


def test_cwd_by_hand(mx):
    """One channel of two places, T = 2: the teacher says 3/4 and 1/4, the student a half each."""
    teacher = np.array([[[[2 * np.log(3), 0.0]]]])
    student = np.zeros((1, 1, 1, 2))
    expected = 4 * (0.75 * np.log(0.75 / 0.5) + 0.25 * np.log(0.25 / 0.5))
    told = loss(mx, "cwd", output(mx, [student]), output(mx, [teacher]), temperature=2.0)
    assert told == pytest.approx(expected, rel=1e-5)


def test_maps_are_averaged(mx):
    """One pair equal, one pair opposite: the mean of 0 and 2."""
    maps = random_maps(1)
    told = loss(mx, "cosine", output(mx, [maps, maps]), output(mx, [maps, -maps]))
    assert told == pytest.approx(1, abs=1e-4)


def test_logits_by_hand(mx):
    """Two anchors, one positive; the teacher doubts where the student is undecided: KL over positives."""
    teacher = np.array([[[0.0, 2 * np.log(3)], [0.0, 0.0]]])
    student = np.zeros((1, 2, 2))
    kl = 0.25 * np.log(0.25 / 0.5) + 0.75 * np.log(0.75 / 0.5)
    seen = output(mx, [], student), output(mx, [], teacher)
    assert loss(mx, "logits", *seen, classes=[[1, 0]], temperature=2.0) == pytest.approx(4 * kl, rel=1e-5)
    assert loss(mx, "logits", *seen, classes=[[1, 1]], temperature=2.0) == pytest.approx(2 * kl, rel=1e-5)
    assert loss(mx, "logits", *seen, classes=[[0, 0]], temperature=2.0) == pytest.approx(4 * kl, rel=1e-5)


def test_features_near_objects_by_hand(mx):
    """2 x 2 places with an anchor of 10 pixels each; an object on the first place and half of the second.

    Its best overlap is 2/3, that of the second place 1/4, which is 3/8 of the best.
    """
    anchors = [[[5, 5, 10, 10], [15, 5, 10, 10], [5, 15, 10, 10], [15, 15, 10, 10]]]
    boxes = [np.array([[0, 0, 15, 10]], np.float32)]
    # Overlaps: 100 / 150 = 2/3 at the first place, 50 / 200 = 1/4 at the second.
    teacher = np.zeros((1, 2, 2, 2))
    student = np.array([[[[2.0, 4.0], [9.0, 9.0]], [[0.0, 0.0], [9.0, 9.0]]]])
    seen = output(mx, [student], anchors=anchors), output(mx, [teacher], anchors=anchors)
    only_first = 2.0**2 / 2 / 2  # half the square, a channel of two
    both = (2.0**2 + 4.0**2) / 2 / 2 / 2
    assert loss(mx, "features", *seen, boxes=boxes, near=0.5) == pytest.approx(only_first)
    assert loss(mx, "features", *seen, boxes=boxes, near=0.3) == pytest.approx(both)
    nothing = [np.zeros((0, 4), np.float32)]
    assert loss(mx, "features", *seen, boxes=nothing) == 0


def test_features_knows_the_anchors_of_gluoncv():
    from convlens.distill.methods.features import _depths

    places = [64 * 64, 32 * 32, 16 * 16, 8 * 8, 4 * 4, 2 * 2, 1]  # SSD-512 with VGG-16
    depths = [4, 6, 6, 6, 6, 4, 4]
    assert _depths(places, sum(p * d for p, d in zip(places, depths, strict=True))) == depths
    with pytest.raises(ValueError, match="do not fit"):
        _depths([4, 1], 1000)


@pytest.mark.parametrize("name", ["cosine", "pkd", "cwd", "features", "adversarial"])
def test_maps_of_other_channels_are_adapted(mx, name):
    student = output(mx, [random_maps(1, (2, 3, 4, 4))], anchors=np.ones((1, 16, 4)))
    teacher = output(mx, [random_maps(2, (2, 6, 4, 4))], anchors=np.ones((1, 16, 4)))
    boxes = [np.array([[0, 0, 1, 1]], np.float32)] * 2
    settings = {"channels": 4} if name == "adversarial" else {}
    assert np.isfinite(loss(mx, name, student, teacher, boxes, **settings))


def test_the_critics_learn_to_tell_and_stay_clamped(mx):
    from convlens.distill.methods import make_methods
    from convlens.distill.methods.base import Seen

    settings = {"channels": 8, "clamp": 0.1, "critic_lr": 0.01}
    (method,) = make_methods("adversarial", {"adversarial": settings}).values()
    student = output(mx, [random_maps(1, (4, 3, 8, 8)) - 1])
    teacher = output(mx, [random_maps(2, (4, 3, 8, 8)) + 1])
    method.prepare(student, teacher, [mx.cpu()], 0)
    seen = Seen(student, teacher, None, ())
    before = method.learn([seen])
    for _ in range(30):
        after = method.learn([seen])
    for told in (before, after):
        assert told["Loss_D"] == pytest.approx(told["Loss_D_real"] - told["Loss_D_fake"], abs=1e-6)
    assert after["Loss_D"] < before["Loss_D"]
    assert after["Loss_D"] < 0
    largest = max(float(abs(p.data()).max().asscalar()) for p in method.critics.collect_params().values())
    assert largest <= 0.1 + 1e-7
    # The student's term is what the critics now say of its maps.
    (value,) = method.losses(seen).values()
    assert float(value.asscalar()) > 0


def test_a_critic_goes_down_to_about_two_pixels(mx):
    from convlens.distill.discriminator import Critic

    for side, shape in ((64, (2, 2)), (8, (2, 2)), (5, (2, 2)), (1, (1, 1))):
        critic = Critic(side, 4)
        critic.initialize()
        assert critic(mx.nd.zeros((2, 3, side, side))).shape == (2, 1, *shape)


def test_weights_rise_and_fall():
    from convlens.distill.methods.base import Term

    term = Term(weight=2.0, warmup_steps=4, decay_from=0.5)
    assert [term.weight_at(step, 20) for step in range(5)] == [0.5, 1.0, 1.5, 2.0, 2.0]
    assert [term.weight_at(step, 20) for step in (10, 15, 20)] == pytest.approx([2.0, 1.0, 0.0])
    assert Term().weight_at(19, 20) == 1.0


def test_methods_are_combined_and_checked():
    from convlens.distill.methods import complete_terms, make_methods

    assert list(make_methods("adversarial+cosine", {})) == ["adversarial", "cosine"]
    assert make_methods("none", {})["none"].losses(None) == {}
    with pytest.raises(UnknownNameError, match="Did you mean 'cosine'"):
        make_methods("pkd+cosin", {})
    with pytest.raises(TrainingError, match="names a method twice"):
        make_methods("pkd+pkd", {})
    with pytest.raises(UnknownNameError, match=r"No setting in terms\.pkd named 'wieght'"):
        make_methods("pkd", {"pkd": {"wieght": 1.0}})
    with pytest.raises(ConvlensError, match=r"terms\.cwd\.temperature is a number"):
        make_methods("none", {"cwd": {"temperature": "hot"}})
    assert complete_terms(("pkd",), {}) == {"pkd": {"weight": 1.0, "warmup_steps": 0, "decay_from": 1.0}}
