"""Pages of the recognition office: the inbox, and one case from its file to its decision."""
