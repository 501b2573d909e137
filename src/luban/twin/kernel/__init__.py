"""The compiled heart of the twin: arrays of structs, one heap of events, no object per event."""
