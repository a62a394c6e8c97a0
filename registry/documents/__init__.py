"""Formats of documents that both exports and verification know: schemas, codes, proofs."""
