import csv
import io
from collections import defaultdict

TABLE = """day,region,total
2026-10-01,north,120.5
2026-10-01,south,98.0
2026-10-02,north,131.25
"""

totals = defaultdict(float)
for row in csv.DictReader(io.StringIO(TABLE)):
    totals[row["region"]] += float(row["total"])
print(dict(totals))
