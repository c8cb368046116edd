"""MySQL's protocol by hand, to say what no driver would say.

Format: https://mariadb.com/kb/en/clientserver-protocol/ and
https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
"""

import contextlib
import hashlib
import socket
import ssl
import struct
from collections import namedtuple

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

# Capabilities, by their bits.
LONG_PASSWORD, FOUND_ROWS, LONG_FLAG, CONNECT_WITH_DB = 1 << 0, 1 << 1, 1 << 2, 1 << 3
COMPRESS, LOCAL_FILES, PROTOCOL_41, SSL = 1 << 5, 1 << 7, 1 << 9, 1 << 11
TRANSACTIONS, SECURE_CONNECTION = 1 << 13, 1 << 15
MULTI_STATEMENTS, MULTI_RESULTS, PS_MULTI_RESULTS = 1 << 16, 1 << 17, 1 << 18
PLUGIN_AUTH, CONNECT_ATTRS, PLUGIN_AUTH_LENENC = 1 << 19, 1 << 20, 1 << 21
SESSION_TRACK, DEPRECATE_EOF = 1 << 23, 1 << 24

USUAL = (LONG_PASSWORD | LONG_FLAG | CONNECT_WITH_DB | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION
         | MULTI_STATEMENTS | MULTI_RESULTS | PS_MULTI_RESULTS | PLUGIN_AUTH | LOCAL_FILES)

COM_QUIT, COM_INIT_DB, COM_QUERY, COM_FIELD_LIST = 0x01, 0x02, 0x03, 0x04
COM_STATISTICS, COM_PROCESS_KILL, COM_PING, COM_CHANGE_USER = 0x09, 0x0c, 0x0e, 0x11
COM_STMT_PREPARE, COM_STMT_EXECUTE, COM_STMT_SEND_LONG_DATA = 0x16, 0x17, 0x18
COM_STMT_CLOSE, COM_STMT_RESET, COM_SET_OPTION = 0x19, 0x1a, 0x1b
COM_STMT_FETCH, COM_RESET_CONNECTION = 0x1c, 0x1f

IN_TRANSACTION, AUTOCOMMIT, MORE_RESULTS = 0x0001, 0x0002, 0x0008
CURSOR_EXISTS, LAST_ROW_SENT = 0x0040, 0x0080

LONGEST = 0xFFFFFF  # bytes in one packet; one that is full is followed by another


class Closed(Exception):
    """The other side closed or reset the connection."""


class ServerError(Exception):
    def __init__(self, payload):
        self.code, = struct.unpack_from("<H", payload, 1)
        self.sqlstate, text = "", payload[3:]
        if text[:1] == b"#":
            self.sqlstate, text = text[1:6].decode(), text[6:]
        self.text = text.decode(errors="replace")
        super().__init__(f"{self.code} ({self.sqlstate}): {self.text}")


Handshake = namedtuple("Handshake", "protocol version connection_id salt capabilities charset status plugin")
Ok = namedtuple("Ok", "affected insert_id status warnings info")
Result = namedtuple("Result", "columns rows status warnings")
Statement = namedtuple("Statement", "id parameters columns")


def packet(payload, sequence=0):
    """With its header, or headers: a payload may be longer than a packet."""
    out = b""
    while True:
        part, payload = payload[:LONGEST], payload[LONGEST:]
        out += struct.pack("<I", len(part))[:3] + bytes([sequence & 0xFF]) + part
        sequence += 1
        if len(part) < LONGEST:
            return out


def lenenc(value):
    if value < 0xFB:
        return bytes([value])
    if value < 1 << 16:
        return b"\xfc" + struct.pack("<H", value)
    if value < 1 << 24:
        return b"\xfd" + struct.pack("<I", value)[:3]
    return b"\xfe" + struct.pack("<Q", value)


def read_lenenc(payload, at):
    """(value, next offset); None for NULL."""
    first = payload[at]
    if first < 0xFB:
        return first, at + 1
    if first == 0xFB:
        return None, at + 1
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}[first]
    return int.from_bytes(payload[at + 1:at + 1 + size], "little"), at + 1 + size


def read_text(payload, at):
    length, at = read_lenenc(payload, at)
    if length is None:
        return None, at
    return payload[at:at + length], at + length


def native_password(password, salt):
    """SHA1(password) XOR SHA1(salt + SHA1(SHA1(password)))"""
    if not password:
        return b""
    once = hashlib.sha1(password.encode()).digest()
    mask = hashlib.sha1(salt + hashlib.sha1(once).digest()).digest()
    return bytes(a ^ b for a, b in zip(once, mask))


def sha2_password(password, salt):
    """SHA256(password) XOR SHA256(SHA256(SHA256(password)) + salt)"""
    if not password:
        return b""
    once = hashlib.sha256(password.encode()).digest()
    mask = hashlib.sha256(hashlib.sha256(once).digest() + salt).digest()
    return bytes(a ^ b for a, b in zip(once, mask))


