"""Put a claim to the test on the published runs that convlens ships, and say in plain words what comes out.

The claim: small backbones detect worse because they underfit; lower their final loss by training them
differently, and mAP follows. Every figure that is printed is read from the runs.
"""

import textwrap
from itertools import combinations

import convlens
from convlens import zoo
from convlens.analysis import figures
from convlens.analysis.correlation import correlation_notes

TRIO = ("ssd_512_mobilenet1.0_voc", "ssd_512_mobilenet1.0_distilled_voc", "ssd_512_resnet50_v1_voc")

runs = convlens.read_logs(zoo.snapshot_names())
result = convlens.correlate(runs)
points = [point for group in result.groups for point in group.points]
across = [a for a in result.across if a.quantity == "loss"]


def say(text):
    print(textwrap.fill(text, 100, initial_indent=" - ", subsequent_indent="   ", break_on_hyphens=False))


def pairs_of(groups):
    """The pairs of runs that share a group, the one with the lower summed loss first."""
    pairs = [pair for group in groups for pair in combinations(group.having("loss"), 2)]
    return [sorted(pair, key=lambda point: point.losses["loss"].value) for pair in pairs]


def against(pairs):
    """Those in which the lower loss has the lower mAP."""
    return [pair for pair in pairs if pair[0].map.value < pair[1].map.value]


def tell_against(pairs):
    for pair in against(pairs):
        sides = [f"{p.arm.name} (loss {p.losses['loss'].value:.3f}, mAP {p.map.value:.1f})" for p in pair]
        say(f"against the claim: {sides[0]} is below {sides[1]} in both")


def input_size(point):
    return point.arm.runs[0].identity.input_size


print("1. Within a scale: runs of one detector, input size and dataset")
for group in result.groups:
    say(f"{group.name}: {correlation_notes.of_group(group)[0]}")
pairs = pairs_of(result.groups)
tell_against(pairs)

print("\n2. Pooled over the scales of a dataset")
for a in across:
    say(f"{a.dataset}: {correlation_notes.of_across(a)}")
if not across:
    say("too few groups have two runs")

print("\n3. Across input sizes")
mixed = [group for group in convlens.correlate(runs, group_by=("detector", "dataset")).groups if group.mixed]
sizes = [pair for pair in pairs_of(mixed) if input_size(pair[0]) != input_size(pair[1])]
tell_against(sizes)
if not sizes:
    say("these runs have one input size a detector")

print("\n4. Losses that are printed as means of the whole run: what the last epochs had themselves is used")
for point in points:
    [run] = point.arm.runs
    if figures.averages_the_run(run, "loss"):
        printed = sum(run.summary.final[column.name] for column in run.losses)
        say(f"{run.name}: printed {printed:.3f}, own mean {point.losses['loss'].value:.3f}")

print("\n5. The same backbone, trained differently")
gap = convlens.gap(*TRIO) if set(TRIO) <= set(zoo.snapshot_names()) else None
if gap:
    for arm in gap.arms:
        summary = arm.runs[0].summary
        losses = ", ".join(f"{c.measures} {summary.final[c.name]:.3f}" for c in arm.runs[0].losses)
        maps = f"{summary.final_map:.2f} at the end, {summary.best_map:.2f} at best"
        say(f"{arm.name}: {losses}; mAP {maps}, {summary.published_map} published")
    parts = {at: convlens.gap(*TRIO, at=at)["map"].closed for at in ("final", "published")}
    others = ", ".join(f"by the {at} one {part:.0%}" for at, part in parts.items())
for text in [gap.sentence, f"of mAP {others}", *gap.notes] if gap else [f"it takes {', '.join(TRIO)}"]:
    say(text)

print("\nIn plain words")
held = len(pairs) - len(against(pairs))
say(f"Where losses compare, the lower one has the higher mAP in {held} of {len(pairs)} pairs of runs.")
for a in across:
    p = a.pooled
    beyond = p.high < 0 and p.p < 0.05
    chance = "more than chance makes" if beyond else f"not told from chance (never below {p.p_floor:.2g})"
    low, *_, high = sorted(a.of_a_tenth_by_group.values())
    say(
        f"Over the groups of {a.dataset} together that is {chance}, p = {p.p:.2g}, if they are independent, "
        "though the same backbones recur in them. There is no one rate of exchange: a loss lower by a tenth "
        f"goes with {low:z.1f} to {high:z.1f} points of mAP."
    )
most = max(len(group.points) for group in result.groups)
few = "too few for an interval of any group" if most < 4 else "which is few"
say(f"The largest group has {most} runs, {few}. Each run has one seed: what another changes is unknown.")
if sizes:
    wrong = len(against(sizes))
    say(f"Across input sizes the claim fails in {wrong} of {len(sizes)} pairs: the size moves both.")
say(
    "Runs with other backbones cannot show a cause: a larger one may lower the loss and raise the mAP, "
    "each by itself. Only the same backbone, trained differently, tests the claim."
)
if gap:
    loss, score = gap["loss"].closed, gap["map"].closed
    say(
        f"One such run is here. It closed {loss:.0%} of the gap in loss and {score:.0%} of that in mAP. But "
        f"it differs in {', '.join(gap.differs)} at once, so it cannot be said which of them did it, and "
        "one run cannot say what another seed would do."
    )
