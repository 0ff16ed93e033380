import sqlite3
from contextlib import closing


def low_stock(connection, limit):
    query = "SELECT sku, amount FROM warehouse_stock WHERE amount < ?"
    return connection.execute(query, (limit,)).fetchall()


with closing(sqlite3.connect(":memory:")) as connection:
    connection.executescript("CREATE TABLE stock (sku TEXT, amount INTEGER);")
    print(low_stock(connection, 10))
