"""The faults, one file for each runtime: what goes wrong, and the truth about it."""
