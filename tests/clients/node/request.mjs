// A fire officer's agent in Node: asks one holder for categories about one person, opens the answer, checks every receipt.
// usage: node request.mjs JOB.json   (JOB: proto, pki, agency, target, vkey, question, holder, person, role, selector); prints JSON
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import { createPrivateKey, createPublicKey, randomUUID, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fresh, hpkeOpen, hpkeSeal, keyId, openUnit, ringBinding, sealUnit, sha256, signed, verified, verifyReceipt } from './octets.mjs';

const job = JSON.parse(readFileSync(process.argv[2]));
const files = readdirSync(`${job.proto}/derwent/v1`).map((name) => `derwent/v1/${name}`);
const options = { keepCase: false, longs: String, enums: String, defaults: true, oneofs: true, includeDirs: [job.proto] };
const api = grpc.loadPackageDefinition(protoLoader.loadSync(files, options)).derwent.v1;
protobuf.common('descriptor', createRequire(import.meta.url)('protobufjs/google/protobuf/descriptor.json').nested.google.nested.protobuf.nested);
const root = new protobuf.Root();
root.resolvePath = (_, target) => (target.startsWith('/') ? target : `${job.proto}/${target}`);
root.loadSync(files);
const type = (name) => root.lookupType(`derwent.v1.${name}`);
const encode = (name, value) => Buffer.from(type(name).encode(type(name).fromObject(value)).finish());
const decode = (name, octets) => type(name).toObject(type(name).decode(octets), { defaults: true, longs: Number, enums: String, bytes: Buffer });

const home = `${job.pki}/agencies/${job.agency}`;
const signing = createPrivateKey(readFileSync(`${home}/signing.key`)), sealing = createPrivateKey(readFileSync(`${home}/sealing.key`));
const credentials = grpc.credentials.createSsl(readFileSync(`${job.pki}/trust/ca.pem`), readFileSync(`${home}/agent.key`), readFileSync(`${home}/agent.pem`));
const stubs = Object.fromEntries(['CaseRequestService', 'MailboxService', 'KeyService'].map((name) => [name, new api[name](job.target, credentials)]));
const call = (service, method, request) => new Promise((resolve, reject) =>
  stubs[service][method](request, { deadline: Date.now() + 40000 }, (error, answer) => (error ? reject(error) : resolve(answer))));
const stamp = (ms) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });
const anchors = JSON.parse(readFileSync(`${job.pki}/trust/anchors.json`));

// An agency's keys by purpose, by its own chain from the key pinned out of band.
function keysOf(keys) {
  const trusted = {};
  let previous = Buffer.alloc(0);
  keys.events.forEach((envelope, i) => {
    const event = decode('KeyEvent', envelope.payload), publicKey = new X509Certificate(event.certificate).publicKey;
    if (event.agency !== keys.agency || event.sequence !== i + 1 || !previous.equals(event.previousEventDigest) || event.keyId !== keyId(publicKey)) throw new Error('the chain breaks');
    if (i === 0 && event.keyId !== anchors[keys.agency]) throw new Error('not the key exchanged out of band');
    verified(envelope, 'application/vnd.derwent.key-event.v1+protobuf', i === 0 ? publicKey : trusted.KEY_PURPOSE_SIGNING);
    if (!verifyReceipt(keys.receipts[i].tlogProof, job.vkey).fields[0].equals(envelope.payload)) throw new Error('the ledger holds another key event');
    trusted[event.purpose] = publicKey;
    previous = sha256(envelope.payload);
  });
  return trusted;
}

