"""Files of a bundle made smaller or quicker to load, with programs of others."""
