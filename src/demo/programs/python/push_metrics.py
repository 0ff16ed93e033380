from urllib import request


class Gateway:
    def __init__(self, address):
        self.address = address

    def push(self, name, value):
        body = f"{name} {value}\n".encode()
        job = request.Request(f"http://{self.address}/metrics/job/nightly", data=body, method="PUT")
        return request.urlopen(job, timeout=3).status


gateway = Gateway("127.0.0.1:2")
print(gateway.push("rows_loaded", 18250))