async function ask() {
  const grounds = [...job.grounds].sort(), categories = [...job.categories].sort();
  const plan = await call('CaseRequestService', 'planCaseRequest', { requestId: randomUUID(), ...job.question, actingPerson: job.person, role: job.role, subjectRole: job.subjectRole,
    categories, grounds, justification: true, holders: [{ agency: job.holder, selectorCategories: Object.keys(job.selector).sort() }] });
  const target = keysOf(plan.keys[0]).KEY_PURPOSE_SEALING;
  const permitted = plan.decisions[0].selector.categories.filter((c) => c.outcome === 'PERMIT').map((c) => c.category);
  const now = Date.now(), slot = Number(plan.answerSlotSeconds) * 1000, salt = fresh();
  const statement = encode('SenderStatement', { salt: fresh(), actingPerson: job.person, subjects: [{ number: 1, categories: Object.keys(job.selector).sort(), holderCommitment: fresh() }] });
  const manifest = { shareId: randomUUID(), version: 1, kind: 'PACKAGE_KIND_SELECTOR', senderAgency: job.agency, recipientAgency: job.holder, recipientRole: 'spoc', ...job.question,
    policyDigest: plan.policyDigest, createTime: stamp(now), expireTime: stamp(now + Math.max(100 * 3600e3, slot + 72 * 3600e3)), sealingKeyId: keyId(target), senderStatementDigest: sha256(statement),
    marking: plan.decisions[0].selector.marking, obligations: plan.decisions[0].selector.obligations, existenceSensitive: plan.decisions[0].selector.existenceSensitive,
    subjects: [{ number: 1, role: job.subjectRole, grounds, justificationDigest: sha256('derwent/justification/v1', salt, job.justification) }],
    question: { actingPerson: job.person, role: job.role, categories, answerTime: slot ? stamp(now + slot) : undefined }, units: [] };
  const ring = { keys: [], justifications: [{ subject: 1, salt, text: job.justification }] }, units = [];
  for (const category of permitted) {
    const unit = { number: units.length + 1, subject: 1, category, form: 'full' }, key = fresh();
    units.push(sealUnit(manifest, unit, key, encode('UnitContent', { category, form: 'full', ...job.selector[category] })));
    manifest.units.push(unit);
    ring.keys.push({ unit: unit.number, key });
  }
  const keyRing = await hpkeSeal(target, ringBinding(manifest), encode('KeyRing', ring));
  manifest.keyRingDigest = sha256(keyRing);
  const envelope = signed('application/vnd.derwent.manifest.v1+protobuf', encode('Manifest', manifest), signing);
  const answer = await call('CaseRequestService', 'submitCaseRequest', { requestId: manifest.shareId, submissions: [{ package: { manifest: envelope, keyRing, units }, senderStatement: statement }] });
  for (const receipt of answer.receipts) {
    if (!verifyReceipt(receipt.tlogProof, job.vkey).fields[15].equals(sha256(envelope.payload))) throw new Error('the entry is about another manifest');
  }
  return { id: manifest.shareId, outcome: answer.outcome, reason: answer.reason };
}

async function answerTo(id) {
  for (const end = Date.now() + 120000; Date.now() < end;) {
    const { deliveries } = await call('MailboxService', 'collect', { maxDeliveries: 8, wait: { seconds: 10 } });
    for (const delivery of deliveries) {
      if (!delivery.package) { // Acknowledgements and notices of others.
        await call('MailboxService', 'acknowledge', { requestId: randomUUID(), deliveryId: delivery.deliveryId });
        continue;
      }
      const pack = delivery.package, { senderAgency } = decode('Manifest', pack.manifest.payload);
      const trusted = keysOf(await call('KeyService', 'getAgencyKeys', { agency: senderAgency }));
      const manifest = decode('Manifest', verified(pack.manifest, 'application/vnd.derwent.manifest.v1+protobuf', trusted.KEY_PURPOSE_SIGNING));
      if (manifest.replyToShareId !== id || !sha256(pack.keyRing).equals(manifest.keyRingDigest)) throw new Error('not the answer');
      const ring = decode('KeyRing', await hpkeOpen(sealing, ringBinding(manifest), pack.keyRing));
      const units = manifest.units.map((unit, i) => decode('UnitContent', openUnit(manifest, unit, ring.keys[i].key, pack.units[i])));
      for (const receipt of delivery.receipts) {
        if (!verifyReceipt(receipt.tlogProof, job.vkey).fields[15].equals(sha256(pack.manifest.payload))) throw new Error('the entry is about another manifest');
      }
      const head = { shareId: manifest.shareId, version: manifest.version, fromAgency: job.agency, toAgency: senderAgency, sequence: 1, createTime: stamp(Date.now()) };
      const acknowledgement = encode('Acknowledgement', { head, manifestDigest: sha256(pack.manifest.payload), deliveryId: delivery.deliveryId });
      await call('MailboxService', 'acknowledge', { requestId: randomUUID(), deliveryId: delivery.deliveryId,
        acknowledgement: signed('application/vnd.derwent.acknowledgement.v1+protobuf', acknowledgement, signing) });
      return { units, answers: ring.answers, receipts: delivery.receipts.length };
    }
  }
  throw new Error('no answer came');
}

const asked = await ask();
const answer = asked.outcome === 'SUBMIT_OUTCOME_STORED' ? await answerTo(asked.id) : null;
console.log(JSON.stringify({ asked, answer }));
for (const stub of Object.values(stubs)) stub.close();
