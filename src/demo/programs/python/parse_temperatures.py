class BadReading(Exception):
    pass


def celsius(reading):
    try:
        value, unit = reading.split()
        return int(value) if unit == "C" else (int(value) - 32) * 5 // 9
    except ValueError as error:
        raise BadReading(f"cannot use reading {reading!r}") from error


def hottest(readings):
    return max(celsius(reading) for reading in readings)


print(hottest(["21 C", "75 F", "mild"]))
