#include "broker/exchange/cases/cases.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "broker/exchange/cases/case_authority.h"
#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/case_link.h"
#include "derwent/v1/referral.pb.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

// Cases: opened by an accepted referral or a convenor's role, changed by convenors and, for its own people, each
// member's SPOC (case_authority.h), closed by their convenor.

namespace derwent::exchange {
namespace {

constexpr int kMostMembers = 50;
constexpr int kMostNames = 100;

absl::Status NotEntitled(absl::string_view why) {
  return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", why);
}

bool IsCodeList(const google::protobuf::RepeatedPtrField<std::string>& list) {
  return list.size() <= kMostNames && std::all_of(list.begin(), list.end(), [](const std::string& item) {
           return !item.empty() && item.size() <= 64 &&
                  item.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
                      std::string::npos;
         });
}

// A member names its own persons; anybody else's it cannot even see.
void CheckMember(const v1::CaseMember& member, const std::string& caller, const World& world, const std::string& at,
                 Violations& violations) {
  const policy::Policy& policy = *world.bundle->policy;
  violations.Require(policy.organisations.contains(member.agency()), absl::StrCat(at, ".agency"),
                     "is an agency of the policy");
  violations.Require(member.roles_size() <= kMostNames &&
                         std::all_of(member.roles().begin(), member.roles().end(),
                                     [&](const std::string& role) { return policy.roles.contains(role); }),
                     absl::StrCat(at, ".roles"), "are roles of the policy, 100 at most");
  violations.Require(
      IsCodeList(member.roles()) && IsCodeList(member.persons()) && IsCodeList(member.excluded_persons()),
      absl::StrCat(at, ".persons"), "are opaque ids, 100 at most");
  violations.Require(member.persons().empty() || member.agency() == caller, absl::StrCat(at, ".persons"),
                     "are named by their own agency only");
}

absl::Status CheckOpen(const v1::OpenCaseRequest& request, const std::string& caller, const World& world) {
  Violations violations;
  violations.Require(Uuid::Parse(request.request_id()).ok(), "request_id", "is a UUID in lowercase");
  const auto profile = world.bundle->policy->profiles.find(request.profile());
  const bool known = profile != world.bundle->policy->profiles.end();
  violations.Require(known, "profile", "is a profile of the policy");
  violations.Require(world.bundle->policy->areas.contains(request.area()), "area", "is an area of the policy");
  violations.Require(!known || profile->second.kind != "board_and_case" || request.board() == request.profile(),
                     "board", "is the profile's own in a board's profile");
  if (!violations.Require(request.members_size() <= kMostMembers, "members", "are 50 at most"))
    return violations.ToStatus();
  std::set<std::string> agencies;
  for (int i = 0; i < request.members_size(); ++i) {
    const std::string at = absl::StrCat("members[", i, "]");
    CheckMember(request.members(i), caller, world, at, violations);
    violations.Require(agencies.insert(request.members(i).agency()).second, absl::StrCat(at, ".agency"), "stands once");
  }
  return violations.ToStatus();
}

bool Convenes(const Caller& caller, const v1::OpenCaseRequest& request, const World& world, absl::Time now) {
  const Seat seat{.profile = request.profile(), .board = request.board(), .area = request.area()};
  return !seat.area.empty() && HoldsConvenorsRole(seat, caller.agency(), caller.person(), world, now);
}

// A case of a board opens what the board's profile has for its cases: it is the profile's own, or who opens it convenes
// that board.
bool MayNameBoard(const Caller& caller, const v1::OpenCaseRequest& request, const World& world, absl::Time now) {
  if (request.board().empty() || request.board() == request.profile()) return true;
  const Seat seat{.profile = request.board(), .board = request.board(), .area = request.area()};
  return HoldsConvenorsRole(seat, caller.agency(), caller.person(), world, now);
}

// The caller's agency accepted the referral, and the caller holds the role it was for.
absl::StatusOr<bool> AcceptedReferral(const Caller& caller, const v1::OpenCaseRequest& request, Batch& batch) {
  if (request.referral_share_id().empty()) return false;
  ASSIGN_OR_RETURN(const std::optional<store::ShareRow> share, batch.read().FindShare(request.referral_share_id()));
  ASSIGN_OR_RETURN(
      const std::optional<store::PartRow> part,
      batch.read().FindPart({.share_id = request.referral_share_id(), .recipient_agency = caller.agency()}));
  if (!share.has_value() || !part.has_value() || share->kind != v1::PACKAGE_KIND_REFERRAL) return false;
  return part->state == v1::RECIPIENT_STATE_ACCEPTED && share->profile == request.profile() &&
         share->board == request.board() && share->area == request.area() && part->role != kThematicLead &&
         HoldsToday(batch.world(),
                    {.agency = caller.agency(),
                     .person = caller.person(),
                     .role = part->role,
                     .board = request.board(),
                     .area = request.area()},
                    batch.now());
}

absl::Status PutMember(const std::string& case_id, const v1::CaseMember& member, const std::string& by, Batch& batch) {
  RETURN_IF_ERROR(batch.write().PutCaseMember({.case_id = case_id,
                                               .agency = member.agency(),
                                               .roles = {member.roles().begin(), member.roles().end()},
                                               .persons = {member.persons().begin(), member.persons().end()}}));
  RETURN_IF_ERROR(batch.write().DeleteCaseExclusions(case_id, member.agency(), by));
  const std::set<std::string> excluded(member.excluded_persons().begin(), member.excluded_persons().end());
  for (const std::string& person : excluded) {
    RETURN_IF_ERROR(batch.write().InsertCaseExclusion(
        {.case_id = case_id, .agency = member.agency(), .person = person, .by_agency = by}));
  }
  return absl::OkStatus();
}

// One entry a change: the caller's agency, and the member that it is about; of a readmission also whom.
absl::StatusOr<uint64_t> EnterCase(absl::string_view step, const Caller& caller, const store::CaseRow& row,
                                   const std::string& member, Batch& batch, const std::string& person = "") {
  ledger::EntryDraft draft(step, ledger::Actor::kReleasing);
  draft.SetReleasing(caller.agency(), caller.person())
      .SetPurpose("", row.profile, row.board, row.area)
      .SetIds("", "", row.case_id);
  if (member != caller.agency() || !person.empty()) draft.SetReceiving(member, person);
  draft.SetOutcome("", {}, batch.world().policy_digest(), batch.world().register_digest);
  return batch.Append(draft);
}

absl::Status Reply(const Caller& caller, const std::string& case_id, uint64_t entry, v1::Case& response, Batch& batch) {
  ASSIGN_OR_RETURN(const std::optional<LoadedCase> loaded, LoadCase(case_id, batch.read()));
  if (!loaded.has_value()) return absl::InternalError("a case that was written is not there");
  response = RenderCase(*loaded, caller.agency());
  response.mutable_receipt()->set_index(entry);
  return absl::OkStatus();
}

// The case, to a person who may see it.
absl::StatusOr<LoadedCase> MembersCase(const Caller& caller, absl::string_view name, Batch& batch) {
  const absl::Status unknown =
      Refuse(absl::StatusCode::kNotFound, "CASE_UNKNOWN", "no case of this agency has this name");
  if (!absl::ConsumePrefix(&name, "cases/")) return unknown;
  ASSIGN_OR_RETURN(std::optional<LoadedCase> loaded, LoadCase(std::string(name), batch.read()));
  if (!loaded.has_value() || !MaySeeCase(*loaded, caller, batch.world(), batch.now())) return unknown;
  return *std::move(loaded);
}

// What a caller may change of a member. Error: kPermissionDenied.
absl::Status CheckChange(const Caller& caller, const v1::ChangeCaseMemberRequest& request, const LoadedCase& loaded,
                         const CaseAuthority& authority) {
  const store::CaseMemberRow* const member = loaded.MemberOf(request.member().agency());
  if (!authority.of_agency)
    return NotEntitled("the person holds no convenor's role of the case today and is not its agency's SPOC");
  if (!authority.of_process && request.member().agency() != caller.agency())
    return NotEntitled("a SPOC names and excludes persons of its own agency");
  if (!authority.convenes && (member == nullptr || request.remove()))
    return NotEntitled("the convenor adds and removes members");
  if (request.remove() && request.member().agency() == loaded.row.convenor_agency)
    return NotEntitled("a convenor closes its case instead");
  const google::protobuf::RepeatedPtrField<std::string>& roles = request.member().roles();
  if (!authority.convenes && !std::equal(roles.begin(), roles.end(), member->roles.begin(), member->roles.end()))
    return NotEntitled("the convenor says which roles take part");
  return absl::OkStatus();
}

// Whom the caller's agency excludes of a member.
std::set<std::string> ExcludedBy(const std::string& by, const std::string& agency, const LoadedCase& loaded) {
  std::set<std::string> persons;
  for (const store::CaseExclusionRow& row : loaded.exclusions) {
    if (row.by_agency == by && row.agency == agency) persons.insert(row.person);
  }
  return persons;
}

// An exclusion ends by being named, never by being left out.
void CheckExclusions(const Caller& caller, const v1::ChangeCaseMemberRequest& request, const LoadedCase& loaded,
                     Violations& violations) {
  std::set<std::string> excluded = ExcludedBy(caller.agency(), request.member().agency(), loaded);
  const auto& readmitted = request.readmitted_persons();
  const auto& named = request.member().excluded_persons();
  const bool few = named.size() <= kMostNames;  // Else it was told of the member.
  if (!violations.Require(IsCodeList(readmitted), "readmitted_persons", "are opaque ids, 100 at most") || !few) return;
  violations.Require(std::all_of(readmitted.begin(), readmitted.end(),
                                 [&](const std::string& person) { return excluded.contains(person); }),
                     "readmitted_persons", "are persons whom the caller's agency excluded");
  violations.Require(readmitted.empty() || !request.remove(), "readmitted_persons", "are of an agency that stays");
  violations.Require(std::none_of(named.begin(), named.end(),
                                  [&](const std::string& person) {
                                    return std::find(readmitted.begin(), readmitted.end(), person) != readmitted.end();
                                  }),
                     "readmitted_persons", "are not excluded by the same change");
  excluded.insert(named.begin(), named.end());
  violations.Require(excluded.size() <= kMostNames, "member.excluded_persons", "are 100 at most, with earlier ones");
}

absl::Status Change(const Caller& caller, const v1::ChangeCaseMemberRequest& request, const LoadedCase& loaded,
                    Batch& batch) {
  const std::string& case_id = loaded.row.case_id;
  if (request.remove()) return batch.write().DeleteCaseMember(case_id, request.member().agency());
  v1::CaseMember member = request.member();
  const store::CaseMemberRow* const before = loaded.MemberOf(member.agency());
  if (member.agency() != caller.agency() && before != nullptr) {
    for (const std::string& person : before->persons) member.add_persons(person);  // Its own agency's to name.
  }
  std::set<std::string> excluded = ExcludedBy(caller.agency(), member.agency(), loaded);
  excluded.insert(member.excluded_persons().begin(), member.excluded_persons().end());
  for (const std::string& person : request.readmitted_persons()) {
    if (excluded.erase(person) == 0) continue;  // Named twice.
    RETURN_IF_ERROR(EnterCase("case_readmitted", caller, loaded.row, member.agency(), batch, person).status());
  }
  member.mutable_excluded_persons()->Assign(excluded.begin(), excluded.end());
  return PutMember(case_id, member, caller.agency(), batch);
}

}  // namespace

absl::Status OpenCase(const Caller& caller, const v1::OpenCaseRequest& request, v1::Case& response, Batch& batch) {
  const Sha256Digest digest = trust::Sha256(request.SerializeAsString());
  ASSIGN_OR_RETURN(const bool before, Answered(caller, "OpenCase", request.request_id(), digest, response, batch));
  if (before) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool by_referral, AcceptedReferral(caller, request, batch));
  if (!by_referral && !Convenes(caller, request, batch.world(), batch.now())) {
    return NotEntitled(
        "the person holds no convenor's role of the profile today for board and area, and the agency accepted no such "
        "referral");
  }
  if (!by_referral && !MayNameBoard(caller, request, batch.world(), batch.now()))
    return NotEntitled("the board is not the profile's own, and the person holds no convenor's role of it today");
  RETURN_IF_ERROR(CheckOpen(request, caller.agency(), batch.world()));
  const store::CaseRow row{.case_id = request.request_id(),
                           .profile = request.profile(),
                           .board = request.board(),
                           .area = request.area(),
                           .convenor_agency = caller.agency(),
                           .create_time = batch.now(),
                           .close_time = {}};
  const absl::Status inserted = batch.write().InsertCase(row);
  if (absl::IsAlreadyExists(inserted))
    return Refuse(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the case id is taken");
  RETURN_IF_ERROR(inserted);
  v1::CaseMember own;
  own.set_agency(caller.agency());
  RETURN_IF_ERROR(PutMember(row.case_id, own, caller.agency(), batch));
  ASSIGN_OR_RETURN(const uint64_t index, EnterCase("case_opened", caller, row, caller.agency(), batch));
  for (const v1::CaseMember& member : request.members()) {
    RETURN_IF_ERROR(PutMember(row.case_id, member, caller.agency(), batch));
    if (member.agency() != caller.agency())
      RETURN_IF_ERROR(EnterCase("case_member", caller, row, member.agency(), batch).status());
  }
  RETURN_IF_ERROR(Reply(caller, row.case_id, index, response, batch));
  return Remember(caller, "OpenCase", request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

absl::Status ChangeCaseMember(const Caller& caller, const v1::ChangeCaseMemberRequest& request, v1::Case& response,
                              Batch& batch) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  const Sha256Digest digest = trust::Sha256(request.SerializeAsString());
  ASSIGN_OR_RETURN(const bool before,
                   Answered(caller, "ChangeCaseMember", request.request_id(), digest, response, batch));
  if (before) return absl::OkStatus();
  ASSIGN_OR_RETURN(LoadedCase loaded, MembersCase(caller, request.name(), batch));
  RETURN_IF_ERROR(CheckChange(caller, request, loaded, AuthorityOver(loaded, caller, batch.world(), batch.now())));
  Violations violations;
  CheckMember(request.member(), caller.agency(), batch.world(), "member", violations);
  CheckExclusions(caller, request, loaded, violations);
  violations.Require(loaded.members.size() < kMostMembers + 1 || loaded.MemberOf(request.member().agency()) != nullptr,
                     "member", "is one of 51 at most");
  RETURN_IF_ERROR(violations.ToStatus());
  if (!loaded.open()) return Refuse(absl::StatusCode::kFailedPrecondition, "CASE_CLOSED", "the case is closed");
  if (!request.etag().empty() && request.etag() != absl::StrCat(loaded.row.revision))
    return Refuse(absl::StatusCode::kAborted, "ETAG_MISMATCH", "the case changed: read it again");
  RETURN_IF_ERROR(Change(caller, request, loaded, batch));
  ++loaded.row.revision;
  RETURN_IF_ERROR(batch.write().UpdateCase(loaded.row));
  ASSIGN_OR_RETURN(const uint64_t index, EnterCase(request.remove() ? "case_member_removed" : "case_member", caller,
                                                   loaded.row, request.member().agency(), batch));
  RETURN_IF_ERROR(Reply(caller, loaded.row.case_id, index, response, batch));
  return Remember(caller, "ChangeCaseMember", request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

absl::Status CloseCase(const Caller& caller, const v1::CloseCaseRequest& request, v1::Case& response, Batch& batch) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  const Sha256Digest digest = trust::Sha256(request.SerializeAsString());
  ASSIGN_OR_RETURN(const bool before, Answered(caller, "CloseCase", request.request_id(), digest, response, batch));
  if (before) return absl::OkStatus();
  ASSIGN_OR_RETURN(LoadedCase loaded, MembersCase(caller, request.name(), batch));
  if (!AuthorityOver(loaded, caller, batch.world(), batch.now()).convenes)
    return NotEntitled("who holds a convenor's role at the convenor's agency today closes a case");
  if (loaded.open()) {
    loaded.row.close_time = batch.now();
    ++loaded.row.revision;
    RETURN_IF_ERROR(batch.write().UpdateCase(loaded.row));
  }
  ASSIGN_OR_RETURN(const uint64_t index, EnterCase("case_closed", caller, loaded.row, caller.agency(), batch));
  for (const store::CaseMemberRow& member : loaded.members) {
    if (member.agency != caller.agency())
      RETURN_IF_ERROR(EnterCase("case_closed", caller, loaded.row, member.agency, batch).status());
  }
  RETURN_IF_ERROR(Reply(caller, loaded.row.case_id, index, response, batch));
  return Remember(caller, "CloseCase", request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

}  // namespace derwent::exchange
