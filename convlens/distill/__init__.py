"""The runner: trains SSD students under a teacher in MXNet Gluon and writes logs that convlens reads.

Only `_mxnet` imports MXNet and GluonCV; everything that needs them takes them from there.
"""
