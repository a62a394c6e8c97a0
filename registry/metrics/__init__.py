"""Metrics in Prometheus' form: their definitions, the counters of one process, and the page that shows them.

A leaf: it knows no log, no database and no node. A node passes its measurements in.
"""
