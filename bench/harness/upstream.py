"""A stand-in for xkcd.com: made-up documents in the shape of its own, each after a delay.

Run as a program, so that its work is not done by the process that measures.
"""

import json
import random
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = "anchor basin cedar dial ember ferry gravel harbor island jigsaw kettle ladder meadow needle orbit".split()


def document(number):
    """A comic that xkcd.com never had, always the same for a number; as long as the usual one."""
    words = random.Random(number)
    title = f"Made-up {words.choice(WORDS)} & {words.choice(WORDS)}"
    return {
        "month": str(number % 12 + 1),
        "num": number,
        "link": "",
        "year": str(2006 + number // 180),
        "news": "",
        "safe_title": title,
        "transcript": "",
        "alt": " ".join(words.choices(WORDS, k=20)).capitalize() + ".",
        "img": f"https://imgs.xkcd.com/comics/made_up_{number}.png",
        "title": title,
        "day": str(number % 28 + 1),
    }


def serve(port, comics, delay):
    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # The head and the body in two packets would wait for each other.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self):
            time.sleep(delay)
            words = self.path.strip("/").split("/")
            number = comics if words == ["info.0.json"] else int(words[0]) if words[0].isdigit() else 0
            found = words[-1] == "info.0.json" and 1 <= number <= comics
            body = json.dumps(document(number)).encode() if found else b"not found"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    Server(("127.0.0.1", port), Answer).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), comics=int(sys.argv[2]), delay=float(sys.argv[3]))
