#include "agents/cli/share/referral_commands.h"

#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"

#include "agents/cli/session/json_input.h"
#include "agents/cli/share/content_view.h"
#include "agents/cli/terminal/closed_list.h"
#include "agents/cli/terminal/text.h"
#include "agents/sdk/messages.h"
#include "derwent/v1/agent.grpc.pb.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

using Stub = v1::AgentService::Stub;

// The last word of an enum's name: `RECIPIENT_STATE_WAITING` becomes `waiting`.
std::string Short(absl::string_view name, absl::string_view prefix) {
  return absl::AsciiStrToLower(absl::StartsWith(name, prefix) ? name.substr(prefix.size()) : name);
}

// Refused when a share is refused or nothing at all is given; partial when something is withheld, pending or queued.
int CodeOf(const v1::PushReferralResponse& response) {
  bool refused = false;
  bool given = false;
  bool less = false;
  for (const v1::ShareOutcome& share : response.shares()) {
    refused = refused || share.state() == "REFUSED";
    less = less || share.state() == "QUEUED" || share.state() == "PENDING";
    for (const v1::UnitOutcome& unit : share.units()) {
      given = given || unit.outcome() != "WITHHELD";
      less = less || unit.outcome() != "RELEASED";
    }
  }
  return refused || !given ? kExitRefused : less ? kExitPartial : kExitDone;
}

// Reads a referral; one that takes the place of `older`, when that is not empty.
absl::StatusOr<v1::PushReferralRequest> ReadReferral(const std::string& path, const std::string& older) {
  v1::PushReferralRequest request;
  RETURN_IF_ERROR(ReadJson(path, request));
  if (older.empty()) return request;
  if (!request.supersedes_share_id().empty() && request.supersedes_share_id() != older)
    return absl::InvalidArgumentError(absl::StrCat("supersedes_share_id: `", request.supersedes_share_id(),
                                                   "` is not the share named, `", older, "`"));
  request.set_supersedes_share_id(older);
  return request;
}

void TellSuperseded(const v1::PushReferralResponse& response) {
  for (const v1::ShareOutcome& share : response.shares()) {
    if (share.supersedes_share_id().empty()) continue;
    std::cerr << "version " << share.version() << " takes the place of " << share.supersedes_share_id()
              << "; withdrawn from: "
              << (share.withdrawn_agencies().empty() ? "nobody" : absl::StrJoin(share.withdrawn_agencies(), " "))
              << "\n";
  }
}

absl::StatusOr<int> Push(Client& client, const v1::PushReferralRequest& request, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  ASSIGN_OR_RETURN(const v1::PushReferralResponse response,
                   agent->Call(*stub, &Stub::PushReferral, request, client.options()));
  if (format == Format::kJson || format == Format::kJsonLines) {
    std::cout << ToJson(response, format == Format::kJson) << "\n";
    return CodeOf(response);
  }
  Rows rows({"share", "profile", "state", "recipient", "subject", "category", "outcome", "form", "why"});
  for (const v1::ShareOutcome& share : response.shares()) {
    const std::string state = share.reason().empty() ? share.state() : absl::StrCat(share.state(), " ", share.reason());
    if (share.units().empty()) rows.Add({share.share_id(), share.profile(), state, "", "", "", "", "", ""});
    for (const v1::UnitOutcome& unit : share.units()) {
      rows.Add({share.share_id(), share.profile(), state, unit.recipient_agency(), absl::StrCat(unit.subject()),
                unit.category(), unit.outcome(), unit.form(),
                absl::StrJoin(unit.outcome() == "PENDING" ? unit.approvers() : unit.reasons(), " ")});
    }
  }
  rows.Print(format, std::cout);
  TellSuperseded(response);
  return CodeOf(response);
}

