"""Whatever the bytes, a run or a ConvlensError."""

from hypothesis import example, given
from hypothesis import strategies as st

from convlens import ConvlensError, Run
from convlens.reader import read_bytes
from tests.one_log import TEXT, run_of

TOKENS = [
    "[Epoch ",
    "][Batch ",
    "] Training cost: ",
    "], Speed: ",
    " samples/sec, ",
    "CrossEntropy=",
    "SmoothL1=",
    ", ",
    "Start training from ",
    "] Validation:",
    "] StudentNet Validation: ",
    "mAP=",
    "~~~~ Summary metrics ~~~~",
    "~~~~ MeanAP @ IoU=[0.50,0.95] ~~~~",
    "~~~~ Mean AP for bbox ~~~~",
    "~~~~ Mean AP for segm ~~~~",
    "=Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = ",
    "person=",
    "Namespace(",
    "epochs=",
    "lr_decay_epoch='",
    "')",
    " Iteration ",
    "] Set learning rate to ",
    "] Saving parameters to ",
    "] mAP ",
    " higher than current best ",
    " saving to ",
    "LR: ",
    "ObjLoss=",
    "BoxCenterLoss=",
    "BoxScaleLoss=",
    "ClassLoss=",
    "Loss_D=",
    "Loss_G=",
    "Traceback (most recent call last)",
    "[1,0]<stderr>:",
    "[1,1]<stderr>:",
    "INFO:root:",
    "\n",
    "\n",
    "\n",
    "\r",
    "\0",
    "\x1b[1m",
    "\ufeff",
    "é",
    "0",
    "1",
    "2",
    "99",
    "199",
    "250",
    "nan",
    "inf",
    "-1.5",
    "0.5",
    "1e-05",
    "1e999",
    "9" * 12,
    ".",
    "=",
    "]",
    "(",
]


def read_everything(data: bytes) -> None:
    """A run whose every table and text can be made, or a ConvlensError with one line of text."""
    try:
        run = run_of(data)
    except ConvlensError as error:
        message = str(error)
    else:
        message = ""
        check_everything(run)
    assert "\n" not in message


def check_everything(run: Run) -> None:
    tables = [run.epochs, run.validation, run.curve, run.resolution, run.batches, run.class_ap]
    assert all(table.index.is_unique for table in tables)
    assert list(run.curve.columns) == list(run.resolution.columns)
    assert set(run.class_ap.index.droplevel("class_name")) <= set(run.validation.index)
    assert set(run.batches.index.droplevel("batch")) <= set(run.epochs.index)
    assert run.summary.epochs == run.curve["complete"].sum()
    assert all(str(thing) for thing in (run, run.identity, *run.findings, *run.sessions))
    assert run._repr_html_()


@given(st.lists(st.sampled_from(TOKENS), max_size=120).map("".join))
@example("[Epoch 0] Training cost: 1, CrossEntropy=inf, SmoothL1=-inf\n")
@example("[Epoch 0] Validation:\n~~~~ Mean AP for segm ~~~~\n=1\n[Epoch 1] Validation:\n")
@example("Namespace(epochs=1000000000, lr_decay_period=1)\n[Epoch 0] Validation:\nmAP=1\n")
@example("Namespace(val_interval=1e300, start_epoch=-1e300)\n[Epoch 0] Training cost: 1, ObjLoss=1, A=2\n")
@example("[Epoch 0] Validation:\nmAP=1e-999\n[Epoch 1] Training cost: 1e999, A=1e999\n")
@example("[Epoch 0][Batch 1], A=1\n[Epoch 0][Batch 1], B=1\n[Epoch 0][Batch 1], A=\n")
def test_any_tokens_make_a_run_or_an_error(text):
    read_everything(text.encode())


@given(
    st.binary()
    | st.binary().map(TEXT.encode().__add__)
    | st.binary().map(b"[Epoch 0][Batch 1], A=1\n".__add__)
)
@example(b"\xff\xfe[")
@example(b"\xfe\xff")
@example(b"\x1f\x8b")
def test_any_bytes_make_a_run_or_an_error(data):
    read_everything(data)


@given(
    st.integers(0, len(TEXT)),
    st.integers(0, 60),
    st.sampled_from([b"", b"\n", b"\0", b"=", b"9", b"[Epoch 1"]),
)
def test_a_log_with_a_piece_lost_is_still_read(at, length, instead):
    data = TEXT.encode()
    read_everything(data[:at] + instead + data[at + length :])


@given(st.permutations(TEXT.splitlines()))
def test_lines_in_any_order_make_a_run_or_an_error(lines):
    read_everything("\n".join(lines).encode())


def test_reading_asks_for_nothing_but_the_bytes():
    """The name of a file decides nothing but the identity."""
    for name in ("x.json", "results.csv", "", "..", "a/b/c.log.gz"):
        assert read_bytes(TEXT.encode(), name, "made").curve.equals(run_of(TEXT.encode()).curve)
