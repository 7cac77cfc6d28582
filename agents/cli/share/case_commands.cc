#include "agents/cli/share/case_commands.h"

#include <algorithm>
#include <iostream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "agents/cli/terminal/text.h"
#include "derwent/v1/case.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/secret/random.h"

namespace derwent::cli {
namespace {

using Stub = v1::CaseService::Stub;

struct Options {
  v1::OpenCaseRequest open;
  std::vector<std::string> members;
  std::string id;
  std::string agency;
  std::vector<std::string> roles, persons, excluded, readmitted;
  bool any_role = false;
  bool any_person = false;
  bool remove = false;
};

std::string NewId() { return trust::SystemRandom().NewUuid().text(); }
std::string NameOf(const std::string& id) { return absl::StartsWith(id, "cases/") ? id : absl::StrCat("cases/", id); }

std::string StateOf(const v1::Case& known) { return known.state() == v1::CASE_STATE_OPEN ? "open" : "closed"; }

int Print(const v1::Case& known, Format format) {
  if (format == Format::kJson || format == Format::kJsonLines) {
    std::cout << ToJson(known, format == Format::kJson) << "\n";
    return kExitDone;
  }
  Rows rows({"case", "profile", "board", "area", "state", "member", "roles", "persons", "excluded"});
  for (const v1::CaseMember& member : known.members()) {
    rows.Add({known.case_id(), known.profile(), known.board(), known.area(), StateOf(known), member.agency(),
              absl::StrJoin(member.roles(), " "), absl::StrJoin(member.persons(), " "),
              absl::StrJoin(member.excluded_persons(), " ")});
  }
  rows.Print(format, std::cout);
  return kExitDone;
}

absl::StatusOr<int> Open(Client& client, const Options& o, Format format) {
  v1::OpenCaseRequest request = o.open;
  request.set_request_id(NewId());
  for (const std::string& text : o.members) {  // `agency` or `agency:role,role`
    const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
    v1::CaseMember& member = *request.add_members();
    member.set_agency(parts[0]);
    if (parts.size() == 1) continue;
    for (const absl::string_view role : absl::StrSplit(parts[1], ',', absl::SkipEmpty()))
      member.add_roles(std::string(role));
  }
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::CaseService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::Case opened, broker->Call(*stub, &Stub::OpenCase, request, client.options()));
  return Print(opened, format);
}

absl::StatusOr<v1::Case> Read(Client& client, const std::string& id) {
  v1::GetCaseRequest request;
  request.set_name(NameOf(id));
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::CaseService::NewStub(broker->grpc());
  return broker->Call(*stub, &Stub::GetCase, request, client.options());
}

// The member as it was read, with what was typed: what is not named stays as it is. Exclusions are only added here.
v1::CaseMember Typed(const v1::Case& known, const std::string& agency, const Options& o) {
  v1::CaseMember member;
  const auto before = std::ranges::find(known.members(), agency, &v1::CaseMember::agency);
  if (before != known.members().end()) member = *before;
  member.set_agency(agency);
  if (o.any_role || !o.roles.empty()) member.mutable_roles()->Assign(o.roles.begin(), o.roles.end());
  if (o.any_person || !o.persons.empty()) member.mutable_persons()->Assign(o.persons.begin(), o.persons.end());
  member.mutable_excluded_persons()->Assign(o.excluded.begin(), o.excluded.end());
  return member;
}

absl::StatusOr<int> Join(Client& client, const Options& o, Format format) {
  ASSIGN_OR_RETURN(const v1::Case known, Read(client, o.id));
  v1::ChangeCaseMemberRequest request;
  request.set_request_id(NewId());
  request.set_name(known.name());
  request.set_etag(known.etag());
  request.set_remove(o.remove);
  *request.mutable_member() = Typed(known, o.agency.empty() ? client.configuration().agency : o.agency, o);
  request.mutable_readmitted_persons()->Assign(o.readmitted.begin(), o.readmitted.end());
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::CaseService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::Case changed, broker->Call(*stub, &Stub::ChangeCaseMember, request, client.options()));
  return Print(changed, format);
}

