#include "policy/loader/request.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "policy/loader/record.h"

namespace derwent::policy {
namespace {

template <typename Value>
using Names = std::vector<std::pair<absl::string_view, Value>>;

template <typename Value>
bool Read(const std::string& text, const Names<Value>& names, absl::string_view field, Value& value,
          std::vector<std::string>& wrong) {
  std::vector<absl::string_view> allowed;
  for (const auto& [name, known] : names) {
    allowed.push_back(name);
    if (name != text) continue;
    value = known;
    return true;
  }
  wrong.push_back(absl::StrCat(field, " `", text, "` is none of ", absl::StrJoin(allowed, ", ")));
  return false;
}

void ReadEnums(const v1::DecisionRequest& m, DecisionRequest& q, std::vector<std::string>& wrong) {
  if (!m.direction().empty())
    Read<Direction>(m.direction(), {{"REQUEST", Direction::kRequest}, {"PUSH", Direction::kPush}}, "direction",
                    q.direction, wrong);
  if (!m.case_link().empty()) {
    Read<CaseLink>(m.case_link(),
                   {{"NONE", CaseLink::kNone}, {"ASSERTED", CaseLink::kAsserted}, {"VERIFIED", CaseLink::kVerified}},
                   "caseLink", q.case_link, wrong);
  }
  Route route = Route::kOrdinary;
  if (!m.route().empty() && Read<Route>(m.route(),
                                        {{"ORDINARY", Route::kOrdinary},
                                         {"BREAK_GLASS", Route::kBreakGlass},
                                         {"STATUTORY_REQUEST", Route::kStatutoryRequest},
                                         {"STATISTICS", Route::kStatistics},
                                         {"RIGHTS_EVENT", Route::kRightsEvent},
                                         {"AUDIT", Route::kAudit}},
                                        "route", route, wrong)) {
    q.route = route;
  }
}

void ReadFacts(const v1::DecisionRequest& m, DecisionRequest& q, std::vector<std::string>& wrong) {
  q.subject_role = m.subject().role();
  const bool knows_person = m.subject().has_age() || !m.subject().flags().empty();
  if (!knows_person && m.consents().empty()) return;
  SubjectFacts facts;
  if (m.subject().has_age()) facts.age = m.subject().age();
  if (m.subject().age() < 0 || m.subject().age() > 150) wrong.emplace_back("subject.age is not 0 to 150");
  if (knows_person) facts.flags.emplace(m.subject().flags().begin(), m.subject().flags().end());
  for (const v1::ConsentFact& consent : m.consents()) {
    if (consent.giver() != "SUBJECT" && consent.giver() != "GUARDIAN")
      wrong.emplace_back("consents.giver is neither SUBJECT nor GUARDIAN");
    facts.consents.push_back({.giver = consent.giver(), .step = consent.step(), .given = consent.given()});
  }
  q.facts = std::move(facts);
}

}  // namespace

absl::StatusOr<DecisionRequest> FromProto(const v1::DecisionRequest& m) {
  DecisionRequest q{.releasing_agency = m.releasing_agency(),
                    .receiving_agency = m.receiving_agency(),
                    .receiving_role = m.receiving_role(),
                    .profile = m.profile(),
                    .purpose = m.purpose(),
                    .board = m.board(),
                    .area = m.area()};
  std::vector<std::string> wrong;
  ReadEnums(m, q, wrong);
  ReadFacts(m, q, wrong);
  q.justification = m.justification();
  q.grounds.assign(m.grounds().begin(), m.grounds().end());
  q.document_reference = m.document_reference();
  q.says_whom = m.says_whom();
  q.categories.assign(m.categories().begin(), m.categories().end());
  if (q.categories.empty()) wrong.emplace_back("categories is empty");
  if (q.categories.size() > 64) wrong.emplace_back("categories holds over 64");
  q.step = m.step();
  q.product = m.product();
  q.exception_flag = m.exception().flag();
  q.exception_ground = m.exception().ground();
  if (m.has_event()) {
    q.event = RightsEvent{.type = m.event().type(),
                          .own = {m.event().own().begin(), m.event().own().end()},
                          .mixed = {m.event().mixed().begin(), m.event().mixed().end()},
                          .fan_out_to = m.event().fan_out_to()};
  }
  if (m.has_onward()) {
    if (m.onward().as() != "processor" && m.onward().as() != "controller")
      wrong.emplace_back("onward.as is neither processor nor controller");
    q.onward = Onward{.organisation = m.onward().org(),
                      .as_controller = m.onward().as() != "processor",
                      .originator_approval = m.onward().originator_approval(),
                      .categories = {m.onward().categories().begin(), m.onward().categories().end()}};
  }
  if (m.has_table())
    q.table = Table{.topic = m.table().topic(), .geography = m.table().geography(), .period = m.table().period()};
  q.payload.assign(m.payload().begin(), m.payload().end());
  if (!wrong.empty()) return absl::InvalidArgumentError(absl::StrJoin(wrong, "; "));
  return q;
}

namespace {

void WriteFacts(const DecisionRequest& q, v1::DecisionRequest& m) {
  m.mutable_subject()->set_role(q.subject_role);
  if (!q.facts.has_value()) return;
  if (q.facts->age.has_value() && q.facts->flags.has_value()) m.mutable_subject()->set_age(*q.facts->age);
  if (q.facts->flags.has_value())
    m.mutable_subject()->mutable_flags()->Assign(q.facts->flags->begin(), q.facts->flags->end());
  for (const Consent& consent : q.facts->consents) {
    v1::ConsentFact& next = *m.add_consents();
    next.set_giver(consent.giver);
    next.set_step(consent.step);
    next.set_given(consent.given);
  }
}

void WriteExtras(const DecisionRequest& q, v1::DecisionRequest& m) {
  if (!q.exception_flag.empty()) {
    m.mutable_exception()->set_flag(q.exception_flag);
    m.mutable_exception()->set_ground(q.exception_ground);
  }
  if (q.event.has_value()) {
    m.mutable_event()->set_type(q.event->type);
    m.mutable_event()->mutable_own()->Assign(q.event->own.begin(), q.event->own.end());
    m.mutable_event()->mutable_mixed()->Assign(q.event->mixed.begin(), q.event->mixed.end());
    m.mutable_event()->set_fan_out_to(q.event->fan_out_to);
  }
  if (q.onward.has_value()) {
    m.mutable_onward()->set_org(q.onward->organisation);
    m.mutable_onward()->set_as(q.onward->as_controller ? "controller" : "processor");
    m.mutable_onward()->set_originator_approval(q.onward->originator_approval);
    m.mutable_onward()->mutable_categories()->Assign(q.onward->categories.begin(), q.onward->categories.end());
  }
  if (q.table.has_value()) {
    m.mutable_table()->set_topic(q.table->topic);
    m.mutable_table()->set_geography(q.table->geography);
    m.mutable_table()->set_period(q.table->period);
  }
}

}  // namespace

v1::DecisionRequest ToProto(const DecisionRequest& q, absl::Time now) {
  v1::DecisionRequest m;
  m.set_releasing_agency(q.releasing_agency);
  m.set_receiving_agency(q.receiving_agency);
  m.set_receiving_role(q.receiving_role);
  m.set_profile(q.profile);
  m.set_purpose(q.purpose);
  m.set_board(q.board);
  m.set_area(q.area);
  m.set_direction(q.direction == Direction::kPush ? "PUSH" : "REQUEST");
  if (q.route.has_value()) m.set_route(std::string(RouteName(*q.route)));
  m.set_case_link(q.case_link == CaseLink::kNone       ? "NONE"
                  : q.case_link == CaseLink::kAsserted ? "ASSERTED"
                                                       : "VERIFIED");
  m.set_justification(q.justification);
  m.mutable_grounds()->Assign(q.grounds.begin(), q.grounds.end());
  m.set_document_reference(q.document_reference);
  m.set_says_whom(q.says_whom);
  m.mutable_categories()->Assign(q.categories.begin(), q.categories.end());
  m.set_step(q.step);
  m.set_product(q.product);
  m.mutable_payload()->Assign(q.payload.begin(), q.payload.end());
  m.set_time(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()));
  WriteFacts(q, m);
  WriteExtras(q, m);
  return m;
}

absl::StatusOr<absl::Time> TimeOf(const v1::DecisionRequest& message, absl::Time otherwise) {
  if (message.time().empty()) return otherwise;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, message.time(), &time, &error))
    return absl::InvalidArgumentError("time is not an RFC 3339 instant");
  return time;
}

}  // namespace derwent::policy
