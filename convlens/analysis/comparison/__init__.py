"""Runs side by side: what is alike, what differs, and whether more than chance is in it."""
