"""Whether a curve has ended: its trend, its noise, the verdict, and what patience would have done."""
