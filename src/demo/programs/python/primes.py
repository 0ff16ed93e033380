def primes(limit):
    marked = bytearray(limit + 1)
    for number in range(2, limit + 1):
        if not marked[number]:
            yield number
            marked[number * number :: number] = b"\x01" * len(marked[number * number :: number])


print(sum(1 for _ in primes(10_000)))
