"""Checks of the container image: its set-up, its papers, and the image itself, built and run."""
