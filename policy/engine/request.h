#pragma once

#include <optional>
#include <string>
#include <vector>

namespace derwent::policy {

enum class Direction { kRequest, kPush };
enum class Route { kOrdinary, kBreakGlass, kStatutoryRequest, kStatistics, kRightsEvent, kAudit };
enum class CaseLink { kNone, kAsserted, kVerified };

struct Consent {
  std::string giver;  // `SUBJECT` or `GUARDIAN`.
  std::string step;
  bool given = false;
};

// What only the holder knows of the subject. Absent as a whole at the broker: every predicate on it stays open there.
// What is absent here the holder does not know, and doubt denies.
struct SubjectFacts {
  std::optional<int> age;  // Completed years. 0: not about one person, or under one year; nobody shown to be adult.
  std::optional<std::vector<std::string>> flags;
  std::vector<Consent> consents;
};

struct RightsEvent {
  std::string type;
  std::vector<std::string> own;
  std::vector<std::string> mixed;
  std::string fan_out_to;
};

struct Onward {
  std::string organisation;
  bool as_controller = false;
  std::string originator_approval;      // `pending`, `given` or `refused`.
  std::vector<std::string> categories;  // That come from another; empty: all.
};

struct Table {
  std::string topic;
  std::string geography;
  std::string period;
  friend bool operator==(const Table&, const Table&) = default;
};

// One question: may this holder release these categories about this person to this recipient for this one purpose?
struct DecisionRequest {
  std::string releasing_agency;
  std::string receiving_agency;
  std::string receiving_role;
  std::string profile;
  std::string purpose;
  std::string board;
  std::string area;
  Direction direction = Direction::kRequest;
  std::optional<Route> route;  // Absent: derived from purpose and role.
  CaseLink case_link = CaseLink::kNone;
  bool justification = false;
  std::vector<std::string> grounds;
  std::string document_reference;
  bool says_whom = false;  // It tells the receiver whom a request is about, which the receiver is to answer.
  std::string subject_role;
  std::optional<SubjectFacts> facts;
  std::vector<std::string> categories;
  std::string step;
  std::string product;
  std::string exception_flag;
  std::string exception_ground;
  std::optional<RightsEvent> event;
  std::optional<Onward> onward;
  std::optional<Table> table;
  std::vector<std::string> payload;
};

}  // namespace derwent::policy
