"""All that a node has for the accounts of its people, on one database."""

from collections.abc import Callable
from datetime import datetime, timedelta

from registry.accounts.accounts import Accounts
from registry.accounts.database import AccountDatabase
from registry.accounts.identities import Identities
from registry.accounts.identity_provider import IdentityProvider
from registry.accounts.journal import Journal
from registry.accounts.links import Links
from registry.accounts.passkeys import Passkeys
from registry.accounts.searches import Searches
from registry.accounts.sessions import Sessions
from registry.accounts.site import Site
from registry.http.per_minute import PerMinute
from registry.settings.sign_in import AccountSetting


class AccountServices:
    """Accounts, links, passkeys, sessions and journal of one node. `close` closes their connections."""

    def __init__(
        self,
        dsn: str,
        setting: AccountSetting,
        site: Site,
        clock: Callable[[], datetime] | None = None,
        provider: IdentityProvider | None = None,
    ) -> None:
        """`dsn` is the private database, with its tables; `site` is the address that people sign in at.

        `provider` is the institution's identity provider, if it has one.
        """
        self._database = AccountDatabase(dsn) if clock is None else AccountDatabase(dsn, clock)
        self.site = site
        self.accounts = Accounts(self._database)
        self.sessions = Sessions(
            self._database, timedelta(minutes=setting.idle_minutes), timedelta(hours=setting.session_hours)
        )
        self.searches = Searches(self._database)
        self.links = Links(self._database, self.sessions, timedelta(hours=setting.link_hours))
        self.passkeys = Passkeys(self._database, self.sessions, site)
        self.provider = provider
        self.identities = Identities(self._database, self.sessions)
        self.failures = PerMinute(setting.attempts_per_minute)
        """Failed attempts to sign in, by client."""
        self.journal = Journal(self._database)

    @property
    def database(self) -> AccountDatabase:
        """The connections of accounts, for another journal of what their people do."""
        return self._database

    @property
    def now(self) -> datetime:
        """The time by the clock of accounts."""
        return self._database.clock()

    def close(self) -> None:
        """Close the connections."""
        self._database.close()
