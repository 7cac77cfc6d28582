#pragma once

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/daemon/state/request_state.h"
#include "agents/daemon/state/state.h"

namespace derwent::agents {

// What an agency knows by itself of one share between it and another: a referral, a request or an answer.
struct KnownShare {
  bool ours = false;                // It made the share.
  std::set<std::string> manifests;  // SHA-256, octets, of every manifest of it that it signed or was sent.
  bool erased = false;              // What it kept of the share's entries was erased with them.

  bool known() const { return ours || erased || !manifests.empty(); }
};

// What the agency signed, was sent and was given receipts of, from its own state: nothing of it rests on what the
// ledger says. What it signs is kept before it is sent, so it is known here before any entry tells of it. Thread-safe.
class KnownShares {
 public:
  // Borrows both.
  KnownShares(State& state, RequestState& requests) : state_(state), requests_(requests) {}

  // Errors of all: of the state.

  // As far as it concerns `other`; empty: whomever.
  absl::StatusOr<KnownShare> Find(const std::string& share_id, const std::string& other);
  // Whether this agency signed a message of that kind (OutgoingMessage) about a share for `peer`.
  absl::StatusOr<bool> HasSaid(const std::string& share_id, const std::string& peer, absl::string_view kind) {
    return state_.HasMessage(share_id, peer, kind);
  }
  // Whether this agency signed a notice or answer of that digest about the rights of somebody in a share, for `peer`.
  absl::StatusOr<bool> HasSaidOfRights(const std::string& share_id, const std::string& peer, absl::string_view digest);
  // Whether this agency asked for that approval, or was asked for it.
  absl::StatusOr<bool> HasAsked(const std::string& approval_id);
  // A share that was ready to go before `time`, or about which a message was, and that the broker has given no receipt
  // of: its id. Empty: there is none.
  absl::StatusOr<std::string> UnansweredSince(absl::Time time);

 private:
  absl::Status AddSent(const std::string& share_id, const std::string& other, KnownShare& known);
  absl::Status AddAsked(const std::string& share_id, const std::string& other, KnownShare& known);
  absl::Status AddAnswered(const std::string& share_id, const std::string& other, KnownShare& known);
  absl::Status AddReceived(const std::string& share_id, const std::string& other, KnownShare& known);
  absl::Status AddReceipts(const std::string& share_id, const std::string& other, KnownShare& known);

  State& state_;
  RequestState& requests_;
};

}  // namespace derwent::agents
