def slug(title):
    return "-".join(title.lower().split(" "))


def check_equal(actual, expected):
    assert actual == expected, f"slug is {actual!r}, expected {expected!r}"


class TestSlug:
    def test_two_words(self):
        check_equal(slug("Hello World"), "hello-world")

    def test_collapses_spaces(self):
        check_equal(slug("Release  notes"), "release-notes")


suite = TestSlug()
suite.test_two_words()
suite.test_collapses_spaces()
