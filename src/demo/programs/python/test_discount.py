def discounted(price, percent):
    return price - price * percent // 100


def test_no_discount():
    assert discounted(80, 0) == 80


def test_rounds_up():
    assert discounted(95, 10) == 85, "expected 85 after a discount of 10 percent"


for test in (test_no_discount, test_rounds_up):
    test()
