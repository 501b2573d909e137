"""Deciders of a process plant: purity, off-spec, reactor, bottom, bags, cleaning, grades, load.

They know instruments, the laboratory's results when these are issued, orders, and what a design sheet says.
"""
