"""One room for each input format: what a file says, nothing fetched."""
