"""Python's `websockets` as the scripts beside want it, by its old names and by those since 14."""
import ssl

import websockets
from websockets.extensions import permessage_deflate as deflate

NEW = int(websockets.__version__.split(".")[0]) >= 14

# No limits, and nothing by itself.
PLAIN = {"compression": None, "max_size": None, "ping_interval": None}


def connect(url, socket=None, headers=None, offer=None, **more):
    """A connection to be made; what is offered of compression is as in RFC 7692."""
    more = PLAIN | more
    more["additional_headers" if NEW else "extra_headers"] = headers or {}
    if offer is not None:
        more["extensions"] = [deflate.ClientPerMessageDeflateFactory(**offer)]
    if url.startswith("wss:"):
        more["ssl"] = ssl.create_default_context(cafile="ca.pem")
        more["server_hostname"] = "localhost"
    if socket is None:
        return websockets.connect(url, **more)
    return websockets.unix_connect(socket, url, **more)


def answered(connection, name):
    """A field of what the server has answered."""
    headers = connection.response.headers if NEW else connection.response_headers
    return headers.get(name, "none")


def refusal(error):
    """An answer that is no upgrade; the old ones tell no body."""
    if NEW:
        return error.response.status_code, error.response.body.decode().strip()
    return error.status_code, None


def asked(connection):
    """The path and the fields that a client has asked with."""
    if NEW:
        return connection.request.path, connection.request.headers
    return connection.path, connection.request_headers


def prefers(*names):
    """How a server chooses a subprotocol, also if none is offered."""

    def choose(offered):
        return next((name for name in names if name in offered), None)

    if NEW:
        return lambda self, offered: choose(offered)
    return lambda offered, _: choose(offered)


def refuses(path, status, body):
    """What a server is to do with requests for this path."""
    if NEW:
        return lambda self, request: self.respond(status, body) if request.path == path else None

    async def refuse(asked, _):
        return (status, {}, body.encode()) if asked == path else None

    return refuse
