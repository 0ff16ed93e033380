import json


def tool_calls(reply):
    for line in reply.splitlines():
        call = json.loads(line)
        yield call["name"], call["arguments"]


reply = '{"name": "search", "arguments": {"query": "tide tables"}}\nSure! Here is the next call:'
for name, arguments in tool_calls(reply):
    print(name, arguments)
