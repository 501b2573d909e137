"""A network of shops that sell capacity for lots of one to five pieces. Pilot C4.

`rules` are the figures, `shops` quote, make and deliver event by event, `minds` choose shops, dates and the next lot by
what orders and queues show, `pilot` adds up what came of it.
"""
