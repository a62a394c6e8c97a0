"""Verification of documents of any issuer: check by check, with nothing claimed after a broken signature."""
