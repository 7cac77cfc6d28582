#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "agents/witness/witness.h"
#include "tests/support/matchers.h"
#include "trust/merkle/proof.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/quorum.h"

namespace derwent::agents {

inline constexpr char kOrigin[] = "derwent.example/ledger";

inline trust::Ed25519Key KeyOf(char seed) {
  return *trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, seed)));
}
inline trust::VerifierKey LogKey(char seed = 'l') {
  return *trust::VerifierKey::Make(kOrigin, trust::kNoteEd25519, KeyOf(seed).public_key());
}

// A log that can lie: its leaves are numbers with a mark.
class Log {
 public:
  explicit Log(uint64_t size, char mark = 'a', uint64_t marked_from = 0) {
    for (uint64_t i = 0; i < size; ++i) {
      const std::string leaf = absl::StrCat(i, std::string(1, i < marked_from ? 'a' : mark));
      edge_.Append(trust::LeafHash(leaf), [&](trust::NodeId id, const Sha256Digest& hash) {
        nodes_[{id.level, id.index}] = hash;
      });
    }
  }
  // Signed by each of these keys.
  std::string Checkpoint(const std::string& seeds = "l", const std::string& origin = kOrigin) const {
    trust::Note note{
        .text =
            trust::Checkpoint{.origin = origin, .size = edge_.size(), .root = edge_.Root(), .extensions = ""}.Body(),
        .signatures = {}};
    for (const char seed : seeds) note.signatures.push_back(*trust::SignNote(note.text, origin, KeyOf(seed)));
    return note.ToString();
  }
  // An add-checkpoint body from `old_size`.
  std::string Since(uint64_t old_size, const std::string& seeds = "l") const {
    trust::AddCheckpoint request{.old_size = old_size, .path = {}, .checkpoint = Checkpoint(seeds)};
    if (old_size > 0) {
      request.path =
          *trust::ConsistencyProof(old_size, edge_.size(), [&](trust::NodeId id) -> absl::StatusOr<Sha256Digest> {
            return nodes_.at({id.level, id.index});
          });
    }
    return request.ToString();
  }

 private:
  trust::RightEdge edge_;
  std::map<std::pair<int, uint64_t>, Sha256Digest> nodes_;
};

class MovedClock final : public Clock {
 public:
  absl::Time Now() const override { return now_; }
  void Move(absl::Duration by) { now_ += by; }

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'790'000'000);
};

class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() {
    std::filesystem::create_directories(folder_);
    Open();
  }
  ~WitnessTest() override {
    witness_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Open() {
    witness_.reset();
    witness_ = Of("dfrs", 'w');
  }
  // An agency's witness, with state of its own.
  std::unique_ptr<Witness> Of(const std::string& agency, char seed) {
    return *Witness::Open((folder_ / (agency + ".db")).string(), agency + ".example/witness", KeyOf(seed),
                          [this] { return believed_; }, clock_);
  }
  int Status(const std::string& body) { return witness_->AddCheckpoint(body).status; }
  // The checkpoint with what the witness answered, under a policy that asks for this witness.
  absl::StatusOr<trust::Checkpoint> Cosigned(const std::string& checkpoint, const std::string& lines) {
    const auto policy = trust::QuorumPolicy::Parse(
        absl::StrCat("log ", LogKey().ToString(), "\nwitness w ", witness_->vkey().ToString(), "\nquorum w\n"));
    return trust::OpenCosignedCheckpoint(checkpoint + lines, *policy, LogKey());
  }

  MovedClock clock_;
  trust::LogKeys believed_ = LogKey();  // What the agency's file says at the moment.
  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::unique_ptr<Witness> witness_;
};

// A line that anybody can write: under the log's name, by no key of its.
inline std::string JunkLine(int i, size_t octets = 64) {
  return trust::SignatureLine(
      {.name = kOrigin, .key_id = static_cast<uint32_t>(i), .signature = std::string(octets, 'j')});
}

}  // namespace derwent::agents
