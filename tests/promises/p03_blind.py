"""P03: the broker is blind. Names planted in every record are found in nothing the broker keeps, logs, shows or holds in memory,
nor in any traffic it could decrypt: a recording proxy with the broker's key and each agent's stands between them."""
import base64
import json
import os
import re
import unittest

from checks import PromiseTest, run
from testbed import HOME, WITHOUT_THE_CHILDS_SHARE, wait_for
from tls_proxy import TlsProxy, bits, huffman_bits

PLANTED = ["Oakshott", "Renshaw", "Maren", "Isolde", "Quillfeather", "Tanglewick", "Larkspur", "07700900123", "9990000026", "9990000107", "9990000476",
           "1992-06-14", "2020-03-02", "High risk on the checklist", "Kestrelwharf note"]


def forms(planted):
    """How a planted value may stand in octets: plain, percent-coded, UTF-16, and in base64 at each of its three alignments."""
    plain = planted.encode()
    if len(plain) < 8:
        return [plain, planted.encode("utf-16-le")]  # Base64 of so little stands anywhere by chance.
    coded = [base64.b64encode(b"\0" * shift + plain)[(0, 2, 3)[shift]:][:len(plain) * 4 // 3 - 2].rstrip(b"=") for shift in range(3)]
    return [plain, plain.replace(b" ", b"%20"), planted.encode("utf-16-le"), *coded]


class Blind(PromiseTest):
    agencies = ["police.derbys", "dcc.adults", "da.provider"]

    @classmethod
    def prepare(cls):
        pki = cls.bed.run / "pki"
        cls.proxies = {}
        for agency in cls.agencies:
            pair = [pki / f"agencies/{agency}/agent{ending}" for ending in (".pem", ".key")]
            proxy = TlsProxy(cls.bed.port, pki / "trust/ca.pem", (pki / "broker/tls.pem", pki / "broker/tls.key"), pair)
            config = cls.bed.run / f"agents/{agency}/agent.json"
            config.write_text(config.read_text().replace(f"localhost:{cls.bed.port}", f"localhost:{proxy.port}"))
            cls.proxies[agency] = proxy

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        document = json.loads((HOME / "samples/police.derbys/da-referral.json").read_text())
        document["recipients"] = [r for r in document["recipients"] if r["agency"] in cls.agencies]
        document.update(WITHOUT_THE_CHILDS_SHARE)
        cls.sent = cls.bed.push(document)
        wait_for("the share was handed over", lambda: cls.bed.handovers("da.provider"))
        share = next(iter(cls.bed.handovers("da.provider")))
        cls.bed.derwent("da.provider", "idva", "referral", "accept", share, "--note", "Kestrelwharf note")
        # Error paths too: a referral with planted values in the wrong places.
        broken = dict(document, referralRef="broken", area="Quillfeather", purpose="Oakshott", profile="Renshaw")
        cls.bed.push(broken)
        cls.bed.derwent("police.derbys", "dpo", "audit", "person", "--id", "nhs:9990000026")

    def absent(self, name, octets):
        found = [p for p in PLANTED if any(form in octets for form in forms(p))]
        self.assertEqual(found, [], f"in {name}")

    def streams(self):
        for agency, proxy in self.proxies.items():
            for record in proxy.recorded:
                for (stream, kind), octets in record.streams().items():
                    yield agency, stream, kind, octets

    def test_the_share_really_went_through(self):
        self.assertIn(self.sent.returncode, (0, 9), self.sent.stderr)
        self.assertIn("Oakshott", json.dumps(self.bed.handovers("da.provider")))

    def test_database_and_its_write_ahead_log(self):
        for file in (self.bed.run / "broker").glob("broker.db*"):
            self.absent(file.name, file.read_bytes())

    def test_logs_of_broker_and_agents(self):
        for file in self.bed.run.glob("*.log"):
            self.absent(file.name, file.read_bytes())

    def test_traffic_that_the_broker_can_decrypt(self):
        everything = b""
        for agency, stream, kind, octets in self.streams():
            self.absent(f"{kind} of stream {stream} of {agency}", octets)
            everything += octets
        for seen in (b"case.da_safety", b"application/vnd.derwent.manifest.v1+protobuf", b"p-4c1e07"):
            self.assertIn(seen, everything, "the proxy sees less than the broker does")

    def test_headers_and_trailers_coded_by_huffman(self):
        looked = 0
        for agency, stream, kind, octets in self.streams():
            if kind != "headers":
                continue
            coded = bits(octets)
            looked += len(coded)
            found = [p for p in PLANTED if any(huffman_bits(form.decode()) in coded for form in forms(p) if form.isascii() and b"\0" not in form)]
            self.assertEqual(found, [], f"headers of stream {stream} of {agency}")
        self.assertGreater(looked, 10000)

    def test_metrics(self):
        import urllib.request
        port = re.search(r'"metrics_port":"(\d+)"', self.bed.broker.log.read_text()).group(1)
        self.absent("metrics", urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read())

    def test_memory_image(self):
        pid = self.bed.broker.process.pid
        looked = 0
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                span, rights = line.split()[:2]
                if not rights.startswith("rw"):
                    continue
                start, end = (int(x, 16) for x in span.split("-"))
                try:
                    memory.seek(start)
                    octets = memory.read(end - start)
                except (OSError, ValueError):
                    continue
                looked += len(octets)
                self.absent(f"memory {span}", octets)
        self.assertGreater(looked, 1 << 20)

    def test_ids_and_file_names(self):
        names = "\n".join(os.path.join(d, f) for d, _, files in os.walk(self.bed.run) for f in files)
        self.absent("file names", names.encode())


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Blind))