absl::StatusOr<int> ListOut(Client& client, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  Rows rows(
      {"share", "reference", "profile", "state", "recipient", "their state", "reason", "supersedes", "superseded by"});
  v1::ListOutboxRequest request;
  do {
    ASSIGN_OR_RETURN(const v1::ListOutboxResponse page,
                     agent->Call(*stub, &Stub::ListOutbox, request, client.options()));
    for (const v1::OutboxItem& item : page.items()) {
      if (item.referral().recipients().empty())
        rows.Add({item.referral().share_id(), item.referral_ref(), item.referral().profile(), item.state(), "", "",
                  item.reason(), item.supersedes_share_id(), item.superseded_by_share_id()});
      for (const v1::ReferralRecipient& recipient : item.referral().recipients()) {
        rows.Add({item.referral().share_id(), item.referral_ref(), item.referral().profile(), item.state(),
                  recipient.agency(), Short(v1::RecipientState_Name(recipient.state()), "RECIPIENT_STATE_"),
                  recipient.reason(), item.supersedes_share_id(), item.superseded_by_share_id()});
      }
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  rows.Print(format, std::cout);
  return kExitDone;
}

absl::StatusOr<int> ListIn(Client& client, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  Rows rows({"share", "from", "profile", "for", "state", "marking", "adds to", "supersedes", "superseded by"});
  v1::ListInboxRequest request;
  do {
    ASSIGN_OR_RETURN(const v1::ListInboxResponse page, agent->Call(*stub, &Stub::ListInbox, request, client.options()));
    for (const v1::InboxItem& item : page.items())
      rows.Add({item.share_id(), item.sender_agency(), item.profile(), item.role(), item.state(), item.marking(),
                item.adds_to_share_id(), item.supersedes_share_id(), item.superseded_by_share_id()});
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  rows.Print(format, std::cout);
  return kExitDone;
}

void PrintHead(const v1::ReceivedReferral& received) {
  std::cerr << "from " << SafeText(received.item().sender_agency()) << ", profile " << received.item().profile()
            << ", marking " << received.item().marking() << "\n";
  if (!received.item().supersedes_share_id().empty())
    std::cerr << "takes the place of " << SafeText(received.item().supersedes_share_id()) << "\n";
  if (!received.obligations().empty())
    std::cerr << "obligations: " << absl::StrJoin(received.obligations(), " ") << "\n";
  if (!received.justification().empty()) std::cerr << "why: " << SafeText(received.justification()) << "\n";
}

int PrintSent(const v1::OutboxItem& item, Format format) {
  if (format == Format::kJson || format == Format::kJsonLines) {
    std::cout << ToJson(item, format == Format::kJson) << "\n";
    return kExitDone;
  }
  Rows rows({"recipient", "role", "what", "reason", "note", "when"});
  if (!item.supersedes_share_id().empty())
    rows.Add({"", "", absl::StrCat("supersedes ", item.supersedes_share_id()), "", "", ""});
  if (!item.superseded_by_share_id().empty())
    rows.Add({"", "", absl::StrCat("superseded by ", item.superseded_by_share_id()), "", "", ""});
  if (item.referral().recipients().empty())  // It went to nobody.
    rows.Add({"", "", absl::StrCat("now ", absl::AsciiStrToLower(item.state())), item.reason(), "", ""});
  for (const v1::ReferralRecipient& part : item.referral().recipients()) {
    rows.Add({part.agency(), part.role(),
              absl::StrCat("now ", Short(v1::RecipientState_Name(part.state()), "RECIPIENT_STATE_")), part.reason(), "",
              TimeText(part.update_time())});
    for (const v1::DueTime& due : part.due_times()) {
      rows.Add({part.agency(), part.role(), absl::StrCat(due.step(), due.overdue() ? " OVERDUE since" : " due"), "", "",
                TimeText(due.due_time())});
    }
  }
  for (const v1::ProgressSeen& seen : item.progress()) {
    rows.Add({seen.agency(), "",
              absl::StrCat("reported ", Short(v1::ProgressState_Name(seen.state()), "PROGRESS_STATE_")), seen.reason(),
              seen.note(), TimeText(seen.create_time())});
  }
  rows.Print(format, std::cout);
  return kExitDone;
}

absl::StatusOr<int> ShowReceived(Client& client, const std::string& share, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  v1::OpenReferralRequest request;
  request.set_share_id(share);
  ASSIGN_OR_RETURN(const v1::ReceivedReferral received,
                   agent->Call(*stub, &Stub::OpenReferral, request, client.options()));
  if (format == Format::kJson || format == Format::kJsonLines) {
    std::cout << ToJson(received, format == Format::kJson) << "\n";
    return kExitDone;
  }
  if (format == Format::kTable) PrintHead(received);
  Rows rows({"subject", "role", "category", "form", "content", "provenance"});
  for (const v1::OpenedUnit& unit : received.units()) {
    for (const FactLine& line : FactLines(unit.content())) {
      rows.Add({absl::StrCat(unit.subject()), unit.role(), unit.content().category(), unit.content().form(), line.text,
                line.provenance});
    }
  }
  rows.Print(format, std::cout);
  return kExitDone;
}

// What the agency sent: each recipient's part and every progress it reported.
absl::StatusOr<int> ShowSent(Client& client, const std::string& share, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  v1::ListOutboxRequest request;
  do {
    ASSIGN_OR_RETURN(const v1::ListOutboxResponse page,
                     agent->Call(*stub, &Stub::ListOutbox, request, client.options()));
    for (const v1::OutboxItem& item : page.items()) {
      if (item.referral().share_id() == share) return PrintSent(item, format);
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::NotFoundError(absl::StrCat("the agency sent no share `", share, "`"));
}

absl::StatusOr<int> Report(Client& client, const std::string& share, v1::ProgressState state, const std::string& reason,
                           const std::string& note) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  v1::ReportReceivedRequest request;
  request.set_share_id(share);
  request.set_state(state);
  request.set_reason(reason);
  request.set_note(note);
  if (note == "-") {
    ASSIGN_OR_RETURN(const std::string text, ReadIn("-", 16 << 10));
    request.set_note(std::string(absl::StripTrailingAsciiWhitespace(text)));
  }
  RETURN_IF_ERROR(agent->Call(*stub, &Stub::ReportReceived, request, client.options()).status());
  std::cerr << Short(v1::ProgressState_Name(state), "PROGRESS_STATE_") << ": durable and on its way\n";
  return kExitDone;
}

absl::StatusOr<int> Withdraw(Client& client, const std::string& share, const std::string& reason) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  v1::WithdrawRequest request;
  request.set_share_id(share);
  request.set_reason(reason);
  ASSIGN_OR_RETURN(const v1::WithdrawResponse response, agent->Call(*stub, &Stub::Withdraw, request, client.options()));
  std::cerr << "withdrawn; told because they had it: "
            << (response.told_agencies().empty() ? "nobody" : absl::StrJoin(response.told_agencies(), " ")) << "\n";
  return kExitDone;
}

struct Options {
  std::string file = "-";
  std::string share;
  std::string reason;
  std::string note;
  bool received = false;
  bool sent = false;
};

}  // namespace

void AddReferralCommands(CLI::App& app, Session& session) {
  CLI::App* const referral = app.add_subcommand("referral", "send referrals and follow them");
  referral->require_subcommand(1);
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  for (const bool validate_only : {true, false}) {
    CLI::App* const command =
        referral->add_subcommand(validate_only ? "plan" : "send",
                                 validate_only ? "who would get what, and why; nothing is sent" : "send a referral");
    command->add_option("--file", o->file, "PushReferralRequest in JSON; - for standard input")->required();
    command->callback([o, validate_only, &session] {
      session.Run([&](Client& client) -> absl::StatusOr<int> {
        ASSIGN_OR_RETURN(v1::PushReferralRequest request, ReadReferral(o->file, /*older=*/""));
        if (validate_only) request.set_validate_only(true);
        return Push(client, request, session.format());
      });
    });
  }
  CLI::App* const supersede =
      referral->add_subcommand("supersede", "send a later version of a share; who had the older one deletes it");
  supersede->add_option("share", o->share, "share id of the older version")->required();
  supersede
      ->add_option("--file", o->file, "PushReferralRequest in JSON, with a reference of its own; - for standard input")
      ->required();
  supersede->callback([o, &session] {
    session.Run([&](Client& client) -> absl::StatusOr<int> {
      ASSIGN_OR_RETURN(const v1::PushReferralRequest request, ReadReferral(o->file, o->share));
      return Push(client, request, session.format());
    });
  });
  CLI::App* const list = referral->add_subcommand("list", "what the agency sent, or with --in what it received");
  list->add_flag("--in,!--out", o->received, "received");
  list->callback([o, &session] {
    session.Run([&](Client& client) {
      return o->received ? ListIn(client, session.format()) : ListOut(client, session.format());
    });
  });
  CLI::App* const show =
      referral->add_subcommand("show", "open a received referral, or with --out say what became of a sent one");
  show->add_option("share", o->share, "share id")->required();
  show->add_flag("--out,!--in", o->sent, "sent");
  show->callback([o, &session] {
    session.Run([&](Client& client) {
      return o->sent ? ShowSent(client, o->share, session.format()) : ShowReceived(client, o->share, session.format());
    });
  });
  const std::tuple<const char*, v1::ProgressState, const char*, bool> reports[] = {
      {"accept", v1::PROGRESS_STATE_ACCEPTED, "take a received referral on", false},
      {"decline", v1::PROGRESS_STATE_DECLINED, "decline it with a reason", true},
      {"close", v1::PROGRESS_STATE_CLOSED, "close it with an outcome", true}};
  for (const auto& [name, progress, what, needs_reason] : reports) {
    CLI::App* const command = referral->add_subcommand(name, what);
    command->add_option("share", o->share, "share id")->required();
    CLI::Option* const reason = command->add_option("--reason,--outcome", o->reason, "code");
    if (needs_reason) FromList(reason->required(), agents::ProgressReasons(progress));
    command->add_option("--note", o->note, "a note to the sender, sealed; - reads it from standard input");
    const v1::ProgressState state = progress;
    command->callback([o, state, &session] {
      session.Run([&](Client& client) { return Report(client, o->share, state, o->reason, o->note); });
    });
  }
  CLI::App* const withdraw = referral->add_subcommand("withdraw", "take a share back");
  withdraw->add_option("share", o->share, "share id")->required();
  FromList(withdraw->add_option("--reason", o->reason, "why")->required(), agents::WithdrawalReasons());
  withdraw->callback(
      [o, &session] { session.Run([&](Client& client) { return Withdraw(client, o->share, o->reason); }); });
}

}  // namespace derwent::cli
