"""pip: as the builder of wheels, and as a resolver."""
