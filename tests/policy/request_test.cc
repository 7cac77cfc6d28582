#include "policy/loader/request.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

#include "policy/loader/canonical_request.h"
#include "policy/loader/record.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

constexpr char kQuestion[] =
    R"({"releasingAgency": "dcc.adults", "receivingAgency": "dfrs", "receivingRole": "practitioner",
  "profile": "fire_safety", "purpose": "case.fire_safety", "board": "", "area": "E07000034", "direction": "REQUEST", "route": "ORDINARY",
  "caseLink": "ASSERTED", "justification": true, "grounds": ["fire_safety.household"], "documentReference": "", "time": "2026-12-01T10:00:00Z",
  "subject": {"role": "resident", "age": 71, "flags": []}, "consents": [{"giver": "SUBJECT", "step": "referral", "given": true}],
  "categories": ["identity", "household"]})";

v1::DecisionRequest Read(const std::string& json) {
  v1::DecisionRequest message;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &message).ok());
  return message;
}

TEST(DecisionRequest, IsReadFromItsJson) {
  const auto q = FromProto(Read(kQuestion));
  ASSERT_TRUE(q.ok()) << q.status();
  EXPECT_EQ(q->case_link, CaseLink::kAsserted);
  ASSERT_TRUE(q->facts.has_value());
  EXPECT_EQ(q->facts->age, 71);
  EXPECT_EQ(DecideHere(*q).Overall(), "PERMIT");
}

TEST(DecisionRequest, WithoutFactsListsWhatIsOpen) {
  v1::DecisionRequest message = Read(kQuestion);
  message.mutable_subject()->clear_age();
  message.clear_consents();
  const auto q = FromProto(message);
  ASSERT_TRUE(q.ok());
  EXPECT_FALSE(q->facts.has_value());
  EXPECT_TRUE(DecideHere(*q).categories[0].open.contains("flags"));
}

TEST(DecisionRequest, ConsentsAloneTellNothingOfAgeAndFlags) {
  v1::DecisionRequest message = Read(kQuestion);
  message.mutable_subject()->clear_age();
  const auto q = FromProto(message);
  ASSERT_TRUE(q.ok());
  ASSERT_TRUE(q->facts.has_value());
  EXPECT_FALSE(q->facts->age.has_value());
  EXPECT_FALSE(q->facts->flags.has_value());
  EXPECT_TRUE(DecideHere(*q).categories[0].denied);
}

TEST(DecisionRequest, FlagsAloneTellNothingOfTheAge) {
  v1::DecisionRequest message = Read(kQuestion);
  message.mutable_subject()->clear_age();
  message.mutable_subject()->add_flags("do_not_contact");
  const auto q = FromProto(message);
  ASSERT_TRUE(q.ok());
  EXPECT_FALSE(q->facts->age.has_value());
  EXPECT_EQ(q->facts->flags, Strings{"do_not_contact"});
}

TEST(DecisionRequest, NamesEveryWrongFieldAtOnce) {
  v1::DecisionRequest message = Read(kQuestion);
  message.set_direction("SIDEWAYS");
  message.set_route("SHORTCUT");
  message.mutable_subject()->set_age(-1);
  message.mutable_consents(0)->set_giver("NEIGHBOUR");
  message.clear_categories();
  message.mutable_onward()->set_as("friend");
  const absl::Status status = FromProto(message).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const char* field : {"direction", "route", "subject.age", "consents.giver", "categories", "onward.as"}) {
    EXPECT_TRUE(absl::StrContains(status.message(), field)) << field;
  }
}

TEST(DecisionRequest, RefusesATimeThatIsNone) {
  v1::DecisionRequest message;
  message.set_time("yesterday");
  EXPECT_FALSE(TimeOf(message, Midday()).ok());
}

