"""The `luban` command. Heavy packages are imported inside the command that needs them, never here."""
