"""luban's mark."""

__all__ = ["MARK"]

# the mark: a plumb line on its square, the tool of Lu Ban's trade
MARK = (
    '<svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.9" '
    'stroke-linejoin="round" stroke-linecap="round"><path d="M3.5 3.5h17v3.6H7.1v13.4H3.5z"/>'
    '<path d="M15 7.1v6.4"/><path d="M15 20.4l-2.5-4 2.5-2.9 2.5 2.9z" fill="currentColor"/></svg>'
)
