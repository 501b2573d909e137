"""Roll-up: from returns of enterprises and books of plants to the indicators of a plan, its targets and its progress.

Reads   returns (facts of firms and regions), definitions as dated data (`luban.norms`)
Writes  returns, their confirmation and revision; entries of the book about tasks, advice and decisions
"""
