#pragma once

#include <map>
#include <string>
#include <vector>

#include "trust/entry/opening.h"
#include "trust/merkle/proof.h"
#include "trust/note/checkpoint.h"
#include "trust/note/note.h"
#include "trust/note/tlog_proof.h"
#include "trust/signature/ed25519.h"

namespace derwent::cli {

inline constexpr char kOrigin[] = "derwent.example/log";

// A log of made-up entries whose bytes are the same in every run: fixed key, fixed salts.
class SampleLog {
 public:
  explicit SampleLog(uint64_t size, char salt = 's') {
    for (uint64_t i = 0; i < size; ++i) {
      trust::SealedFields fields;
      for (size_t n = 0; n < fields.salts.size(); ++n)
        fields.salts[n] = std::string(trust::kSaltSize, static_cast<char>(salt + static_cast<int>(n)));
      fields[trust::Field::kTime] = std::to_string(1795536292272 + i);
      fields[trust::Field::kReleasingAgency] = "police.derbys";
      fields[trust::Field::kReceivingAgency] = "dfrs";
      fields[trust::Field::kOutcome] = "outcome=PERMIT";
      fields[trust::Field::kStep] = "step=referral actor=releasing";
      entries_.push_back(fields);
      const std::string leaf =
          trust::LeafOctets(trust::EntryKind::kSealed, trust::Commitment(trust::HashFields(fields)));
      leaves_.push_back(leaf);
      edge_.Append(trust::LeafHash(leaf), [&](trust::NodeId id, const Sha256Digest& hash) {
        nodes_[{id.level, id.index}] = hash;
      });
    }
  }

  std::string vkey() const {
    return trust::VerifierKey::Make(kOrigin, trust::kNoteEd25519, Key().public_key())->ToString();
  }
  trust::VerifierKey key() const { return *trust::VerifierKey::Parse(vkey()); }
  const std::vector<std::string>& leaves() const { return leaves_; }
  // Proof that this log extends its first `size` entries.
  std::vector<Sha256Digest> Since(uint64_t size) const {
    return *trust::ConsistencyProof(size, edge_.size(), [&](trust::NodeId id) -> absl::StatusOr<Sha256Digest> {
      return nodes_.at({id.level, id.index});
    });
  }
  std::string Checkpoint() const { return Signed(edge_.size(), edge_.Root()); }
  // What the log's key can sign, true or not.
  static std::string Signed(uint64_t size, const Sha256Digest& root) {
    return SignedBody(trust::Checkpoint{.origin = kOrigin, .size = size, .root = root, .extensions = ""}.Body());
  }
  static std::string SignedBody(const std::string& body) {
    return trust::Note{.text = body, .signatures = {*trust::SignNote(body, kOrigin, Key())}}.ToString();
  }
  // Opens the first five public fields and the step; the rest stay hashes.
  std::string Proof(uint64_t index) const {
    const trust::SealedFields& fields = entries_[index];
    const auto read = [&](trust::NodeId id) -> absl::StatusOr<Sha256Digest> { return nodes_.at({id.level, id.index}); };
    trust::TlogProof proof{
        .extra =
            trust::Opening::Of(fields, trust::HashFields(fields), trust::FieldSet(0b10000010000000011011)).ToExtra(),
        .index = index,
        .path = *trust::InclusionProof(index, edge_.size(), read),
        .checkpoint = Checkpoint()};
    return proof.ToString();
  }

 private:
  static trust::Ed25519Key Key() { return *trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'k'))); }

  trust::RightEdge edge_;
  std::vector<trust::SealedFields> entries_;
  std::vector<std::string> leaves_;
  std::map<std::pair<int, uint64_t>, Sha256Digest> nodes_;
};

}  // namespace derwent::cli
