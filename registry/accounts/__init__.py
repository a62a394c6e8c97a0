"""People of the university who sign in to the pages: accounts, roles, links, passkeys, sessions, and their journal."""
