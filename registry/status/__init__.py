"""Status lists: where each copy of a credential has its place, and the signed lists in both forms.

Copies of one credential have different places, and nobody but this node knows which belong together.
"""
