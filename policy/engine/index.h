#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

#include "policy/engine/model.h"
#include "policy/engine/reason.h"
#include "policy/engine/request.h"

// The policy interned: names are small numbers, sets of them are bits, who reaches whom by which gateway is a table.
// Decides the same as Decide and for the same reasons (index_test.cc: 200,000 random questions), without strings and
// without allocating; of the footing Decide tells.

namespace derwent::policy {

// At most 64 each of categories, flags, roles, types, agencies, areas, purposes, steps and gateways of a profile.
using Bits = uint64_t;

// A question in the index's numbers; -1: no such name.
struct Interned {
  static constexpr size_t kMost = 64;
  int giver = -1, receiver = -1, role = -1, profile = -1, purpose = -1, area = -1, step = -1, product = -1,
      exception = -1, onward = -1;
  std::array<int8_t, kMost> categories{};  // The first `count`, in the order asked.
  size_t count = 0;
  Direction direction = Direction::kRequest;
  std::optional<Route> route;
  CaseLink case_link = CaseLink::kNone;
  bool age_known = false;
  bool well_named = true;  // Subject role and area are known, or the area is not named.
  // What the step named is, and of one that the policy does not know how it stands on record.
  enum class NamedStep : uint8_t { kKnown, kNotOnRecord, kGiven, kRefused } named_step = NamedStep::kKnown;
  bool justification = false, document = false, child_role = false, facts = false, flags_known = false,
       unknown_flag = false, has_event = false, access = false, fan_out = false, has_onward = false, controller = false,
       exception_ground = false, has_table = false, says_whom = false;
  int age = 0;
  int subject_role = -1;
  int geography = 0, period = 0, topic = -1;  // Finest first.
  Bits grounds = 0, flags = 0, own = 0, mixed = 0, refused = 0, passed_on = 0;
  Bits subject_gave = 0, guardian_gave = 0;  // Steps of consent.
  enum class Originator : uint8_t { kPending, kGiven, kRefused } originator = Originator::kPending;
};

// Where a deciding rule stands; with a number it is one of its kind.
enum class Place : uint8_t {
  kParties,
  kOrganisation,
  kSenders,
  kDirectory,
  kPurposes,
  kRoles,
  kBreakGlass,
  kStatutoryRequest,
  kReceivers,
  kAgreements,
  kCaseLink,
  kBasis,
  kProportionality,
  kConsentStep,
  kStep,
  kReceiver,
  kProduct,
  kProductAge,
  kCategory,
  kAudit,
  kRightsEvent,
  kRightsEventType,
  kStatistics,
  kCeiling,
  kHarm,
  kNarrative,
  kFlags,
  kFlag,
  kBlockedFlags,
  kConsents,
  kTableLimits,
  kTableLimit,
  kGateways,
  kTransition,
  kConditions,
  kPolicyDocument,
  kOnward,
  kOverlay,
};

// A deciding rule as a number: Index::ReasonsOf says it in words.
struct Mark {
  ReasonCode code;
  Place place;
  int16_t number;  // -1: none.
};

// Rules that decided, at most 48: a question that more bear on keeps the first.
class Marks {
 public:
  void Add(ReasonCode code, Place place, int number = -1) {
    if (count_ < kMost) marks_[count_++] = {.code = code, .place = place, .number = static_cast<int16_t>(number)};
  }
  void Take(const Marks& other) {
    count_ = other.count_;
    for (size_t i = 0; i < count_; ++i) marks_[i] = other.marks_[i];
  }
  void Clear() { count_ = 0; }
  size_t size() const { return count_; }
  const Mark& operator[](size_t i) const { return marks_[i]; }

 private:
  static constexpr size_t kMost = 48;
  // The first `count_`; the rest is never read, nor written before.
  std::array<Mark, kMost> marks_;  // NOLINT(cppcoreguidelines-pro-type-member-init): 384 octets a category
  size_t count_ = 0;
};

// What is decided for one category, and by which rules.
struct Verdict {
  bool denied = true;
  Form form = Form::kFull;
  Bits approvers = 0;  // Roles.
  Marks marks;
};

class Index {
 public:
  // Error: kResourceExhausted when something is more than 64. `policy` must outlive the index.
  static absl::StatusOr<Index> Of(const Policy& policy);

  // More than 64 categories: the first 64.
  Interned Intern(const DecisionRequest& request) const;
  // Agreements count as signed and roles as held where the snapshot says so. Fills `verdicts`, one a category asked.
  void Decide(const Interned& question, const Snapshot& snapshot, absl::CivilDay day,
              std::array<Verdict, Interned::kMost>& verdicts) const;

  std::vector<std::string> RolesOf(Bits roles) const;
  // Why one category of `request` is decided as it is: as Decide says it. A question with a name that is none has no
  // reasons here.
  std::vector<Reason> ReasonsOf(const Verdict& verdict, const DecisionRequest& request, size_t category) const;

 private:
  friend class Judging;
  using Numbers = absl::flat_hash_map<std::string, int>;

