#include "agents/cli/share/request_commands.h"

#include <algorithm>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

#include "agents/cli/session/json_input.h"
#include "agents/cli/share/approval_commands.h"
#include "agents/cli/share/content_view.h"
#include "agents/cli/terminal/closed_list.h"
#include "agents/cli/terminal/text.h"
#include "agents/sdk/messages.h"
#include "agents/sdk/request_progress.h"
#include "derwent/v1/agent_request.grpc.pb.h"
#include "policy/engine/reason.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

using Stub = v1::AgentRequestService::Stub;

constexpr absl::Duration kLongestPoll = absl::Seconds(25);

struct Options {
  std::string file;
  std::string id;
  std::string reason;
  bool validate_only = false;
  bool held = false;
  bool approvals = false;
  bool approval = false;
  double wait_seconds = 0;
};

std::string StateOf(const v1::RequestHolder& holder) {
  const std::string& name = v1::HolderState_Name(holder.state());
  return absl::AsciiStrToLower(name.substr(std::min(name.size(), sizeof("HOLDER_STATE_") - 1)));
}

using Decisions = google::protobuf::RepeatedPtrField<v1::AskerDecision>;

// What is permitted nearest to what is refused.
void PrintNextSteps(const Decisions& decisions) {
  for (const v1::AskerDecision& decision : decisions) {
    for (const std::string& step : decision.question().next_steps())
      std::cerr << "  next at " << decision.holder_agency() << ": " << step << "\n";
  }
}

absl::StatusOr<int> Send(Client& client, const Options& o, Format format) {
  v1::SendCaseRequestRequest request;
  RETURN_IF_ERROR(ReadJson(o.file, request));
  if (o.validate_only) request.set_validate_only(true);
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRequestService::NewStub(agent->grpc());
  ASSIGN_OR_RETURN(const v1::SendCaseRequestResponse response,
                   agent->Call(*stub, &Stub::SendCaseRequest, request, client.options()));
  const int code = response.state() == "REFUSED"   ? kExitRefused
                   : response.state() == "PLANNED" ? kExitDone
                                                   : kExitPartial;
  if (format == Format::kJson || format == Format::kJsonLines) {
    std::cout << ToJson(response, format == Format::kJson) << "\n";
    return code;
  }
  const std::string state =
      response.reason().empty() ? response.state() : absl::StrCat(response.state(), " ", response.reason());
  Rows rows({"request", "state", "holder", "category", "at most", "form", "why", "answers at"});
  for (const v1::AskerDecision& decision : response.decisions()) {
    // Where existence is secret nothing but denials of the asker is told.
    if (decision.question().categories().empty())
      rows.Add(
          {response.request_id(), state, decision.holder_agency(), "", "", "", "", TimeText(response.answer_time())});
    for (const v1::CategoryDecision& category : decision.question().categories()) {
      std::vector<std::string> reasons;
      for (const v1::Reason& reason : category.reasons()) reasons.push_back(reason.code());
      rows.Add({response.request_id(), state, decision.holder_agency(), category.category(), category.outcome(),
                category.form(), absl::StrJoin(reasons, " "), TimeText(response.answer_time())});
    }
  }
  rows.Print(format, std::cout);
  PrintNextSteps(response.decisions());
  return code;
}

