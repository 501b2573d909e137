"""Pilots: the plan's unit of proof. A plant is enrolled, its before state fixed, levers switched on, the effect proved.

Reads the twin of a plant, or a plant's books; writes `pilot` entries of the book. A pilot knows levers, arms and
figures; how a plant is run under an arm is the plant's own (`pilot.c1`, `pilot.c2`, …).
"""
