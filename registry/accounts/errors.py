class AccountError(Exception):
    """An act on an account is not possible. The message says why, and what to do."""


class UnknownAccount(AccountError):
    """There is no such account, or it has ended."""


class NameInUse(AccountError):
    """Another account has this name."""


class InvalidLink(AccountError):
    """The one-time link was used, replaced, or has expired."""


class InvalidPasskey(AccountError):
    """A passkey was not accepted."""


class ProviderFault(AccountError):
    """Signing in by the identity provider failed. `code` names the reason in the pages' vocabulary."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
