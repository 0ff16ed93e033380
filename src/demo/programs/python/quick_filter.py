orders = [120, 45, 300, 18]

def large(orders, limit):
    return [order for order in orders if order > limit

print(large(orders, 100))
