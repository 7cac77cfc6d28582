#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/note/log_keys.h"
#include "trust/note/note.h"
#include "trust/note/quorum.h"

namespace derwent::witness {

// When entries without their quorum are told of, and when releases stop. Configurable.
struct Patience {
  absl::Duration amber = absl::Seconds(90);
  absl::Duration limit = absl::Seconds(900);
};

// Which witnesses this log needs: the broker's tlog-policy file (C2SP), judged. A value.
//
// A witness's name in it is its agency, with a part after `/` where the agency holds more than one key.
class Quorum {
 public:
  // Error: kInvalidArgument: not a policy; not of this log alone; `operator_agency` missing where witnesses are asked
  // for, or enough for the quorum by itself; a name that is no agency's; an agency whose keys count as two.
  static absl::StatusOr<Quorum> Make(absl::string_view text, const trust::LogKeys& log_keys,
                                     absl::string_view operator_agency, Patience patience);

  // `quorum none`: written down, and shown in every receipt.
  bool none() const { return policy_.none(); }
  const std::string& text() const { return text_; }
  const trust::QuorumPolicy& policy() const { return policy_; }
  const Patience& patience() const { return patience_; }
  // By which what a witness saw of this log is believed. The one in use is the policy's first.
  const trust::LogKeys& log_keys() const { return log_keys_; }
  // Whose witness it is.
  const std::string& AgencyOf(size_t witness) const { return agencies_[witness]; }
  // The witness's place in the policy; nullopt: not one of its keys.
  std::optional<size_t> Find(absl::string_view vkey) const;

 private:
  Quorum(std::string text, trust::QuorumPolicy policy, trust::LogKeys log_keys, Patience patience)
      : text_(std::move(text)), policy_(std::move(policy)), log_keys_(std::move(log_keys)), patience_(patience) {}
  absl::Status Judge(absl::string_view operator_agency) const;

  std::string text_;
  trust::QuorumPolicy policy_;
  trust::LogKeys log_keys_;
  Patience patience_;
  std::vector<std::string> agencies_;
};

}  // namespace derwent::witness
