"""What programs talk to: an HTTP server of known answers and a port where nothing answers, both on loopback."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


STATUSES = (298, 299, 401, 403, 404, 409, 422, 429, 500, 503)


class Answers(BaseHTTPRequestHandler):
    """`/STATUS/...` answers with that status; 299 stands for an answer that never comes, 298 for broken JSON."""

    def answer(self):
        status = int(self.path.split("/")[1] or 200)
        body = b'{"status": "error"}'
        if status == 299:
            time.sleep(3)
        if status == 298:
            status, body = 200, b"<html><body>Gateway</body></html>"
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Services:
    def __init__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = str(self.server.server_address[1])
        self.closed = socket.socket()  # bound and never listening: a connection is refused
        self.closed.bind(("127.0.0.1", 0))
        self.refused = str(self.closed.getsockname()[1])
        self.taken = socket.socket()  # listening: nobody else can bind it
        self.taken.bind(("127.0.0.1", 0))
        self.taken.listen()
        self.busy = str(self.taken.getsockname()[1])

    def values(self, v):
        """Placeholders that programs reach the services by."""
        return {"http": f"http://127.0.0.1:{self.port}", "port": self.port, "refused": self.refused, "busy": self.busy}

    def places(self, v):
        """The address that stands in the records instead: of this machine's ports nothing is to be learned."""
        host, port = v.host()
        found = [(number, port) for number in (self.port, self.refused, self.busy)]
        found += [(f"/{status}/", "/v1/") for status in STATUSES]
        return found + [("127.0.0.1", host)] if host not in ("127.0.0.1",) else found

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.closed.close()
        self.taken.close()
