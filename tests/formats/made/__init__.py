"""Small logs of each framework, written here as it writes them."""

from tests.formats.made.detectron2 import (
    AP,
    BOXES,
    MASKS,
    detectron2_json,
    detectron2_text,
)
from tests.formats.made.events import event_file, yolo_points
from tests.formats.made.openmmlab import (
    DISTILLED,
    mmdetection_json,
    mmdetection_text,
    mmengine_json,
    mmengine_text,
)
from tests.formats.made.printed import darknet, paddle, torchvision, yolox
from tests.formats.made.records import detr_row, json_lines, trainer_history, trainer_state
from tests.formats.made.tables import (
    KERAS,
    YOLOV8,
    YOLOV11,
    lightning,
    rf_detr,
    ultralytics,
    yolo_rows,
    yolo_text,
)

LOGS = {
    "ultralytics v8.0": ultralytics(yolo_rows(0, False), 23, YOLOV8),
    "ultralytics v8.3": ultralytics(yolo_rows(1, True), 0, YOLOV11),
    "ultralytics results.txt": yolo_text(3),
    "mmdetection .log.json": mmdetection_json(),
    "mmdetection .log": mmdetection_text(),
    "detectron2 metrics.json": detectron2_json(range(19, 80, 20), {39: AP, 80: AP}),
    "detectron2 log.txt": detectron2_text(range(19, 80, 20), {39: [BOXES, MASKS], 79: [BOXES, MASKS]}),
    "lightning metrics.csv": lightning(),
    "lightning RF-DETR": rf_detr(),
    "detr log.txt": json_lines(*(detr_row(n) for n in range(4))),
    "torchvision": torchvision(),
    "huggingface trainer_state.json": trainer_state(trainer_history()),
    "yolox train_log.txt": yolox(),
    "paddledetection workerlog.0": paddle(range(3)),
    "darknet": darknet(range(1, 6), {3: 0.25, 5: 0.5}),
    "keras": KERAS.encode(),
    "tensorboard": event_file(yolo_points(4)),
    "tensorboard, a mean for each batch": event_file(yolo_points(4, batches=3), image=bytes(99)),
    "tensorboard, tensors": event_file(((n, {"epoch_loss": 1.5 - n / 4}) for n in range(4)), tensors=True),
    "mmengine scalars.json": mmengine_json(),
    "mmengine .log": mmengine_text(),
    "mmengine distillation": mmengine_json(2, DISTILLED),
}
