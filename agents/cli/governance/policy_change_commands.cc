#include "agents/cli/governance/policy_change_commands.h"

#include <iostream>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

#include "agents/cli/session/signing.h"
#include "agents/cli/terminal/text.h"
#include "derwent/v1/policy_change.grpc.pb.h"
#include "policy/loader/activation.h"
#include "policy/loader/bundle.h"
#include "policy/loader/carried.h"
#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"
#include "trust/secret/random.h"
#include "trust/signature/key_file.h"
#include "trust/signature/payload_types.h"

// The policy of a running broker: propose, activate, roll back, shadow.

namespace derwent::cli {
namespace {

using Stub = v1::PolicyChangeService::Stub;

struct Options {
  std::string directory;
  std::string same_as;
  std::string since;
  int64_t revision = 0;
};

absl::string_view StateText(v1::PolicyState state) {
  switch (state) {
    case v1::POLICY_STATE_DRAFT:
      return "draft";
    case v1::POLICY_STATE_IN_FORCE:
      return "in force";
    case v1::POLICY_STATE_SUPERSEDED:
      return "was in force";
    default:
      return "not taken";
  }
}

// Everything that stands against it, as rows; exit code 3.
int ShowRejection(const v1::PolicyChange& change, Format format) {
  Rows rows({"code", "what is missing"});
  for (const v1::PolicyObjection& objection : change.objections())
    rows.Add({objection.code(), SafeText(objection.message())});
  rows.Print(format, std::cout);
  std::cerr << "not taken: nothing changed but ledger entry " << change.receipt().index() << "\n";
  return kExitRefused;
}

absl::StatusOr<v1::PolicyChange> Call(Client& client, const v1::ProposePolicyRequest& request) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::PolicyChangeService::NewStub(broker->grpc());
  return broker->Call(*stub, &Stub::ProposePolicy, request, client.options());
}

void ShowChange(const v1::PolicyChange& change, Format format) {
  Rows rows({"revision", "state", "content", "policy", "opens something of"});
  rows.Add({absl::StrCat(change.revision()), std::string(StateText(change.state())), HexEncode(change.content_digest()),
            HexEncode(change.policy_digest()), absl::StrJoin(change.opening_givers(), " ")});
  rows.Print(format, std::cout);
}

absl::StatusOr<int> Propose(Client& client, const Options& o, Format format) {
  ASSIGN_OR_RETURN(const policy::Files files, policy::ReadBundleDirectory(o.directory));
  v1::ProposePolicyRequest request;
  request.set_request_id(trust::SystemRandom().NewUuid().text());
  policy::Carry(files, *request.mutable_files());
  ASSIGN_OR_RETURN(const v1::PolicyChange change, Call(client, request));
  if (change.state() == v1::POLICY_STATE_REJECTED) return ShowRejection(change, format);
  ShowChange(change, format);
  std::cerr << "kept; not in force. A signatory brings it into force: derwent policy activate " << change.revision()
            << "\n";
  return kExitDone;
}

// Signs the activation of a draft with the caller's own key, and sends it.
absl::StatusOr<int> Activate(Client& client, const v1::PolicyChange& draft, Format format) {
  v1::PolicyActivation activation;
  activation.set_revision(draft.revision());
  activation.set_content_digest(draft.content_digest());
  activation.set_action(draft.action());
  activation.mutable_create_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
  v1::ActivatePolicyRequest request;
  request.set_request_id(trust::SystemRandom().NewUuid().text());
  ASSIGN_OR_RETURN(*request.mutable_activation(),
                   SignWithFile(trust::kActivationType, activation, client.configuration().key));
  ASSIGN_OR_RETURN(*request.mutable_certificate(), trust::ReadFile(client.configuration().certificate));
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::PolicyChangeService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::PolicyChange change,
                   broker->Call(*stub, &Stub::ActivatePolicy, request, client.options()));
  if (change.state() == v1::POLICY_STATE_REJECTED) return ShowRejection(change, format);
  ShowChange(change, format);
  std::cerr << "revision " << change.revision() << " is in force; ledger entry " << change.receipt().index() << "\n";
  return kExitDone;
}

absl::StatusOr<v1::ListPolicyRevisionsResponse> Fetch(Client& client) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::PolicyChangeService::NewStub(broker->grpc());
  return broker->Call(*stub, &Stub::ListPolicyRevisions, v1::ListPolicyRevisionsRequest(), client.options());
}

// A signatory signs what lies before them, not what the broker says it is.
absl::Status CheckSame(const v1::PolicyChange& draft, const std::string& directory) {
  ASSIGN_OR_RETURN(const policy::Files files, policy::ReadBundleDirectory(directory));
  if (policy::ContentDigest(files).view() == draft.content_digest()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("revision ", draft.revision(), " is not what lies in `", directory, "`"));
}

