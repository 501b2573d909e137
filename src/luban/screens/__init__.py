"""Where people and programs meet the plant: command line, REST, web page and report.

Reads every record through one service layer (`service.py`); each screen is thin on top of it.
Writes nothing but acts of people (who logged in, who changed a role), as `event` facts of kind `act`.
"""