TEST(CanonicalRequest, HasTheOctetsOfTheGoldenFile) {
  std::ifstream file("tests/golden/decision_request.txt");
  std::string golden((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  golden.erase(std::remove_if(golden.begin(), golden.end(), absl::ascii_isspace), golden.end());
  EXPECT_EQ(absl::BytesToHexString(CanonicalBytes(FromProto(Read(kQuestion)).value(), Midday())), golden);
}

TEST(CanonicalRequest, IsTheSameInWhateverOrderListsCome) {
  DecisionRequest a = HomeVisit({"identity"});
  a.grounds = {"fire_safety.household", "fire_safety.narrative"};
  a.facts->flags = Strings{"do_not_contact", "rectification_pending"};
  DecisionRequest b = a;
  std::swap(b.grounds[0], b.grounds[1]);
  std::swap(b.facts->flags->at(0), b.facts->flags->at(1));
  EXPECT_EQ(CanonicalBytes(a, Midday()), CanonicalBytes(b, Midday()));
}

TEST(CanonicalRequest, ChangesWithWhatIsAsked) {
  const DecisionRequest a = HomeVisit({"identity"});
  const std::string octets = CanonicalBytes(a, Midday());
  DecisionRequest blind = a;
  blind.facts.reset();
  EXPECT_NE(CanonicalBytes(blind, Midday()), octets);
  EXPECT_NE(CanonicalBytes(HomeVisit({"contact"}), Midday()), octets);
  EXPECT_NE(CanonicalBytes(a, Midday() + absl::Milliseconds(1)), octets);
}

TEST(CanonicalRequest, IsReadBackWhole) {
  DecisionRequest q = HomeVisit({"contact", "identity"});
  q.route = Route::kBreakGlass;
  q.case_link = CaseLink::kVerified;
  q.facts->flags = Strings{"do_not_contact", "rectification_pending"};
  q.facts->consents = {{.giver = "SUBJECT", .step = "referral", .given = true}};
  q.event = RightsEvent{.type = "rectification", .own = {"identity"}, .mixed = {}, .fan_out_to = "dfrs"};
  q.onward = Onward{.organisation = "dfrs", .as_controller = true, .originator_approval = "given"};
  q.table = Table{.topic = "default", .geography = "ward", .period = "month"};
  const auto read = ParseCanonical(CanonicalBytes(q, Midday()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->time, Midday());
  EXPECT_EQ(read->request.categories, q.categories) << "in the order asked";
  EXPECT_EQ(read->request.route, Route::kBreakGlass);
  EXPECT_EQ(read->request.facts->age, q.facts->age);
  EXPECT_EQ(read->request.facts->consents[0].step, "referral");
  EXPECT_EQ(read->request.event->own, Strings{"identity"});
  EXPECT_TRUE(read->request.onward->as_controller);
  EXPECT_EQ(read->request.table->geography, "ward");
}

TEST(CanonicalRequest, OctetsThatItWouldNotWriteAreRefused) {
  const std::string octets = CanonicalBytes(HomeVisit({"identity"}), Midday());
  for (size_t size = 0; size < octets.size(); ++size) EXPECT_FALSE(ParseCanonical(octets.substr(0, size)).ok()) << size;
  EXPECT_FALSE(ParseCanonical(octets + '\0').ok());
  size_t refused = 0;
  for (size_t i = 0; i < octets.size(); ++i) {
    for (const int flip : {0x01, 0x80}) {
      std::string flipped = octets;
      flipped[i] = static_cast<char>(flipped[i] ^ flip);
      const auto read = ParseCanonical(flipped);
      refused += read.ok() ? 0 : 1;
      EXPECT_TRUE(!read.ok() || CanonicalBytes(read->request, read->time) == flipped) << i;
    }
  }
  EXPECT_GT(refused, octets.size() / 2) << "numbers and lengths have one form only";
}

TEST(DecisionForAsker, TellsNothingThatRestsOnTheSubject) {
  DecisionRequest q = ChildReferral({"identity", "location.current", "finance"});
  const v1::DecisionForAsker plain = ForAsker(DecideHere(q));
  q.facts->flags = Strings{"address_protected", "family_proceedings"};
  EXPECT_EQ(ForAsker(DecideHere(q)).SerializeAsString(), plain.SerializeAsString());
}

TEST(DecisionForAsker, TellsWhyTheAskerMayNot) {
  DecisionRequest q = ChildReferral({"identity"});
  q.purpose = "case.da_safety";
  const v1::DecisionForAsker told = ForAsker(DecideHere(q));
  ASSERT_EQ(told.categories_size(), 1);
  EXPECT_EQ(told.categories(0).outcome(), "DENY");
  EXPECT_GT(told.next_steps_size(), 0);
}

TEST(DecisionRecord, SaysWhoMaySeeEachReason) {
  DecisionRequest q = ChildReferral({"location.current"});
  q.facts->flags = Strings{"address_protected"};
  bool parties = false;
  const v1::DecisionRecord record = ToProto(DecideHere(q), Derbyshire().digest);
  for (const v1::Reason& reason : record.categories(0).reasons()) {
    EXPECT_FALSE(reason.rule().empty());
    EXPECT_EQ(reason.visible_to(), reason.code() == "SUBJECT_FLAG" ? "PARTIES" : "ASKER") << reason.code();
    parties = parties || reason.visible_to() == "PARTIES";
  }
  EXPECT_TRUE(parties);
}

TEST(Reasons, EachCodeDescribesItself) {
  std::set<absl::string_view> names;
  for (int code = 0; code <= static_cast<int>(ReasonCode::kEnginesDiffer); ++code) {
    const ReasonEntry& entry = Describe(static_cast<ReasonCode>(code));
    EXPECT_EQ(static_cast<int>(entry.code), code) << entry.name;
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_FALSE(entry.sentence.empty()) << entry.name;
    EXPECT_TRUE(!entry.rests_on_subject || entry.next.empty())
        << entry.name << ": a next step may not rest on the subject";
  }
}

}  // namespace
}  // namespace derwent::policy
