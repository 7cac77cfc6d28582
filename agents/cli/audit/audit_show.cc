#include "agents/cli/audit/audit_show.h"

#include <iostream>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "agents/cli/ledger/entry_view.h"
#include "agents/cli/ledger/verify.h"
#include "agents/cli/session/exit_code.h"
#include "agents/cli/terminal/text.h"
#include "derwent/v1/audit.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::cli {
namespace {

constexpr char kManifest[] = "MANIFEST";
constexpr char kGateways[] = "gateways.txtpb";

bool IsGovernance(absl::string_view path) {
  return absl::StartsWith(path, "signatures/") || absl::StartsWith(path, "notices/");
}

std::string ReplaySentence(const v1::AuditedDecision& decision) {
  switch (decision.replay()) {
    case v1::REPLAY_OUTCOME_SAME:
      return "Decided again under the policy and registers of its moment, the broker's part comes out the same.";
    case v1::REPLAY_OUTCOME_DIFFERENT:
      return absl::StrCat("DECIDED AGAIN IT COMES OUT OTHERWISE: ", decision.difference(), ".");
    case v1::REPLAY_OUTCOME_ERASED:
      return "Its question was erased: it cannot be decided again.";
    case v1::REPLAY_OUTCOME_NOT_AT_HAND:
      return "The policy or the registers of its moment are not at hand: it cannot be decided again.";
    default:
      return "The entry holds no decision.";
  }
}

void WriteRules(const v1::DecisionRecord& decision, std::ostream& out) {
  for (const v1::CategoryDecision& category : decision.categories()) {
    std::vector<std::string> rules;
    for (const v1::Reason& reason : category.reasons())
      rules.push_back(absl::StrCat(reason.code(), " ", reason.rule()));
    out << "  " << SafeText(category.category()) << ": " << SafeText(category.outcome())
        << (category.form().empty() ? "" : " " + SafeText(category.form())) << "; "
        << SafeText(absl::StrJoin(rules, ", ")) << "\n";
  }
  if (!decision.gateways().empty())
    out << "Gateways relied on: " << SafeText(absl::StrJoin(decision.gateways(), ", ")) << "\n";
  if (!decision.obligations().empty())
    out << "Obligations: " << SafeText(absl::StrJoin(decision.obligations(), ", ")) << "\n";
}

// The blocks of the gateways relied on, out of the file's text.
std::string GatewayText(const std::string& text, const v1::DecisionRecord& decision) {
  std::string chosen;
  std::vector<std::string> blocks = absl::StrSplit(text, "\ngateways {");
  for (size_t i = 1; i < blocks.size(); ++i) {
    for (const std::string& gateway : decision.gateways()) {
      if (absl::StrContains(blocks[i], absl::StrCat("id: \"", gateway, "\"")))
        absl::StrAppend(&chosen, "gateways {", blocks[i], "\n");
    }
  }
  return chosen;
}

void WriteFile(const std::string& path, const std::string& text, std::ostream& out) {
  if (text.empty()) return;
  out << "\n--- " << SafeText(path) << "\n";
  for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n'))
    out << SafeText(line) << "\n";
}

void WriteText(const v1::AuditedDecision& decision, std::ostream& out) {
  for (const v1::BundleFile& file : decision.files()) {
    if (file.path() == kManifest || IsGovernance(file.path())) continue;
    WriteFile(file.path(), file.path() == kGateways ? GatewayText(file.content(), decision.decision()) : file.content(),
              out);
  }
}

}  // namespace

absl::Status CheckPolicyText(const v1::AuditedDecision& decision) {
  if (decision.files().empty()) return absl::OkStatus();
  std::map<std::string, std::string> files;
  for (const v1::BundleFile& file : decision.files()) files[file.path()] = file.content();
  const std::string named = EntryView(decision.entry()).Pair("outcome", "policy");
  if (!files.contains(kManifest) || trust::Sha256(files[kManifest]).hex() != named)
    return absl::DataLossError("the policy shown is not the one that the entry names: its MANIFEST has another digest");
  for (const auto& [path, content] : files) {
    if (path == kManifest || IsGovernance(path)) continue;
    const std::string line = absl::StrCat(trust::Sha256(content).hex(), "  ", path, "\n");
    if (!absl::StrContains(files[kManifest], line))
      return absl::DataLossError(
          absl::StrCat("the policy shown is not the one that the entry names: `", path, "` has another digest"));
  }
  return absl::OkStatus();
}

void WriteDecision(const v1::AuditedDecision& decision, bool with_text, std::ostream& out) {
  const EntryView view(decision.entry());
  for (const std::string& sentence : view.Sentences()) out << SafeText(sentence) << "\n";
  out << ReplaySentence(decision) << "\n";
  WriteRules(decision.decision(), out);
  if (!decision.files().empty())
    out << "Policy in force then: MANIFEST " << view.Pair("outcome", "policy") << "; its text, checked against it"
        << (with_text ? ", follows." : ", with --policy.") << "\n";
  std::set<std::string> governance;
  for (const v1::BundleFile& file : decision.files()) {
    if (IsGovernance(file.path()) && absl::EndsWith(file.path(), ".dsse.json")) governance.insert(file.path());
  }
  if (!governance.empty()) out << "Signed by: " << SafeText(absl::StrJoin(governance, ", ")) << "\n";
  if (with_text) WriteText(decision, out);
}

absl::StatusOr<int> ShowDecision(Client& client, uint64_t index, bool with_text, Format format) {
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::AuditService::NewStub(broker->grpc());
  v1::GetDecisionRequest request;
  request.set_name(absl::StrCat("ledger/entries/", index));
  ASSIGN_OR_RETURN(const v1::AuditedDecision decision,
                   broker->Call(*stub, &v1::AuditService::Stub::GetDecision, request, client.options()));
  RETURN_IF_ERROR(VerifyAsked(decision.entry(), index, log_keys, client.configuration().origin));
  RETURN_IF_ERROR(CheckPolicyText(decision));
  if (format == Format::kTable) {
    WriteDecision(decision, with_text, std::cout);
    std::cout << "\n";
  }
  const EntryView view(decision.entry());
  Rows rows({"field", "name", "value"});
  for (const v1::OpenedField& field : decision.entry().fields()) {
    const std::string& value = view.Field(field.name());
    if (format != Format::kTable)
      rows.Add({absl::StrCat(field.number()), field.name(), value});
    else
      for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(value, "\n"), '\n'))
        rows.Add({absl::StrCat(field.number()), field.name(), std::string(line)});
  }
  if (format != Format::kTable) {
    rows.Add({"", "replay", v1::ReplayOutcome_Name(decision.replay()).substr(sizeof("REPLAY_OUTCOME_") - 1)});
    rows.Add({"", "gateways", absl::StrJoin(decision.decision().gateways(), " ")});
    for (const v1::BundleFile& file : decision.files()) {
      if (with_text) rows.Add({"", file.path(), file.content()});
    }
  }
  rows.Print(format, std::cout);
  std::cerr << "entry " << index << " is in the ledger: its receipt verifies; this look is entry "
            << decision.query_receipt().index() << "\n";
  return decision.replay() == v1::REPLAY_OUTCOME_DIFFERENT ? kExitTampered : kExitDone;
}

}  // namespace derwent::cli
