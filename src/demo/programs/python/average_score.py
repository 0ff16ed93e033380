scores = {"ana": 12, "ben": None, "carla": 15}

total = 0
for name in scores:
    total = total + scores[name]
print(total / len(scores))
