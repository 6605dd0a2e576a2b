"""What the tests stand on: packages made on the spot, an index on loopback, processes with a known environment."""
