"""What answers the library's client: server.py KIND [PARAMETERS]

Says where it listens, then how each connection has ended.
"""
import asyncio
import json
import ssl
import sys
from http import HTTPStatus

from library import PLAIN, asked, deflate, prefers, refuses, websockets

kind = sys.argv[1]


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def facts(connection):
    target, headers = asked(connection)
    await connection.send(f"{target} {headers['X-Word']} {connection.subprotocol}")


async def close(connection):
    await connection.close(4001, await connection.recv())


async def pieces(connection):
    async def all_of_them():
        yield "one "
        await (await connection.ping("between"))
        print("pong between")
        yield ""
        yield "two"

    await connection.send(all_of_them())


def writes(frame):
    async def write(connection):
        connection.transport.write(frame)

    return write


async def large(connection):
    await connection.send("x" * 1001)


PATHS = {
    "/echo": echo,
    "/facts": facts,
    "/close": close,
    "/pieces": pieces,
    "/large": large,
    "/half": writes(b"\x81\x01\xc3"),
    "/no_text": writes(b"\x81\x02\xc3\x28"),
    "/reserved": writes(b"\xa1\0"),
    "/opcode": writes(b"\x83\0"),
    "/masked": writes(b"\x81\x81\0\0\0\0a"),
    "/middle": writes(b"\x80\0"),
    "/no_code": writes(b"\x88\x02\x03\xed"),
}


async def serve(connection):
    path = asked(connection)[0].split("?")[0]
    try:
        await PATHS[path](connection)
    except websockets.ConnectionClosed:
        pass
    await connection.wait_closed()
    print(path, connection.close_code, connection.close_reason, flush=True)


async def main():
    more = PLAIN | {
        "process_request": refuses("/refused", HTTPStatus.FORBIDDEN, "Sign in first\n"),
        "subprotocols": ["v2", "v1"],
        "select_subprotocol": prefers("v2", "v1"),
    }
    if len(sys.argv) > 2:
        parameters = json.loads(sys.argv[2])
        more["extensions"] = [deflate.ServerPerMessageDeflateFactory(**parameters)]
    if kind == "tls":
        more["ssl"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        more["ssl"].load_cert_chain("server.pem", "server.key")
    if kind == "unix":
        await websockets.unix_serve(serve, "socket", **more)
        print("socket", flush=True)
    else:
        server = await websockets.serve(serve, "127.0.0.1", 0, **more)
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
    await asyncio.Future()


asyncio.run(main())
