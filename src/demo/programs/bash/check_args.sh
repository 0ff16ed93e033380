set -euo pipefail
required() {
  [ -n "$1" ] || { echo "empty" >&2; return 1; }
}
required "staging"
echo "ok"
