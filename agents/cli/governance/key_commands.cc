#include "agents/cli/governance/key_commands.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "agents/cli/governance/key_rotation.h"
#include "agents/cli/ledger/key_chain.h"
#include "agents/cli/session/signing.h"
#include "derwent/v1/key.pb.h"
#include "derwent/v1/key_service.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/identity/key_event.h"
#include "trust/message/timestamp.h"
#include "trust/secret/random.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::cli {
namespace {

absl::StatusOr<std::vector<v1::KeyEvent>> Events(const v1::AgencyKeys& keys) {
  std::vector<v1::KeyEvent> events;
  for (const v1::DsseEnvelope& envelope : keys.events()) {
    if (!events.emplace_back().ParseFromString(envelope.payload()))
      return absl::DataLossError("a key event does not parse");
  }
  return events;
}

// Whether the key of event `i` counts now, as far as the events say.
std::string StandingOf(const std::vector<v1::KeyEvent>& events, size_t i, absl::Time now) {
  if (events[i].action() == v1::KEY_ACTION_REVOKE) return "";
  for (size_t later = i + 1; later < events.size(); ++later) {
    if (events[later].action() == v1::KEY_ACTION_REVOKE && events[later].key_id() == events[i].key_id())
      return "revoked";
  }
  if (now < trust::FromTimestamp(events[i].valid_from())) return "to come";
  return now < trust::FromTimestamp(events[i].valid_until()) ? "counts" : "ended";
}

// Follows the chain as the client's configuration believes the log.
absl::Status CheckChain(Client& client, const v1::AgencyKeys& keys, const KeyRoots& roots) {
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  return FollowKeys(keys, roots, {.keys = log_keys, .origin = client.configuration().origin}, absl::Now()).status();
}

absl::StatusOr<int> List(Client& client, const std::string& agency, const KeyRoots& given, Format format) {
  ASSIGN_OR_RETURN(const v1::AgencyKeys keys,
                   FetchKeys(client, agency.empty() ? client.configuration().agency : agency));
  ASSIGN_OR_RETURN(const std::vector<v1::KeyEvent> events, Events(keys));
  Rows rows({"number", "step", "use", "key id", "from", "until", "now"});
  for (size_t i = 0; i < events.size(); ++i) {
    const v1::KeyEvent& event = events[i];
    const auto day = [](const google::protobuf::Timestamp& time) {
      return absl::FormatTime("%Y-%m-%d", trust::FromTimestamp(time), absl::UTCTimeZone());
    };
    rows.Add({absl::StrCat(event.sequence()), event.action() == v1::KEY_ACTION_PUBLISH ? "publish" : "revoke",
              event.purpose() == v1::KEY_PURPOSE_SIGNING ? "signing" : "sealing", event.key_id(),
              day(event.valid_from()), day(event.valid_until()), StandingOf(events, i, absl::Now())});
  }
  rows.Print(format, std::cout);
  RETURN_IF_ERROR(
      CheckChain(client, keys, {.ca = client.configuration().ca, .crl = given.crl, .first_key = given.first_key}));
  std::cerr << "the chain of " << events.size() << " events verifies"
            << (given.crl.empty() ? ", revoked certificates not looked at: give --crl" : "")
            << (given.first_key.empty() ? "; compare the first key id with the one you hold, or give --first-key"
                                        : " from the key you hold")
            << "\n";
  return kExitDone;
}

// Publishes that a key counts no longer, signed by the agency's signing key; the caller is the agency's agent.
absl::StatusOr<int> Revoke(Client& client, const std::string& key_id, const std::string& signing_key) {
  ASSIGN_OR_RETURN(const v1::AgencyKeys keys, FetchKeys(client, client.configuration().agency));
  ASSIGN_OR_RETURN(const std::vector<v1::KeyEvent> events, Events(keys));
  RETURN_IF_ERROR(CheckChain(client, keys, {.ca = client.configuration().ca, .crl = "", .first_key = ""}));
  const auto published =
      std::find_if(events.begin(), events.end(), [&](const v1::KeyEvent& event) { return event.key_id() == key_id; });
  if (published == events.end())
    return absl::NotFoundError(absl::StrCat("`", keys.agency(), "` has no key `", key_id, "`"));
  v1::KeyEvent event = *published;
  event.set_sequence(events.back().sequence() + 1);
  event.set_action(v1::KEY_ACTION_REVOKE);
  event.set_previous_event_digest(trust::Sha256(keys.events(keys.events_size() - 1).payload()).bytes());
  v1::PublishKeyEventRequest request;
  request.set_request_id(trust::SystemRandom().NewUuid().text());
  ASSIGN_OR_RETURN(*request.mutable_event(), SignWithFile(trust::kKeyEventType, event, signing_key));
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::KeyService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::PublishKeyEventResponse response,
                   broker->Call(*stub, &v1::KeyService::Stub::PublishKeyEvent, request, client.options()));
  std::cerr << "revoked; ledger entry " << response.receipt().index() << "\n";
  return kExitDone;
}

