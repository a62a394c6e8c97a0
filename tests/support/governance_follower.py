"""Governance as a node knows it, for tests that have a log and no database."""

from registry.node.governance_follower import GovernanceFollower


class FollowerWithoutViews(GovernanceFollower):
    """Those of a node that has projected nothing: there is nothing that the log must still hold."""

    def compare_with_views(self, fold):
        del fold
