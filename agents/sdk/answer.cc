#include "agents/sdk/answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/sdk/neutral_unit.h"
#include "agents/sdk/references.h"
#include "agents/sdk/seal/unit.h"

namespace derwent::agents {
namespace {

constexpr int kDefaultCollectionHours = 120;
constexpr size_t kMostListOctets = 1024;  // Of a record's persons: with 64 keys they fit the ring.
constexpr size_t kReferenceOctets = 32;

// What answer and supplement have in common.
PackageRecipient ReplyTo(const Inquiry& inquiry, const AnswerDecision& decision, absl::Time now) {
  const v1::Manifest& selector = inquiry.selector;
  PackageRecipient reply{.agency = selector.sender_agency(),
                         .role = selector.question().role(),
                         .person = selector.question().acting_person()};
  const auto hours = decision.asker_side.clock_hours.find("collection");
  const bool named = hours != decision.asker_side.clock_hours.end() && hours->second > 0;
  reply.expire_time = now + absl::Hours(named ? hours->second : kDefaultCollectionHours);
  reply.marking = decision.marking;
  reply.obligations = {decision.obligations.begin(), decision.obligations.end()};
  reply.existence_sensitive = selector.existence_sensitive();
  const v1::ManifestSubject& subject = selector.subjects(0);
  reply.subjects.push_back(
      {.number = subject.number(),
       .role = subject.role(),
       .grounds = {subject.grounds().begin(), subject.grounds().end()},
       .asked_categories = {selector.question().categories().begin(), selector.question().categories().end()},
       .holder_commitment = decision.commitment});
  return reply;
}

bool ListsFit(const AnswerDecision& decision) {
  size_t octets = 0;
  for (const std::string& person : decision.excluded_persons) octets += person.size() + 4;
  for (const std::string& person : decision.only_persons) octets += person.size() + 4;
  return octets <= kMostListOctets;
}

void NamePersons(const AnswerDecision& decision, PackageRecipient& reply) {
  reply.excluded_persons = decision.excluded_persons;
  reply.only_persons = decision.only_persons;
}

v1::CategoryAnswer Explained(const AnswerLine& line, const std::string& outcome, const Verdicts& verdicts) {
  v1::CategoryAnswer answer;
  answer.set_category(line.category);
  answer.set_outcome(outcome);
  if (outcome != "WITHHELD") answer.set_form(line.form);
  for (const std::string& role : line.approvers) {
    const Verdict verdict = verdicts(role, line);
    if (outcome == "WITHHELD" && verdict.kind != Verdict::Kind::kRefused) continue;
    answer.add_approvers(role);
    if (outcome != "WITHHELD") continue;
    answer.add_reasons("APPROVAL_REFUSED");
    answer.add_rules(line.rules.empty() ? "" : line.rules.front());
    answer.add_reasons(verdict.reason);
    answer.add_rules("");
    answer.set_next_step(absl::StrCat("ask the ", role, " what would change the answer, or ask for less"));
  }
  if (!answer.reasons().empty()) return answer;
  answer.mutable_reasons()->Assign(line.reasons.begin(), line.reasons.end());
  answer.mutable_rules()->Assign(line.rules.begin(), line.rules.end());
  answer.set_next_step(line.next_step);
  return answer;
}

}  // namespace

std::string OutcomeOf(const AnswerLine& line, const Verdicts& verdicts) {
  if (line.form.empty() || line.content.content_case() == v1::UnitContent::CONTENT_NOT_SET) return "WITHHELD";
  bool waits = false;
  for (const std::string& role : line.approvers) {
    const Verdict::Kind said = verdicts(role, line).kind;
    if (said == Verdict::Kind::kRefused) return "WITHHELD";
    waits = waits || said == Verdict::Kind::kWaiting;
  }
  return waits ? "PENDING" : "RELEASED";
}

bool FitsSilently(const AnswerLine& line, const AnswerDecision& decision) {
  const absl::StatusOr<size_t> bucket = SizeBucket(line.content.ByteSizeLong(), kAnswerBucket);
  return line.form == line.asked_form && bucket.ok() && *bucket == kAnswerBucket && ListsFit(decision) &&
         std::ranges::includes(decision.asker_side.obligations, decision.obligations) &&
         decision.marking == decision.asker_side.marking;
}

bool GivenSilently(const AnswerLine& line, const AnswerDecision& decision, const Verdicts& verdicts) {
  if (OutcomeOf(line, verdicts) != "RELEASED" || !FitsSilently(line, decision)) return false;
  // An approval counts once: what rests on one goes out together.
  return line.approvers.empty() || std::ranges::all_of(decision.lines, [&](const AnswerLine& other) {
           return other.approvers != line.approvers || OutcomeOf(other, verdicts) != "RELEASED" ||
                  FitsSilently(other, decision);
         });
}

PackageRecipient SilentAnswer(const Inquiry& inquiry, const AnswerDecision& decision, const Verdicts& verdicts,
                              absl::Time now) {
  PackageRecipient reply = ReplyTo(inquiry, decision, now);
  reply.marking = decision.asker_side.marking;
  reply.obligations = {decision.asker_side.obligations.begin(), decision.asker_side.obligations.end()};
  reply.unit_bucket = kAnswerBucket;
  reply.ring_octets = kAnswerRing;
  for (const AnswerLine& line : decision.lines) {
    if (line.asked_form.empty()) continue;
    const bool given = GivenSilently(line, decision, verdicts);
    if (given) NamePersons(decision, reply);  // What is given tells that there is a record; nothing else may.
    reply.units.push_back(
        {.subject = 1,
         .content =
             given ? line.content : NeutralUnit(line.category, line.asked_form, inquiry.selector.recipient_agency())});
  }
  return reply;
}

PackageRecipient ExplainedAnswer(const Inquiry& inquiry, const AnswerDecision& decision, const Verdicts& verdicts,
                                 absl::Time now) {
  PackageRecipient reply = ReplyTo(inquiry, decision, now);
  NamePersons(decision, reply);
  for (const AnswerLine& line : decision.lines) {
    const std::string outcome = OutcomeOf(line, verdicts);
    if (outcome == "RELEASED") reply.units.push_back({.subject = 1, .content = line.content});
    reply.answers.push_back(Explained(line, outcome, verdicts));
  }
  return reply;
}

PackageRecipient SupplementTo(const Inquiry& inquiry, const AnswerDecision& decision, const Verdicts& verdicts,
                              const std::vector<std::string>& categories, absl::Time now) {
  AnswerDecision part = decision;
  std::erase_if(part.lines, [&](const AnswerLine& line) {
    return std::ranges::find(categories, line.category) == categories.end();
  });
  PackageRecipient reply = ExplainedAnswer(inquiry, part, verdicts, now);
  if (reply.existence_sensitive) reply.answers.clear();
  return reply;
}

ShareHead ReplyHead(const Inquiry& inquiry, v1::PackageKind kind, std::string share_id,
                    const Sha256Digest& policy_digest, absl::Time create_time) {
  const v1::Manifest& selector = inquiry.selector;
  // Nobody acts but the agent: who agreed is in the approvals, and would tell here that there was something to agree
  // to.
  return {.share_id = std::move(share_id),
          .kind = kind,
          .sender_agency = selector.recipient_agency(),
          .acting_person = "",
          .profile = selector.profile(),
          .purpose = selector.purpose(),
          .board = selector.board(),
          .area = selector.area(),
          .case_id = selector.case_id(),
          .step = selector.step(),
          .product = selector.product(),
          .document_reference = selector.document_reference(),
          .reply_to_share_id = selector.share_id(),
          .policy_digest = policy_digest,
          .create_time = create_time};
}

std::vector<std::string> AnswerReferences(const v1::CaseRecord* record, const trust::SecretBytes& enclave_key,
                                          bool existence_sensitive, trust::Random& random) {
  std::vector<std::string> references;
  if (record != nullptr) references = ReferencesOf(*record, enclave_key);
  while (existence_sensitive && references.size() < kMaxReferences)
    references.push_back(random.Bytes(kReferenceOctets));
  std::ranges::sort(references);
  return references;
}

}  // namespace derwent::agents
