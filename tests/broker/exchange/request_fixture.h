#pragma once

#include <functional>
#include <string>
#include <vector>

#include "broker/exchange/command/refusal.h"
#include "derwent/v1/case_request.pb.h"
#include "tests/broker/exchange/exchange_fixture.h"

namespace derwent::exchange {

inline constexpr char kHolder[] = "dcc.adults";
inline constexpr char kCase[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b10";
inline constexpr char kAnswerId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b20";
inline constexpr char kSupplementId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b21";
inline constexpr char kApprovalId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b30";
inline constexpr char kOfficer[] = "p-7d20aa";  // Who agrees for the holder.
inline constexpr char kArea[] = "E07000034";

struct Unit {
  std::string category;
  std::string form = "full";
  uint32_t bucket = 256;
};

// Where somebody asks adults' services about a person: against anti-social behaviour or before a home visit, where
// nothing is secret, or for MARAC, where it must not be told whether the person is known.
struct Setting {
  std::string asker;
  std::string role = "practitioner";
  std::string profile;
  std::string purpose;
  std::string document = {};  // Written request that is named in place of a case.
  std::string board = {};
  std::string subject_role;
  std::string convenor_role;
  std::string approver_role;
  std::vector<std::string> asked;  // Sorted; the first needs an approver.
  std::vector<std::string> grounds;
  std::vector<Unit> released;  // What needs nobody.
  Unit approved;               // What needs the approver.
  bool sensitive = false;
};
const Setting& Antisocial();
const Setting& HomeVisit();
const Setting& Marac();

using SelectorChange = std::function<void(v1::Manifest&, v1::SenderStatement&)>;

// An open case, and one request that its tests may change before it is sent.
class RequestTest : public ExchangeTest {
 protected:
  explicit RequestTest(const Setting& setting = Antisocial());
  void SetUp() override;

  v1::SubmitCaseRequestRequest Request(const SelectorChange& change = nullptr, const std::string& share_id = kShareId);
  absl::StatusOr<v1::SubmitCaseRequestResponse> SubmitRequest(const v1::SubmitCaseRequestRequest& request);
  // Stored, collected and acknowledged; time moves to the answer slot.
  void HandOverRequest();
  void MoveToSlot() { now_ = slot_; }

  // An answer with what needs nobody, or what a setting's neutral answer holds.
  v1::SubmitCaseAnswerRequest Answer(const SelectorChange& change = nullptr);
  v1::SubmitCaseAnswerRequest Supplement(const SelectorChange& change = nullptr);
  absl::StatusOr<v1::SubmitCaseAnswerResponse> SubmitAnswer(const v1::SubmitCaseAnswerRequest& request,
                                                            const std::string& agency = kHolder);
  // The outcome and reason of an answer, or the reason of its status: `STORED`, `REFUSED CASE_LINK_REQUIRED`,
  // `SHARE_UNKNOWN`.
  std::string Told(const v1::SubmitCaseAnswerRequest& request, const std::string& agency = kHolder);
  std::string Told(const v1::SubmitCaseRequestRequest& request);
  std::string Told(const absl::Status& status) { return status.ok() ? "OK" : ReasonOf(status); }

  // What the officer signs for the supplement's unit, whole but for what `change` does before it is signed.
  v1::SignedApproval Approval(const std::function<void(v1::ApprovalCommand&)>& change = nullptr);
  v1::SignedApproval SignedBy(const testing::TestIdentity& identity, const v1::ApprovalCommand& command) const;

  absl::Status Withdraw(const std::string& share_id, const std::string& from, const std::string& to, uint32_t sequence);
  absl::Status Close();
  Caller PersonOf(const std::string& agency, const std::string& person = kPractitioner) const;
  v1::RequestHolder HolderSeenBy(const std::string& agency, trust::CallerKind kind = trust::CallerKind::kAgent);
  // Every field that the agency may open of every entry it is party to, as text, manifest digests left out.
  std::vector<std::string> EntriesSeenBy(const std::string& agency);
  // Octets of the receipts of those entries; they grow with the log.
  std::vector<size_t> ReceiptsSeenBy(const std::string& agency);

  const Setting& setting_;
  testing::TestIdentity officer_;
  absl::Time slot_;

 private:
  v1::SubmitCaseAnswerRequest Reply(const std::string& share_id, v1::PackageKind kind, const std::vector<Unit>& units,
                                    const SelectorChange& change);
  v1::Manifest Manifest(const std::string& share_id, v1::PackageKind kind, const std::string& from,
                        const std::string& to) const;
  void Finish(v1::Manifest manifest, v1::SenderStatement statement, const std::vector<Unit>& units,
              const SelectorChange& change, v1::Submission& submission) const;
};

}  // namespace derwent::exchange
