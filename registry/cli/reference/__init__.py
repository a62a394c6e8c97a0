"""The reference pages that are generated from the code: `python -m registry.cli.reference` writes them into docs/."""
