"""One room for each command: the only floor that knows both the pipeline and the real tools."""
