// What a holder answers: silence where existence is secret, reasons elsewhere.
#include "agents/sdk/answer.h"

#include <set>
#include <tuple>

#include "agents/sdk/keys.h"
#include "agents/sdk/open.h"
#include "agents/sdk/references.h"
#include "tests/agents/sdk/test_agency.h"
#include "tests/policy/derbyshire.h"
#include "tests/support/matchers.h"
#include "trust/identity/key_event.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

using testing::AnchorsFor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;
using testing::TestAgency;
using testing::TestLog;
using testing::TestPki;

Verdicts Said(Verdict::Kind kind) {
  return [kind](const std::string&, const AnswerLine&) {
    return Verdict{.kind = kind, .reason = kind == Verdict::Kind::kRefused ? "CONFIDENCE" : ""};
  };
}

class AnswerTest : public ::testing::Test {
 protected:
  AnswerTest() {
    v1::Manifest& selector = inquiry_.selector;
    selector.set_share_id(random_.NewUuid().text());
    selector.set_kind(v1::PACKAGE_KIND_SELECTOR);
    selector.set_sender_agency(lead_.id());
    selector.set_recipient_agency(health_.id());
    selector.set_profile("tb.soce");
    selector.set_purpose("case.exploitation");
    selector.set_board("tb.soce");
    selector.set_area("E07000034");
    selector.set_case_id(random_.NewUuid().text());
    selector.set_existence_sensitive(true);
    v1::ManifestSubject& subject = *selector.add_subjects();
    subject.set_number(1);
    subject.set_role("person_at_risk");
    subject.set_justification_digest(std::string(32, 'j'));
    v1::Question& question = *selector.mutable_question();
    question.set_acting_person("p-c85e1f");
    question.set_role("thematic_lead");
    for (const char* category : {"household", "identity", "incident"}) question.add_categories(category);
    v1::IdentityFact& name = *record_.mutable_identity()->add_facts();
    name.set_surname("Fennimore");
    name.set_date_of_birth("1988-03-09");
    record_.set_date_of_birth("1988-03-09");
    record_.mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
    record_.set_record_ref("PAT-17");
  }

  AnswerDecision Decide(const v1::CaseRecord* record) {
    auto decision = DecideAnswer(inquiry_, record, snapshot_, now_, {}, random_);
    EXPECT_OK(decision);
    return decision.ok() ? *decision : AnswerDecision();
  }

  v1::Submission Seal(const PackageRecipient& reply, v1::PackageKind kind) {
    const ShareHead head = ReplyHead(inquiry_, kind, random_.NewUuid().text(), policy_, now_);
    auto sealed = SealPackage(head, reply, lead_.sealing().public_key(), health_.signing(), random_);
    EXPECT_OK(sealed);
    return sealed.ok() ? *sealed : v1::Submission();
  }

  v1::Submission Silent(const v1::CaseRecord* record, Verdict::Kind said) {
    return Seal(SilentAnswer(inquiry_, Decide(record), Said(said), now_), v1::PACKAGE_KIND_ANSWER);
  }

  OpenedPackage Open(const v1::Submission& submission) {
    if (!keys_)
      keys_ = book_.Take(health_.Keys(log_), AnchorsFor(pki_, log_, {&lead_, &health_}, now_), now_).value().history;
    const OpenContext context{.own_agency = lead_.id(),
                              .sender = keys_.get(),
                              .sealing_key = [this](absl::string_view) { return &lead_.sealing(); },
                              .policy_known = [](absl::string_view) { return true; },
                              .obligations = &obligations_,
                              .now = now_};
    OpenResult result = OpenPackage(submission.package(), context);
    EXPECT_TRUE(std::holds_alternative<OpenedPackage>(result)) << std::get<Rejection>(result).why;
    return std::holds_alternative<OpenedPackage>(result) ? std::get<OpenedPackage>(result) : OpenedPackage();
  }

  trust::SystemRandom random_;
  absl::Time now_ = policy::Midday();
  TestPki pki_{now_};
  TestLog log_;
  TestAgency lead_{pki_, "dcc.community_safety", now_};
  TestAgency health_{pki_, "nhs.dhcft", now_};
  KeyBook book_;
  std::shared_ptr<const trust::KeyHistory> keys_;
  const policy::Snapshot snapshot_{
      .policy = &policy::Derbyshire(), .directories = nullptr, .take_agreements_as_signed = true};
  const std::set<std::string> obligations_ = policy::Derbyshire().obligations;
  Sha256Digest policy_ = trust::Sha256("policy");
  Inquiry inquiry_;
  v1::CaseRecord record_;
};

