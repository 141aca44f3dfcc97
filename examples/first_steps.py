"""Read two published runs and look at what they reached."""

import convlens

small = convlens.read_log("ssd_512_mobilenet1.0_coco")
large = convlens.read_log("ssd_512_resnet50_v1_coco")

for run in (small, large):
    summary = run.summary
    print(f"{run.name}: {run.identity}")
    print(f"  final losses {dict(summary.final)}, mAP {summary.final_map}")
    print(f"  best mAP {summary.best_map} at epoch {summary.best_epoch}, published {summary.published_map}")

# The curve is a DataFrame by epoch; the learning rate drops at 160 and 200.
print(small.curve.loc[[159, 160, 200, 239], ["CrossEntropy", "SmoothL1", "loss", "map", "lr"]])

# How far the larger backbone is ahead, loss by loss.
for difference in convlens.compare(small, large).differences:
    print(f"{difference.quantity:14s} {difference.change:+.3f} (noise alone: ±{difference.floor:.2g})")