absl::StatusOr<int> List(Client& client, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::CaseService::NewStub(broker->grpc());
  Rows rows({"case", "profile", "board", "area", "state", "convenor", "members"});
  v1::ListCasesRequest request;
  do {
    ASSIGN_OR_RETURN(const v1::ListCasesResponse page,
                     broker->Call(*stub, &Stub::ListCases, request, client.options()));
    for (const v1::Case& known : page.cases()) {
      std::vector<std::string> members;
      for (const v1::CaseMember& member : known.members()) members.push_back(member.agency());
      rows.Add({known.case_id(), known.profile(), known.board(), known.area(), StateOf(known), known.convenor_agency(),
                absl::StrJoin(members, " ")});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  rows.Print(format, std::cout);
  return kExitDone;
}

absl::StatusOr<int> Show(Client& client, const Options& o, Format format) {
  ASSIGN_OR_RETURN(const v1::Case known, Read(client, o.id));
  return Print(known, format);
}

absl::StatusOr<int> Close(Client& client, const Options& o, Format format) {
  v1::CloseCaseRequest request;
  request.set_request_id(NewId());
  request.set_name(NameOf(o.id));
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::CaseService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::Case closed, broker->Call(*stub, &Stub::CloseCase, request, client.options()));
  return Print(closed, format);
}

}  // namespace

void AddCaseCommands(CLI::App& app, Session& session) {
  CLI::App* const cases = app.add_subcommand("case", "open, join and close cases; what requests belong to");
  cases->require_subcommand(1);
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  CLI::App* const open =
      cases->add_subcommand("open", "open a case by the convenor's role, or by an accepted referral");
  open->add_option_function<std::string>(
          "--profile", [o](const std::string& text) { o->open.set_profile(text); }, "profile")
      ->required();
  open->add_option_function<std::string>(
          "--area", [o](const std::string& text) { o->open.set_area(text); }, "GSS code of the panel's area")
      ->required();
  open->add_option_function<std::string>(
      "--board", [o](const std::string& text) { o->open.set_board(text); }, "board or panel");
  open->add_option_function<std::string>(
      "--referral", [o](const std::string& text) { o->open.set_referral_share_id(text); },
      "share id of a referral that your agency accepted");
  open->add_option("--member", o->members, "agency, or agency:role,role; may be repeated");
  open->callback([o, &session] { session.Run([&](Client& client) { return Open(client, *o, session.format()); }); });
  CLI::App* const join =
      cases->add_subcommand("join", "add a member or say who of it takes part; what is not named stays as it is");
  join->add_option("case", o->id, "case id")->required();
  join->add_option("--agency", o->agency, "member; else your own agency");
  CLI::Option* const role =
      join->add_option("--role", o->roles, "role that takes part, instead of those before; may be repeated");
  CLI::Option* const person =
      join->add_option("--person", o->persons, "person who takes part, instead of those before; may be repeated");
  join->add_flag("--any-role", o->any_role, "any role that asks within the case")->excludes(role);
  join->add_flag("--any-person", o->any_person, "whoever holds such a role")->excludes(person);
  join->add_option("--exclude", o->excluded,
                   "person who must not (conflict of interest), until readmitted; may be repeated");
  join->add_option("--readmit", o->readmitted,
                   "person whom your agency excluded, and excludes no more; may be repeated");
  join->add_flag("--remove", o->remove, "the agency is a member no more");
  join->callback([o, &session] { session.Run([&](Client& client) { return Join(client, *o, session.format()); }); });
  CLI::App* const list = cases->add_subcommand("list", "cases of your agency, newest first");
  list->callback([&session] { session.Run([&](Client& client) { return List(client, session.format()); }); });
  CLI::App* const show = cases->add_subcommand("show", "one case with its members");
  show->add_option("case", o->id, "case id")->required();
  show->callback([o, &session] { session.Run([&](Client& client) { return Show(client, *o, session.format()); }); });
  CLI::App* const close = cases->add_subcommand("close", "close a case: from then on it links nothing");
  close->add_option("case", o->id, "case id")->required();
  close->callback([o, &session] { session.Run([&](Client& client) { return Close(client, *o, session.format()); }); });
}

}  // namespace derwent::cli
