"""`python -m registry.cli`, from a checkout."""

from registry.cli import main

main()
