set -eu
sources="notes drafts"
for folder in $sources; do
  echo "copying $folder to $BACKUP_TARGET"
done