// All that is random by design: ids, digests of ciphertexts, commitments. What remains must not depend on what is held.
v1::Manifest WithoutRandomness(v1::Manifest manifest) {
  manifest.clear_share_id();
  manifest.clear_key_ring_digest();
  manifest.clear_sender_statement_digest();
  for (v1::ManifestUnit& unit : *manifest.mutable_units()) {
    EXPECT_EQ(unit.ciphertext_digest().size(), 32u);
    EXPECT_EQ(unit.key_commitment().size(), 32u);
    unit.clear_ciphertext_digest();
    unit.clear_key_commitment();
  }
  return manifest;
}

// P08: no record, an ambiguous one (the lookup says none), a flag, a person who may not be seen, a veto or refusal, an
// approver's silence, and an answer with content.
TEST_F(AnswerTest, NothingButCiphertextTellsWhatIsHeldWhereExistenceIsSecret) {
  v1::CaseRecord flagged = record_;
  flagged.add_subject_flags("witness_protection");
  v1::CaseRecord restricted = record_;
  restricted.add_restricted_to("p-somebody");
  v1::CaseRecord obliging = record_;
  obliging.add_subject_flags("do_not_contact");
  v1::CaseRecord large = record_;
  large.mutable_identity()->mutable_facts(0)->add_given_names(std::string(20'000, 'x'));
  v1::CaseRecord watched = record_;
  for (int i = 0; i < 200; ++i) watched.add_excluded_from(absl::StrCat("p-", 100000 + i));
  using Kind = Verdict::Kind;
  const std::vector<std::tuple<const char*, const v1::CaseRecord*, Kind>> situations = {
      {"none", nullptr, Kind::kWaiting},
      {"flagged", &flagged, Kind::kAgreed},
      {"not to be seen", &restricted, Kind::kAgreed},
      {"refused", &record_, Kind::kRefused},
      {"silent", &record_, Kind::kWaiting},
      {"agreed", &record_, Kind::kAgreed},
      {"obliging", &obliging, Kind::kAgreed},
      {"large", &large, Kind::kAgreed},
      {"many excluded", &watched, Kind::kAgreed}};
  const v1::Submission first = Silent(nullptr, Kind::kWaiting);
  const v1::Manifest expected = PeekManifest(first.package()).value();
  ASSERT_EQ(expected.units_size(), 3);
  for (const auto& [name, record, said] : situations) {
    SCOPED_TRACE(name);
    const v1::Submission answer = Silent(record, said);
    const v1::Manifest manifest = PeekManifest(answer.package()).value();
    EXPECT_EQ(WithoutRandomness(manifest).DebugString(), WithoutRandomness(expected).DebugString());
    EXPECT_EQ(answer.package().manifest().payload().size(), first.package().manifest().payload().size());
    EXPECT_EQ(answer.package().key_ring().size(), first.package().key_ring().size());
    EXPECT_EQ(answer.sender_statement().size(), first.sender_statement().size());
    ASSERT_EQ(answer.package().units_size(), first.package().units_size());
    for (int i = 0; i < answer.package().units_size(); ++i)
      EXPECT_EQ(answer.package().units(i).size(), kAnswerBucket + 16);
    EXPECT_THAT(CheckAnswer(manifest, inquiry_.selector, snapshot_, now_), IsOk());
    const OpenedPackage opened = Open(answer);
    EXPECT_THAT(opened.mislabelled, IsEmpty());
    EXPECT_THAT(opened.answers, IsEmpty());
    EXPECT_EQ(opened.units.size(), 3u);
  }
}

TEST_F(AnswerTest, TheSilentAnswerHoldsWhatWasAgreedAndTheNeutralTextElsewhere) {
  record_.add_excluded_from("p-0b93d7");
  const OpenedPackage opened = Open(Silent(&record_, Verdict::Kind::kAgreed));
  ASSERT_EQ(opened.units.size(), 3u);
  EXPECT_EQ(opened.units[0].content.household().facts(0).composition().lives_alone(), v1::YES_NO_YES);
  EXPECT_EQ(opened.units[1].content.identity().facts(0).surname(), "Fennimore");
  EXPECT_EQ(opened.units[2].content.neutral(), NeutralText(health_.id())) << "nothing of it is held";
  EXPECT_THAT(opened.excluded_persons, ElementsAre("p-0b93d7"));
  const OpenedPackage silent = Open(Silent(&record_, Verdict::Kind::kWaiting));
  EXPECT_THAT(silent.excluded_persons, IsEmpty()) << "a list of persons tells that there is a record";
}

// That somebody of the agency holds the role is not enough: the holder looks at the person who asks, for the board.
TEST_F(AnswerTest, WhoDoesNotHoldTheRoleInPersonGetsNothing) {
  const policy::RoleHolding lead{.role = "thematic_lead", .boards = {"tb.soce"}, .areas = {"E07000034"}};
  policy::Directories directories;
  policy::Directory& council = directories["dcc.community_safety"];
  council.people = {{.id = "p-c85e1f", .roles = {lead}, .training_until = absl::CivilDay(2030, 1, 1)}};
  council.appointments = {{.agency = lead_.id(), .person = "p-c85e1f", .holding = lead}};
  const auto lines = [&] {
    return DecideAnswer(
               inquiry_, &record_,
               {.policy = &policy::Derbyshire(), .directories = &directories, .take_agreements_as_signed = true}, now_,
               {}, random_)
        ->lines;
  };
  EXPECT_NE(lines()[0].form, "") << lines()[0].category;
  council.people[0].id = "p-other";
  council.appointments[0].person = "p-other";
  for (const AnswerLine& line : lines()) {
    EXPECT_EQ(line.form, "") << line.category;
    EXPECT_THAT(line.reasons, ::testing::Contains("ROLE_NOT_ENTITLED"));
  }
}

TEST_F(AnswerTest, WhatDoesNotFitTheAnswersShapeFollowsAsASupplementTogetherWithAllThatItsApprovalCovers) {
  record_.mutable_identity()->mutable_facts(0)->add_given_names(std::string(20'000, 'x'));
  const AnswerDecision decision = Decide(&record_);
  const Verdicts agreed = Said(Verdict::Kind::kAgreed);
  for (const AnswerLine& line : decision.lines) EXPECT_FALSE(GivenSilently(line, decision, agreed)) << line.category;
  const PackageRecipient supplement = SupplementTo(inquiry_, decision, agreed, {"household", "identity"}, now_);
  EXPECT_EQ(supplement.units.size(), 2u);
  EXPECT_THAT(supplement.answers, IsEmpty()) << "a supplement explains nothing where existence is secret";
  EXPECT_THAT(CheckAnswer(PeekManifest(Seal(supplement, v1::PACKAGE_KIND_SUPPLEMENT).package()).value(),
                          inquiry_.selector, snapshot_, now_),
              IsOk());
}

TEST_F(AnswerTest, ReferencesOfASecretAnswerAreAlwaysEight) {
  const trust::SecretBytes key(std::string(32, 'e'));
  EXPECT_EQ(AnswerReferences(nullptr, key, true, random_).size(), kMaxReferences);
  EXPECT_EQ(AnswerReferences(&record_, key, true, random_).size(), kMaxReferences);
  EXPECT_THAT(AnswerReferences(nullptr, key, false, random_), IsEmpty());
}

TEST_F(AnswerTest, AnAnswerToSomethingElseIsTurnedAway) {
  const v1::Manifest answer = PeekManifest(Silent(nullptr, Verdict::Kind::kWaiting).package()).value();
  const auto refused = [&](auto change, const std::string& why) {
    v1::Manifest changed = answer;
    change(changed);
    EXPECT_THAT(CheckAnswer(changed, inquiry_.selector, snapshot_, now_),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)));
  };
  refused([](v1::Manifest& m) { m.set_reply_to_share_id("00000000-0000-4000-8000-000000000000"); }, "another request");
  refused([](v1::Manifest& m) { m.set_purpose("case.other"); }, "another request");
  refused([](v1::Manifest& m) { m.set_existence_sensitive(false); }, "another request");
  refused([](v1::Manifest& m) { m.set_document_reference("ASBCR/2026/0117"); }, "another request");
  refused([](v1::Manifest& m) { m.set_step("referral"); }, "another request");
  refused([](v1::Manifest& m) { m.set_product("nrm"); }, "another request");
  refused([](v1::Manifest& m) { m.mutable_subjects(0)->add_grounds("tb.soce.education"); }, "another request");
  refused([](v1::Manifest& m) { m.mutable_units(0)->set_category("health.mental"); }, "was not asked");
  refused([](v1::Manifest& m) { m.mutable_units()->RemoveLast(); }, "exactly what was asked");
  refused([](v1::Manifest& m) { m.mutable_units(0)->set_form("flag_only"); }, "exactly what was asked");
  refused([](v1::Manifest& m) { m.mutable_units(0)->set_size_bucket(256); }, "size");
}

// Decided as its document says, or as any other request.
TEST_F(AnswerTest, AStatutoryRequestNeedsNoCaseAndLosesItsRouteWithItsDocument) {
  v1::Manifest& selector = inquiry_.selector;
  selector.set_sender_agency("cbc");
  selector.set_profile("asb_cr");
  selector.set_purpose("case.asb_review");
  selector.set_board("");
  selector.set_case_id("");
  selector.set_existence_sensitive(false);
  selector.mutable_subjects(0)->set_role("complainant");
  selector.mutable_question()->set_role("spoc");
  selector.set_document_reference("ASBCR/2026/0117");
  const AnswerDecision statutory = Decide(&record_);
  EXPECT_EQ(statutory.asker_side.route, policy::Route::kStatutoryRequest);
  EXPECT_EQ(statutory.lines[1].category, "identity");
  EXPECT_EQ(statutory.lines[1].form, "full");
  EXPECT_THAT(statutory.lines[0].reasons, ElementsAre("GROUND_NOT_ASSERTED")) << "the matrix stands";
  selector.clear_document_reference();
  for (const AnswerLine& line : Decide(&record_).lines) {
    EXPECT_EQ(line.form, "") << line.category;
    EXPECT_THAT(line.reasons, ::testing::Contains("CASE_LINK_REQUIRED"));
  }
}

TEST_F(AnswerTest, ATableAskedTooFineIsDecidedAtItsLimitAndOnlyATableIsACount) {
  v1::Question& question = *inquiry_.selector.mutable_question();
  question.clear_categories();
  question.add_categories("aggregate");
  inquiry_.selector.set_case_id("");
  EXPECT_EQ(Decide(&record_).lines[0].asked_form, "full");
  question.mutable_table()->set_topic("child_exploitation");
  question.mutable_table()->set_geography("ward");
  question.mutable_table()->set_period("month");
  const AnswerDecision decision = Decide(&record_);
  EXPECT_EQ(decision.asker_side.route, policy::Route::kStatistics);
  EXPECT_EQ(decision.lines[0].asked_form, "generalise");
  EXPECT_EQ(decision.lines[0].form, "") << "a record of one person holds no table";
}

TEST_F(AnswerTest, WhereExistenceIsNoSecretEachCategoryIsExplained) {
  v1::Manifest& selector = inquiry_.selector;
  selector.set_profile("tb.ncasb");
  selector.set_purpose("case.asb_resolution");
  selector.set_board("");
  selector.set_existence_sensitive(false);
  selector.mutable_subjects(0)->add_grounds("tb.ncasb.health.mental");
  selector.mutable_question()->set_role("practitioner");
  selector.mutable_question()->clear_categories();
  for (const char* category : {"health.mental", "household", "identity"})
    selector.mutable_question()->add_categories(category);
  record_.mutable_health_mental()->add_facts()->set_active(v1::YES_NO_YES);
  const AnswerDecision none = Decide(nullptr);
  const PackageRecipient nobody = ExplainedAnswer(inquiry_, none, Said(Verdict::Kind::kWaiting), now_);
  EXPECT_THAT(nobody.units, IsEmpty());
  ASSERT_EQ(nobody.answers.size(), 3u);
  EXPECT_EQ(nobody.answers[2].category(), "identity");
  EXPECT_EQ(nobody.answers[2].outcome(), "WITHHELD");
  EXPECT_THAT(nobody.answers[2].reasons(), ElementsAre("NO_RECORD"));
  EXPECT_THAT(nobody.answers[1].reasons(), ElementsAre("GROUND_NOT_ASSERTED"));
  EXPECT_THAT(Open(Seal(nobody, v1::PACKAGE_KIND_ANSWER)).answers.size(), 3u);
  const PackageRecipient refused = ExplainedAnswer(inquiry_, Decide(&record_), Said(Verdict::Kind::kRefused), now_);
  const v1::CategoryAnswer& health = refused.answers[0];
  EXPECT_EQ(health.outcome(), "WITHHELD");
  EXPECT_THAT(health.approvers(), ElementsAre("caldicott_guardian"));
  EXPECT_THAT(health.reasons(), ElementsAre("APPROVAL_REFUSED", "CONFIDENCE"));
  EXPECT_THAT(health.rules(0), HasSubstr("tb.ncasb/health.mental"));
  EXPECT_THAT(health.next_step(), HasSubstr("caldicott_guardian"));
}

}  // namespace
}  // namespace derwent::agents
