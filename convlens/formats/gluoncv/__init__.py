"""GluonCV's training scripts: one grammar of lines, one file of columns a family."""
