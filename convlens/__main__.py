"""`python -m convlens`."""

from convlens.cli.app import main

main()
