"""Governance as a node knows it, for tests that have a log and no database."""

from registry.node.standings import Standings


class StandingsWithoutViews(Standings):
    """Those of a node that has projected nothing: there is nothing that the log must still hold."""

    def check_known(self, fold):
        del fold
