"""The options of the command line, of `[tool.lambda-pack]` and of the action."""
