#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/sdk/inquiry.h"
#include "agents/sdk/package.h"
#include "trust/secret/secret_bytes.h"

namespace derwent::agents {

// Sizes in an existence-sensitive answer, whatever it holds: each unit's bucket, the key ring.
inline constexpr size_t kAnswerBucket = 16 * 1024;
inline constexpr size_t kAnswerRing = 4096;

// What a role said.
struct Verdict {
  enum class Kind { kWaiting, kAgreed, kRefused };
  Kind kind = Kind::kWaiting;
  std::string reason;  // Of a refusal: `LAPSED`, or the approver's code.
};
// What `role` said of a line, in the line's form.
using Verdicts = std::function<Verdict(const std::string& role, const AnswerLine& line)>;

// `RELEASED`, `WITHHELD` (one refusal suffices) or `PENDING`.
std::string OutcomeOf(const AnswerLine& line, const Verdicts& verdicts);

// Whether a released line may stand in an existence-sensitive answer: in the form, size and under the obligations that
// the answer has anyhow. One that may not follows as a supplement.
bool FitsSilently(const AnswerLine& line, const AnswerDecision& decision);

// Whether a line's content goes into the existence-sensitive answer: released and fitting, as are all that the same
// roles released.
bool GivenSilently(const AnswerLine& line, const AnswerDecision& decision, const Verdicts& verdicts);

// An existence-sensitive answer: every category that the asker's side may have, in that form, in one size; content
// where it is released and fits, else the neutral text. Nothing but ciphertext depends on what is held.
PackageRecipient SilentAnswer(const Inquiry& inquiry, const AnswerDecision& decision, const Verdicts& verdicts,
                              absl::Time now);
// An answer that explains itself: released units, and what became of each category.
PackageRecipient ExplainedAnswer(const Inquiry& inquiry, const AnswerDecision& decision, const Verdicts& verdicts,
                                 absl::Time now);
// What was settled of `categories` after the answer: released units; explained, unless existence is secret, the refused
// ones.
PackageRecipient SupplementTo(const Inquiry& inquiry, const AnswerDecision& decision, const Verdicts& verdicts,
                              const std::vector<std::string>& categories, absl::Time now);

// The head of an answer or supplement. In an existence-sensitive answer `create_time` is the slot's, so that it tells
// nothing.
ShareHead ReplyHead(const Inquiry& inquiry, v1::PackageKind kind, std::string share_id,
                    const Sha256Digest& policy_digest, absl::Time create_time);

// References of the record that was used, for the holder's own entries. In an existence-sensitive answer always eight:
// what is missing, all of them where nobody matched, is random.
std::vector<std::string> AnswerReferences(const v1::CaseRecord* record, const trust::SecretBytes& enclave_key,
                                          bool existence_sensitive, trust::Random& random);

}  // namespace derwent::agents
