"""What every finding means."""

from __future__ import annotations

from dataclasses import dataclass

from convlens.errors import UnknownNameError
from convlens.findings import Code


@dataclass(frozen=True)
class Explanation:
    """What a code means: a title, what it says, what to do about it, and an example."""

    title: str
    text: str
    example: str


def explain(code: str) -> Explanation:
    """The explanation of a code such as "CL005"; UnknownNameError where there is none."""
    try:
        return EXPLANATIONS[Code(code.strip().upper())]
    except ValueError:
        raise UnknownNameError("finding", code, [str(c) for c in Code]) from None


EXPLANATIONS: dict[Code, Explanation] = {
    Code.RESUMED: Explanation(
        "The run was resumed",
        "Scripts append to their log, so one file can hold several processes. This one starts at an "
        "epoch that an earlier one had reached or begun. The curve takes each epoch from the last "
        "process that completed it; what the earlier process trained beyond the resumed checkpoint is "
        "superseded. `Run.epochs` keeps both, with `session` as a key.",
        "session 1 resumes at epoch 250 and supersedes epochs 250-267 of the earlier process",
    ),
    Code.STARTED_OVER: Explanation(
        "Training was started over in the same file",
        "A later process begins at the first epoch again, so nothing that was trained before is part of "
        "its history. The curve holds the last attempt that completed an epoch; earlier attempts and "
        "starts that completed nothing stay in `Run.epochs` under their own `session`.",
        "session 2 starts over at epoch 0: sessions 0-1 are not part of the curve",
    ),
    Code.OTHER_PHASE: Explanation(
        "Another phase follows in the same file",
        "The epoch number falls back to the beginning with no start line, and what follows is shorter than "
        "what went before: the script went on with another phase (say, plain training after distillation). "
        "Its epochs are not the run's: look at them with `session`.",
        "session 2 (epochs 1-4) begins with no start line and is shorter: another phase",
    ),
    Code.METERS_RESTARTED: Explanation(
        "The meters restarted where the log shows no start",
        "All columns that average the whole process jump by more than any value of the next batches could "
        "cause: the process must have been restarted there. Their means are counted from there.",
        "the meters of RPNAcc, RCNNAcc restart at epoch 8 with no start line",
    ),
    Code.MEAN_SINCE_START: Explanation(
        "Printed values average the whole run",
        "The script never resets these meters, so the value printed at epoch n is the mean of all epochs "
        "since the process began: learning-rate drops hardly show and a finished run seems to fall for ever. "
        "convlens gets each epoch's own mean back: x(n) = n*m(n) - (n-1)*m(n-1). As the print is rounded, "
        "x(n) is known to within the half-width that `Run.resolution` holds, and neighbouring epochs have "
        "opposite errors: look at means over several epochs.",
        "yolo3_mobilenet1.0_voc prints 17.7 at epoch 199; the epochs 195-199 themselves stand at 13.0",
    ),
    Code.METER_CONTRADICTED: Explanation(
        "The log contradicts what its script is known to average over",
        "Scripts of this family average this column otherwise (over the epoch, or over the whole process). "
        "At the boundaries between epochs the log shows that this one does not, and the log is believed.",
        "ObjLoss is reset each epoch here (impossible at 88% of 120 boundaries otherwise)",
    ),
    Code.SWITCHED_OFF: Explanation(
        "A term was switched off",
        "MXNet prints NaN for a meter that was never updated. Here NaN begins with an epoch's first line, "
        "nothing grew before, and the detector's losses stay finite: the term is no longer computed. "
        "This is no divergence.",
        "Loss_G, Loss_D are NaN from epoch 27 on: switched off",
    ),
    Code.NOT_A_NUMBER: Explanation(
        "Values became NaN or infinite",
        "A loss of the detector is not finite, or a term became so inside an epoch or after growing. The run "
        "has diverged there unless a later process resumed it from before, or later epochs are finite again: "
        "then single batches had no finite loss, which leaves the mean of their epoch unknown.",
        "CrossEntropy is NaN from epoch 12 on",
    ),
    Code.NAME_CONTRADICTED: Explanation(
        "The arguments contradict the name",
        "The identity of a run is read from `save_prefix`, then the file's name, then `network` and other "
        "arguments. Here they disagree; the first of them is believed.",
        "network='vgg16_atrous', but save_prefix says mobilenet1.0",
    ),
    Code.DROP_OUTSIDE_RUN: Explanation(
        "A learning-rate drop lies outside the run",
        "The arguments promise a drop at an epoch that the run was never to reach. It is no "
        "reason to wait for one.",
        "lr_decay_epoch=14,20, but epochs 0-19 are trained: the drop at 20 never comes",
    ),
    Code.RATE_CONTRADICTED: Explanation(
        "The learning rate is not the one that the arguments promise",
        "The rate that the log shows differs from the schedule in the arguments. What the log shows is used.",
        "the arguments promise a drop at 80; the log shows the rate unchanged there",
    ),
    Code.EPOCHS_MISSING: Explanation(
        "Epochs are missing",
        "Between the first and the last epoch of the curve some have no line at all.",
        "epochs 12-14 have no line",
    ),
    Code.STOPPED_EARLY: Explanation(
        "The log ends before the configured epochs",
        "The arguments ask for more epochs than the log completes: the run was stopped, is still running, or "
        "the file was copied before its end.",
        "210 of 240 epochs are complete; the log ends inside epoch 210",
    ),
    Code.NOT_UNDERSTOOD: Explanation(
        "Lines that name an epoch were not understood",
        "These lines name an epoch and have none of the known forms, so nothing was read from them. If they "
        "hold figures, the tables lack them.",
        "2 lines that name an epoch were not understood, the first: '[Epoch 3] warmed up'",
    ),
    Code.SCORES_MISSING: Explanation(
        "Expected validations are absent",
        "By its arguments the run should have been validated more often than the log shows. Validation may "
        "have been printed elsewhere (another logger, standard output), or the log was cut.",
        "26 validations expected (val_interval=1), 0 found",
    ),
    Code.SAME_LOG_TWICE: Explanation(
        "The same log was given twice",
        "Two sources have the same content (copy, link, or zoo name). They are one run, not a repeat: two "
        "copies would show no spread and prove nothing.",
        "b.log is the same log as a.log: shown once",
    ),
    Code.CUT_OFF: Explanation(
        "The log was cut inside a line or a block",
        "The last line has no end, or a validation block has no mAP at its end. What is not whole is not "
        "used: a number that was cut is a wrong number.",
        "the validation of epoch 12 is cut off before its mAP: not used",
    ),
    Code.SCORES_WITHOUT_EPOCH: Explanation(
        "Scores stand outside any epoch",
        "The log holds an evaluation that no epoch's line announces, for example one of an evaluation script "
        "that appended to the same file. It is not the score of any epoch and is not used.",
        "an evaluation at line 4720 (bbox mAP 38.3) belongs to no epoch",
    ),
    Code.UNKNOWN_COLUMN: Explanation(
        "A column that is not known for this kind of log",
        "Its values are in the tables. In a known kind of log it is no part of the summed loss, in an "
        "unknown one it is if its name says loss. It is a mean over the epoch unless the log says no.",
        "FooLoss is not known in logs of this kind: not part of the summed loss",
    ),
    Code.ODD_BYTES: Explanation(
        "The file holds bytes that are no text",
        "NUL bytes (a machine died while writing), bytes that are no UTF-8, or UTF-16. They were removed or "
        "replaced; the rest was read.",
        "347 NUL bytes at the end were ignored",
    ),
    Code.TRACEBACK: Explanation(
        "The log holds a Python traceback",
        "A process died with an exception; its last line is quoted.",
        "a traceback at line 812: MXNetError: out of memory",
    ),
    Code.HEAD_MISSING: Explanation(
        "The log begins in the middle of a run",
        "There are no arguments and no start line before the first epoch, so what came before was cut off. "
        "Means since the start are undone as if their process had begun with epoch 0; if not, they are "
        "wrong.",
        "the log begins at epoch 37 with neither arguments nor a start line",
    ),
    Code.ODD_SCORES: Explanation(
        "Scores are not what their kind of validation prints",
        "VOC's metric prints fractions. A score above 1 is none, so the script was changed to print "
        "percentages, and all its scores were taken as such.",
        "VOC scores above 1 are no fractions: all of them were taken as percentages",
    ),
    Code.FROM_CACHE: Explanation(
        "The server could not be asked whether the log has changed",
        "The log was given as a URL, and its server could not be reached. What was fetched from there before "
        "was read instead; if the run goes on, it is not the newest state.",
        "the server does not answer in time: this is the log that was fetched on 2024-05-17",
    ),
    Code.MISNAMED: Explanation(
        "A column is not what its name says",
        "The same name is printed for different things. CIFAR-10's mixup script prints the error of mixed "
        "labels (a root mean square) where the plain one prints the accuracy. GluonCV's ImageNet script "
        "compared outputs with smoothed labels, which are equal to no class: what it prints as accuracy "
        "starts near 1 and falls. Such a column is in the tables; it is not taken for an accuracy.",
        "accuracy is none here: 75.1% right in the first epoch, where the validation finds 5.3%",
    ),
    Code.SINGLE_BATCHES: Explanation(
        "Printed values are of single batches",
        "The script prints the value of one batch, no mean. An epoch's own mean is then the mean of the "
        "epoch's lines: an estimate from few of its batches, which jitters more than the mean of all would.",
        "Loss is printed for single batches: an epoch's own mean is that of its lines",
    ),
    Code.SEVERAL_RUNS: Explanation(
        "The file holds several runs",
        "Some frameworks append to the same file, whatever is trained. Where its epochs or iterations fall "
        "back to the beginning, another run begins. `read_logs` gives all of them, `read_log` the last one "
        "that completed something.",
        "the file holds 2 runs: this is number 2, the others stand at lines 0-2131",
    ),
    Code.OTHER_MODEL: Explanation(
        "Scores of another model stand beside the run's own",
        "A teacher, or an average of the weights over the iterations (EMA), is evaluated beside the model "
        "that is trained. Its scores have columns of their own and are never the run's.",
        "bbox/AP is the teacher's: map_teacher; the student's own is map",
    ),
    Code.TERMS_IN_TOTAL: Explanation(
        "The printed total holds more than the detector's losses",
        "Distillation or unsupervised terms are part of the printed total, so it cannot be compared with "
        "that of a run without them. The summed loss of this run is that of its detection losses alone.",
        "loss holds distill.loss_pkd_fpn0: it is not the summed loss, which is loss_cls + loss_bbox",
    ),
    Code.TERM_ADDED: Explanation(
        "A term joins the total",
        "From some epoch on a loss is computed that was 0 before, as YOLOX does when its mosaics end. The "
        "total rises there although the model gets no worse: it compares with itself only on either side.",
        "l1_loss is added from epoch 286 on, where mosaics end",
    ),
    Code.FILES_JOINED: Explanation(
        "Several files are one run",
        "Some frameworks begin a new file for each process. Those of one folder are read in the order of "
        "their time stamps as if they had been appended: what a resumed process trained again supersedes what"
        " the earlier one had, and where training begins anew another run begins. Give a single file to read "
        "it alone.",
        "3 files are read as one, in this order: 20210504_114814.log.json, 20210505_084356.log.json, "
        "20210506_114555.log.json; lines are counted through all of them",
    ),
    Code.LOSS_BREAKS: Explanation(
        "The loss breaks though the learning rate did not change",
        "From one epoch to the next the summed loss changes its level by 3% or more, beyond its noise and to "
        "stay, and the learning rate is known not to have changed there. Something else did: the data (mixup "
        "or other augmentation switched off, another dataset), the losses or their weights, or the process. "
        "What came before does not compare with what comes behind, so the phase that is judged begins there.",
        "the summed loss breaks by -22.8% at epoch 260 though the learning rate did not change",
    ),
    Code.PHASES_FROM_LOSS: Explanation(
        "Phases were read off the loss",
        "No line states the learning rate, and the arguments promise none or drops to which the loss does "
        "not answer. Where the loss changes both its trend and its level (PELT on a piecewise logarithmic "
        "trend), a phase is taken to begin: a drop of the rate looks like that, and so does a change of the "
        "data. A drop still to come cannot be known.",
        "no learning rate is known that fits the loss; its change points are at epoch 180",
    ),
    Code.OVERFITTING: Explanation(
        "The train loss and the validations part",
        "The train loss is no higher, or still falls, while the score worsens or is off its best by "
        "more than the margin and than noise. The model learns the training set rather than the task: more "
        "data, augmentation or regularisation, or the checkpoint of the best epoch.",
        "overfitting: mAP has lost 3.1 since epoch 42, with the train loss no higher",
    ),
    Code.NO_GAIN_LEFT: Explanation(
        "The train loss still falls, the score no longer improves",
        "In its last phase the train loss would still fall by more than the margin, but the score is flat. "
        "More epochs of this phase cost time and bring nothing that the validation sees.",
        "no gain left: the train loss still falls, but mAP is flat",
    ),
    Code.SCHEDULES_APART: Explanation(
        "The runs stand at different points of their schedules",
        "One of them has a drop of the learning rate still to come that the other has behind it. A drop "
        "lowers the loss by a tenth and more within a few epochs, so the ends of such runs say little about "
        "which is better. Compare them by stage: where each stood before its first drop, and after each.",
        "a: the drop at 200 still to come; b: no drop to come: their ends do not compare yet",
    ),
}
