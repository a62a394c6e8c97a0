"""Forms of signed documents and keys that issuing and verifying share."""
