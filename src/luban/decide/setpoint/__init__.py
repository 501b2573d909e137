"""Set-points: where a process should stand next, from what was measured and a model, inside a safe envelope.

Reads   Fact(measurement, event, state), findings of control charts, a model of the process
Writes  nothing by itself: a `SetPointPlan` says what to change, why, at what predicted effect; people or the loop act
"""
