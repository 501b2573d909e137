"""What a plant draws and gives off: meters, their tree, whose it was, what it costs and emits, what was saved."""
