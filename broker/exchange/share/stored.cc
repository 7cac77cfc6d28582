#include "broker/exchange/share/stored.h"

#include "broker/exchange/share/case_link.h"
#include "broker/exchange/share/decide.h"
#include "trust/base/status_macros.h"

// A part as it is stored, decided again and entered step by step.

namespace derwent::exchange {
namespace {

absl::Status ReadContext(const v1::Submission& context, StoredPart& stored) {
  if (stored.manifest.ParseFromString(context.package().manifest().payload()) &&
      stored.statement.ParseFromString(context.sender_statement()))
    return absl::OkStatus();
  return absl::DataLossError("a stored manifest does not parse");
}

// What the approvals that came with it let out.
absl::Status ReadApproved(const v1::SubmitReferralRequest& context, StoredPart& stored) {
  for (const v1::SignedApproval& approval : context.approvals()) {
    v1::ApprovalCommand command;
    if (!command.ParseFromString(approval.command().payload()))
      return absl::DataLossError("a stored approval does not parse");
    for (const v1::ApprovedUnit& unit : command.units())
      stored.approved.emplace(unit.category(), unit.form(), command.approver_role());
  }
  return absl::OkStatus();
}

// What an existence-sensitive profile keeps from the asker: that a request ran out, and that an answer was stopped.
// Either may hang on whether the person is known.
bool HiddenFromAsker(absl::string_view step, const StoredPart& stored) {
  if (!stored.share.existence_sensitive) return false;
  return (step == "expiry" && stored.share.kind == v1::PACKAGE_KIND_SELECTOR) || (step == "held" && stored.replies());
}

}  // namespace

absl::StatusOr<StoredPart> LoadPart(const store::PartKey& key, Batch& batch) {
  ASSIGN_OR_RETURN(std::optional<store::ShareRow> share, batch.read().FindShare(key.share_id));
  ASSIGN_OR_RETURN(std::optional<store::PartRow> part, batch.read().FindPart(key));
  // A part without its context is over, and what named people in it was erased.
  if (!share.has_value() || !part.has_value() || part->context.empty())
    return absl::NotFoundError("no such share of this recipient");
  StoredPart stored{.share = *std::move(share),
                    .part = *std::move(part),
                    .manifest = {},
                    .statement = {},
                    .selector = {},
                    .approved = {}};
  v1::SubmitReferralRequest context;
  if (!context.ParseFromString(stored.part.context) || context.submissions_size() != 1)
    return absl::DataLossError("a stored manifest does not parse");
  RETURN_IF_ERROR(ReadContext(context.submissions(0), stored));
  RETURN_IF_ERROR(ReadApproved(context, stored));
  if (stored.share.kind == v1::PACKAGE_KIND_SELECTOR) stored.selector = stored.manifest;
  if (!stored.replies()) return stored;
  ASSIGN_OR_RETURN(
      const StoredPart request,
      LoadPart({.share_id = stored.share.reply_to_share_id, .recipient_agency = stored.share.sender_agency}, batch));
  stored.selector = request.manifest;
  return stored;
}

absl::StatusOr<std::vector<DecidedSubject>> DecideStored(const StoredPart& stored, Batch& batch) {
  if (stored.share.kind == v1::PACKAGE_KIND_REFERRAL)
    return DecidePackage(stored.manifest, stored.statement, batch.world(), batch.now());
  ASSIGN_OR_RETURN(const policy::CaseLink link, CaseLinkOf(stored.selector, batch));
  return std::vector<DecidedSubject>{DecideAsked(stored.selector, link, batch.world(), batch.now())};
}

absl::StatusOr<std::vector<uint64_t>> EnterStep(absl::string_view step, By by, const StoredPart& stored,
                                                const Objections& refused, Batch& batch, absl::string_view code,
                                                absl::string_view overridden) {
  ASSIGN_OR_RETURN(const std::vector<DecidedSubject> decided, DecideStored(stored, batch));
  const bool hidden = HiddenFromAsker(step, stored);
  const PackageStep taken{.name = step,
                          .by = by,
                          .manifest = stored.manifest,
                          .statement = stored.statement,
                          .manifest_digest = stored.part.manifest_digest,
                          .refused = refused,
                          .overridden = overridden};
  std::vector<ledger::EntryDraft> drafts;
  for (const DecidedSubject& subject : decided) {
    std::vector<std::string> of;
    for (const store::SubjectTag& tag : stored.part.tags) {
      const bool askers = stored.share.kind == v1::PACKAGE_KIND_SELECTOR;
      if (tag.subject == subject.number && !(hidden && askers)) of.push_back(tag.tag);
    }
    drafts.push_back(DraftFor(taken, subject, std::move(of), batch));
    if (!code.empty())
      drafts.back().SetOutcome("", {std::string(code)}, batch.world().policy_digest(), batch.world().register_digest);
    if (hidden) drafts.back().SetReceiving("", "");
  }
  return batch.Append(drafts);
}

absl::Status DeliverNotice(const std::string& agency, v1::BrokerNoticeKind kind, const StoredPart& stored,
                           const std::string& reason, const std::string& role, const std::vector<uint64_t>& entries,
                           Batch& batch) {
  v1::BrokerNotice notice;
  notice.set_kind(kind);
  notice.set_share_id(stored.share.share_id);
  notice.set_recipient_agency(stored.part.key.recipient_agency);
  notice.set_reason(reason);
  notice.set_escalate_to_role(role);
  return batch.Deliver({.mailbox_agency = agency,
                        .share_id = stored.share.share_id,
                        .kind = kNoticeDelivery,
                        .payload = notice.SerializeAsString(),
                        .entry_indexes = entries,
                        .create_time = batch.now()});
}

}  // namespace derwent::exchange
