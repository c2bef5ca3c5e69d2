"""A front of Kafka brokers that wants TLS and SASL PLAIN, as Azure Event Hubs does.

    python3 sasl_front.py BROKERS CERTIFICATE KEY USERNAME PASSWORD

It says where it listens and serves until it is ended. Requests go to the brokers as they are. Of the
answers, those that name a broker name the front instead, and the list of what a broker can do gets
the two requests of SASL.
"""

import asyncio
import ssl
import struct
import sys

HANDSHAKE, API_VERSIONS, AUTHENTICATE = 17, 18, 36
AUTHENTICATION_FAILED = 58


async def read_frame(reader):
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(size)


def write_frame(writer, payload):
    writer.write(struct.pack(">i", len(payload)) + payload)


def with_sasl(answer, version):
    """The answer to ApiVersions with two more entries; a refusal stays."""
    correlation, (error,) = answer[:4], struct.unpack(">h", answer[4:6])
    if error:
        return answer
    added = ((HANDSHAKE, 0, 1), (AUTHENTICATE, 0, 1))
    if version < 3:
        (count,) = struct.unpack(">i", answer[6:10])
        entries = b"".join(struct.pack(">hhh", *entry) for entry in added)
        return correlation + struct.pack(">hi", 0, count + 2) + entries + answer[10:]
    count = answer[6]
    assert count < 126, "the length is one byte"
    entries = b"".join(struct.pack(">hhhB", *entry, 0) for entry in added)
    return correlation + struct.pack(">hB", 0, count + 2) + entries + answer[7:]


class Front:
    def __init__(self, username, password):
        self.expected = b"\0" + username.encode() + b"\0" + password.encode()
        self.addresses = {}

    def named(self, answer):
        for real, own in self.addresses.items():
            answer = answer.replace(real, own)
        return answer

    async def serve(self, host, port, context):
        def handle(reader, writer):
            return self.connection(reader, writer, host, port)

        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
        own = server.sockets[0].getsockname()[1]
        name = host.encode()
        self.addresses[name + struct.pack(">i", port)] = name + struct.pack(">i", own)
        return f"{host}:{own}"

    async def connection(self, reader, writer, host, port):
        broker_reader, broker_writer = await asyncio.open_connection(host, port)
        pending = {}
        back = asyncio.create_task(self.answers(broker_reader, writer, pending))
        try:
            await self.requests(reader, writer, broker_writer, pending)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            back.cancel()
            broker_writer.close()
            writer.close()

    async def requests(self, reader, writer, broker, pending):
        is_known = False
        while True:
            request = await read_frame(reader)
            key, version, correlation = struct.unpack(">hhi", request[:8])
            if key == HANDSHAKE:
                write_frame(writer, struct.pack(">ihih", correlation, 0, 1, 5) + b"PLAIN")
            elif key == AUTHENTICATE:
                (client,) = struct.unpack(">h", request[8:10])
                is_known = request[10 + max(client, 0) + 4 :] == self.expected
                error = 0 if is_known else AUTHENTICATION_FAILED
                text = b"" if is_known else b"Invalid credentials"
                answer = struct.pack(">ihh", correlation, error, len(text)) + text
                answer += struct.pack(">i", 0)
                write_frame(writer, answer + (struct.pack(">q", 0) if version else b""))
            elif key == API_VERSIONS or is_known:
                pending[correlation] = (key, version)
                write_frame(broker, request)
                await broker.drain()
            else:
                return
            await writer.drain()

    async def answers(self, reader, writer, pending):
        while True:
            answer = await read_frame(reader)
            (correlation,) = struct.unpack(">i", answer[:4])
            key, version = pending.pop(correlation, (None, 0))
            answer = with_sasl(answer, version) if key == API_VERSIONS else self.named(answer)
            write_frame(writer, answer)
            await writer.drain()


async def main(brokers, certificate, key, username, password):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    front = Front(username, password)
    listens = []
    for broker in brokers.split(","):
        host, port = broker.rsplit(":", 1)
        listens.append(await front.serve(host, int(port), context))
    print(",".join(listens), flush=True)
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
