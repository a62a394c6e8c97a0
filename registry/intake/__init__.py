"""Intake of a university's rows, documents and events. Each format is one file, and all lead to the same requests.

Formats and rows read, check and report, and touch no database; `registry.application.issuing` stores credentials. The
services here store what is private: drafts, waiting credentials, course codes.
"""
