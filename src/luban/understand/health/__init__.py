"""Health: what a machine's signals say about it before it stops, and how sure that is.

Reads   Fact(value), Fact(state), Fact(event); or a file that a person brings
Writes  nothing: every result is worked out from facts, and states the rate of false alarms or the interval it holds to
"""
