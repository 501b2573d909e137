"""Quality: what measured values say about a process, a gauge and a lot.

Reads   Fact(measurement), Fact(count), Fact(event); or a file that a person brings
Writes  nothing: every result is worked out from facts, and a corrected fact changes it
"""
