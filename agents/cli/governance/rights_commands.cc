#include "agents/cli/governance/rights_commands.h"

#include <array>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

#include "agents/cli/session/exit_code.h"
#include "agents/cli/terminal/closed_list.h"
#include "agents/sdk/rights.h"
#include "derwent/v1/agent_rights.grpc.pb.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

using Stub = v1::AgentRightsService::Stub;

constexpr std::array<absl::string_view, 4> kTypes = {"rectification", "erasure", "restriction", "restriction-lifted"};
constexpr std::array<absl::string_view, 3> kOutcomes = {"DONE", "NOT_HELD", "DECLINED"};
constexpr int kPage = 500;

struct Options {
  std::string type, event, because, outcome, reason, ground;
  std::vector<std::string> identifiers, records, categories;
};

// `RESTRICTION_LIFTED` of `restriction-lifted`, and back.
v1::RightsEventType TypeOf(const std::string& word) {
  v1::RightsEventType type = v1::RIGHTS_EVENT_TYPE_UNSPECIFIED;
  static_cast<void>(v1::RightsEventType_Parse(
      absl::StrCat("RIGHTS_EVENT_TYPE_", absl::AsciiStrToUpper(absl::StrReplaceAll(word, {{"-", "_"}}))), &type));
  return type;
}

std::string WordOf(v1::RightsEventType type) {
  const std::string name = v1::RightsEventType_Name(type).substr(sizeof("RIGHTS_EVENT_TYPE_") - 1);
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", "-"}});
}

std::string StandingOf(const v1::RightsTold& told) {
  return v1::RightsStanding_Name(told.standing()).substr(sizeof("RIGHTS_STANDING_") - 1);
}

std::string AnswerOf(const v1::RightsTold& told) {
  if (told.outcome() == v1::RIGHTS_OUTCOME_UNSPECIFIED) return "";
  const std::string outcome = v1::RightsOutcome_Name(told.outcome()).substr(sizeof("RIGHTS_OUTCOME_") - 1);
  return told.reason().empty() ? outcome : absl::StrCat(outcome, " ", told.reason());
}

// One row a notice, and one a share by which it went onward. Exit 9 while somebody has not answered, or an own share
// went onward whose recipient was not told.
int Print(const std::vector<v1::RightsShown>& events, Format format) {
  Rows rows({"event", "type", "from", "to", "share", "categories", "state", "answer"});
  bool open = false;
  for (const v1::RightsShown& event : events) {
    for (const v1::RightsTold& told : event.told()) {
      open = open || told.standing() != v1::RIGHTS_STANDING_ANSWERED;
      const bool kept = event.state() == "QUEUED" || event.state() == "REFUSED";
      rows.Add({event.event_id(), WordOf(event.type()), event.from_agency(), told.agency(), told.share_id(),
                absl::StrJoin(told.categories(), " "), kept ? event.state() : StandingOf(told), AnswerOf(told)});
    }
    for (const v1::RightsOnward& onward : event.onward()) {
      open = open || !onward.told();
      rows.Add({event.event_id(), "onward", "", onward.agency(), onward.share_id(), "",
                onward.told() ? "TOLD" : "NOT_TOLD", ""});
    }
  }
  rows.Print(format, std::cout);
  return open ? kExitPartial : kExitDone;
}

absl::StatusOr<int> Notify(Client& client, const Options& o, Format format) {
  v1::TellRightsRequest request;
  request.set_type(TypeOf(o.type));
  request.mutable_identifiers()->Assign(o.identifiers.begin(), o.identifiers.end());
  request.mutable_record_refs()->Assign(o.records.begin(), o.records.end());
  request.mutable_categories()->Assign(o.categories.begin(), o.categories.end());
  request.set_event_id(o.event);
  request.set_because_event_id(o.because);
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRightsService::NewStub(agent->grpc());
  ASSIGN_OR_RETURN(const v1::TellRightsResponse told, agent->Call(*stub, &Stub::TellRights, request, client.options()));
  if (request.type() == v1::RIGHTS_EVENT_TYPE_RECTIFICATION)
    std::cerr << "what is right goes to them as a later version: derwent referral supersede\n";
  if (request.type() == v1::RIGHTS_EVENT_TYPE_ERASURE)
    std::cerr << "the ledger's own fields are erased by another command: derwent ledger erase\n";
  return Print({told.event()}, format);
}

