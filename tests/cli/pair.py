"""The two logs that are compared most."""

PAIR = ("base=a.log", "new=b.log")
