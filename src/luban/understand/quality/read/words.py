"""Sentences about a table that could not be read, or about a cell of it that was left out."""

from __future__ import annotations

__all__ = ["SENTENCES"]

SENTENCES: tuple[str, ...] = (
    # why a cell was left out
    "no value", "NaN or infinity instead of a number", "text instead of a number", "not a number",
    "text behind a number that is no known unit", "true or false instead of a number",
    "a date or time instead of a number", "a bound, not a measured value",
    "an error of the workbook instead of a number",
    "a formula without a stored value: calculate and save the workbook", "a row of sums or means",
    "no subgroup is named", "no time, so no place in the order", "a count is below zero", "a count is a whole number",
    "nothing was inspected", "more defective pieces than the {n} inspected", "no lot is named",
    "quality of the value: {quality}",
    # what was wrong with the table
    "no such file", "the file is empty", "the file holds no table", "the file cannot be read", "not an Excel workbook",
    "no such sheet", "not a Parquet file", "no such column", "several columns hold numbers", "no column of numbers",
    "no column names the subgroup", "no usable value", "no usable count", "no row can be used", "time runs backwards",
    "mixed units in a column", "mixed units", "several specifications in one table",
    "how many pieces were inspected is not known", "specification limits are reversed", "no numbers in the file",
    # what to do
    "name the column of the values, or say that each row is a subgroup", "name the unit of the values",
    "sort by time, or keep the order of the file: say which", "name the column of the counts",
    "choose the rows of one characteristic, or give the limits",
    "name the column of the subgroup, or give the size of a subgroup",
    "name the column of the sizes, or give one number for all", "save it as .xlsx",
    "a comma between whole numbers: a decimal mark, or two columns?",
    "put the name of the column, or of both with a comma between, into the first line",
)  # fmt: skip
"""Texts with {blanks}; a screen translates them."""
