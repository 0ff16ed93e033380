set -eu
printf '%s\n' 10 25 7 | sort -n | tail -n 1
