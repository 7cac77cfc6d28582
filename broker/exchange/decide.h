#pragma once

#include <string>
#include <vector>

#include "broker/exchange/batch.h"
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

// The question a package puts for one of its subjects.
policy::DecisionRequest QuestionOf(const v1::Manifest& manifest, const v1::ManifestSubject& subject, const v1::AskedSubject& asked);

// Decides every subject of a package under the world as it is.
std::vector<DecidedSubject> DecidePackage(const v1::Manifest& manifest, const v1::SenderStatement& statement, const World& world, absl::Time now);

// Why a package may not go to its recipient now; empty when it may. Units must lie within what is decided, need no approver,
// and the sender's acting person must still be entitled to push.
std::vector<policy::Reason> WhyNot(const v1::Manifest& manifest, const v1::SenderStatement& statement, const std::vector<DecidedSubject>& decided,
                                   const World& world, absl::Time now);

// Whether a person of the agency holds a role today that may do `what`, in the area.
bool PersonMay(const World& world, const std::string& agency, const std::string& person, const std::string& what, const std::string& area, absl::Time now);

// The entry of one step for one subject: everything but the step's own facts. `given`: what is released, for the sender's own
// record of it; in an existence-sensitive profile the entry shows the broker's own rules only.
ledger::EntryDraft DraftFor(absl::string_view step, ledger::Actor actor, const v1::Manifest& manifest, const v1::SenderStatement& statement,
                            const DecidedSubject& decided, std::vector<std::string> tags, const Sha256Digest& manifest_digest, const Batch& batch,
                            const std::vector<policy::Reason>& refused);

// Reason names, sorted, each once, of those every party may see.
std::vector<std::string> OpenReasons(const std::vector<policy::Reason>& reasons);

}  // namespace derwent::exchange
