"""An agency's agent, as an integrator would write one: the contract, standard cryptography, nothing of the product."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import uuid

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from google.protobuf import text_format

import sealing
from evidence import verify_receipt

HOME = pathlib.Path(__file__).resolve().parents[2]
GENERATED = tempfile.TemporaryDirectory(prefix="derwent proto ")
subprocess.run(["protoc", "-I", HOME / "proto", f"--python_out={GENERATED.name}", f"--grpc_python_out={GENERATED.name}", "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
                *sorted((HOME / "proto/derwent/v1").glob("*.proto"))], check=True)
sys.path.insert(0, GENERATED.name)
from derwent.v1 import key_pb2, key_service_pb2 as keys_pb2, key_service_pb2_grpc, mailbox_pb2, mailbox_pb2_grpc, message_pb2, package_pb2, record_pb2, referral_pb2, referral_pb2_grpc, register_pb2, register_service_pb2, register_service_pb2_grpc  # noqa: E402

MANIFEST = "application/vnd.derwent.manifest.v1+protobuf"
KEY_EVENT = "application/vnd.derwent.key-event.v1+protobuf"
DIRECTORY = "application/vnd.derwent.directory.v1+protobuf"
ACKNOWLEDGEMENT = "application/vnd.derwent.acknowledgement.v1+protobuf"
DAY = 24 * 3600


def certificate(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def private_key(path):
    return serialization.load_pem_private_key(path.read_bytes(), None)


class Agency:
    def __init__(self, run, agency, target):
        self.agency, self.pki = agency, pathlib.Path(run) / "pki"
        home = self.pki / "agencies" / agency
        self.signing, self.sealing = private_key(home / "signing.key"), private_key(home / "sealing.key")
        self.certificates = {"signing": certificate(home / "signing.pem"), "sealing": certificate(home / "sealing.pem")}
        self.vkey = (self.pki / "trust/log.vkey").read_text().strip()
        self.anchors = json.loads((self.pki / "trust/anchors.json").read_text())
        credentials = grpc.ssl_channel_credentials((self.pki / "trust/ca.pem").read_bytes(), (home / "agent.key").read_bytes(), (home / "agent.pem").read_bytes())
        channel = grpc.secure_channel(target, credentials)
        self.keys, self.registers = key_service_pb2_grpc.KeyServiceStub(channel), register_service_pb2_grpc.RegisterServiceStub(channel)
        self.referrals, self.mailbox = referral_pb2_grpc.ReferralServiceStub(channel), mailbox_pb2_grpc.MailboxServiceStub(channel)

    def call(self, method, request):
        return method(request, timeout=30)

    # Keys and people.
    def publish(self):
        previous = b""
        for sequence, (use, purpose) in enumerate((("signing", key_pb2.KEY_PURPOSE_SIGNING), ("sealing", key_pb2.KEY_PURPOSE_SEALING)), 1):
            owner = self.certificates[use]
            event = key_pb2.KeyEvent(agency=self.agency, sequence=sequence, action=key_pb2.KEY_ACTION_PUBLISH, purpose=purpose, certificate=owner.public_bytes(serialization.Encoding.DER),
                                     key_id=sealing.key_id(owner.public_key()), previous_event_digest=previous)
            start = max(owner.not_valid_before.timestamp() - time.timezone, time.time() - 20)
            event.valid_from.FromSeconds(int(start))
            event.valid_until.FromSeconds(min(int(owner.not_valid_after.timestamp() - time.timezone), int(start) + 89 * DAY))
            payload = event.SerializeToString()
            request = keys_pb2.PublishKeyEventRequest(request_id=str(uuid.uuid4()))
            sealing.sign(request.event, KEY_EVENT, payload, self.signing)
            answer = self.call(self.keys.PublishKeyEvent, request)
            _, fields = verify_receipt(answer.receipt.tlog_proof, self.vkey)
            assert fields[0] == payload, "the ledger holds another key event"
            previous = sealing.sha256(payload)

    def publish_directory(self, text):
        directory = text_format.Parse(text, register_pb2.Directory())
        request = register_service_pb2.ApplyDirectoryRequest(request_id=str(uuid.uuid4()))
        sealing.sign(request.directory, DIRECTORY, directory.SerializeToString(), self.signing)
        self.call(self.registers.ApplyDirectory, request)

    def keys_of(self, keys):
        """The agency's signing and sealing keys that its own chain leads to from the key pinned out of band."""
        trusted = {}
        previous = b""
        for number, (envelope, receipt) in enumerate(zip(keys.events, keys.receipts), 1):
            event = key_pb2.KeyEvent.FromString(envelope.payload)
            public = x509.load_der_x509_certificate(event.certificate).public_key()
            assert (event.agency, event.sequence, event.previous_event_digest) == (keys.agency, number, previous)
            assert event.key_id == sealing.key_id(public)
            if number == 1:
                assert event.key_id == self.anchors[keys.agency], "not the key exchanged out of band"
            sealing.verify(envelope, KEY_EVENT, public if number == 1 else trusted[key_pb2.KEY_PURPOSE_SIGNING])
            _, fields = verify_receipt(receipt.tlog_proof, self.vkey)
            assert fields[0] == envelope.payload, "the ledger holds another key event"
            trusted[event.purpose] = public
            previous = sealing.sha256(envelope.payload)
        return trusted

    # Out.
    def submit(self, recipient, role, person, question, contents):
        """Plans, seals what the plan permits of `contents` (category to UnitContent) and submits. Returns (share id, answer)."""
        plan_request = referral_pb2.PlanReferralRequest(request_id=str(uuid.uuid4()), acting_person=person, **question)
        planned = plan_request.recipients.add(agency=recipient, role=role)
        planned.subjects.add(number=1, role="resident", categories=sorted(contents), justification=False)
        plan = self.call(self.referrals.PlanReferral, plan_request)
        decided = {c.category: c for c in plan.decisions[0].decision.categories}
        released = [c for c in sorted(contents) if decided[c].outcome in ("PERMIT", "REDACT") and decided[c].form == contents[c].form]
        target = self.keys_of(plan.keys[0])[key_pb2.KEY_PURPOSE_SEALING]
        share = str(uuid.uuid4())
        statement = package_pb2.SenderStatement(salt=os.urandom(32), acting_person=person)
        statement.subjects.add(number=1, categories=sorted(contents), holder_commitment=sealing.sha256(os.urandom(32)))
        manifest = package_pb2.Manifest(share_id=share, version=1, kind=package_pb2.PACKAGE_KIND_REFERRAL, sender_agency=self.agency, recipient_agency=recipient, recipient_role=role,
                                        policy_digest=plan.policy_digest, sealing_key_id=sealing.key_id(target), marking=plan.decisions[0].decision.marking,
                                        obligations=plan.decisions[0].decision.obligations, sender_statement_digest=sealing.sha256(statement.SerializeToString()), **question)
        manifest.create_time.GetCurrentTime()
        manifest.expire_time.FromSeconds(int(time.time()) + 2 * DAY)
        manifest.subjects.add(number=1, role="resident")
        ring, submission = package_pb2.KeyRing(), referral_pb2.Submission(sender_statement=statement.SerializeToString())
        for number, category in enumerate(released, 1):
            unit = manifest.units.add(number=number, subject=1, category=category, form=contents[category].form)
            key = sealing.fresh_key()
            submission.package.units.append(sealing.seal_unit(manifest, unit, key, contents[category].SerializeToString()))
            ring.keys.add(unit=number, key=key)
        submission.package.key_ring = sealing.hpke_seal(target, sealing.ring_binding(manifest), ring.SerializeToString())
        manifest.key_ring_digest = sealing.sha256(submission.package.key_ring)
        sealing.sign(submission.package.manifest, MANIFEST, manifest.SerializeToString(), self.signing)
        answer = self.call(self.referrals.SubmitReferral, referral_pb2.SubmitReferralRequest(request_id=share, submissions=[submission]))
        for receipt in answer.receipts:
            _, fields = verify_receipt(receipt.tlog_proof, self.vkey)
            assert fields[15] == sealing.sha256(submission.package.manifest.payload), "the entry is about another manifest"
        return share, answer

    # In.
    def collect(self, wait):
        request = mailbox_pb2.CollectRequest(max_deliveries=8)
        request.wait.FromSeconds(wait)
        return self.call(self.mailbox.Collect, request).deliveries

    def open(self, delivery):
        """(manifest, contents by subject and category) of a package; every check of a recipient but the label's."""
        package = delivery.package
        sender = package_pb2.Manifest.FromString(package.manifest.payload).sender_agency
        trusted = self.keys_of(self.call(self.keys.GetAgencyKeys, keys_pb2.GetAgencyKeysRequest(agency=sender)))
        manifest = package_pb2.Manifest.FromString(sealing.verify(package.manifest, MANIFEST, trusted[key_pb2.KEY_PURPOSE_SIGNING]))
        assert manifest.recipient_agency == self.agency and manifest.key_ring_digest == sealing.sha256(package.key_ring)
        ring = package_pb2.KeyRing.FromString(sealing.hpke_open(self.sealing, sealing.ring_binding(manifest), package.key_ring))
        contents = {}
        for unit, key, sealed in zip(manifest.units, ring.keys, package.units):
            contents[unit.subject, unit.category] = record_pb2.UnitContent.FromString(sealing.open_unit(manifest, unit, key.key, sealed))
        for receipt in delivery.receipts:
            _, fields = verify_receipt(receipt.tlog_proof, self.vkey)
            assert fields[15] == sealing.sha256(package.manifest.payload)
        return manifest, contents

    def acknowledge(self, delivery, manifest):
        message = message_pb2.Acknowledgement(manifest_digest=sealing.sha256(delivery.package.manifest.payload), delivery_id=delivery.delivery_id)
        message.head.MergeFrom(message_pb2.MessageHead(share_id=manifest.share_id, version=manifest.version, from_agency=self.agency, to_agency=manifest.sender_agency, sequence=1))
        message.head.create_time.GetCurrentTime()
        request = mailbox_pb2.AcknowledgeRequest(request_id=str(uuid.uuid4()), delivery_id=delivery.delivery_id)
        sealing.sign(request.acknowledgement, ACKNOWLEDGEMENT, message.SerializeToString(), self.signing)
        return self.call(self.mailbox.Acknowledge, request)
