#include "policy/loader/canonical_request.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "policy/loader/record.h"
#include "trust/entry/canonical.h"

namespace derwent::policy {
namespace {

constexpr char kDomain[] = "derwent/decision-request/v1";

std::vector<std::string> Sorted(std::vector<std::string> list) {
  std::sort(list.begin(), list.end());
  return list;
}

void Facts(const DecisionRequest& q, trust::CanonicalWriter& writer) {
  writer.Bool(19, q.facts.has_value());
  if (!q.facts.has_value()) return;
  if (q.facts->age.has_value()) writer.Number(20, static_cast<uint64_t>(*q.facts->age));
  if (q.facts->flags.has_value()) writer.List(21, Sorted(*q.facts->flags));
  std::vector<std::string> consents;
  for (const Consent& consent : q.facts->consents)
    consents.push_back(absl::StrCat(consent.giver, "|", consent.step, "|", consent.given ? 1 : 0));
  writer.List(22, Sorted(std::move(consents)));
}

}  // namespace

std::string CanonicalBytes(const DecisionRequest& request, absl::Time now) {
  trust::CanonicalWriter writer(kDomain);
  writer.Number(1, static_cast<uint64_t>(absl::ToUnixMillis(now)));
  writer.Text(2, request.releasing_agency);
  writer.Text(3, request.receiving_agency);
  writer.Text(4, request.receiving_role);
  writer.Text(5, request.profile);
  writer.Text(6, request.purpose);
  writer.Text(7, request.board);
  writer.Text(8, request.area);
  writer.Number(9, static_cast<uint64_t>(request.direction));
  writer.Text(10, request.route.has_value() ? RouteName(*request.route) : "");
  writer.Number(11, static_cast<uint64_t>(request.case_link));
  writer.Bool(12, request.justification);
  writer.List(13, Sorted(request.grounds));
  writer.Text(14, request.document_reference);
  writer.Text(15, request.subject_role);
  writer.List(16, request.categories);
  writer.Text(17, request.step);
  writer.Text(18, request.product);
  Facts(request, writer);
  writer.List(23, {request.exception_flag, request.exception_ground});
  if (request.event.has_value()) {
    writer.Text(24, request.event->type);
    writer.List(25, Sorted(request.event->own));
    writer.List(26, Sorted(request.event->mixed));
    writer.Text(27, request.event->fan_out_to);
  }
  if (request.onward.has_value())
    writer.List(28, {request.onward->organisation, request.onward->as_controller ? "controller" : "processor",
                     request.onward->originator_approval});
  if (request.table.has_value())
    writer.List(29, {request.table->topic, request.table->geography, request.table->period});
  writer.List(30, Sorted(request.payload));
  if (request.says_whom) writer.Bool(31, true);
  if (request.onward.has_value() && !request.onward->categories.empty())
    writer.List(32, Sorted(request.onward->categories));
  return writer.octets();
}

namespace {

using Reader = trust::CanonicalReader;

std::optional<Route> RouteNamed(absl::string_view name) {
  for (const Route route : {Route::kOrdinary, Route::kBreakGlass, Route::kStatutoryRequest, Route::kStatistics,
                            Route::kRightsEvent, Route::kAudit}) {
    if (RouteName(route) == name) return route;
  }
  return std::nullopt;
}

std::vector<std::string> ListOf(const Reader& reader, uint16_t number, size_t size) {
  std::vector<std::string> list = reader.List(number).value_or(std::vector<std::string>());
  list.resize(size);
  return list;
}

Consent ConsentOf(absl::string_view text) {
  Consent consent{.giver = std::string(text.substr(0, text.find('|'))), .given = !text.empty() && text.back() == '1'};
  if (text.size() >= consent.giver.size() + 3)
    consent.step = std::string(text.substr(consent.giver.size() + 1, text.size() - consent.giver.size() - 3));
  return consent;
}

std::optional<SubjectFacts> FactsOf(const Reader& reader) {
  if (!reader.Bool(19).value_or(false)) return std::nullopt;
  SubjectFacts facts;
  if (const auto age = reader.Number(20)) facts.age = static_cast<int>(*age);
  facts.flags = reader.List(21);
  for (const std::string& consent : reader.List(22).value_or(std::vector<std::string>()))
    facts.consents.push_back(ConsentOf(consent));
  return facts;
}

// Of the routes beside the ordinary one.
void SpecialsOf(const Reader& reader, DecisionRequest& q) {
  const std::vector<std::string> exception = ListOf(reader, 23, 2);
  q.exception_flag = exception[0];
  q.exception_ground = exception[1];
  if (const auto type = reader.Text(24)) {
    q.event = RightsEvent{.type = *type,
                          .own = reader.List(25).value_or(std::vector<std::string>()),
                          .mixed = reader.List(26).value_or(std::vector<std::string>()),
                          .fan_out_to = reader.Text(27).value_or("")};
  }
  if (reader.Text(28).has_value()) {
    const std::vector<std::string> onward = ListOf(reader, 28, 3);
    q.onward = Onward{.organisation = onward[0],
                      .as_controller = onward[1] == "controller",
                      .originator_approval = onward[2],
                      .categories = reader.List(32).value_or(std::vector<std::string>())};
  }
  if (!reader.Text(29).has_value()) return;
  const std::vector<std::string> table = ListOf(reader, 29, 3);
  q.table = Table{.topic = table[0], .geography = table[1], .period = table[2]};
}

}  // namespace

absl::StatusOr<CanonicalQuestion> ParseCanonical(absl::string_view octets) {
  const absl::Status malformed = absl::InvalidArgumentError("not the canonical octets of a question");
  const absl::StatusOr<Reader> reader = Reader::Parse(kDomain, octets);
  if (!reader.ok()) return malformed;
  CanonicalQuestion read{.request = {},
                         .time = absl::FromUnixMillis(static_cast<int64_t>(reader->Number(1).value_or(0)))};
  DecisionRequest& q = read.request;
  const std::pair<uint16_t, std::string*> texts[] = {{2, &q.releasing_agency},
                                                     {3, &q.receiving_agency},
                                                     {4, &q.receiving_role},
                                                     {5, &q.profile},
                                                     {6, &q.purpose},
                                                     {7, &q.board},
                                                     {8, &q.area},
                                                     {14, &q.document_reference},
                                                     {15, &q.subject_role},
                                                     {17, &q.step},
                                                     {18, &q.product}};
  for (const auto& [number, text] : texts) *text = reader->Text(number).value_or("");
  const std::pair<uint16_t, std::vector<std::string>*> lists[] = {
      {13, &q.grounds}, {16, &q.categories}, {30, &q.payload}};
  for (const auto& [number, list] : lists) *list = reader->List(number).value_or(std::vector<std::string>());
  const uint64_t direction = reader->Number(9).value_or(0);
  const uint64_t link = reader->Number(11).value_or(0);
  if (direction > static_cast<uint64_t>(Direction::kPush) || link > static_cast<uint64_t>(CaseLink::kVerified))
    return malformed;
  q.direction = static_cast<Direction>(direction);
  q.case_link = static_cast<CaseLink>(link);
  q.route = RouteNamed(reader->Text(10).value_or(""));
  q.justification = reader->Bool(12).value_or(false);
  q.says_whom = reader->Bool(31).value_or(false);
  q.facts = FactsOf(*reader);
  SpecialsOf(*reader, q);
  // Whatever was absent, unknown, of another type or order was not written so.
  return CanonicalBytes(q, read.time) == octets ? absl::StatusOr<CanonicalQuestion>(std::move(read)) : malformed;
}

}  // namespace derwent::policy
