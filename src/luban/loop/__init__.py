"""The running cycle of a plant.

Reads a plant's folder; writes Facts through connect and the ledger. Pilots run on the same cycle.
"""
