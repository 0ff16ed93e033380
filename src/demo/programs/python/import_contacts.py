class ImportFailed(Exception):
    """A row of the contact list could not be read."""


def parse_age(text):
    try:
        return int(text)
    except ValueError as error:
        raise ImportFailed(f"row of eva.lindqvist@example.com: age {text!r} is not a number") from error


rows = [("p.marsh@example.com", "41"), ("eva.lindqvist@example.com", "n/a")]
print([parse_age(age) for _, age in rows])
