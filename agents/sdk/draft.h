#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "derwent/v1/agent.pb.h"
#include "derwent/v1/record.pb.h"
#include "policy/engine/model.h"

namespace derwent::agents {

// What another agency shared of one person, and by which share.
struct Received {
  std::string share_id;
  std::string originator;  // Its agency.
  std::string marking;
  std::vector<std::string> obligations;
  std::vector<std::string> categories;  // That hold some of it, sorted.
};

// One person of a referral.
struct DraftSubject {
  uint32_t number = 0;  // From 1.
  std::string role;
  v1::CaseRecord record;
  std::optional<Received> received;  // What of it goes onward; unset: all is the sender's own.
};

// One recipient as asked for.
struct DraftRecipient {
  std::string agency;
  std::string role;
  std::string person;
  std::vector<std::string> grounds;                         // For all subjects, or `<subject number>:<ground>` for one.
  std::vector<std::string> categories;                      // Empty: all that is held, but protected places.
  std::set<std::pair<uint32_t, std::string>> told_apart{};  // Subject and category: another share tells them.
};

// The own share whose place a draft takes.
struct OlderShare {
  std::string share_id;
  uint32_t version = 1;
  std::vector<std::string> recipients;  // Agencies that have it, sorted.
};

// One share to be: one purpose, one profile.
struct ReferralDraft {
  std::string sender_agency;
  std::string acting_person;
  std::string profile;
  std::string purpose;
  std::string board;
  std::string area;
  std::string case_id;             // Empty: the share is its own case link.
  std::string step;                // Consent step; may be empty.
  std::string document_reference;  // Of a request its document, or its declaration; a referral names none.
  bool says_whom = false;          // It tells holders whom a request is about.
  std::string justification;
  std::vector<DraftSubject> subjects;
  std::vector<DraftRecipient> recipients;
  std::optional<OlderShare> older;  // Unset: it is a first version.
};

// A field of a request that breaks a rule. `rule` never repeats personal data.
struct FieldProblem {
  std::string field;
  std::string rule;
};

// Makes the draft of a request: fills in the only purpose and each recipient's default role, moves protected addresses.
// All problems at once go to `problems`; with any, the draft must not be used.
ReferralDraft MakeDraft(const v1::PushReferralRequest& request, const std::string& own_agency,
                        const policy::Snapshot& snapshot, absl::Time now, std::vector<FieldProblem>& problems);

// Categories considered for one recipient and subject, sorted.
std::vector<std::string> ConsideredCategories(const DraftRecipient& recipient, const DraftSubject& subject);
// Grounds asserted for one recipient and subject, sorted.
std::vector<std::string> AssertedGrounds(const DraftRecipient& recipient, uint32_t subject);

}  // namespace derwent::agents
