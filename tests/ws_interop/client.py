"""What Python asks the library's server: client.py SCENARIO URL SOCKET [PATH OFFER]"""
import asyncio
import json
import random
import sys

from library import answered, connect, refusal, websockets

scenario, url, socket = sys.argv[1:4]
socket = socket or None


def bytes_of(count):
    return random.Random(count).randbytes(count)


async def echo(connection, name, message):
    await connection.send(message)
    print(name, "same" if await connection.recv() == message else "DIFFERENT")


async def gone(connection, what="closed"):
    await connection.wait_closed()
    print(what, connection.close_code, connection.close_reason)


async def talks():
    async with connect(url + "/echo", socket) as connection:
        for text in ("hello", "", "ü" * 40_000):
            await echo(connection, f"text {len(text)}", text)
        for count in (0, 1, 125, 126, 65_535, 65_536, 1 << 20):
            await echo(connection, f"binary {count}", bytes_of(count))

        async def pieces():
            yield "one "
            await (await connection.ping("between"))
            print("pong between")
            yield ""
            yield "two"

        await connection.send(pieces())
        print(await connection.recv())

        numbers = [str(number) * (number % 300) for number in range(1000)]

        async def all_of_them():
            for number in numbers:
                await connection.send(number)

        sending = asyncio.create_task(all_of_them())
        same = [await connection.recv() for _ in numbers] == numbers
        await sending
        print("1000", "same" if same else "DIFFERENT")
        await connection.close(4000, "thank you")
        await gone(connection)


async def compresses():
    path, offer = sys.argv[4], json.loads(sys.argv[5])
    async with connect(url + path, socket, offer=offer) as connection:
        print(answered(connection, "Sec-WebSocket-Extensions"))
        long = "all work and no play " * 5000
        for _ in range(3):
            await echo(connection, "long", long)
        await echo(connection, "short", "hi")
        await echo(connection, "empty", "")
        await echo(connection, "random", bytes_of(100_000))
        await connection.send([long, "", long])
        print("pieces", "same" if await connection.recv() == long * 2 else "DIFFERENT")


async def reads():
    more = {"headers": {"X-Word": "c"}, "subprotocols": ["v1", "v2"]}
    async with connect(url + "/facts?word=a%20b", socket, **more) as connection:
        print(await connection.recv())
        print(connection.subprotocol)


async def is_closed():
    async with connect(url + "/close", socket) as connection:
        await connection.send("enough of it")
        await gone(connection)


async def closes():
    async with connect(url + "/echo", socket) as connection:
        await connection.close(4002, "mine")
        await gone(connection)


async def waits():
    async with connect(url + "/echo", socket) as connection:
        await gone(connection)


async def is_refused():
    try:
        await connect(url + "/refused", socket)
    except websockets.InvalidHandshake as error:
        status, body = refusal(error)
        print(status, "Sign in first" if body is None else body)


async def errs():
    frames = {
        "half a character": b"\x81\x81\0\0\0\0\xc3",
        "no UTF-8": b"\x81\x82\0\0\0\0\xc3\x28",
        "an opcode of nothing": b"\x83\x80\0\0\0\0",
        "a reserved bit": b"\xa1\x80\0\0\0\0",
        "no mask": b"\x81\x01a",
        "a ping in pieces": b"\x09\x80\0\0\0\0",
        "the middle of nothing": b"\x80\x80\0\0\0\0",
        "close with 1005": b"\x88\x82\0\0\0\0\x03\xed",
    }
    for name, frame in frames.items():
        async with connect(url + "/small", socket) as connection:
            connection.transport.write(frame)
            await gone(connection, name)
    for name, offer in (("1001 bytes", None), ("1001 bytes of few", {})):
        async with connect(url + "/small", socket, offer=offer) as connection:
            await connection.send("x" * 1001)
            await gone(connection, name)


asyncio.run(globals()[scenario]())
