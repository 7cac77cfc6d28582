#include "agents/daemon/sending/limited_access.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "agents/sdk/lets_in.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

std::string KeptAs(const std::string& share_id) { return absl::StrCat("access/", share_id); }

}  // namespace

v1::RecordAccess AccessTo(const ReferralDraft& draft) {
  v1::RecordAccess access;
  for (const DraftSubject& subject : draft.subjects) access.MergeFrom(AccessTo(subject.record));
  return access;
}

v1::RecordAccess AccessTo(const v1::CaseRecord& record) {
  v1::RecordAccess access;
  if (record.restricted_to().empty() && record.excluded_from().empty()) return access;
  v1::LimitedRecord& limited = *access.add_records();
  *limited.mutable_restricted_to() = record.restricted_to();
  *limited.mutable_excluded_from() = record.excluded_from();
  return access;
}

bool Allows(const v1::RecordAccess& access, absl::string_view person) {
  return std::ranges::all_of(access.records(), [&](const v1::LimitedRecord& record) {
    return LetsIn(record.restricted_to(), record.excluded_from(), person);
  });
}

absl::Status KeepAccess(const v1::RecordAccess& access, const std::string& share_id, const AgentContext& context) {
  if (access.records().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string sealed,
                   SealForStore(context.identity, KeptAs(share_id), access.SerializeAsString(), context.random));
  return context.state.Keep(KeptAs(share_id), sealed);
}

absl::StatusOr<bool> MaySeeSent(absl::string_view person, const std::string& share_id, const AgentContext& context) {
  ASSIGN_OR_RETURN(const std::string kept, context.state.Kept(KeptAs(share_id)));
  if (kept.empty()) return true;
  ASSIGN_OR_RETURN(const std::string plain, OpenFromStore(context.identity, KeptAs(share_id), kept));
  v1::RecordAccess access;
  if (!access.ParseFromString(plain)) return absl::DataLossError("a kept access list does not parse");
  return Allows(access, person);
}

absl::StatusOr<bool> MaySeeSent(const LocalCaller& caller, const std::string& share_id, const AgentContext& context) {
  if (caller.kind == trust::CallerKind::kConsole) return true;
  return MaySeeSent(caller.name, share_id, context);
}

}  // namespace derwent::agents
