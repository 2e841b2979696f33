"""Just enough of Kafka's protocol to put any bytes on a partition of a single broker."""
import socket
import struct


def _crc32c_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ 0x82F63B78 if n & 1 else n >> 1
        table.append(n)
    return table


_TABLE = _crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def varint(n):
    n, out = (n << 1) ^ (n >> 63), bytearray()
    while n & ~127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def _sized(data):
    return varint(-1) if data is None else varint(len(data)) + data


def _record(key, value, headers):
    body = b"\0" + varint(0) + varint(0) + _sized(key) + _sized(value) + varint(len(headers))
    for name, text in headers:
        body += _sized(name.encode()) + _sized(text)
    return varint(len(body)) + body


def _batch(record):
    after_crc = struct.pack("!hiqqqhii", 0, 0, 0, 0, -1, -1, -1, 1) + record
    after_length = struct.pack("!ibI", -1, 2, crc32c(after_crc)) + after_crc
    return struct.pack("!qi", 0, len(after_length)) + after_length


def _string(text):
    return struct.pack("!h", len(text)) + text.encode()


def _ask(address, what, version, body):
    request = struct.pack("!hhi", what, version, 1) + _string("chaos") + body
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 30) as s:
        s.sendall(struct.pack("!i", len(request)) + request)
        with s.makefile("rb") as f:
            return f.read(struct.unpack("!i", f.read(4))[0])


def create_topic(address, topic, partitions):
    body = struct.pack("!i", 1) + _string(topic) + struct.pack("!ihii", partitions, 1, 0, 0)
    answer = _ask(address, 19, 2, body + struct.pack("!ib", 20_000, 0))
    at = 4 + 4 + 4 + 2 + len(topic)
    error = struct.unpack("!h", answer[at:at + 2])[0]
    if error:
        raise RuntimeError(f"Kafka refuses topic {topic} with error {error}")


def produce(address, topic, partition, key, value, headers):
    """The record's offset. headers: (name, bytes) pairs; key and value: bytes or None.
    RuntimeError with Kafka's code."""
    batch = _batch(_record(key, value, headers))
    body = struct.pack("!hhi", -1, -1, 10_000) + struct.pack("!i", 1) + _string(topic)
    body += struct.pack("!iii", 1, partition, len(batch)) + batch
    answer = _ask(address, 0, 7, body)
    at = 4 + 4 + 2 + struct.unpack("!h", answer[8:10])[0] + 4 + 4
    error = struct.unpack("!h", answer[at:at + 2])[0]
    if error:
        raise RuntimeError(f"Kafka refuses a record with error {error}")
    return struct.unpack("!q", answer[at + 2:at + 10])[0]
