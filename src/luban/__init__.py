"""luban: sense, understand, decide, act, verify, from one append-only ledger of facts."""

__all__ = ["__version__"]
__version__ = "0.1.0"
