"""From source to a wheel that loads on the target: on this machine or in a container."""