absl::StatusOr<int> List(Client& client, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRightsService::NewStub(agent->grpc());
  std::vector<v1::RightsShown> events;
  v1::ListRightsRequest request;
  request.set_page_size(kPage);
  do {
    ASSIGN_OR_RETURN(const v1::ListRightsResponse page,
                     agent->Call(*stub, &Stub::ListRights, request, client.options()));
    events.insert(events.end(), page.events().begin(), page.events().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return Print(events, format);
}

absl::StatusOr<int> Show(Client& client, const std::string& event, Format format) {
  v1::ShowRightsRequest request;
  request.set_event_id(event);
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRightsService::NewStub(agent->grpc());
  ASSIGN_OR_RETURN(const v1::ShowRightsResponse shown,
                   agent->Call(*stub, &Stub::ShowRights, request, client.options()));
  return Print({shown.event()}, format);
}

absl::StatusOr<int> Answer(Client& client, const Options& o, Format format) {
  v1::ReplyRightsRequest request;
  request.set_event_id(o.event);
  v1::RightsOutcome outcome = v1::RIGHTS_OUTCOME_UNSPECIFIED;
  static_cast<void>(v1::RightsOutcome_Parse(absl::StrCat("RIGHTS_OUTCOME_", o.outcome), &outcome));
  request.set_outcome(outcome);
  request.set_reason(o.reason);
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRightsService::NewStub(agent->grpc());
  ASSIGN_OR_RETURN(const v1::ReplyRightsResponse answered,
                   agent->Call(*stub, &Stub::ReplyRights, request, client.options()));
  return Print({answered.event()}, format);
}

absl::StatusOr<int> Allow(Client& client, const Options& o, Format format) {
  v1::AllowRestrictedRequest request;
  request.set_event_id(o.event);
  request.set_ground(o.ground);
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRightsService::NewStub(agent->grpc());
  ASSIGN_OR_RETURN(const v1::AllowRestrictedResponse allowed,
                   agent->Call(*stub, &Stub::AllowRestricted, request, client.options()));
  return Print({allowed.event()}, format);
}

void AddNotify(CLI::App& rights, Session& session) {
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  CLI::App* const notify = rights.add_subcommand(
      "notify", "tell everybody who was given a person's data, one signed notice a share; exit 9 until all answered");
  FromList(notify->add_option("--type", o->type, "what is asked")->required(), kTypes);
  CLI::Option* const id = notify->add_option("--id", o->identifiers, "verified identifier, `<type>:<value>`");
  CLI::Option* const record =
      notify->add_option("--record", o->records, "reference of the person's record in the agency's own system");
  notify->add_option("--category", o->categories, "category concerned; may be repeated; default: all");
  notify->add_option("--event", o->event, "event id; default: a new one");
  notify->add_option("--because", o->because, "pass on another agency's event to those to whom its facts went onward")
      ->excludes(id)
      ->excludes(record);
  notify->callback(
      [o, &session] { session.Run([&](Client& client) { return Notify(client, *o, session.format()); }); });
}

void AddReads(CLI::App& rights, Session& session) {
  const auto o = std::make_shared<Options>();
  rights.add_subcommand("list", "events told and received, newest first")->callback([&session] {
    session.Run([&](Client& client) { return List(client, session.format()); });
  });
  CLI::App* const show = rights.add_subcommand("show", "one event: who answered what, and where it went onward");
  show->add_option("event", o->event, "event id")->required();
  show->callback(
      [o, &session] { session.Run([&](Client& client) { return Show(client, o->event, session.format()); }); });
}

void AddAnswers(CLI::App& rights, Session& session) {
  const auto o = std::make_shared<Options>();
  CLI::App* const answer = rights.add_subcommand("answer", "answer an event that another agency told; final");
  answer->add_option("event", o->event, "event id")->required();
  FromList(answer->add_option("--outcome", o->outcome, "what was done")->required(), kOutcomes);
  FromList(answer->add_option("--reason", o->reason, "of DECLINED: the ground in law"), agents::DecliningReasons());
  answer->callback(
      [o, &session] { session.Run([&](Client& client) { return Answer(client, *o, session.format()); }); });
  CLI::App* const allow = rights.add_subcommand(
      "allow", "let restricted facts be opened here on a ground of Article 18(2); nothing goes onward all the same");
  allow->add_option("event", o->event, "event that restricted them")->required();
  FromList(allow->add_option("--ground", o->ground, "the ground")->required(), agents::RestrictionGrounds());
  allow->callback([o, &session] { session.Run([&](Client& client) { return Allow(client, *o, session.format()); }); });
}

}  // namespace

void AddRightsCommands(CLI::App& app, Session& session) {
  CLI::App* const rights = app.add_subcommand(
      "rights", "a person's rights: tell everybody who was given their data, answer what others tell");
  rights->require_subcommand(1);
  AddNotify(*rights, session);
  AddReads(*rights, session);
  AddAnswers(*rights, session);
}

}  // namespace derwent::cli
