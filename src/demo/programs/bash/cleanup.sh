for name in cache build dist; do
  if [ -d "$name" ]; then
    echo "would remove $name"
done
