"""What the formats of documents share, whether they are written or verified: JSON-LD, proofs, and the forms of keys."""
