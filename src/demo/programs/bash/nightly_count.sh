set -euo pipefail

count_rows() {
  wc -l < "$1"
}

rows=$(count_rows exports/customers-2026-10.csv)
echo "rows: $rows"
