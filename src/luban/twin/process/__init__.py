"""A continuous plant in the twin's event clock: reactor, column and recycle advanced by a compiled integrator.

Reads a plant's parameters, writes the facts that its instruments, laboratory and meters would write. It moves on in
windows as a run of the discrete kernel does, and `CoupledRun` moves both on together.
"""
