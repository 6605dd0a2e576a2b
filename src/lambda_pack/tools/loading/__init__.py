"""Interpreters of the target's version that load a bundle: this machine's, a container's, an emulated one."""
