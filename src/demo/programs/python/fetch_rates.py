import json
import urllib.request

URL = "http://127.0.0.1:1/rates?base=EUR"

with urllib.request.urlopen(URL, timeout=3) as answer:
    print(json.load(answer)["USD"])
