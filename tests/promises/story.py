"""The README's story, as a test: who gets what, refusal on an ended agreement, progress, audit, tampering caught."""
import datetime
import json
import unittest

from checks import PromiseTest, run
from evidence import verify_export
from testbed import HOME, wait_for

ALL = ["police.derbys", "da.provider", "dcc.adults", "dcc.childrens", "dfrs", "probation.em", "rp.housing"]


class Story(PromiseTest):
    agencies = ALL

    def test_1_each_recipient_gets_its_own_part_and_the_protected_address_reaches_nobody(self):
        self.send("STORY-1")
        for agency in ALL[1:]:
            wait_for(f"{agency} was handed the share", lambda a=agency: self.bed.handovers(a))
        got = {a: {(u["subject"], u["content"]["category"], u["content"]["form"]) for d in self.bed.handovers(a).values() for u in units(d)} for a in ALL[1:]}
        self.assertIn((1, "risk.victim", "full"), got["da.provider"])
        self.assertIn((1, "risk.victim", "flag_only"), got["dfrs"])
        self.assertNotIn((1, "household", "full"), got["rp.housing"])
        self.assertIn((3, "location.current", "generalise"), got["probation.em"])
        for agency in ALL[1:]:
            self.assertIn((1, "contact", "relay"), got[agency])
            self.assertFalse([u for u in got[agency] if u[0] == 1 and u[1].startswith("location")], agency)
            text = json.dumps(self.bed.handovers(agency))
            self.assertNotIn("Quillfeather", text)
            self.assertNotIn("S40 1XX", text)
        wait_for("children's services have the mash share too", lambda: len(self.bed.handovers("dcc.childrens")) == 2)

    def test_2_an_ended_agreement_refuses_and_its_renewal_lets_through(self):
        yesterday = (datetime.date.today() - datetime.timedelta(days=1)).isoformat()
        policy = self.bed.run / "policy"
        ended = self.bed.policy("end", policy, "--agreement", "marac", "--from", yesterday, *self.bed.signer("dcc.adults"))
        self.assertEqual(ended.returncode, 0, ended.stderr)
        wait_for("the agreement's end is known", lambda: "AGREEMENT_NOT_IN_FORCE" in self.plan("STORY-2"))
        sent = self.bed.push(self.document("STORY-2"), "send", "-o", "json")
        self.assertEqual(sent.returncode, 3, sent.stderr)
        marac = [s for s in json.loads(sent.stdout)["shares"] if s["profile"] == "marac"]
        self.assertEqual([s["state"] for s in marac], ["REFUSED"])
        agreement = policy / "agreements/marac.txtpb"
        agreement.write_text(agreement.read_text().replace("revision: 1", "revision: 2"))
        self.assertEqual(self.bed.policy("manifest", policy).returncode, 0)
        for line in (self.bed.run / "signatories").read_text().splitlines():
            signed = self.bed.policy("sign", policy, "--bundle", "--agreement", "marac", *self.bed.signer(line.split()[0]))
            self.assertEqual(signed.returncode, 0, signed.stderr)
        wait_for("the renewal is in force for everybody", lambda: self.released("STORY-3") == 6)
        self.assertIn(self.send("STORY-3").returncode, (0, 9))

    def test_3_police_see_what_became_of_it(self):
        share = wait_for("housing has the renewed share", lambda: self.inbox("rp.housing", "practitioner"))
        declined = self.bed.derwent("rp.housing", "practitioner", "referral", "decline", share, "--reason", "ALREADY_KNOWN")
        self.assertEqual(declined.returncode, 0, declined.stderr)
        share = self.inbox("da.provider", "idva")
        for command in (["accept", share], ["close", share, "--outcome", "ACTIONS_COMPLETE"]):
            done = self.bed.derwent("da.provider", "idva", "referral", *command)
            self.assertEqual(done.returncode, 0, done.stderr)

        def seen():
            rows = json.loads(self.bed.derwent("police.derbys", "practitioner", "-o", "json", "referral", "list").stdout or "[]")
            return {(r["recipient"], r["their state"], r["reason"]) for r in rows} >= {
                ("rp.housing", "declined", "ALREADY_KNOWN"), ("da.provider", "closed", "ACTIONS_COMPLETE")}
        wait_for("police see both", seen)

    def test_4_the_dpo_finds_proves_and_verifies_and_a_flipped_byte_is_caught(self):
        found = self.bed.derwent("police.derbys", "dpo", "-o", "json", "audit", "person", "--id", "nhs:9990000026")
        self.assertEqual(found.returncode, 0, found.stderr)
        referrals = [r for r in json.loads(found.stdout) if r["step"] == "referral"]
        self.assertGreaterEqual(len(referrals), 12)
        index = referrals[0]["index"]
        shown = self.bed.derwent("police.derbys", "dpo", "audit", "show", index)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("purpose=case.da_safety", shown.stdout)
        proof = self.bed.run / "entry.tlog-proof"
        self.assertEqual(self.bed.derwent("police.derbys", "dpo", "ledger", "prove", index, "--out", proof).returncode, 0)
        opened = self.bed.derwent("police.derbys", "dpo", "ledger", "open", proof, "--vkey", self.bed.vkey())
        self.assertEqual(opened.returncode, 0, opened.stderr)
        forged = proof.read_text().replace("index ", "index 1", 1)
        proof.write_text(forged)
        self.assertEqual(self.bed.derwent("police.derbys", "dpo", "ledger", "open", proof, "--vkey", self.bed.vkey()).returncode, 8)
        self.assertEqual(self.bed.derwent("police.derbys", "dpo", "ledger", "verify", "--all").returncode, 0)
        copy = self.bed.run / "copy.db"
        self.bed.copy_database(copy)
        self.assertEqual(self.bed.fsck(copy)[0], 0)
        octets = bytearray(copy.read_bytes())
        octets[octets.index(b"dcc.adults")] ^= 1
        copy.write_bytes(octets)
        self.assertEqual(self.bed.fsck(copy)[0], 8)

    def test_4b_the_ledger_leaves_as_tiles_that_others_verify(self):
        then = self.bed.run / "then"
        self.assertEqual(self.bed.derwent("police.derbys", "dpo", "ledger", "verify", "--save", then).returncode, 0)
        self.assertEqual(self.bed.derwent("police.derbys", "dpo", "audit", "person", "--id", "nhs:9990000026").returncode, 0)
        export, extension = self.bed.run / "export", self.bed.run / "extension"
        for command in (["consistency", then, "--out", extension], ["export", export], ["export", export]):
            done = self.bed.derwent("police.derbys", "dpo", "ledger", *command)
            self.assertEqual(done.returncode, 0, done.stderr)
        size, entries = verify_export(export, self.bed.vkey())
        self.assertGreater(size, 100)
        self.assertEqual({len(entry) for entry in entries}, {38})
        self.assertEqual((export / "log.vkey").read_text().strip(), self.bed.vkey())
        sound = self.bed.derwent("police.derbys", "dpo", "ledger", "verify", export, then, extension, "--policy", export / "quorum.policy")
        self.assertEqual(sound.returncode, 0, sound.stderr)
        self.assertIn(" extend ", sound.stdout)
        bundle = export / f"tile/entries/000.p/{size}"
        octets = bytearray(bundle.read_bytes())
        octets[4030] ^= 1
        bundle.write_bytes(octets)
        broken = self.bed.derwent("police.derbys", "dpo", "ledger", "fsck", export, "--vkey", self.bed.vkey())
        self.assertEqual(broken.returncode, 8, broken.stdout)
        self.assertIn("tile/0/000", broken.stderr)

    def test_4c_agencies_witness_the_ledger_and_a_policy_counts_them(self):
        agents = {agency: self.bed.run / "agents" / agency for agency in ("police.derbys", "dfrs", "dcc.adults")}
        vkeys = {agency: (home / "state/witness.vkey").read_text().strip() for agency, home in agents.items()}
        policy, cosigned = self.bed.run / "witnesses.policy", self.bed.run / "cosigned"
        lines = [f"log {self.bed.vkey()}"]
        lines += [f"witness {agency} {vkeys[agency]} http://127.0.0.1:{(home / 'witness.port').read_text().strip()}/" for agency, home in agents.items()]

        def cosign(quorum):
            policy.write_text("\n".join(lines + [f"group sectors {quorum} {' '.join(agents)}", "quorum sectors", ""]))
            return self.bed.derwent("police.derbys", "dpo", "ledger", "cosign", "--policy", policy, "--out", cosigned)
        for _ in range(2):  # From nothing, then from the size that each saw.
            done = cosign("all")
            self.assertEqual(done.returncode, 0, done.stderr)
        offline = self.bed.derwent("police.derbys", "dpo", "ledger", "verify", cosigned, "--policy", policy)
        self.assertEqual(offline.returncode, 0, offline.stderr)
        self.assertEqual(cosigned.read_text().count("\u2014 "), 4)
        lines[-1] = f"witness dcc.adults {vkeys['dcc.adults']} http://127.0.0.1:1/"
        alone = cosign("all")
        self.assertEqual(alone.returncode, 7, alone.stderr)
        self.assertIn("dcc.adults.example/witness", alone.stderr)
        self.assertEqual(cosign(2).returncode, 0, "two of three are enough where the policy says so")

    def test_4d_two_agencies_sign_what_they_checked_of_their_own_entries(self):
        size = int(self.bed.derwent("police.derbys", "dpo", "ledger", "checkpoint").stdout.split("\n")[1])

        def signed():
            rows = json.loads(self.bed.derwent("police.derbys", "dpo", "-o", "json", "ledger", "cosignatures").stdout or "[]")
            return {row["witness"] for row in rows if row["witness"].endswith("/participant") and int(row["cosigned"]) >= size}
        wait_for("both signed", lambda: signed() == {"dcc.adults/participant", "police.derbys/participant"})
        for agency in ("police.derbys", "dcc.adults"):
            self.assertNotIn("LEDGER_MISSTATES_US", self.bed.derwent(agency, "dpo", "status").stdout)

    def test_5_an_operator_sees_what_happens_in_figures_alone(self):
        figures = self.bed.metrics()
        self.assertIn('derwent_referrals_total{agency="police.derbys"', figures)
        self.assertRegex(figures, r'derwent_decisions_total\{[^}]*reason="AGREEMENT_NOT_IN_FORCE"[^}]*\} [1-9]|derwent_decisions_total\{[^}]*outcome="DENY"')
        for name in ("derwent_decision_seconds_count", 'derwent_mailbox_depth{agency="dfrs"} 0', 'derwent_mailbox_oldest_seconds{agency="dfrs"} 0',
                     "derwent_ledger_checkpoint_age_seconds ", 'derwent_agreement_expiry_timestamp_seconds{agreement="marac"}', "derwent_certificate_expiry_timestamp_seconds "):
            self.assertIn(name, figures)
        self.assertNotIn("p-4c1e07", figures)

    # What the tests share.
    def document(self, reference):
        document = json.loads((HOME / "samples/police.derbys/da-referral.json").read_text())
        document["referralRef"] = reference
        return document

    def send(self, reference):
        sent = self.bed.push(self.document(reference))
        self.assertIn(sent.returncode, (0, 9), sent.stderr)
        return sent

    def plan(self, reference):
        return self.bed.push(self.document(reference), "plan").stdout

    def released(self, reference):
        plan = json.loads(self.bed.push(self.document(reference), "plan", "-o", "json").stdout or "{}")
        return len({u["recipientAgency"] for s in plan.get("shares", []) if s["profile"] == "marac" for u in s.get("units", []) if u["outcome"] == "RELEASED"})

    def inbox(self, agency, role):
        rows = json.loads(self.bed.derwent(agency, role, "-o", "json", "referral", "list", "--in").stdout or "[]")
        return rows[0]["share"] if len(rows) >= 2 else None


def units(document):
    return document.get("referral", document).get("units", [])


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Story))
