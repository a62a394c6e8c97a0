"""A recognition office's private side. README.md says how an assessment becomes a decision."""
