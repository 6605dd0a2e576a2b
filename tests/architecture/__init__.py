"""Checks of the house itself, and of what runs before lambda-pack does."""
