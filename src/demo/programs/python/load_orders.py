import csv

with open("/home/mkowalski/projects/orders/2026-10.csv", newline="") as handle:
    for row in csv.DictReader(handle):
        print(row["order_id"], row["total"])
