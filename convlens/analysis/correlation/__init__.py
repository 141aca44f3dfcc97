"""Final loss against mAP across runs, and what else differs between them."""
