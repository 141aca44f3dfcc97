"""Figures: each is computed as plain values first, then drawn into given axes."""
