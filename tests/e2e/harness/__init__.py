"""What the end-to-end suites share: processes they start, clients they send with, readers they check with."""
