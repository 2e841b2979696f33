"""Just enough of PostgreSQL's protocol to ask a question: text results, no password."""
import socket
import struct
import urllib.parse


class PgError(Exception):
    pass


class Connection:
    def __init__(self, url, seconds=10):
        u = urllib.parse.urlparse(url)
        self.socket = socket.create_connection((u.hostname, u.port or 5432), seconds)
        self.file = self.socket.makefile("rb")
        words = ["user", u.username or "postgres", "database", u.path.lstrip("/"), ""]
        body = struct.pack("!i", 196608) + "\0".join(words).encode() + b"\0"
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self._until_ready()

    def query(self, sql):
        """The rows of the last statement, as lists of texts and None."""
        body = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
        return self._until_ready()

    def number(self, sql):
        return int(self.query(sql)[0][0])

    def close(self):
        self.file.close()
        self.socket.close()

    def _message(self):
        head = self.file.read(5)
        if len(head) < 5:
            raise PgError("the server closed the connection")
        kind, length = head[:1], struct.unpack("!i", head[1:])[0]
        return kind, self.file.read(length - 4)

    def _until_ready(self):
        rows, error = [], None
        while True:
            kind, body = self._message()
            if kind == b"R" and struct.unpack("!i", body[:4])[0] != 0:
                raise PgError("the server wants a password; the fault tests use trust")
            if kind == b"E":
                fields = {f[:1]: f[1:].decode() for f in body.split(b"\0") if f}
                error = fields.get(b"M", "an error without words")
                if fields.get(b"S") == "FATAL":
                    raise PgError(error)
            elif kind == b"D":
                rows.append(self._row(body))
            elif kind == b"Z":
                if error:
                    raise PgError(error)
                return rows

    @staticmethod
    def _row(body):
        row, at = [], 2
        for _ in range(struct.unpack("!h", body[:2])[0]):
            length = struct.unpack("!i", body[at:at + 4])[0]
            at += 4
            row.append(None if length < 0 else body[at:at + length].decode())
            at += max(length, 0)
        return row


def ask(url, sql, seconds=10):
    connection = Connection(url, seconds)
    try:
        return connection.query(sql)
    finally:
        connection.close()
