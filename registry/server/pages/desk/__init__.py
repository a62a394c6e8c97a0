"""The registrar's desk: the pages of people who issue and change credentials."""
