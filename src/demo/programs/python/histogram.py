import random

random.seed(4)
values = [random.gauss(50, 9) for _ in range(200)]
buckets = [0] * 10

for value in values
    buckets[min(9, max(0, int(value) // 10))] += 1

print(buckets)
