"""A report as one HTML file: figures, states, gaps, how each figure was made, and what the books are.

Reads what a pilot or a plant's books gave; writes one self-contained file that asks the network for nothing.
"""

from luban.screens.report.report import Report, pilot_report, write_report

__all__ = ["Report", "pilot_report", "write_report"]
