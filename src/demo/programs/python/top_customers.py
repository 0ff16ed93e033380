import sqlite3

connection = sqlite3.connect(":memory:")
connection.execute("CREATE TABLE customer (id INTEGER, name TEXT)")
rows = connection.execute("SELECT name, sum(total) FROM purchases GROUP BY name")
print(rows.fetchall())
