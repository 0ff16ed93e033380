accounts = {
    "lena.hofmann@example.org": {"plan": "team", "seats": 5},
    "s.okafor@example.com": {"plan": "solo", "seats": 1},
}


class Directory:
    def __init__(self, table):
        self.table = table

    def seats(self, address):
        return self.table[address]["seats"]


directory = Directory(accounts)
print(directory.seats("lena.hofmann@example.org"))
print(directory.seats("m.tanaka@example.net"))
