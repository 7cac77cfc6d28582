#include "agents/cli/audit/audit_person.h"

#include <algorithm>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "google/protobuf/text_format.h"

#include "agents/cli/ledger/entry_rows.h"
#include "agents/cli/ledger/entry_view.h"
#include "agents/cli/session/exit_code.h"
#include "derwent/v1/agent_audit.grpc.pb.h"
#include "derwent/v1/policy_service.grpc.pb.h"
#include "derwent/v1/profile.pb.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/entry/steps.h"

namespace derwent::cli {
namespace {

std::string DayOf(const EntryView& view) {
  int64_t millis = 0;
  if (!absl::SimpleAtoi(view.Field("time"), &millis)) return "";
  return absl::FormatCivilTime(LondonDay(absl::FromUnixMillis(millis)));
}

bool Releasable(const v1::LedgerEntry& entry, const EntryView& view, const ReleaseRules& rules) {
  if (rules.withhold.contains(entry.index()) || !trust::SharesRecord(view.Pair("step", "step"))) return false;
  // `PENDING` is the rules' word: what needed agreement is in a package only once it was agreed to.
  if (view.Pair("outcome", "outcome") == "DENY") return false;
  return rules.open_profiles.contains(view.Pair("purpose", "profile")) || rules.release.contains(entry.index());
}

// Share ids with the numbers of the subjects in them that are the person.
absl::StatusOr<std::map<std::string, std::set<std::string>>> Received(Client& client, const AuditFilters& filters) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentAuditService::NewStub(agent->grpc());
  v1::FindReceivedRequest request;
  ASSIGN_OR_RETURN(const std::vector<std::string> identifiers, IdentifiersOf(filters));
  request.mutable_identifiers()->Assign(identifiers.begin(), identifiers.end());
  ASSIGN_OR_RETURN(const v1::FindReceivedResponse found,
                   agent->Call(*stub, &v1::AgentAuditService::Stub::FindReceived, request, client.options()));
  std::map<std::string, std::set<std::string>> shares;
  for (const v1::ReceivedAbout& about : found.shares()) {
    for (const uint32_t subject : about.subjects()) shares[about.share_id()].insert(absl::StrCat(subject));
  }
  return shares;
}

// Every entry about the person that the agency may open, in ledger order: by its own references, and of shares that
// others sent it.
absl::StatusOr<std::vector<v1::LedgerEntry>> EntriesAbout(Client& client, const PersonOptions& options) {
  std::map<uint64_t, v1::LedgerEntry> entries;
  const auto keep = [&entries](const v1::LedgerEntry& entry) {
    entries[entry.index()] = entry;
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(const v1::SearchLedgerEntriesRequest search, SearchOf(client, options.filters));
  RETURN_IF_ERROR(EachEntry(client, search, 0, keep).status());
  std::map<std::string, std::set<std::string>> received;
  if (options.received) {
    ASSIGN_OR_RETURN(received, Received(client, options.filters));
  }
  for (const auto& [share, subjects] : received) {
    v1::SearchLedgerEntriesRequest of_share = search;
    of_share.clear_subject_references();
    of_share.set_share_id(share);
    const auto about = [&keep, &numbers = subjects](const v1::LedgerEntry& entry) {
      const std::string subject = EntryView(entry).Pair("subject_role", "subject");
      return numbers.contains(subject) ? keep(entry) : absl::OkStatus();
    };
    RETURN_IF_ERROR(EachEntry(client, of_share, 0, about).status());
  }
  std::vector<v1::LedgerEntry> in_order;
  for (auto& [index, entry] : entries) in_order.push_back(std::move(entry));
  return in_order;
}

// Whether a line says that a category was given. Where existence is secret an answer's entry holds the rules' word, and
// what needs agreement follows it.
bool Given(std::map<std::string, std::string>& line, absl::string_view step, bool existence_secret) {
  if (line["outcome"] == "DENY" || line["form"].empty()) return false;
  return line["outcome"] != "APPROVE" || step != "answer" || !existence_secret;
}

}  // namespace

Rows ReleasableEdition(const std::vector<v1::LedgerEntry>& entries, const ReleaseRules& rules) {
  std::set<std::vector<std::string>> told;
  for (const v1::LedgerEntry& entry : entries) {
    const EntryView view(entry);
    if (!Releasable(entry, view, rules)) continue;
    const bool secret = !rules.open_profiles.contains(view.Pair("purpose", "profile"));
    for (const absl::string_view line : absl::StrSplit(view.Field("categories"), '\n', absl::SkipEmpty())) {
      std::map<std::string, std::string> pairs = ParsePairs(line);
      // What was withheld from the recipient is not told either: it would tell that it is held.
      if (!Given(pairs, view.Pair("step", "step"), secret)) continue;
      told.insert({DayOf(view), view.Field("releasing_agency"), view.Field("receiving_agency"),
                   view.Pair("purpose", "purpose"), pairs["category"], pairs["form"]});
    }
  }
  Rows rows({"day", "from", "to", "purpose", "category", "form"});
  for (const std::vector<std::string>& row : told) rows.Add(row);
  return rows;
}

absl::StatusOr<std::set<std::string>> OpenProfiles(Client& client) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::PolicyService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(
      const v1::GetPolicyBundleResponse bundle,
      broker->Call(*stub, &v1::PolicyService::Stub::GetPolicyBundle, v1::GetPolicyBundleRequest(), client.options()));
  std::set<std::string> open;
  for (const v1::BundleFile& file : bundle.files()) {
    v1::Profile profile;
    if (!absl::StartsWith(file.path(), "profiles/")) continue;
    if (!google::protobuf::TextFormat::ParseFromString(file.content(), &profile))
      return absl::InvalidArgumentError(absl::StrCat("`", file.path(), "` of the policy in force does not parse"));
    if (!profile.existence_sensitive()) open.insert(profile.id());
  }
  return open;
}

absl::StatusOr<int> ReportPerson(Client& client, PersonOptions options, Format format) {
  ASSIGN_OR_RETURN(options.filters.identifiers, IdentifiersOf(options.filters));  // Standard input is read once.
  ASSIGN_OR_RETURN(const std::vector<v1::LedgerEntry> entries, EntriesAbout(client, options));
  if (options.edition == "releasable") {
    ReleaseRules rules{.open_profiles = {},
                       .withhold = {options.withhold.begin(), options.withhold.end()},
                       .release = {options.release.begin(), options.release.end()}};
    ASSIGN_OR_RETURN(rules.open_profiles, OpenProfiles(client));
    ReleasableEdition(entries, rules).Print(format, std::cout);
    // No number here either: it might reach the person.
    std::cerr << "releasable edition: for the person; what is withheld leaves no trace in it\n";
    return kExitDone;
  }
  Rows rows(EntryHeader(format));
  for (const v1::LedgerEntry& entry : entries) rows.Add(EntryCells(entry, format));
  rows.Print(format, std::cout);
  std::cerr << "full edition: for officers only; every entry shown verifies, and these looks are entries themselves\n";
  return kExitDone;
}

}  // namespace derwent::cli
