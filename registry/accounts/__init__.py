"""People of the university who sign in to the pages: accounts, roles, links, passkeys, sessions, and their journal."""

from registry.accounts.accounts import Account
from registry.accounts.database import AccountDatabase
from registry.accounts.errors import AccountError
from registry.accounts.services import AccountServices
from registry.accounts.sessions import Session

__all__ = ["Account", "AccountDatabase", "AccountError", "AccountServices", "Session"]
