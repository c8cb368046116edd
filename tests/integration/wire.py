"""PostgreSQL's protocol by hand, to say what no driver would say.

Format: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import base64
import hashlib
import hmac
import os
import socket
import struct

PROTOCOL_3_0 = 196608
PROTOCOL_3_2 = 196610
SSL_REQUEST = 80877103
CANCEL_REQUEST = 80877102
GSSENC_REQUEST = 80877104


class Closed(Exception):
    """The other side closed or reset the connection."""


class ServerError(Exception):
    def __init__(self, fields):
        super().__init__(f"{fields.get('S')} {fields.get('C')}: {fields.get('M')}")
        self.fields = fields
        self.sqlstate = fields.get("C")


def cstring(text):
    return text.encode() + b"\0"


def message(kind, payload=b""):
    return kind.encode() + struct.pack("!i", len(payload) + 4) + payload


def startup_packet(parameters, protocol=PROTOCOL_3_0):
    body = struct.pack("!i", protocol)
    for name, value in parameters.items():
        body += cstring(name) + cstring(value)
    body += b"\0"
    return struct.pack("!i", len(body) + 4) + body


def query(sql):
    return message("Q", cstring(sql))


def parse(sql, name="", types=()):
    return message("P", cstring(name) + cstring(sql) + struct.pack(f"!h{len(types)}i", len(types), *types))


def bind(values=(), statement="", portal=""):
    """Text parameters, text results."""
    body = cstring(portal) + cstring(statement) + struct.pack("!hh", 0, len(values))
    for value in values:
        if value is None:
            body += struct.pack("!i", -1)
        else:
            data = value if isinstance(value, bytes) else str(value).encode()
            body += struct.pack("!i", len(data)) + data
    return message("B", body + struct.pack("!h", 0))


def describe(kind, name=""):
    return message("D", kind.encode() + cstring(name))


def execute(portal="", rows=0):
    return message("E", cstring(portal) + struct.pack("!i", rows))


def close(kind, name=""):
    return message("C", kind.encode() + cstring(name))


def sync():
    return message("S")


def flush():
    return message("H")


def terminate():
    return message("X")


def error_fields(payload):
    fields = {}
    for part in payload.split(b"\0"):
        if part:
            fields[chr(part[0])] = part[1:].decode(errors="replace")
    return fields


def row_values(payload):
    """The values of a DataRow, in text; None for NULL."""
    count, = struct.unpack_from("!h", payload)
    offset, values = 2, []
    for _ in range(count):
        length, = struct.unpack_from("!i", payload, offset)
        offset += 4
        if length < 0:
            values.append(None)
        else:
            values.append(payload[offset:offset + length].decode())
            offset += length
    return values


class Wire:
    """One connection. Everything has a deadline."""

    def __init__(self, port, host="127.0.0.1", timeout_s=20):
        self.socket = socket.create_connection((host, port), timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.parameters = {}
        self.cancel_key = None  # (pid, secret bytes)
        self.notices = []
        self.last_error = None  # fields of the last ErrorResponse
        self.negotiated = None  # payload of NegotiateProtocolVersion

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *parts):
        try:
            self.socket.sendall(b"".join(parts))
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed(str(error)) from None

    def exactly(self, count):
        while len(self.buffer) < count:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError as error:
                raise Closed(str(error)) from None
            if not data:
                raise Closed("end of stream")
            self.buffer += data
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read(self):
        """(type, payload) of the next message."""
        head = self.exactly(5)
        length, = struct.unpack("!i", head[1:])
        return chr(head[0]), self.exactly(length - 4)

    def until_ready(self):
        """All messages to ReadyForQuery, that one included; notices and parameters aside."""
        messages = []
        while True:
            kind, payload = self.read()
            if kind == "S":
                name, value = payload.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
            elif kind == "N":
                self.notices.append(error_fields(payload))
            elif kind == "K":
                self.cancel_key = struct.unpack("!i", payload[:4])[0], payload[4:]
            else:
                messages.append((kind, payload))
            if kind == "E":
                self.last_error = error_fields(payload)
            if kind == "Z":
                return messages

    def until_closed(self):
        """All messages until the other side closes."""
        messages = []
        try:
            while True:
                messages.append(self.read())
        except Closed:
            return messages

    def closed(self):
        """Waits for the other side's close. The SQLSTATE it gave, or None."""
        for kind, payload in self.until_closed():
            if kind == "E":
                return error_fields(payload)["C"]
        return None

    def log_in(self, user, password, database, protocol=PROTOCOL_3_0, **parameters):
        self.send(startup_packet({"user": user, "database": database, **parameters}, protocol))
        while True:
            kind, payload = self.read()
            if kind == "E":
                raise ServerError(error_fields(payload))
            if kind == "v":
                self.negotiated = payload
                continue
            if kind != "R":
                raise AssertionError(f"unexpected {kind} at log-in")
            method, = struct.unpack_from("!i", payload)
            if method == 0:
                try:
                    self.until_ready()
                except Closed:  # a wrong database or setting is told after the password was right
                    if self.last_error:
                        raise ServerError(self.last_error) from None
                    raise
                return self
            if method == 3:
                self.send(message("p", cstring(password)))
            elif method == 5:
                inner = hashlib.md5((password + user).encode()).hexdigest()
                outer = hashlib.md5(inner.encode() + payload[4:8]).hexdigest()
                self.send(message("p", cstring("md5" + outer)))
            elif method == 10:
                self._scram(password)
            else:
                raise AssertionError(f"authentication method {method}")

    def _scram(self, password):
        """RFC 5802 with SHA-256 (RFC 7677), no channel binding."""
        nonce = base64.b64encode(os.urandom(18)).decode()
        first_bare = f"n=,r={nonce}"
        first = ("n,," + first_bare).encode()
        self.send(message("p", cstring("SCRAM-SHA-256") + struct.pack("!i", len(first)) + first))
        kind, payload = self.read()
        if kind == "E":
            raise ServerError(error_fields(payload))
        server_first = payload[4:].decode()
        fields = dict(part.split("=", 1) for part in server_first.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = f"c=biws,r={fields['r']}"
        auth_message = f"{first_bare},{server_first},{without_proof}".encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), auth_message, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self.send(message("p", f"{without_proof},p={base64.b64encode(proof).decode()}".encode()))
        kind, payload = self.read()
        if kind == "E":
            raise ServerError(error_fields(payload))
        expected = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), auth_message, "sha256")
        if payload[4:].decode() != f"v={base64.b64encode(expected).decode()}":
            raise AssertionError("the server does not know the password either")

    def simple(self, sql):
        """Rows of a simple query, text; raises ServerError."""
        self.send(query(sql))
        return rows_of(self.until_ready())


def rows_of(messages):
    for kind, payload in messages:
        if kind == "E":
            raise ServerError(error_fields(payload))
    return [row_values(payload) for kind, payload in messages if kind == "D"]


def kinds(messages):
    """The message types in order, as one word: "1 2 D C Z" -> "12DCZ"."""
    return "".join(kind for kind, _ in messages)
