"""The live web page: a log-in form, and one page that shows the plant as it is now.

Reads through `screens.service`; writes sessions and acts through `screens.users`. Every address is on this
server: the page makes no request to anywhere else.
"""
