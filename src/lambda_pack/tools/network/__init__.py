"""The indexes and what comes from them: pages, metadata, files, and the cache that keeps them."""
