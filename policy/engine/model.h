#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

#include "policy/engine/form.h"

// The policy as the engine reads it: immutable once loaded, thread-safe. Every name resolves; the loader saw to it.

namespace derwent::policy {

// A span of days, first and last inclusive.
struct Days {
  absl::CivilDay first = absl::CivilDay::min();
  absl::CivilDay last = absl::CivilDay::max();
  bool Hold(absl::CivilDay day) const { return first <= day && day <= last; }
};

// A set of categories by id, `prefix.*` or `*`.
struct CategoryPattern {
  std::vector<std::string> patterns;
  bool Matches(absl::string_view category) const;
};

struct Category {
  std::string id;
  int harm = 1;
  bool special = false;
  bool offence = false;
  bool sensitive = false;        // Under Part 3.
  bool health = false;           // Health data by its nature.
  bool confidential = false;     // Owed confidence (brief D.7): health data, and what social care holds.
  bool may_hold_health = false;  // Health data, or a composite that may contain it (PCSC Act 2022 s10(10)).
  std::vector<Form> forms;
  std::map<std::pair<Form, Form>, Form> meets;  // Of two forms, the more revealing first.

  // Nullopt when there is none declared, or a form does not exist for the category.
  std::optional<Form> Meet(Form a, Form b) const;
  bool Has(Form form) const { return std::find(forms.begin(), forms.end(), form) != forms.end(); }
  bool CountsAsFull(Form form) const { return form == Form::kFull || (forms.size() == 1 && forms.front() == form); }
  // The most revealing form: the only one, or `full`.
  Form Fullest() const { return forms.size() == 1 ? forms.front() : Form::kFull; }
};

struct Flag {
  std::string id;
  CategoryPattern denies;
  std::vector<std::pair<std::string, Form>> reduces;
  std::string approver;
  CategoryPattern approver_categories;
  std::set<std::string> exception_grounds;
  std::string exception_approver;
  std::vector<std::string> obligations;
  bool spares_rights_events = false;
};

struct Purpose {
  std::string id;
  std::string law_enforcement;  // `true`, `false`, `mixed`.
  bool excluded = false;
  Days valid;
};

struct ConsentStep {
  std::string id, profile, receiver, product, subject_role, giver, giver_under_18;
};

// The finest table of a topic, and the least disclosure control with which one leaves (brief E.2).
struct TableLimit {
  std::string geography, period;
  int primary_threshold = 0;
  int round_to = 0;
};

struct OrganisationType {
  std::string id, public_authority, schedule_7, basis, special_condition, offence_condition;
  std::string schedule_8_condition;  // For sensitive processing under Part 3.
};

// What a kind of party rests on under one profile, in place of what its type does; empty: no other.
struct Footing {
  std::set<std::string> parties;                            // Types or agencies.
  std::string side;                                         // `GIVER`, `RECEIVER` or, for both, empty.
  std::set<std::string> purposes, subject_roles, products;  // Empty: all.
  bool uk_gdpr = false;                                     // For a purpose of mixed regime.
  std::string basis, special_condition, offence_condition, schedule_8_condition;
};

struct Organisation {
  std::string id, type;
  Days valid;
};

struct Area {
  std::string gss;
  std::vector<std::string> within;
  Days valid;
};

struct Gateway {
  std::string id, kind;
  std::vector<std::string> from, to;
  CategoryPattern excludes_categories, excludes_content;
  std::set<std::string> excludes_sender;
  std::set<std::string> excludes_flags;
  bool depersonalised_only = false;
  bool never_used = false;
  bool lifts_confidence = false;                 // By its own words, beyond doubt.
  bool compels_by_document = false;              // An answer to a written request.
  bool use_limitation = false;                   // What is had under it goes on to no other controller.
  bool tells_whom = false;                       // The written request may say whom it is about to who must answer it.
  std::optional<absl::CivilDay> effective_from;  // Absent: not commenced, where it needs commencement.
  absl::CivilDay effective_to = absl::CivilDay::max();
  bool needs_commencement = false;

