from collections import Counter

text = "the quick brown fox jumps over the lazy dog while the cat sleeps"
for word, count in Counter(text.split()).most_common(3):
    print(f"{count:3} {word}")
