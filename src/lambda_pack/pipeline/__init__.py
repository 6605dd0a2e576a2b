"""The nine steps, between the ports and the files."""