absl::StatusOr<int> ListSent(Client& client, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRequestService::NewStub(agent->grpc());
  Rows rows(
      {"request", "reference", "profile", "case", "document", "state", "holder", "their state", "reason", "until"});
  v1::ListSentRequestsRequest request;
  do {
    ASSIGN_OR_RETURN(const v1::ListSentRequestsResponse page,
                     agent->Call(*stub, &Stub::ListSentRequests, request, client.options()));
    for (const v1::SentRequest& sent : page.requests()) {
      const auto add = [&](const std::string& holder, const std::string& state, const std::string& reason) {
        rows.Add({sent.request_id(), sent.request_ref(), sent.profile(), sent.case_id(), sent.document_reference(),
                  sent.state(), holder, state, reason, TimeText(sent.expire_time())});
      };
      if (sent.holders().empty()) add("", "", sent.reason());
      for (const v1::RequestHolder& holder : sent.holders()) add(holder.agency(), StateOf(holder), holder.reason());
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  rows.Print(format, std::cout);
  return kExitDone;
}

absl::StatusOr<int> ListHeld(Client& client, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRequestService::NewStub(agent->grpc());
  Rows rows({"request", "asker", "person", "role", "profile", "purpose", "route", "document", "case", "state", "record",
             "category", "outcome", "form", "why", "received"});
  v1::ListHeldRequestsRequest request;
  do {
    ASSIGN_OR_RETURN(const v1::ListHeldRequestsResponse page,
                     agent->Call(*stub, &Stub::ListHeldRequests, request, client.options()));
    for (const v1::HeldRequest& held : page.requests()) {
      for (const v1::HeldCategory& category : held.categories()) {
        rows.Add({held.request_id(), held.asker_agency(), held.acting_person(), held.role(), held.profile(),
                  held.purpose(), held.route(), held.document_reference(), held.case_id(), held.state(),
                  held.matched() ? held.record_ref() : "none", category.category(), category.outcome(), category.form(),
                  absl::StrJoin(category.outcome() == "PENDING" ? category.approvers() : category.reasons(), " "),
                  TimeText(held.receive_time())});
      }
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  rows.Print(format, std::cout);
  return kExitDone;
}

// Refused when the request was, or every holder's answer; pending while more is to come.
int CodeOf(const v1::SentRequest& request) {
  const bool none = !request.holders().empty() && std::ranges::all_of(request.holders(), [](const auto& holder) {
    return holder.state() == v1::HOLDER_STATE_REFUSED;
  });
  if (request.state() == "REFUSED" || none) return kExitRefused;
  return agents::IsOutstanding(request) ? kExitPartial : kExitDone;
}

// One line for each fact that came, and for each category of which none did.
void AddAnswer(const v1::RequestHolder& holder, const v1::OpenedAnswer& answer, Rows& rows) {
  for (const v1::OpenedUnit& unit : answer.units()) {
    for (const FactLine& line : FactLines(unit.content())) {
      rows.Add({holder.agency(), StateOf(holder), unit.content().category(), "ANSWERED", unit.content().form(),
                line.text, "", "", line.provenance});
    }
  }
  for (const v1::CategoryAnswer& part : answer.answers()) {
    if (part.outcome() == "RELEASED") continue;
    rows.Add({holder.agency(), StateOf(holder), part.category(), part.outcome(), part.form(), "",
              absl::StrCat(absl::StrJoin(part.reasons(), " "), part.approvers().empty() ? "" : " by ",
                           absl::StrJoin(part.approvers(), " ")),
              part.next_step(), ""});
  }
}

// What may be done about a refusal; empty: nothing that the reason alone says.
std::string NextAfter(const std::string& reason) {
  const policy::ReasonEntry* const entry = policy::FindReason(reason);
  return entry == nullptr ? "" : std::string(entry->next);
}

// Every rule that stood against the asker, holder by holder and category by category, and the nearest ways.
void PrintRefusal(const v1::SentRequest& request, const Decisions& decisions, Format format) {
  Rows rows({"request", "state", "reason", "holder", "category", "outcome", "rule", "next"});
  const auto add = [&](const std::string& holder, const std::string& category, const std::string& outcome,
                       const std::string& rule, const std::string& next) {
    rows.Add({request.request_id(), request.state(), request.reason(), holder, category, outcome, rule, next});
  };
  bool told = false;
  for (const v1::AskerDecision& decision : decisions) {
    for (const v1::CategoryDecision& category : decision.question().categories()) {
      for (const v1::Reason& reason : category.reasons()) {
        told = true;
        add(decision.holder_agency(), category.category(), category.outcome(),
            absl::StrCat(reason.code(), " ", reason.rule()), NextAfter(reason.code()));
      }
    }
  }
  if (!told) add("", "", "", "", NextAfter(request.reason()));
  rows.Print(format, std::cout);
  PrintNextSteps(decisions);
}

absl::StatusOr<int> Show(Client& client, const Options& o, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRequestService::NewStub(agent->grpc());
  v1::ShowCaseRequestRequest request;
  request.set_request_id(o.id);
  ASSIGN_OR_RETURN(const v1::ShowCaseRequestResponse response,
                   agent->Call(*stub, &Stub::ShowCaseRequest, request, client.options()));
  if (format == Format::kJson || format == Format::kJsonLines) {
    std::cout << ToJson(response, format == Format::kJson) << "\n";
    return CodeOf(response.request());
  }
  if (response.request().state() == "REFUSED") {
    PrintRefusal(response.request(), response.decisions(), format);
    return kExitRefused;
  }
  Rows rows({"holder", "their state", "category", "outcome", "form", "content", "why", "next", "provenance"});
  for (const v1::RequestHolder& holder : response.request().holders()) {
    bool answered = false;
    for (const v1::OpenedAnswer& answer : response.answers()) {
      if (answer.agency() != holder.agency()) continue;
      answered = true;
      AddAnswer(holder, answer, rows);
    }
    if (!answered)
      rows.Add({holder.agency(), StateOf(holder), "", "", "", "", holder.reason(), NextAfter(holder.reason()), ""});
  }
  rows.Print(format, std::cout);
  return CodeOf(response.request());
}

// One long poll after the other at the own agent, which knows who may see the request; opens nothing.
absl::StatusOr<int> Watch(Client& client, const Options& o, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRequestService::NewStub(agent->grpc());
  v1::WatchCaseRequestRequest request;
  request.set_request_id(o.id);
  const absl::Time stop = o.wait_seconds > 0 ? absl::Now() + absl::Seconds(o.wait_seconds) : absl::InfiniteFuture();
  while (true) {
    const absl::Duration wait = std::clamp(stop - absl::Now(), absl::Seconds(1), kLongestPoll);
    request.set_wait_seconds(static_cast<int>(absl::ToInt64Seconds(wait)));
    agents::CallOptions options = client.options();
    options.timeout += wait;
    ASSIGN_OR_RETURN(const v1::SentRequest sent, agent->Call(*stub, &Stub::WatchCaseRequest, request, options));
    const absl::Time deadline =
        sent.has_expire_time() ? std::min(stop, absl::FromUnixSeconds(sent.expire_time().seconds())) : stop;
    if (agents::IsOutstanding(sent) && absl::Now() < deadline) continue;
    Rows rows({"holder", "their state", "reason", "answers", "when"});
    for (const v1::RequestHolder& holder : sent.holders()) {
      rows.Add({holder.agency(), StateOf(holder), holder.reason(), absl::StrCat(holder.answer_share_ids_size()),
                TimeText(holder.update_time())});
    }
    rows.Print(format, std::cout);
    return CodeOf(sent);
  }
}

absl::StatusOr<int> Cancel(Client& client, const Options& o) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRequestService::NewStub(agent->grpc());
  v1::CancelCaseRequestRequest request;
  request.set_request_id(o.id);
  request.set_reason(o.reason);
  ASSIGN_OR_RETURN(const v1::CancelCaseRequestResponse response,
                   agent->Call(*stub, &Stub::CancelCaseRequest, request, client.options()));
  std::cerr << "cancelled; told because they had it: "
            << (response.told_agencies().empty() ? "nobody" : absl::StrJoin(response.told_agencies(), " ")) << "\n";
  return kExitDone;
}

}  // namespace

void AddRequestCommands(CLI::App& app, Session& session) {
  CLI::App* const request = app.add_subcommand("request", "ask other agencies about a person, follow and approve");
  request->require_subcommand(1);
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  CLI::App* const send = request->add_subcommand("send", "send a case-data request");
  send->add_option("--file", o->file, "SendCaseRequestRequest in JSON; - for standard input")->required();
  send->add_flag("--plan", o->validate_only, "only say what would be decided about you");
  send->callback([o, &session] { session.Run([&](Client& client) { return Send(client, *o, session.format()); }); });
  CLI::App* const list = request->add_subcommand(
      "list", "what the agency asked; --held: what others asked of it; --approvals: what waits for you");
  list->add_flag("--held", o->held, "what others asked of this agency, for its data protection officer");
  list->add_flag("--approvals", o->approvals, "what waits for your approval")->excludes("--held");
  list->callback([o, &session] {
    session.Run([&](Client& client) {
      return o->held        ? ListHeld(client, session.format())
             : o->approvals ? ListApprovals(client, session.format())
                            : ListSent(client, session.format());
    });
  });
  CLI::App* const show = request->add_subcommand(
      "show", "open the answers to a request, or with --approval what you are asked to approve");
  show->add_option("id", o->id, "request id, or approval id")->required();
  show->add_flag("--approval", o->approval, "an approval");
  show->callback([o, &session] {
    session.Run([&](Client& client) {
      return o->approval ? ShowApproval(client, o->id, session.format()) : Show(client, *o, session.format());
    });
  });
  CLI::App* const watch = request->add_subcommand("watch", "wait until every holder has answered, or the deadline");
  watch->add_option("request", o->id, "request id")->required();
  watch->add_option("--for", o->wait_seconds, "seconds to wait at most")->check(CLI::Range(0.0, 604800.0));
  watch->callback([o, &session] { session.Run([&](Client& client) { return Watch(client, *o, session.format()); }); });
  AddApprovalCommands(*request, session);
  CLI::App* const cancel = request->add_subcommand("cancel", "take a request back");
  cancel->add_option("request", o->id, "request id")->required();
  FromList(cancel->add_option("--reason", o->reason, "why"), agents::WithdrawalReasons());
  cancel->callback([o, &session] { session.Run([&](Client& client) { return Cancel(client, *o); }); });
}

}  // namespace derwent::cli
