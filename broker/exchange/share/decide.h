#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "broker/exchange/command/batch.h"
#include "broker/ledger/draft.h"
#include "derwent/v1/package.pb.h"
#include "policy/engine/decision.h"
#include "policy/engine/request.h"

namespace derwent::exchange {

// One recipient and subject of a package, decided by the broker: HOLDER predicates stay open.
struct DecidedSubject {
  uint32_t number = 0;
  policy::DecisionRequest request;
  policy::Decision decision;
};

// Why something may not go: a name of the published table. Those that rest on the subject are not shown to every party.
struct Objection {
  std::string code;
  bool open = true;
  friend bool operator==(const Objection&, const Objection&) = default;
};
// The leading one first. Empty: nothing stands against it.
using Objections = std::vector<Objection>;
Objection ObjectionOf(policy::ReasonCode code);

// What named persons agreed to release: category, form, role they agreed in.
using Approved = std::set<std::tuple<std::string, std::string, std::string>>;

// The question a pushed package (a referral, a selector) puts for one of its subjects.
policy::DecisionRequest QuestionOf(const v1::Manifest& manifest, const v1::ManifestSubject& subject,
                                   const v1::AskedSubject& asked);

// Decides every subject of a pushed package under the world as it is.
std::vector<DecidedSubject> DecidePackage(const v1::Manifest& manifest, const v1::SenderStatement& statement,
                                          const World& world, absl::Time now);
// Decides what a selector asks: from its recipient, the holder, to its sender.
DecidedSubject DecideAsked(const v1::Manifest& selector, policy::CaseLink link, const World& world, absl::Time now);

// Why a pushed package may not go to its recipient now. Units must lie within what is decided, and what needs approvers
// must be in `approved`; the acting person must still be entitled to push, or to ask.
Objections WhyNot(const v1::Manifest& manifest, const v1::SenderStatement& statement,
                  const std::vector<DecidedSubject>& decided, const Approved& approved, const World& world,
                  absl::Time now);
// Why an answer to `selector` may not go to its asker now. Every unit must lie within what is decided about the asker,
// and what needs approvers must be in `approved`: but for an existence-sensitive answer, where what was not agreed to
// in time goes out neutral and only the holder can tell.
Objections WhyNotAnswer(const v1::Manifest& answer, const v1::Manifest& selector, const DecidedSubject& decided,
                        const Approved& approved, const World& world, absl::Time now);

const policy::CategoryOutcome* FindOutcome(const policy::Decision& decision, absl::string_view category);
// Why nothing at all is allowed; empty when something is.
Objections WhyAllDenied(const policy::Decision& decision);

// Whether a person of the agency holds a role today that may do `what`, in the area.
bool PersonMay(const World& world, const std::string& agency, const std::string& person, const std::string& what,
               const std::string& area, absl::Time now);

// Who acted on a package.
enum class By { kBroker, kSender, kRecipient };

// One step that a package takes, as its entries show it. Borrows.
struct PackageStep {
  absl::string_view name;  // As field 20 of an entry.
  By by = By::kBroker;
  const v1::Manifest& manifest;
  const v1::SenderStatement& statement;
  const Sha256Digest& manifest_digest;
  const Objections& refused;          // Empty: it was taken.
  absl::string_view overridden = "";  // What stood against it and was overridden; empty: nothing.
};

// The entry of one step for one subject: everything but the step's own facts. In an existence-sensitive profile the
// entry shows the broker's own rules only. A selector's entries are about what is asked: the holder is the releasing
// side, and the tags are the asker's.
ledger::EntryDraft DraftFor(const PackageStep& step, const DecidedSubject& decided, std::vector<std::string> tags,
                            const Batch& batch);

// Under which engine, policy and registers the entry's step was decided.
void SetDecidedUnder(const World& world, ledger::EntryDraft& draft);

// Reason names, sorted, each once, of those every party may see.
std::vector<std::string> OpenReasons(const std::vector<policy::Reason>& reasons);

}  // namespace derwent::exchange
