"""Acting: from a plan to a command on the wire, under guard, with everything in the books.

Reads   Fact(event) of the kinds `command` and `automation`, Fact(signal)
Writes  Fact(event) of the same kinds; the value of an actuator, by its wire
"""