absl::StatusOr<int> Rotate(const Client& client, const Rotation& rotation, const std::string& granted) {
  if (granted.empty()) {
    ASSIGN_OR_RETURN(const std::string request, BeginRotation(rotation));
    std::cout << request << "\n";
    std::cerr << "have the consortium's CA sign it, then give the certificate with --certificate\n";
    return kExitPartial;
  }
  ASSIGN_OR_RETURN(const std::string key_id, FinishRotation(rotation, granted, client.configuration().ca));
  std::cout << key_id << "\n";
  std::cerr
      << "the agency's agent publishes it, signed by the signing key in force, and uses it: see `derwent key list`; "
         "the key before counts until its end or until it is revoked\n";
  return kExitDone;
}

struct Options {
  std::string agency, key_id, signing_key, granted;
  KeyRoots roots;
  Rotation rotation;
};

}  // namespace

void AddKeyCommands(CLI::App& app, Session& session) {
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  CLI::App* const key = app.add_subcommand("key", "keys of agencies");
  key->require_subcommand(1);
  CLI::App* const list = key->add_subcommand("list", "an agency's key events, their chain verified");
  list->add_option("agency", o->agency, "agency id; default: the own");
  list->add_option("--first-key", o->roots.first_key, "id of the agency's first signing key, known out of band");
  list->add_option("--crl", o->roots.crl, "which certificates are revoked (PEM)");
  list->callback([o, &session] {
    session.Run([&](Client& client) { return List(client, o->agency, o->roots, session.format()); });
  });
  CLI::App* const rotate = key->add_subcommand(
      "rotate", "make the next signing or sealing key and a request for its certificate; then, with it, put it in use");
  rotate->add_option("use", o->rotation.use, "signing or sealing")
      ->required()
      ->check(CLI::IsMember({"signing", "sealing"}));
  rotate->add_option("--keys", o->rotation.folder, "the folder `keys` in the agent's state_dir")->required();
  rotate->add_option("--after", o->rotation.certificate, "certificate of the key in force")->required();
  rotate->add_option("--certificate", o->granted, "the certificate that the CA gave");
  rotate->callback(
      [o, &session] { session.Run([&](Client& client) { return Rotate(client, o->rotation, o->granted); }); });
  CLI::App* const revoke =
      key->add_subcommand("revoke", "revoke a key of the own agency, at once; needs the agent's certificate");
  revoke->add_option("key", o->key_id, "key id")->required();
  revoke->add_option("--signing-key", o->signing_key, "the agency's signing key file (mode 0600)")->required();
  revoke->callback(
      [o, &session] { session.Run([&](Client& client) { return Revoke(client, o->key_id, o->signing_key); }); });
}

}  // namespace derwent::cli