  struct Meeting {
    int harm = 1;
    bool special = false, offence = false, health = false, single = false;
    Form fullest = Form::kFull;
    std::array<std::array<int8_t, 9>, 9> meet{};  // -1: none declared.
  };
  struct Limit {
    bool named = false, case_scope = false, open_case = false, only_aggregate = false, aggregate_or_narrative = false;
    Bits categories = 0, approver = 0;
  };
  struct Cap {
    Bits permit = 0, redact = 0, approve = 0;
    std::array<Form, 64> form{};
    std::array<Bits, 64> approver{};
  };
  struct Civil {  // Types under UK GDPR for these purposes, though they are competent authorities.
    Bits types = 0, purposes = 0;
  };
  struct Carrier {
    Bits carries = 0;     // Categories, in any form.
    Bits aggregates = 0;  // Categories, as an aggregate only.
    Bits flags = 0;       // Under which it does not count.
    Bits excluded_types = 0;
    bool needs_flags = false;  // It matters that they are known.
    bool compels = false;      // A statutory request without an agreement rests on no other.
    bool use_limited = false;  // What it carries goes on to no other controller.
    bool tells_whom = false;   // Its document says whom a request is about.
    bool transition = false;   // It authorises what passes between Part 3 and UK GDPR.
    absl::CivilDay from = absl::CivilDay::min();
    absl::CivilDay to = absl::CivilDay::max();
  };
  struct Paper {  // An agreement.
    const Agreement* agreement = nullptr;
    Bits parties = 0, givers = 0, signed_by = 0, denies = 0;
    std::vector<std::pair<Days, Bits>> covers;  // Areas within each of its areas, while that one is there.
    std::vector<std::pair<int, Form>> forms;
  };
  struct Step {
    Bits profiles = 0;
    int receiver = -1, product = -1, subject_role = -1;
    bool binds = false, by_guardian = false, child_by_guardian = false;
    int number = 0;
    bool nobody = false;  // It names a receiver that is no agency.
  };
  struct Board {
    const Profile* profile = nullptr;
    Bits purposes = 0, senders = 0, necessary = 0, conditional = 0, conditional_form = 0, of_a_child = 0,
         blocked_flags = 0;
    std::array<Form, 64> form{};
    std::array<Bits, 64> approver{};
    std::array<std::vector<const Step*>, 64> or_consent{};  // In place of `of_a_child`.
    std::array<Limit, 64> roles{};
    std::array<uint8_t, 64> by_organisation{};  // 0 not named, 1 named, 2 by product.
    std::array<int8_t, 64> cap_of{};            // Of each agency; -1: none.
    std::vector<Cap> caps;
    std::vector<std::string> cap_names;
    std::vector<std::pair<Bits, bool>>
        products;  // What it allows; for a child. By number of the product, 0 allowed: not of this profile.
    std::vector<bool> has_product;
    std::vector<Civil> civil;
    std::vector<Carrier> carriers;
    std::vector<Bits> reach;  // Carriers that name giver and receiver, by giver * 64 + receiver.
    std::vector<Paper> papers;
  };
  struct FlagRule {
    Bits denies = 0, reduces = 0, approver_categories = 0, approver = 0, exception_approver = 0;
    std::array<Form, 64> form{};
    bool restricts = false, spares_rights = false;
  };

  explicit Index(const Policy& policy) : policy_(policy) {}
  void Number();
  // -1: no such name.
  static int Find(const Numbers& numbers, absl::string_view name);
  void Build();
  void BuildRoles();
  void BuildOrganisations();
  void BuildPurposes();
  void BuildCategories();
  void BuildFlags();
  void BuildSteps();
  Board BoardOf(const Profile& profile) const;
  void AddReceivers(const Profile& profile, Board& board) const;
  void AddCeilings(const Profile& profile, Board& board) const;
  void AddCivil(const Profile& profile, Board& board) const;
  void AddCarriers(const Profile& profile, Board& board) const;
  void AddReach(const Gateway& gateway, Bits bit, std::vector<Bits>& reach) const;
  Paper PaperOf(const Agreement& agreement) const;
  template <typename Ids>
  Bits All(const Ids& ids, const Numbers& numbers) const {
    Bits bits = 0;
    for (const std::string& id : ids) bits |= Bit(numbers, id);
    return bits;
  }
  Bits Matching(const CategoryPattern& pattern) const;
  Bits Bit(const Numbers& numbers, absl::string_view name) const;
  void InternFacts(const DecisionRequest& request, Interned& q) const;
  void InternFlags(const std::vector<std::string>& flags, Interned& q) const;
  void InternStep(const DecisionRequest& request, Interned& q) const;
  void InternEvent(const RightsEvent& event, Interned& q) const;
  void InternOnward(const Onward& onward, Interned& q) const;
  void InternTable(const Table& table, Interned& q) const;

  // What a rule of its kind is about; empty: there is one of the kind.
  std::string AboutOf(const Mark& mark, const DecisionRequest& request, const std::string& category) const;

  const Policy& policy_;
  Numbers categories_, flags_, roles_, types_, agencies_, areas_, purposes_, subject_roles_, profiles_, products_,
      steps_, topics_;
  std::vector<std::string> role_names_;
  std::vector<const Organisation*> agency_;
  std::vector<int> type_of_;
  std::vector<const OrganisationType*> type_;
  std::vector<Meeting> meeting_;
  std::vector<FlagRule> flag_;
  std::vector<Step> step_;
  std::vector<Board> board_;
  std::vector<std::pair<int, int>> limit_;  // Of each topic.
  Bits rights_roles_ = 0, audit_roles_ = 0, depersonalised_ = 0, excluded_ = 0;
  Bits location_protected_ = 0, narrative_ = 0, aggregate_ = 0, fieldset_ = 0, break_glass_full_ = 0,
       break_glass_flag_ = 0;
  Bits identity_ = 0, competent_ = 0, enforcement_ = 0, spoc_ = 0, ig_officer_ = 0, originator_ = 0;
  int consent_withdrawn_ = -1, audit_purpose_ = -2, rights_purpose_ = -2, emergency_purpose_ = -2, duty_officer_ = -2;
  std::vector<std::string> area_names_, flag_names_, topic_names_;
  std::vector<Days> role_days_, purpose_days_, area_days_;
};

}  // namespace derwent::policy
