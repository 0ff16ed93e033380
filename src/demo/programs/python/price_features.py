import acme_features

rows = [{"sku": "A-100", "price": 12.5}, {"sku": "B-200", "price": 7.0}]
print(acme_features.scale(rows, column="price"))
