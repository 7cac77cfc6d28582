#include "tests/bench/shares.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

#include "agents/sdk/decide.h"
#include "agents/sdk/draft.h"
#include "agents/sdk/package.h"
#include "agents/sdk/references.h"
#include "trust/base/status_macros.h"

namespace derwent::bench {
namespace {

constexpr char kSender[] = "police.derbys";
constexpr char kRecipient[] = "rp.housing";
constexpr size_t kUnits = 3;
constexpr size_t kJustification = 1500;  // Octets; makes a submit of about 4 KiB.

absl::StatusOr<agents::ReferralDraft> Draft(BenchAgent& sender, const std::string& sample,
                                            const std::vector<std::string>& categories) {
  v1::PushReferralRequest request;
  if (!google::protobuf::util::JsonStringToMessage(sample, &request).ok())
    return absl::InvalidArgumentError("the sample is no referral");
  while (request.subjects_size() > 1) request.mutable_subjects()->RemoveLast();
  request.clear_recipients();
  request.set_justification(std::string(kJustification, 'j'));
  v1::ReferralRecipientChoice& choice = *request.add_recipients();
  choice.set_agency(kRecipient);
  choice.set_role("practitioner");
  for (const std::string& category : categories) choice.add_categories(category);
  std::vector<agents::FieldProblem> problems;
  const auto view = sender.daemon->context().policy.view();
  agents::ReferralDraft draft = agents::MakeDraft(request, kSender, view->snapshot(), sender.clock.Now(), problems);
  if (!problems.empty())
    return absl::InvalidArgumentError(absl::StrCat(problems.front().field, ": ", problems.front().rule));
  return draft;
}

absl::StatusOr<agents::PackageRecipient> Decide(BenchAgent& sender, const agents::ReferralDraft& draft) {
  const agents::AgentContext& context = sender.daemon->context();
  ASSIGN_OR_RETURN(const v1::PlanReferralResponse plan,
                   context.broker.Plan(agents::PlanFor(draft, sender.random.NewUuid().text())));
  for (const v1::AgencyKeys& keys : plan.keys()) RETURN_IF_ERROR(sender.daemon->upkeep().TakeKeys(keys));
  ASSIGN_OR_RETURN(agents::HolderDecision decision,
                   agents::DecideAsHolder(draft, plan, context.policy.view()->snapshot(), sender.clock.Now(),
                                          context.identity.contact, sender.random));
  if (decision.recipients.empty())
    return absl::FailedPreconditionError(absl::StrCat("nothing is released: ", decision.refusal));
  return std::move(decision.recipients.front());
}

}  // namespace

absl::StatusOr<std::unique_ptr<BenchAgent>> BenchAgent::Open(const std::string& run, const std::string& agency) {
  auto agent = std::make_unique<BenchAgent>();
  ASSIGN_OR_RETURN(agent->config, agents::AgentConfig::Load(absl::StrCat(run, "/agents/", agency, "/agent.json")));
  agent->log = std::make_unique<agents::Log>(std::cerr, agent->clock, agency);
  ASSIGN_OR_RETURN(agent->channel, agents::Channel::Open({.target = agent->config.broker_target,
                                                          .peer = agent->config.broker_peer,
                                                          .ca_file = agent->config.anchors.ca,
                                                          .certificate_file = agent->config.tls_certificate,
                                                          .key_file = agent->config.tls_key}));
  agent->broker = std::make_unique<agents::GrpcBroker>(*agent->channel);
  ASSIGN_OR_RETURN(agent->daemon,
                   agents::AgentDaemon::Create(
                       agent->config,
                       {.broker = *agent->broker, .clock = agent->clock, .random = agent->random, .log = *agent->log}));
  return agent;
}

absl::StatusOr<Parties> OpenParties(const std::string& run) {
  Parties parties;
  ASSIGN_OR_RETURN(parties.sender, BenchAgent::Open(run, kSender));
  ASSIGN_OR_RETURN(parties.recipient, BenchAgent::Open(run, kRecipient));
  for (int round = 0; round < 2; ++round) {  // The first publishes, the second reads what the other published.
    RETURN_IF_ERROR(parties.sender->daemon->upkeep().RunAll());
    RETURN_IF_ERROR(parties.recipient->daemon->upkeep().RunAll());
  }
  return parties;
}

absl::StatusOr<std::vector<std::string>> MakeShares(BenchAgent& sender, const std::string& sample, int count) {
  ASSIGN_OR_RETURN(const agents::ReferralDraft all, Draft(sender, sample, {}));
  ASSIGN_OR_RETURN(const agents::PackageRecipient possible, Decide(sender, all));
  std::vector<std::string> categories;
  for (const agents::PackageUnit& unit : possible.units) {
    if (categories.size() < kUnits) categories.push_back(unit.content.category());
  }
  ASSIGN_OR_RETURN(const agents::ReferralDraft draft, Draft(sender, sample, categories));
  ASSIGN_OR_RETURN(const agents::PackageRecipient recipient, Decide(sender, draft));
  if (recipient.units.size() != kUnits)
    return absl::FailedPreconditionError(absl::StrCat(recipient.units.size(), " units are released, not 3"));

  const agents::AgentContext& context = sender.daemon->context();
  ASSIGN_OR_RETURN(const Sha256Digest policy, Sha256Digest::FromBytes(context.policy.view()->bundle->policy_digest));
  const auto history = context.keys.Find(kRecipient);
  const trust::AgencyKey* const sealing = history->Current(trust::KeyUse::kSealing, sender.clock.Now());
  if (sealing == nullptr) return absl::FailedPreconditionError("the recipient has no sealing key");
  const std::vector<std::string> references =
      agents::ReferencesOf(draft.subjects.front().record, context.identity.reference_keys.at("general"));
  std::vector<std::string> shares;
  for (int i = 0; i < count; ++i) {
    v1::SubmitReferralRequest submit;
    submit.set_request_id(sender.random.NewOrderedUuid(absl::Now()).text());
    const agents::ShareHead head{.share_id = submit.request_id(),
                                 .sender_agency = kSender,
                                 .acting_person = draft.acting_person,
                                 .profile = draft.profile,
                                 .purpose = draft.purpose,
                                 .board = draft.board,
                                 .area = draft.area,
                                 .policy_digest = policy,
                                 .create_time = sender.clock.Now()};
    ASSIGN_OR_RETURN(*submit.add_submissions(),
                     agents::SealPackage(head, recipient, sealing->certificate.public_key(),
                                         context.identity.keys->signing()->key, sender.random));
    v1::SubjectReferences& of = *submit.add_references();
    of.set_subject(draft.subjects.front().number);
    for (const std::string& reference : references) of.add_references(reference);
    shares.push_back(submit.SerializeAsString());
  }
  return shares;
}

}  // namespace derwent::bench
