set -o nounset

notes() {
  printf 'Release %s of %s\n' "$1" "$RELEASE_DATE"
}

notes 1.4.0
