#include "broker/rpc/access.h"

#include <array>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/officer/search.h"
#include "broker/exchange/share/decide.h"

namespace derwent::rpc {
namespace {

enum Who : unsigned {
  kAgents = 1,
  kConsoles = 2,
  kPersons = 4,
  kAuditors = 8,
  kGovernors = 16,
  kSignatories = 32,
  kMetadataAuditors = 64,
  kEverybody = kAgents | kConsoles | kPersons
};

struct Row {
  absl::string_view method;
  unsigned who;
};

// What concerns one person's share or request is told to persons by their own agent, which knows who of the agency may
// see it. kAuditors: persons whose directory gives them a role that may audit their own agency. kSignatories: one that
// may sign agreements; kGovernors: either. kMetadataAuditors: one that may see the metadata of all.
constexpr std::array<Row, 56> kTable = {{
    {"PlanReferral", kAgents},
    {"SubmitReferral", kAgents},
    {"GetReferral", kAgents | kConsoles},
    {"ListReferrals", kAgents | kConsoles},
    {"ReportProgress", kAgents},
    {"WithdrawReferral", kAgents},
    {"SendNotice", kAgents},
    {"OpenCase", kPersons},
    {"ChangeCaseMember", kPersons},
    {"GetCase", kAgents | kPersons},
    {"ListCases", kAgents | kPersons},
    {"CloseCase", kPersons},
    {"PlanCaseRequest", kAgents},
    {"SubmitCaseRequest", kAgents},
    {"SubmitCaseAnswer", kAgents},
    {"AskApproval", kAgents},
    {"GiveApproval", kAgents},
    {"GetCaseRequest", kAgents | kConsoles},
    {"ListCaseRequests", kAgents | kConsoles},
    {"Collect", kAgents},
    {"Acknowledge", kAgents},
    {"GetCheckpoint", kEverybody},
    {"GetInclusionProof", kEverybody},
    {"GetConsistencyProof", kEverybody},
    {"ListLeaves", kEverybody},
    {"NextCheckpoint", kAgents},
    {"AddCosignature", kAgents},
    {"ListOwnEntries", kAgents},
    {"GetQuorum", kEverybody},
    {"GetLedgerEntry", kAgents | kAuditors},
    {"SearchLedgerEntries", kAgents | kAuditors | kMetadataAuditors},
    {"GetDecision", kAgents | kAuditors},
    {"ReplayDecisions", kAgents | kAuditors},
    {"ReportBreach", kAgents | kAuditors},
    {"PublishKeyEvent", kAgents},
    {"GetAgencyKeys", kEverybody},
    {"ApplyDirectory", kAgents},
    {"ApplyRestriction", kAgents},
    {"ListDirectories", kEverybody},
    {"ApplyHold", kPersons},
    {"RequestErasure", kPersons},
    {"ApproveErasure", kPersons},
    {"ListErasures", kAgents | kAuditors},
    {"AttestErasure", kAgents},
    {"NotifyRights", kAgents},
    {"AnswerRights", kAgents},
    {"GetActivePolicy", kEverybody},
    {"GetPolicyBundle", kEverybody},
    {"ProposePolicy", kGovernors},
    {"ActivatePolicy", kSignatories},
    {"ListPolicyRevisions", kGovernors},
    {"ShadowPolicy", kGovernors},
    {"DeclareEmergency", kAgents},
    {"ReviewEmergency", kAuditors},
    {"ListEmergencies", kAgents | kAuditors},
    {"Check", kEverybody},
}};

bool Audits(unsigned who, const exchange::Caller& caller, const exchange::World& world, absl::Time now) {
  return ((who & kAuditors) != 0 && exchange::MayAuditOwn(caller, world, now)) ||
         ((who & kMetadataAuditors) != 0 && exchange::MayAuditMetadata(caller, world, now));
}

bool Signs(const exchange::Caller& caller, const exchange::World& world, absl::Time now) {
  return exchange::PersonMay(world, caller.agency(), caller.id.name, "sign_agreement", "", now);
}

bool PersonMayCall(unsigned who, const exchange::Caller& caller, const exchange::World& world, absl::Time now) {
  const unsigned audits = (who & kGovernors) != 0 ? who | kAuditors : who;
  return (who & kPersons) != 0 || Audits(audits, caller, world, now) ||
         ((who & (kSignatories | kGovernors)) != 0 && Signs(caller, world, now));
}

// Somebody who left the directory may call nothing, whatever the certificate says.
bool InDirectory(const exchange::Caller& caller, const exchange::World& world) {
  const auto directory = world.directories.find(caller.agency());
  if (directory == world.directories.end()) return false;
  for (const policy::DirectoryEntry& entry : directory->second.people) {
    if (entry.id == caller.id.name) return true;
  }
  return false;
}

}  // namespace

bool AboutLedger(absl::string_view method) { return method == "NextCheckpoint" || method == "AddCosignature"; }

absl::Status MayCall(const exchange::Caller& caller, absl::string_view method, const exchange::World& world,
                     absl::Time now) {
  unsigned who = 0;
  for (const Row& row : kTable) {
    if (row.method == method) who = row.who;
  }
  // Certified, but no party to anything: there is nothing here that concerns it.
  if (!world.bundle->policy->organisations.contains(caller.agency())) who = 0;
  bool may = false;
  switch (caller.id.kind) {
    case trust::CallerKind::kAgent:
      may = (who & kAgents) != 0;
      break;
    case trust::CallerKind::kConsole:
      may = (who & kConsoles) != 0;
      break;
    case trust::CallerKind::kPerson:
      may = InDirectory(caller, world) && PersonMayCall(who, caller, world, now);
      break;
    case trust::CallerKind::kBroker:
      break;
  }
  if (may) return absl::OkStatus();
  return exchange::Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                          absl::StrCat("this kind of caller, or its role today, may not call ", method));
}

}  // namespace derwent::rpc
