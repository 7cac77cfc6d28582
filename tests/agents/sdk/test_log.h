#pragma once

#include <string>
#include <vector>

#include "derwent/v1/ledger.pb.h"
#include "trust/entry/opening.h"
#include "trust/merkle/proof.h"
#include "trust/merkle/tree.h"
#include "trust/note/checkpoint.h"
#include "trust/note/note.h"
#include "trust/note/tlog_proof.h"
#include "trust/secret/random.h"
#include "trust/signature/ed25519.h"

namespace derwent::testing {

// A ledger in memory with real proofs. `name` separates logs; two of one name share a key and can fork.
class TestLog {
 public:
  explicit TestLog(std::string name = "derwent.example/log") : name_(std::move(name)), key_(MakeKey()) {}
  // Another log's continuation, by who has its key: `leaves` are the hashes of what it holds.
  TestLog(std::string name, trust::Ed25519Key key, std::vector<Sha256Digest> leaves)
      : name_(std::move(name)), key_(std::move(key)), hashes_(std::move(leaves)) {}

  trust::VerifierKey vkey() const {
    return trust::VerifierKey::Make(name_, trust::kNoteEd25519, key_.public_key()).value();
  }
  uint64_t size() const { return hashes_.size(); }

  v1::Receipt EnterPublic(trust::EntryKind kind, const std::string& body) {
    return Enter(trust::Opening::OfPublic(kind, body));
  }

  // A sealed entry whose fields are all opened.
  v1::Receipt EnterSealed(trust::SealedFields fields) {
    trust::SystemRandom random;
    fields.Salt(random);
    const trust::FieldHashes hashes = trust::HashFields(fields);
    trust::FieldSet all;
    all.set();
    return Enter(trust::Opening::Of(fields, hashes, all));
  }

  trust::Checkpoint Newest() const { return {.origin = name_, .size = size(), .root = Root(size())}; }
  std::string NewestNote() const {
    trust::Note note{.text = Newest().Body()};
    note.signatures.push_back(trust::SignNote(note.text, name_, key_).value());
    return note.ToString();
  }
  std::vector<Sha256Digest> Consistency(uint64_t old_size, uint64_t size) const {
    return trust::ConsistencyProof(old_size, size,
                                   [this](trust::NodeId node) -> absl::StatusOr<Sha256Digest> { return Node(node); })
        .value();
  }

 private:
  static trust::Ed25519Key MakeKey() {
    return trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 's'))).value();
  }

  v1::Receipt Enter(const trust::Opening& opening) {
    hashes_.push_back(opening.LeafHashOf());
    trust::TlogProof proof{.extra = opening.ToExtra(), .index = size() - 1, .checkpoint = NewestNote()};
    proof.path = trust::InclusionProof(proof.index, size(), [this](trust::NodeId node) -> absl::StatusOr<Sha256Digest> {
                   return Node(node);
                 }).value();
    v1::Receipt receipt;
    receipt.set_index(proof.index);
    receipt.set_tlog_proof(proof.ToString());
    return receipt;
  }

  Sha256Digest Node(trust::NodeId node) const {
    if (node.level == 0) return hashes_[node.index];
    return trust::NodeHash(Node({.level = node.level - 1, .index = node.index * 2}),
                           Node({.level = node.level - 1, .index = node.index * 2 + 1}));
  }
  Sha256Digest Root(uint64_t size) const {
    trust::RightEdge edge;
    for (uint64_t i = 0; i < size; ++i) edge.Append(hashes_[i], [](trust::NodeId, const Sha256Digest&) {});
    return edge.Root();
  }

  std::string name_;
  trust::Ed25519Key key_;
  std::vector<Sha256Digest> hashes_;
};

}  // namespace derwent::testing
