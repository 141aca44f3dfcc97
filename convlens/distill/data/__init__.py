"""Images with boxes: drawn shapes, VOC's folders, COCO; augmentation, anchor targets, batches."""
