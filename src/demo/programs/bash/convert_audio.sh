convert_all() {
  for name in "$@"; do
    wavpress2 --quality 6 "$name.wav" "$name.ogg"
  done
}

convert_all intro outro || exit $?
