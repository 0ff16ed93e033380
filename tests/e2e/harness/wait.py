"""Waiting for a state instead of sleeping for a time."""

import time


def wait_until(check, timeout_s=10.0, what="the condition", every_s=0.05):
    """Calls `check` until it returns something true, and returns that. Fails with the last value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not hold within {timeout_s} s; last value: {value!r}")
        time.sleep(every_s)
