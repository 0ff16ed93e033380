title="Release Notes October"
slug=$(printf '%s' "$title" | tr 'A-Z ' 'a-z-')
echo "$slug"