absl::StatusOr<int> ActivateDraft(Client& client, const Options& o, Format format) {
  ASSIGN_OR_RETURN(const v1::ListPolicyRevisionsResponse revisions, Fetch(client));
  for (const v1::PolicyChange& draft : revisions.revisions()) {
    if (draft.revision() != o.revision || draft.state() == v1::POLICY_STATE_SUPERSEDED) continue;
    if (!o.same_as.empty()) RETURN_IF_ERROR(CheckSame(draft, o.same_as));
    return Activate(client, draft, format);
  }
  return absl::NotFoundError(absl::StrCat("no draft has the number ", o.revision, "; see `derwent policy revisions`"));
}

absl::StatusOr<int> RollBack(Client& client, Format format) {
  v1::ProposePolicyRequest request;
  request.set_request_id(trust::SystemRandom().NewUuid().text());
  request.set_roll_back(true);
  ASSIGN_OR_RETURN(const v1::PolicyChange draft, Call(client, request));
  if (draft.state() == v1::POLICY_STATE_REJECTED) return ShowRejection(draft, format);
  return Activate(client, draft, format);
}

absl::StatusOr<int> Revisions(Client& client, Format format) {
  ASSIGN_OR_RETURN(const v1::ListPolicyRevisionsResponse revisions, Fetch(client));
  Rows rows({"revision", "state", "made from", "proposed by", "content", "opens something of", "proposed", "in force"});
  for (const v1::PolicyChange& change : revisions.revisions()) {
    rows.Add({absl::StrCat(change.revision()), std::string(StateText(change.state())),
              absl::StrCat(change.base_revision()), change.proposer_agency(), HexEncode(change.content_digest()),
              absl::StrJoin(change.opening_givers(), " "), TimeText(change.create_time()),
              TimeText(change.activate_time())});
  }
  rows.Print(format, std::cout);
  return kExitDone;
}

absl::StatusOr<int> Shadow(Client& client, const Options& o, Format format) {
  v1::ShadowPolicyRequest request;
  request.set_revision(o.revision);
  if (!o.since.empty()) {
    absl::Time since;
    std::string why;
    if (!absl::ParseTime(absl::RFC3339_full, o.since, &since, &why))
      return absl::InvalidArgumentError("--since is a time like 2026-12-01T00:00:00Z");
    request.mutable_since()->set_seconds(absl::ToUnixSeconds(since));
  }
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::PolicyChangeService::NewStub(broker->grpc());
  std::map<std::tuple<std::string, std::string, std::string, std::string>, uint64_t> lines;
  uint64_t decisions = 0;
  uint64_t changed = 0;
  do {
    ASSIGN_OR_RETURN(const v1::ShadowPolicyResponse found,
                     broker->Call(*stub, &Stub::ShadowPolicy, request, client.options()));
    decisions += found.decisions();
    changed += found.changed();
    for (const v1::ShadowLine& line : found.lines())
      lines[{line.receiver(), line.category(), line.was(), line.would_be()}] += line.count();
    request.set_from_index(found.next_index());
  } while (request.from_index() > 0);
  Rows rows({"receiver", "category", "was", "would be", "decisions"});
  for (const auto& [line, count] : lines)
    rows.Add({std::get<0>(line), std::get<1>(line), std::get<2>(line), std::get<3>(line), absl::StrCat(count)});
  rows.Print(format, std::cout);
  std::cerr << decisions << " decisions made again, " << changed << " would come out otherwise; nothing was decided\n";
  return kExitDone;
}

}  // namespace

void AddPolicyChangeCommands(CLI::App& app, Session& session) {
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  CLI::App& policy = *app.get_subcommand("policy");
  CLI::App* const propose =
      policy.add_subcommand("propose", "have the broker check a signed policy and keep it; exit 3: what it lacks");
  propose->add_option("directory", o->directory, "the policy's folder, with MANIFEST and signatures")->required();
  propose->callback(
      [o, &session] { session.Run([&](Client& client) { return Propose(client, *o, session.format()); }); });
  CLI::App* const activate = policy.add_subcommand(
      "activate", "bring a proposed policy into force at the broker, signed with your own key as a signatory");
  activate->add_option("revision", o->revision, "its number")->required();
  activate->add_option("--same-as", o->same_as, "folder that it must be the same as, file by file");
  activate->callback(
      [o, &session] { session.Run([&](Client& client) { return ActivateDraft(client, *o, session.format()); }); });
  policy
      .add_subcommand("rollback",
                      "bring the policy before back, as a new revision, signed with your own key; it may only tighten")
      ->callback([&session] { session.Run([&](Client& client) { return RollBack(client, session.format()); }); });
  policy.add_subcommand("revisions", "the revisions that the broker keeps: drafts, in force, before")
      ->callback([&session] { session.Run([&](Client& client) { return Revisions(client, session.format()); }); });
  CLI::App* const shadow =
      policy.add_subcommand("shadow", "what a proposed policy would have changed in what was really decided, counted");
  shadow->add_option("revision", o->revision, "its number")->required();
  shadow->add_option("--since", o->since, "decisions from then on, for instance 2026-12-01T00:00:00Z; else all");
  shadow->callback(
      [o, &session] { session.Run([&](Client& client) { return Shadow(client, *o, session.format()); }); });
}

}  // namespace derwent::cli
