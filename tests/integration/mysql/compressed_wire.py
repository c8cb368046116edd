"""wire.py in the compressed protocol, zlib or zstd: MySQL's page_protocol_basic_compression."""

import struct
import zlib

import zstandard

import wire
from wire import Closed

ZSTD_COMPRESSION = 1 << 26

HEADER = 7
SMALL = 50  # bytes: shorter runs are stored as they are


def pack(method, plain):
    if method == "zlib":
        return zlib.compress(plain)
    return zstandard.ZstdCompressor(write_content_size=False).compress(plain)


def unpack(method, body, size):
    if method == "zlib":
        plain = zlib.decompress(body)
    else:
        plain = zstandard.ZstdDecompressor().decompress(body, max_output_size=size)
    if len(plain) != size:
        raise AssertionError(f"{len(plain)} bytes where {size} were announced")
    return plain


def compressed_packet(method, plain, sequence, claimed=None, body=None):
    stored = body is None and len(plain) < SMALL
    body = body if body is not None else plain if stored else pack(method, plain)
    size = claimed if claimed is not None else 0 if stored else len(plain)
    return struct.pack("<I", len(body))[:3] + bytes([sequence & 0xFF]) + struct.pack("<I", size)[:3] + body


class CompressedWire(wire.Wire):
    """Compresses from the log-in's OK on. What came in is counted: packets, and how many were stored."""

    def __init__(self, port, method="zlib", level=3, **more):
        self.method, self.level, self.compressed = method, level, False
        self.unpacked, self.number = b"", 0
        self.packed, self.stored, self.raw_bytes = 0, 0, 0
        flag = wire.COMPRESS if method == "zlib" else ZSTD_COMPRESSION
        super().__init__(port, capabilities=more.pop("capabilities", wire.USUAL) | flag, **more)

    def response(self, *arguments, **named):
        body = super().response(*arguments, **named)
        return body + bytes([self.level]) if self.method == "zstd" else body

    def finish_log_in(self, password):
        super().finish_log_in(password)
        self.compressed = True
        return self

    def send(self, command, payload=b""):
        self.number = 0
        super().send(command, payload)

    def send_bytes(self, data):
        if not self.compressed:
            return super().send_bytes(data)
        while data:
            part, data = data[:self.run], data[self.run:]
            self.send_raw(compressed_packet(self.method, part, self.number))
            self.number += 1
        return None

    run = 0xFFFFFF  # bytes of plain text in each compressed packet

    def send_raw(self, data):
        super().send_bytes(data)

    def exactly(self, count):
        if not self.compressed:
            return super().exactly(count)
        while len(self.unpacked) < count:
            head = super().exactly(HEADER)
            if head[3] != self.number & 0xFF:
                raise AssertionError(f"compressed packet {head[3]} where {self.number & 0xFF} was due")
            self.number += 1
            length, size = int.from_bytes(head[:3], "little"), int.from_bytes(head[4:], "little")
            body = super().exactly(length)
            self.raw_bytes += HEADER + length
            if size == 0:
                self.stored += 1
                self.unpacked += body
            else:
                self.packed += 1
                self.unpacked += unpack(self.method, body, size)
        taken, self.unpacked = self.unpacked[:count], self.unpacked[count:]
        return taken


__all__ = ["Closed", "CompressedWire", "ZSTD_COMPRESSION", "compressed_packet", "pack"]
