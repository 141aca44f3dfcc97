"""Tests of convlens; the folders mirror the package's."""
