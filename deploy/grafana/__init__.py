"""The dashboard of a node for Grafana."""
