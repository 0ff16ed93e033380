import json

body = "<html><body>502 Bad Gateway</body></html>"
event = json.loads(body)
print(event["action"])
