"""A proxy before an S3 server that goes wrong by a seed: what a client sees of a store that is slow, busy or away."""

import random
import socket
import threading
import time

BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
BROKEN = b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>We encountered an error.</Message></Error>"
KINDS = ("503", "500 before", "500 after", "cut before", "cut after", "slow")


class S3Proxy:
    """`rate` of the requests go wrong in one of `KINDS`; while it is `dead` no connection gets an answer."""

    def __init__(self, upstream, seed):
        host, port = upstream.split(":")
        self.upstream = (host, int(port))
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.rate = 0.0
        self.dead = False
        self.seen = {}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _kind(self):
        with self.lock:
            kind = "dead" if self.dead else self.chance.choice(KINDS) if self.chance.random() < self.rate else "fine"
            self.seen[kind] = self.seen.get(kind, 0) + 1
            return kind, self.chance.uniform(0.1, 1.5)

    def _serve(self, client):
        with client, client.makefile("rb") as reader:
            try:
                while request := read_message(reader):
                    if not self._answer(client, request):
                        return
            except OSError:
                pass

    def _answer(self, client, request):
        """Whether the connection goes on."""
        kind, wait = self._kind()
        if kind in ("dead", "cut before"):
            return False
        if kind == "slow":
            time.sleep(wait)
        if kind in ("503", "500 before"):
            client.sendall(refusal(kind, BUSY if kind == "503" else BROKEN))
            return True
        with socket.create_connection(self.upstream, timeout=30) as server, server.makefile("rb") as reader:
            server.sendall(request)
            answer = read_message(reader, request.startswith(b"HEAD "))
        if kind == "cut after":
            return False
        client.sendall(refusal("500", BROKEN) if kind == "500 after" else answer)
        return True


def refusal(kind, body):
    status = {"503": "503 Slow Down"}.get(kind, "500 Internal Server Error")
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def read_message(reader, bodiless=False):
    """The bytes of one HTTP/1.1 message, empty at the end of the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline()
        if not line:
            return b""
        head += line
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    status = head.split(b" ", 2)[1]
    if bodiless or status in (b"204", b"304"):
        return head
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        body = b""
        while True:
            line = reader.readline()
            size = int(line.split(b";")[0], 16)
            body += line + reader.read(size) + reader.readline()
            if not size:
                return head + body
    return head + reader.read(int(fields.get(b"content-length", b"0")))
