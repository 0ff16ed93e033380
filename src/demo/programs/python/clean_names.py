import re

names = ["  Ana  Keller", "BEN okafor ", "carla-maria  Lopez"]
print([re.sub(r"\s+", " ", name).strip().title() for name in names])
