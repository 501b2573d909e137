"""Results on paper and as files: a pilot's report, plans, and the sheets of every method.

Reads what the service gave; writes self-contained files that ask the network for nothing.
"""
