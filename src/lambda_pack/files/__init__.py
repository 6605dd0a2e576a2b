"""The disk: wheels read, bundles composed, archives and trees written. Fast, offline, deterministic."""
