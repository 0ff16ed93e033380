#!/usr/bin/env bash
# usage: run.sh SECONDS [TARGET...]
# Runs the fuzz targets one after the other, each for SECONDS on one core, with its seeds; stops at none that fails.
set -uo pipefail
cd "$(dirname "$0")"
seconds=${1:?usage: run.sh SECONDS [TARGET...]}
shift
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
  for file in fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi
seeds() {
  case $1 in
    parse_any) printf '%s\n' ../tests/inputs/* seeds/record ;;
    group) echo "seeds/group seeds/record" ;;
    parse_others) printf '../tests/inputs/%s\n' perl lua sql haskell ocaml erlang pascal fortran octave lisp ;;
    parse_*) echo "../tests/inputs/${1#parse_}" ;;
    classify) echo seeds/group ;;
    users_rules) echo "seeds/users_rules ../../examples/rules" ;;
    taxonomy_rules) echo "seeds/taxonomy_rules ../../schemas/taxonomy" ;;
    frame_rules) echo "seeds/frame_rules ../../schemas/rules" ;;
    *) echo "seeds/$1" ;;
  esac
}
# Only snippets reach code that is not Rust: the scanners of tree-sitter's grammars, in C.
run() {
  case $1 in
    snippet)
      CFLAGS="-fsanitize=address -g -O1" ASAN_OPTIONS=detect_odr_violation=0:detect_leaks=0 \
        cargo +nightly fuzz run -s address --fuzz-dir . --target-dir target/address "$@"
      ;;
    *) cargo +nightly fuzz run -s none --fuzz-dir . "$@" ;;
  esac
}
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target"
  # shellcheck disable=SC2046
  log=$(run "$target" "corpus/$target" $(seeds "$target") -- \
    -max_total_time="$seconds" -timeout=10 -max_len=16384 -print_final_stats=1 2>&1)
  status=$?
  printf '%s %s: exit %s, ' "$(date +%T)" "$target" "$status"
  grep -E '^stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)' <<<"$log" | tr -s ' \n' ' '
  grep -oE 'Done [0-9]+ runs in [0-9]+ second' <<<"$log"
  [ "$status" = 0 ] || grep -E 'panicked|ERROR|Test unit written|artifact' -A2 <<<"$log" | head -12
done