def encrypted_password(password, salt, key):
    """The password and its NUL, XORed with the salt, under the server's RSA key (PEM):
    RSA_PKCS1_OAEP_PADDING with SHA-1."""
    clear = bytes(byte ^ salt[index % len(salt)] for index, byte in enumerate(password.encode() + b"\0"))
    return serialization.load_pem_public_key(key).encrypt(
        clear, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))


ANSWERS = {"mysql_native_password": native_password, "caching_sha2_password": sha2_password}


def parse_handshake(payload):
    """HandshakeV10."""
    end = payload.index(b"\0", 1)
    version = payload[1:end].decode()
    connection_id, = struct.unpack_from("<I", payload, end + 1)
    salt = payload[end + 5:end + 13]
    low, charset, status, high, salt_length = struct.unpack_from("<HBHHB", payload, end + 14)
    rest = payload[end + 14 + 8 + 10:]
    salt += rest[:max(13, salt_length - 8)].rstrip(b"\0")
    plugin = rest[max(13, salt_length - 8):].split(b"\0")[0].decode()
    return Handshake(payload[0], version, connection_id, salt, low | high << 16, charset, status, plugin)


def parse_ok(payload):
    affected, at = read_lenenc(payload, 1)
    insert_id, at = read_lenenc(payload, at)
    status, warnings = struct.unpack_from("<HH", payload, at)
    return Ok(affected, insert_id, status, warnings, payload[at + 4:].decode(errors="replace"))


