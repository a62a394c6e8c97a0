"""An issuer of access tokens, for tests of those who accept them."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "https://registry.test.example"
"""The name of the node at the issuer."""


class Issuer:
    """The issuer of tokens: a server that publishes its keys."""

    def __init__(self, *, only=None):
        """`only`: publish this key alone, and without an id."""
        self.signing: dict[str, Any] = {
            "rsa": rsa.generate_private_key(65537, 2048),
            "ec": ec.generate_private_key(ec.SECP256R1()),
        }
        keys = [
            json.loads(algorithm.to_jwk(self.signing[kid].public_key()))
            | ({"kid": kid, "use": "sig"} if only is None else {})
            for kid, algorithm in (("rsa", RSAAlgorithm), ("ec", ECAlgorithm))
            if only in (None, kid)
        ]
        if only is not None:  # one that is not for signatures does not count
            keys.append(keys[0] | {"use": "enc"})
        body = json.dumps({"keys": keys}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def token(self, kid="rsa", key=None, algorithm=None, without=(), *, named=True, **claims):
        """Return a token for ten minutes, with other claims where they are passed."""
        now = int(time.time())
        content = {
            "iss": self.url, "aud": AUDIENCE, "sub": "campus", "client_id": "campus", "iat": now, "exp": now + 600,
            "registry_member": "twente", "scope": "batches:read feed:read",
        } | claims  # fmt: skip
        content = {name: value for name, value in content.items() if name not in without}
        algorithm = algorithm or {"rsa": "RS256", "ec": "ES256"}[kid]
        return jwt.encode(content, key or self.signing[kid], algorithm, headers={"kid": kid} if named else None)
