"""Decide: from findings to plans. Reads orders, facts and the twin; proposes Plans, each with objective and bound.

The only floor with solver libraries. Nothing here writes to a machine.
"""
