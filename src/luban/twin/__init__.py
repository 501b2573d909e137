"""The twin: a discrete-event model of a plant that runs far faster than the plant.

Reads facts to be calibrated, writes the facts that a real plant would write. Nothing here touches a wire: what devices
show is put on wires by the loop.
"""
