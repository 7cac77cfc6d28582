#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"

#include "agents/daemon/context/context.h"
#include "derwent/v1/ledger.pb.h"
#include "derwent/v1/message.pb.h"
#include "derwent/v1/referral.pb.h"

namespace derwent::agents {

// Numbers, signs and keeps messages to other agencies, and sends what is kept in order. Who acted stays in the agency's
// own access log: a head's acting person would be shown to the other party. Thread-safe.
class Postman {
 public:
  explicit Postman(const AgentContext& context) : context_(context) {}

  // The package was verified, opened, checked and handed over. Queued once for each share.
  absl::Status QueueAcknowledgement(const InboxRow& received);
  // Likewise, together with what is kept of a package that nobody is handed.
  absl::Status QueueAcknowledgement(const InboxRow& received, Changes& changes) const;
  // Whether that was done: only then may more be said about the share, for messages leave in the order queued.
  absl::StatusOr<bool> HasAcknowledged(const std::string& share_id);
  // How what was received goes on.
  struct Report {
    v1::ProgressState state = v1::PROGRESS_STATE_UNSPECIFIED;
    std::string reason;
    std::string note;
  };
  // Together with what else is done of it. Returns under which name the broker's reply will be found (State::TakeReply:
  // the serialised receipt). Errors: kInvalidArgument a note too long; kFailedPrecondition no key to seal it to.
  absl::StatusOr<std::string> QueueProgress(const InboxRow& received, const Report& report, Changes& changes) const;
  // By itself.
  absl::Status QueueProgress(const InboxRow& received, const Report& report);
  struct SharedVersion {
    const std::string& share_id;
    uint32_t version = 0;  // 0 stands for 1.
  };
  // Queued once for each share and recipient.
  absl::Status QueueWithdrawal(const SharedVersion& share, const std::string& recipient, const std::string& reason);
  // About a package that was not taken, or units of it. Queued once for each delivery and kind.
  absl::Status QueueNotice(const v1::Manifest& manifest, const std::string& delivery_id, v1::NoticeKind kind,
                           const std::vector<uint32_t>& units, const std::string& manifest_digest);
  // About the broker's receipts of packages that this agency sent, to the recipient of each: what the ledger then says.
  // Queued once for each share and recipient.
  using Submissions = google::protobuf::RepeatedPtrField<v1::Submission>;
  absl::Status QueueComplaints(const Submissions& submissions, v1::NoticeKind kind);

  // What the broker said of one message sent.
  struct Sent {
    v1::Receipt receipt;
    std::vector<std::string> told_agencies;
  };
  // Sends everything kept; what the broker will never take is forgotten, with an alarm, and what waits behind it moves
  // up. Returns what became of the messages about `share_id` (may be empty: none wanted).
  // Error: kUnavailable when the broker does not answer; the rest stays kept.
  absl::StatusOr<std::vector<Sent>> Drain(const std::string& share_id = "");
  // Whom the withdrawals to `recipients` told, for they had the share already; whichever Drain sent them. Error:
  // kUnavailable the broker did not take one of them.
  absl::StatusOr<std::vector<std::string>> ToldOf(const std::string& share_id, const std::set<std::string>& recipients);

 private:
  v1::MessageHead Head(const std::string& share_id, uint32_t version, const std::string& to, uint32_t sequence) const;
  // The same message under another number, of now, by the key that signs now. Error: kDataLoss it does not parse.
  absl::StatusOr<std::string> Renumbered(const OutgoingMessage& message, uint32_t sequence) const;
  absl::Status SealAgain(const OutgoingMessage& message, v1::Progress& progress) const;
  absl::StatusOr<Sent> Send(const OutgoingMessage& message);
  // `dropped`: the broker will never take it, and it is forgotten.
  absl::StatusOr<Sent> SendOrDrop(const OutgoingMessage& message, bool& dropped);

  const AgentContext& context_;
  Mutex sending_;  // One sender at a time: numbers of a share leave in order.
};

}  // namespace derwent::agents
