"""Claims of speed and truth, each against a named peer in the same run. PROTOCOL.md says how to read them."""
