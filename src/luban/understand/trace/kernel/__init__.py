"""The compiled part of trace: names, walks, doubts, loops, flow."""
