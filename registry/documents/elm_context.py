"""The JSON-LD contexts of European Digital Credentials, as documents name them. Their files are in `contexts/`."""

from typing import Final

CONTEXT: Final = ("https://www.w3.org/2018/credentials/v1", "http://data.europa.eu/snb/model/context/edc-ap")
"""Verifiable Credentials 1.1, and the Commission's application profile."""
