"""Decisions of a running plant, by horizon: what is seen, what is proposed, what it is worth, which proposal goes.

Nothing here depends on where the plant is: the same code decides on devices in real time and on a twin in virtual
time. It reads what wires, books and plans deliver; it knows neither twin nor wire.
"""
