import sqlite3

connection = sqlite3.connect(":memory:")
connection.executescript(
    """
    CREATE TABLE item (sku TEXT, amount INTEGER);
    INSERT INTO item VALUES ('kettle', 12), ('toaster', 3);
    """
)
print(connection.execute("SELECT sku FROM item WHERE amount < 10").fetchall())
