"""Forms of signed documents that exports and verification share: JOSE, SD-JWT. No database, no network, no clock."""
