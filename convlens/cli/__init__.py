"""The command line: one short module a command; nothing is computed here."""
