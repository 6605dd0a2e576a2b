"""Audits of real wheels, and what other readers of ELF files say of them."""
