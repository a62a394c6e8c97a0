"""Credentials as files that others accept: one file a format, all made from the same facts (`facts.py`)."""
