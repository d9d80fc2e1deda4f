"""The official verifier of Standard Webhooks accepts what the server sends, and only that."""

import base64
import http.server
import queue
import secrets
import threading

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from scene import consent, control


class Receiver(http.server.ThreadingHTTPServer):
    """Puts what it receives into a queue. It fails once, so that an event comes again."""

    def __init__(self):
        self.received = queue.Queue()
        self.answers = iter([500])
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.put((dict(self.headers.items()), body))
        self.send_response(next(self.server.answers, 204))
        self.end_headers()

    def log_message(self, *_):
        pass


def judge(scene):
    old, new = (f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}" for _ in "ab")
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    settings = {
        "webhooks.url": f"http://127.0.0.1:{receiver.server_port}/hook",
        "webhooks.secret": f"{new},{old}",
    }
    try:
        with scene.emulator() as provider:
            settings["provider.apiBase"] = provider
            # The signature is over bytes, not characters.
            control(provider, "PATCH", "/settings", auto_approve="zoë@example.com")
            with scene.server(settings) as server:
                consent(server.base)
                first = receiver.received.get(timeout=30)
                headers, body = receiver.received.get(timeout=60)
    finally:
        receiver.shutdown()
    # The repetition has the same ID, a time of its own, and a signature of that time.
    assert first[0]["webhook-id"] == headers["webhook-id"], (first, headers)
    assert first[0]["webhook-timestamp"] < headers["webhook-timestamp"], (first, headers)
    Webhook(new).verify(first[1], first[0])
    # While one secret replaces the other, a receiver that knows either is satisfied.
    for secret in (old, new):
        event = Webhook(secret).verify(body, headers)
        assert event["type"] == "token.granted", event
        assert event["data"]["token"]["email"] == "zoë@example.com", event
    for secret, changed, sent in (
        (f"whsec_{base64.b64encode(b'x' * 32).decode()}", headers, body),
        (new, headers, body + b" "),
        (new, {**headers, "webhook-id": "another"}, body),
        (new, {**headers, "webhook-timestamp": "1"}, body),
    ):
        try:
            Webhook(secret).verify(sent, changed)
        except WebhookVerificationError:
            continue
        raise AssertionError(f"verified what was changed: {changed}")
