// The octets of packages and evidence, from agents/sdk/FORMAT.md and trust/entry/FORMAT.md.
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { createCipheriv, createDecipheriv, createHash, createPublicKey, randomBytes, sign as signOctets, verify as verifyOctets } from 'node:crypto';

const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

export const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
const u16 = (n) => { const b = Buffer.alloc(2); b.writeUInt16BE(n); return b; };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(n)); return b; };

export const keyId = (publicKey) => sha256(publicKey.export({ type: 'spki', format: 'der' })).toString('hex');

// Fields numbered from 1: string or octets, number (u64be), array of octets.
export function canonical(domain, ...fields) {
  const out = [u32(domain.length), Buffer.from(domain)];
  fields.forEach((value, i) => {
    const octets = typeof value === 'number' ? u64(value)
      : Array.isArray(value) ? Buffer.concat([u32(value.length), ...value.flatMap((v) => [u32(v.length), v])])
      : Buffer.from(value);
    out.push(u16(i + 1), u32(octets.length), octets);
  });
  return Buffer.concat(out);
}

const point = (publicKey) => {
  const jwk = publicKey.export({ format: 'jwk' });
  return Buffer.concat([Buffer.from([4]), Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')]);
};

export async function hpkeSeal(publicKey, info, plaintext) {
  const recipientPublicKey = await suite.kem.deserializePublicKey(point(publicKey));
  const sender = await suite.createSenderContext({ recipientPublicKey, info });
  return Buffer.concat([Buffer.from(sender.enc), Buffer.from(await sender.seal(plaintext))]);
}

export async function hpkeOpen(privateKey, info, sealed) {
  const recipientKey = await suite.kem.importKey('jwk', { ...privateKey.export({ format: 'jwk' }), key_ops: ['deriveBits'] }, false);
  const recipient = await suite.createRecipientContext({ recipientKey, enc: sealed.subarray(0, 65), info });
  return Buffer.from(await recipient.open(sealed.subarray(65)));
}

const label = (manifest, unit) => Buffer.from(
  ['derwent/unit/v1', manifest.shareId, manifest.version, unit.number, unit.subject, unit.category, unit.form].join('\0'));

// Seals, and fills in the unit's bucket, digest and commitment.
export function sealUnit(manifest, unit, key, plaintext) {
  let bucket = 256;
  while (bucket < plaintext.length + 4) bucket *= 2;
  const padded = Buffer.concat([u32(plaintext.length), plaintext, Buffer.alloc(bucket - 4 - plaintext.length)]);
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12)).setAAD(label(manifest, unit));
  const sealed = Buffer.concat([cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
  Object.assign(unit, { sizeBucket: bucket, ciphertextDigest: sha256(sealed), keyCommitment: sha256('derwent/unit-key/v1', key) });
  return sealed;
}

export function openUnit(manifest, unit, key, sealed) {
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12)).setAAD(label(manifest, unit)).setAuthTag(sealed.subarray(-16));
  const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  return padded.subarray(4, 4 + padded.readUInt32BE(0));
}

export function ringBinding(m) {
  const rows = m.units.map((u) => canonical('derwent/unit-row/v1', u.number, u.subject, u.category, u.form, u.sizeBucket, u.ciphertextDigest, u.keyCommitment));
  return sha256(canonical('derwent/key-ring/v1', m.shareId, m.version, m.senderAgency, m.recipientAgency, m.sealingKeyId, rows));
}

// DSSE v1.
const preAuthentication = (type, payload) => Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);

export const signed = (payloadType, payload, privateKey) => ({
  payloadType, payload,
  signatures: [{ keyid: keyId(createPublicKey(privateKey)), sig: signOctets('sha256', preAuthentication(payloadType, payload), privateKey) }],
});

export function verified(envelope, payloadType, publicKey) {
  const mine = envelope.signatures.find((s) => s.keyid === keyId(publicKey));
  if (envelope.payloadType !== payloadType || !mine || !verifyOctets('sha256', preAuthentication(payloadType, envelope.payload), publicKey, mine.sig)) {
    throw new Error(`not signed as ${payloadType}`);
  }
  return envelope.payload;
}

// Receipts: opening, RFC 6962 inclusion, C2SP checkpoint.
const root = (hashes) => {
  if (hashes.length === 1) return hashes[0];
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return sha256(Buffer.from([1]), root(hashes.slice(0, k)), root(hashes.slice(k)));
};

function leafOf(opening) {
  const kind = opening[5];
  let rest = opening.subarray(6);
  if (kind !== 0) return { leaf: Buffer.concat([Buffer.from('DRWL\x01'), Buffer.from([kind]), sha256(rest)]), fields: { 0: rest } };
  const fields = {}, hashes = [];
  for (let number = 1; number <= 24; ++number) {
    if (rest[0] === 0) { hashes.push(rest.subarray(1, 33)); rest = rest.subarray(33); continue; }
    const length = rest.readUInt32BE(33), value = rest.subarray(37, 37 + length);
    fields[number] = value;
    hashes.push(sha256(Buffer.from('\0DRWF\x01'), u16(number), rest.subarray(1, 33), u32(length), value));
    rest = rest.subarray(37 + length);
  }
  if (rest.length) throw new Error('something follows the opening');
  return { leaf: Buffer.concat([Buffer.from('DRWL\x01\0'), root(hashes)]), fields };
}

function included(hash, index, size, path, want) { // RFC 9162 section 2.1.3.2
  let fn = index, sn = size - 1, r = hash;
  for (const p of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = sha256(Buffer.from([1]), p, r);
      while (fn % 2 === 0 && fn !== 0) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
    } else {
      r = sha256(Buffer.from([1]), r, p);
    }
    fn = Math.floor(fn / 2); sn = Math.floor(sn / 2);
  }
  return index < size && sn === 0 && r.equals(want);
}

// Index and opened fields of a tlog-proof text; throws when it does not verify.
export function verifyReceipt(proof, vkey) {
  const split = proof.indexOf('\n\n'), lines = proof.slice(0, split).split('\n'), note = proof.slice(split + 2);
  if (lines[0] !== 'c2sp.org/tlog-proof@v1') throw new Error('not a tlog-proof');
  const value = (word) => lines.find((line) => line.startsWith(word + ' ')).slice(word.length + 1);
  const index = Number(value('index')), end = note.lastIndexOf('\n\n'), text = note.slice(0, end + 1);
  const path = lines.slice(1).filter((line) => !/^(extra|index) /.test(line)).map((line) => Buffer.from(line, 'base64'));
  const [name, , ...rest] = vkey.split('+'), key = Buffer.from(rest.join('+'), 'base64');
  const hint = sha256(name, '\n', key).subarray(0, 4);
  const blob = note.slice(end + 2).split('\n').filter((line) => line.startsWith(`\u2014 ${name} `))
    .map((line) => Buffer.from(line.split(' ')[2], 'base64')).find((b) => b.subarray(0, 4).equals(hint));
  const logKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.subarray(1).toString('base64url') }, format: 'jwk' });
  if (!blob || !verifyOctets(null, Buffer.from(text), logKey, blob.subarray(4))) throw new Error('the checkpoint is not signed by the log');
  const [, size, want] = text.split('\n');
  const { leaf, fields } = leafOf(Buffer.from(value('extra'), 'base64'));
  if (!included(sha256(Buffer.from([0]), leaf), index, Number(size), path, Buffer.from(want, 'base64'))) throw new Error('not in the tree');
  return { index, fields };
}

export const fresh = () => randomBytes(32);
