"""Schedules: orders on machines, with every rule that a plant has, good in a second and near-optimal in ten.

Reads a plant and its orders, or a file; makes a Plan: a schedule with objective, bound and the reason for each delay.
"""