  // Supporting and exempting gateways never stand alone; a recognised one that is never used does not stand at all.
  bool StandsAlone() const { return kind != "support" && kind != "exempt" && !never_used; }
  // What a written request may rest on without an agreement: a duty to answer it, or one to give counts to whoever is
  // named (CDA 1998 s17A), asked or not.
  bool Compels() const { return compels_by_document || (kind == "duty" && depersonalised_only); }
};

// How long after the ask every answer goes out in an existence-sensitive profile, known person or not.
struct AnswerSlot {
  absl::Duration time;
  int working_days = 0;  // Added to `time`.
};

// A clock of a process, for people: one of the four is set.
struct Clock {
  int hours = 0;
  int working_days = 0;
  int days = 0;
  int months = 0;
  bool operator==(const Clock&) const = default;
};

struct ReceiverScope {
  bool case_scope = false;
  std::set<std::string> categories;
  bool necessary_with_open_case = false;
  std::string approver;
};

struct Conditional {
  Form form = Form::kFull;
  bool has_form = false;
  std::string approver;
  bool of_a_child = false;  // Beside the ground: the subject is under 18,
  std::string or_consent;   // or this consent step's consent was given.
};

struct Ceiling {
  std::set<std::string> permit;
  std::map<std::string, Form> redact;
  std::map<std::string, std::string> approve;
};

struct Product {
  bool child = false;
  std::set<std::string> allow;
  std::set<std::string> fields;  // Of a statutory field set; empty: it is none (field_set.h).
};

// A share under another profile that a subject's role sets off.
struct CompanionShare {
  std::string subject_role, profile, purpose, role;
  std::vector<std::string> agencies;  // The first that holds the role for the area.
};

struct Profile {
  std::string id;
  std::set<std::string> purposes, denied_purposes, senders;
  std::map<std::string, ReceiverScope> receivers;
  std::map<std::string, bool> recipient_organisations;  // Value: by product.
  std::vector<std::string> gateways;
  std::vector<std::string> transition_authorities;  // Of `gateways`.
  std::set<std::string> necessary;
  std::map<std::string, Conditional> conditional;
  std::map<std::string, Ceiling> ceilings;
  std::map<std::string, Product> products;
  std::set<std::string> blocked_flags, prohibited_payload;
  bool existence_sensitive = false;
  std::string marking, escalation_role;
  std::map<std::string, int> clock_hours;
  AnswerSlot answer_slot;
  std::map<std::string, Clock> clocks;
  std::string separate_purpose;
  std::set<std::string> convenors;  // Roles that may open a case.
  std::string kind;                 // `board`, `process` or `board_and_case`.
  int request_hours = 120;          // How long a case-data request waits for answers.
  std::vector<std::string> obligations;
  std::string enclave;  // Never empty: `general` unless the profile names one.
  std::vector<CompanionShare> companions;
  std::vector<Footing> footings;
  std::map<std::string, std::set<std::string>> owners;  // Of the board or panel; value: areas for which they appoint.

  // What a role of a board is held for here; empty: the profile serves no board.
  std::string board() const { return kind == "process" ? "" : id; }
};

// One party's word that tightens an agreement from a day on.
struct Notice {
  absl::CivilDay from;
  std::string removes;  // Party it removes; empty: nothing flows under the agreement at all.
  int revision = 0;     // The newest revision of the agreement that it concerns.
};

struct Agreement {
  std::string id;
  int revision = 0;
  std::set<std::string> parties, profiles, areas;
  std::set<std::string> givers;  // Where it is one-way; empty: every party gives.
  Days effective;
  absl::CivilDay apd_review = absl::CivilDay::max();
  absl::CivilDay review = absl::CivilDay::max();
  std::vector<std::pair<std::string, std::optional<Form>>> overlays;  // Category; nullopt denies.
  std::set<std::string> signed_by;
  std::vector<Notice> notices;

  // Whether it is about what `giver` sends to `receiver`.
  bool Binds(const std::string& giver, const std::string& receiver) const {
    return parties.contains(giver) && parties.contains(receiver) && (givers.empty() || givers.contains(giver));
  }
};

struct RoleHolding {
  std::string role;
  std::set<std::string> boards, areas;
  Days valid;
};

struct DirectoryEntry {
  std::string id;
  std::vector<RoleHolding> roles;
  std::optional<absl::CivilDay> training_until;
};

// By the owner of the boards that the holding names.
struct Appointment {
  std::string agency, person;
  RoleHolding holding;
};

// An agency's register: its own people, and whom it appoints as the owner of a board.
struct Directory {
  std::vector<DirectoryEntry> people;
  std::vector<Appointment> appointments;
};

// By agency id. Outside the bundle, effective at once.
using Directories = std::map<std::string, Directory>;

struct Policy {
  std::string digest;  // Lowercase hex SHA-256 of MANIFEST.
  absl::flat_hash_map<std::string, Category> categories;
  absl::flat_hash_map<std::string, Flag> flags;
  absl::flat_hash_map<std::string, Purpose> purposes;
  std::set<std::string> subject_roles, obligations;
  std::map<std::string, std::set<std::string>> roles;  // What each may do.
  std::map<std::string, Days> role_days;               // Of roles that begin or end.
  std::map<std::string, std::string> board_roles;      // Appointed by a board's owner too; value: the panel, or empty.
  std::vector<std::string> markings;                   // Least strict first.
  std::vector<ConsentStep> consent_steps;
  std::set<std::string> other_steps;               // That take nobody's consent.
  std::map<std::string, TableLimit> table_limits;  // By topic; `default`: of the others.
  absl::flat_hash_map<std::string, OrganisationType> types;
  absl::flat_hash_map<std::string, Organisation> organisations;
  absl::flat_hash_map<std::string, Area> areas;
  std::set<absl::CivilDay> bank_holidays;
  absl::flat_hash_map<std::string, Gateway> gateways;
  absl::flat_hash_map<std::string, Profile> profiles;
  std::vector<Agreement> agreements;

  const Category* FindCategory(absl::string_view id) const;
  // Whether the role, the area is there on the day; true of a name that is none.
  bool RoleOn(const std::string& role, absl::CivilDay day) const;
  bool AreaOn(absl::string_view area, absl::CivilDay day) const;
  // Whether `area` is `whole` or lies within it.
  bool AreaWithin(absl::string_view area, absl::string_view whole, int depth = 0) const;
  std::string StricterMarking(const std::string& a, const std::string& b) const;
};

// What a decision rests on: the policy in force and the registers in force.
struct Snapshot {
  const Policy* policy = nullptr;
  const Directories* directories = nullptr;  // Null: roles are taken as held (offline tools).
  bool take_agreements_as_signed = false;    // Offline tools only.
};

}  // namespace derwent::policy
