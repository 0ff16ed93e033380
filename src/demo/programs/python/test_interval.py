def overlaps(first, second):
    return first[0] < second[1] and second[0] < first[1]


def test_touching_intervals_do_not_overlap():
    assert not overlaps((1, 3), (3, 5))


def test_nested_intervals_overlap():
    assert overlaps((1, 9), (2, 3))


test_touching_intervals_do_not_overlap()
test_nested_intervals_overlap()
print("2 passed")
