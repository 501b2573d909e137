"""`python -m luban` is the `luban` command."""

from luban.app import main

main()
