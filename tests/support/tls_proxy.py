"""A TLS proxy that records: it ends the client's mutual TLS with the broker's key and opens its own to the broker with the agent's.

A test holds both keys, so this is all the traffic the broker itself can decrypt. Standard library only.
"""
import socket
import ssl
import struct
import threading

# RFC 7541, appendix B, for what names, dates and numbers are made of: code and bits.
HUFFMAN = {" ": (0x14, 6), "%": (0x15, 6), "-": (0x16, 6), ".": (0x17, 6), "/": (0x18, 6), "0": (0, 5), "1": (1, 5), "2": (2, 5), "+": (0x7FB, 11), "=": (0x20, 6),
           **{c: (0x19 + i, 6) for i, c in enumerate("3456789")}, "A": (0x21, 6), **{c: (0x5D + i, 7) for i, c in enumerate("BCDEFGHIJKLMNOPQRSTUVW")},
           "X": (0xFC, 8), "Y": (0x73, 7), "Z": (0xFD, 8), "_": (0x22, 6), "a": (3, 5), "b": (0x23, 6), "c": (4, 5), "d": (0x24, 6), "e": (5, 5),
           **{c: (0x25 + i, 6) for i, c in enumerate("fgh")}, "i": (6, 5), "j": (0x74, 7), "k": (0x75, 7), **{c: (0x28 + i, 6) for i, c in enumerate("lmn")},
           "o": (7, 5), "p": (0x2B, 6), "q": (0x76, 7), "r": (0x2C, 6), "s": (8, 5), "t": (9, 5), "u": (0x2D, 6),
           **{c: (0x77 + i, 7) for i, c in enumerate("vwxyz")}}


def huffman_bits(text):
    """The bits that a header's text is coded to, as a string of 0 and 1."""
    return "".join(f"{HUFFMAN[c][0]:0{HUFFMAN[c][1]}b}" for c in text)


def bits(octets):
    return "".join(f"{octet:08b}" for octet in octets)


class Recorded:
    """One direction of one connection."""

    def __init__(self):
        self.octets = bytearray()

    def streams(self):
        """{(stream, kind): octets}, kind `data` or `headers`, frames joined (RFC 9113 section 4.1)."""
        found = {}
        at = 24 if self.octets.startswith(b"PRI * HTTP/2.0") else 0
        while at + 9 <= len(self.octets):
            length, kind, _, stream = struct.unpack(">IBBI", b"\0" + self.octets[at:at + 9])
            payload = bytes(self.octets[at + 9:at + 9 + length])
            if kind in (0, 1, 9):
                key = (stream & 0x7FFFFFFF, "data" if kind == 0 else "headers")
                found[key] = found.get(key, b"") + payload
            at += 9 + length
        return found


class TlsProxy:
    """Serves on a free port until `close`. `recorded` grows with every connection, two directions each."""

    def __init__(self, upstream_port, ca, server_pair, client_pair):
        self.upstream_port = upstream_port
        self.recorded = []
        self.inward = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
        self.inward.verify_mode = ssl.CERT_REQUIRED
        self.inward.load_cert_chain(*server_pair)
        self.outward = ssl.create_default_context(cafile=ca)
        self.outward.load_cert_chain(*client_pair)
        for context in (self.inward, self.outward):
            context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.connect, args=(client,), daemon=True).start()

    def connect(self, client):
        try:
            inner = self.inward.wrap_socket(client, server_side=True)
            outer = self.outward.wrap_socket(socket.create_connection(("127.0.0.1", self.upstream_port)), server_hostname="localhost")
        except OSError:
            return client.close()
        for source, sink in ((inner, outer), (outer, inner)):
            record = Recorded()
            self.recorded.append(record)
            threading.Thread(target=self.pump, args=(source, sink, record), daemon=True).start()

    @staticmethod
    def pump(source, sink, record):
        try:
            while octets := source.recv(65536):
                record.octets += octets
                sink.sendall(octets)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
