"""Strings in, text out: the command line, the library and the renderers of the report."""
