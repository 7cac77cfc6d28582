#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "trust/note/checkpoint.h"
#include "trust/note/log_keys.h"
#include "trust/note/note.h"

namespace derwent::trust {

// C2SP tlog-policy (draft): whose logs are believed, and how many of which witnesses must have cosigned. A value.
class QuorumPolicy {
 public:
  // Strict. Errors: kInvalidArgument naming the line and the rule it breaks.
  static absl::StatusOr<QuorumPolicy> Parse(absl::string_view text);
  // The policy of a log without witnesses: `log <vkey>`, `quorum none`.
  static std::string WithoutWitnesses(const VerifierKey& log);

  const std::vector<VerifierKey>& logs() const { return logs_; }
  const std::vector<VerifierKey>& witnesses() const { return witnesses_; }
  // What the policy calls each witness, in the same order.
  const std::vector<std::string>& witness_names() const { return witness_names_; }
  // Where each witness is reached, in the same order; empty when its line does not say.
  const std::vector<std::string>& witness_urls() const { return witness_urls_; }
  // `quorum none`: no cosignature is asked for.
  bool none() const { return quorum_ == kNone; }
  // Whether these keys, each counted once, make the quorum.
  bool Met(absl::Span<const VerifierKey> cosigners) const;
  // Whether two witnesses, by their places in the policy, may together be more of the quorum than either alone: they
  // meet in a group of it that needs more than one member.
  bool AddUp(size_t one, size_t other) const;

 private:
  static constexpr size_t kNone = SIZE_MAX;
  // A witness (`key` is its place in `witnesses_`) or a group of nodes defined before it.
  struct Node {
    std::string name;
    size_t key = kNone;
    size_t needs = 0;
    std::vector<size_t> members;
    bool taken = false;  // Is a member of a group already.
  };
  class Reader;
  // Groups over a witness, the lowest first.
  std::vector<size_t> GroupsOver(size_t witness) const;

  std::vector<VerifierKey> logs_;
  std::vector<VerifierKey> witnesses_;
  std::vector<std::string> witness_names_;
  std::vector<std::string> witness_urls_;
  std::vector<Node> nodes_;
  size_t quorum_ = kNone;
};

// Derwent's reading of the names in a policy: a witness's is its agency, with a part after `/` where that holds more
// than one key.
std::string AgencyOfWitness(absl::string_view name);
// Of its several keys one is the participant's: it signs only after the agency checked what the ledger says of it. The
// name in its verifier key ends so.
inline constexpr char kParticipant[] = "/participant";
bool IsParticipant(const VerifierKey& witness);
// Error: kInvalidArgument: two keys of one agency would count as two.
absl::Status CheckAgenciesCountOnce(const QuorumPolicy& policy);

// Parses a checkpoint, verifies it by a key of the log that counts for its size and its known cosignatures, and that
// they make the quorum. The policy's own `log` lines say nothing of sizes and are not asked: whether they are of this
// log, IsOfLog says. Errors: as OpenCheckpoint; kFailedPrecondition: the quorum is not met.
absl::StatusOr<Checkpoint> OpenCosignedCheckpoint(absl::string_view note, const QuorumPolicy& policy,
                                                  const LogKeys& log_keys);

}  // namespace derwent::trust
