"""README.md, as tests read it."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