class Wire:
    """One connection. Everything has a deadline; sequence numbers are checked."""

    def __init__(self, port, host="127.0.0.1", timeout_s=20, capabilities=USUAL, greeted=True):
        self.socket = socket.create_connection((host, port), timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.sequence = 0
        self.capabilities = capabilities
        self.handshake = None
        if greeted:
            greeting = self.read()
            if greeting[:1] == b"\xff":
                raise ServerError(greeting)
            self.handshake = parse_handshake(greeting)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # ---- packets -----------------------------------------------------------------

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError) as error:
            raise Closed(str(error)) from None

    def finish_sending(self):
        """No byte follows. The other side may have closed first."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def exactly(self, count):
        parts, have = [self.buffer], len(self.buffer)
        while have < count:
            try:
                data = self.socket.recv(1 << 18)
            except (ConnectionResetError, ssl.SSLError) as error:
                raise Closed(str(error)) from None
            if not data:
                raise Closed("end of stream")
            parts.append(data)
            have += len(data)
        joined = b"".join(parts)
        self.buffer = joined[count:]
        return joined[:count]

    def read(self):
        """The next payload, put together if it came in several packets."""
        payload = []
        while True:
            head = self.exactly(4)
            length = int.from_bytes(head[:3], "little")
            if head[3] != self.sequence & 0xFF:
                raise AssertionError(f"packet {head[3]} where {self.sequence & 0xFF} was due")
            self.sequence += 1
            payload.append(self.exactly(length))
            if length < LONGEST:
                return b"".join(payload)

    def write(self, payload):
        """Answers within an exchange: the sequence goes on."""
        data = packet(payload, self.sequence)
        self.sequence += len(payload) // LONGEST + 1
        self.send_bytes(data)

    def send(self, command, payload=b""):
        """A command: a new exchange."""
        self.sequence = 0
        self.write(bytes([command]) + payload)

    def closed(self):
        """Waits for the other side's close. The last error it gave, or None."""
        error = None
        try:
            while True:
                head = self.exactly(4)
                payload = self.exactly(int.from_bytes(head[:3], "little"))
                if payload[:1] == b"\xff":
                    error = ServerError(payload)
        except Closed:
            return error

    # ---- log-in --------------------------------------------------------------------

    def response(self, user, answer, database, plugin="mysql_native_password", charset=45):
        """HandshakeResponse41."""
        capabilities = self.capabilities if database else self.capabilities & ~CONNECT_WITH_DB
        body = struct.pack("<IIB", capabilities, 1 << 30, charset) + bytes(23)
        body += user.encode() + b"\0" + bytes([len(answer)]) + answer
        if database:
            body += database.encode() + b"\0"
        if capabilities & PLUGIN_AUTH:
            body += plugin.encode() + b"\0"
        return body

    def log_in(self, user, password, database="app", plugin=None, **more):
        """By the greeting's method or by `plugin`, or after a switch to another. Raises ServerError."""
        plugin = plugin or (self.handshake.plugin if self.handshake.plugin in ANSWERS else "mysql_native_password")
        answer = ANSWERS[plugin](password, self.handshake.salt)
        self.write(self.response(user, answer, database, plugin=plugin, **more))
        return self.finish_log_in(password)

    def finish_log_in(self, password):
        """`steps`: what was asked for on the way."""
        salt, self.steps = self.handshake.salt, []
        while True:
            reply = self.read()
            if reply[0] == 0:
                return self
            if reply[0] == 0xFF:
                raise ServerError(reply)
            if reply == b"\x01\x03":  # caching_sha2_password: it knew the password already
                self.steps.append("fast")
            elif reply == b"\x01\x04":  # it wants the password itself
                self.steps.append("full")
                if isinstance(self.socket, ssl.SSLSocket):
                    self.write(password.encode() + b"\0")
                else:
                    self.write(b"\x02")
                    key = self.read()
                    if key[0] != 1:
                        raise AssertionError(f"{key[:20]!r} where the server's key was due")
                    self.write(encrypted_password(password, salt, key[1:]))
            elif reply[0] == 0xFE:
                plugin, salt = reply[1:].split(b"\0", 1)
                plugin, salt = plugin.decode(), salt.rstrip(b"\0")
                self.steps.append(plugin)
                if plugin not in ANSWERS:
                    raise AssertionError(f"asked to log in by {plugin}")
                self.write(ANSWERS[plugin](password, salt))
            else:
                raise AssertionError(f"unexpected {reply[:20]!r} at log-in")

    def start_tls(self, context=None):
        self.capabilities |= SSL
        self.write(struct.pack("<IIB", self.capabilities, 1 << 30, 45) + bytes(23))
        if context is None:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        return self

    # ---- commands ------------------------------------------------------------------

    def query(self, sql):
        """The rows of the first result as lists of text (None for NULL), or an Ok."""
        result = self.results(sql)[0]
        return result.rows if isinstance(result, Result) else result

    def results(self, sql):
        """All results of a statement, or of several: Result or Ok each."""
        self.send(COM_QUERY, sql if isinstance(sql, bytes) else sql.encode())
        return self.read_results()

    def simple(self, command, payload=b""):
        """A command that is answered with OK (or, of old, with EOF)."""
        self.send(command, payload)
        reply = self.read()
        if reply[0] == 0xFF:
            raise ServerError(reply)
        return parse_ok(reply) if reply[0] == 0 else reply

    def read_results(self, read_row=None):
        results = []
        while True:
            results.append(self.read_result(read_row))
            if not results[-1].status & MORE_RESULTS:
                return results

    def read_result(self, read_row=None):
        first = self.read()
        if first[0] == 0xFF:
            raise ServerError(first)
        if first[0] == 0:
            return parse_ok(first)
        count, _ = read_lenenc(first, 0)
        columns = [self.read() for _ in range(count)]
        status = 0
        if not self.capabilities & DEPRECATE_EOF:
            status, = struct.unpack_from("<H", self.read(), 3)
        if status & CURSOR_EXISTS:
            return Result(columns, [], status, 0)
        return self.read_rows(columns, read_row)

    def read_rows(self, columns, read_row=None):
        rows = []
        while True:
            payload = self.read()
            if payload[0] == 0xFF:
                raise ServerError(payload)
            if payload[0] == 0xFE and len(payload) < LONGEST and (self.capabilities & DEPRECATE_EOF or len(payload) == 5):
                if self.capabilities & DEPRECATE_EOF:
                    end = parse_ok(payload)
                    return Result(columns, rows, end.status, end.warnings)
                warnings, status = struct.unpack_from("<HH", payload, 1)
                return Result(columns, rows, status, warnings)
            rows.append((read_row or text_row)(payload, len(columns)))

    # ---- prepared statements -------------------------------------------------------

    def prepare(self, sql):
        self.send(COM_STMT_PREPARE, sql.encode())
        reply = self.read()
        if reply[0] == 0xFF:
            raise ServerError(reply)
        number, columns, parameters = struct.unpack_from("<IHH", reply, 1)
        for count in (parameters, columns):
            for _ in range(count):
                self.read()
            if count and not self.capabilities & DEPRECATE_EOF:
                self.read()
        return Statement(number, parameters, columns)

    def execute(self, statement, *values, cursor=0):
        """All parameters as strings. Rows as raw payloads: what a type looks like is
        the drivers' business."""
        self.send(COM_STMT_EXECUTE, execute_payload(statement.id, values, cursor))
        result = self.read_results(lambda payload, _: payload)[0]
        return result

    def fetch(self, statement, count):
        self.send(COM_STMT_FETCH, struct.pack("<II", statement.id, count))
        return self.read_rows([None] * statement.columns, lambda payload, _: payload)


def execute_payload(number, values, cursor=0):
    body = struct.pack("<IBI", number, cursor, 1)
    if values:
        nulls = bytearray((len(values) + 7) // 8)
        for index, value in enumerate(values):
            if value is None:
                nulls[index // 8] |= 1 << index % 8
        body += bytes(nulls) + b"\1" + b"\xfd\0" * len(values)
        for value in values:
            if value is not None:
                data = value if isinstance(value, bytes) else str(value).encode()
                body += lenenc(len(data)) + data
    return body


def text_row(payload, columns):
    at, values = 0, []
    for _ in range(columns):
        value, at = read_text(payload, at)
        values.append(None if value is None else value.decode(errors="surrogateescape"))
    return values
