"""Forms of signed documents and keys that exports and verification share. No database, no network, no clock."""
