"""PackML's words against the transitions published in OPC 30050 (states as they occur there)."""

from __future__ import annotations

from luban.norms import state_mapping

# From the 26 transitions of the OPC 30050 nodeset; Cleared and Running are composite states, not states of PackML.
TRANSITIONS = [
    "ResettingToIdle",
    "IdleToStarting",
    "StartingToExecute",
    "ExecuteToSuspending",
    "SuspendingToSuspended",
    "UnsuspendingToExecute",
    "ExecuteToHolding",
    "HoldingToHeld",
    "HeldToUnholding",
    "UnholdingToExecute",
    "ExecuteToCompleting",
    "CompletingToComplete",
    "CompleteToResetting",
    "SuspendedToUnsuspending",
    "StoppingToStopped",
    "ClearingToStopped",
    "StoppedToRunning",
    "RunningToStopping",
    "AbortedToCleared",
    "AbortingToAborted",
    "ClearedToAborting",
    "StartingToHolding",
    "UnsuspendingToHolding",
    "SuspendedToHolding",
    "SuspendingToHolding",
    "UnholdingToHolding",
]


def test_every_state_in_a_transition_is_mapped():
    named = {state for transition in TRANSITIONS for state in transition.split("To")} - {"Cleared", "Running"}
    assert named <= set(state_mapping("packml@1").meanings)
    assert set(state_mapping("packml@1").meanings) - named == set()
