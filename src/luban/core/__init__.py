"""What every floor needs: errors, time, units, identifiers, quality codes.

Reads and writes no record. Standard library and numpy only.
"""
