"""A university's way in: a format is one file here, and all of them lead to the same requests.

Formats read, check and report, and touch no database; `registry.application.issuing` stores credentials, and the
files here that say so keep what stands between: drafts, course codes.
"""
