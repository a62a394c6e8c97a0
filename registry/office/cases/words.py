"""The words that routes and commands take for a case: its states, documents, and the answers of an issuer."""

from registry.domain.case_events import CaseState, Document, IssuerAnswer

__all__ = ["CaseState", "Document", "IssuerAnswer"]
