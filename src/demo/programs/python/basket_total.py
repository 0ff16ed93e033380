basket = [
    {"sku": "kettle", "unit_price": 24.9, "quantity": 2},
    {"sku": "toaster", "price": 31.0, "quantity": 1},
]

total = 0.0
for item in basket:
    total += item["unit_price"] * item["quantity"]
print(total)
