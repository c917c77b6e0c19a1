"""`python -m parkopt` is the `parkopt` command."""

from parkopt.cli import main

main()
