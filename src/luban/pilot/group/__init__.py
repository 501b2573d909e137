"""A group of three plants: one makes parts, two assemble; sales and operations planning, MRP, stocks, books. Pilot C5.

`rules` are the figures, `plants` run day by day, `minds` forecast, size stocks and lots and plan hours by what orders,
stocks and books show, `pilot` adds up what came of it.
"""
