// A subject whom the sender's own officer restricts: told to the broker until it answers, under every enclave's key,
// and before what was sealed goes.
#include "agents/daemon/context/restrictions.h"
#include "tests/integration/referral_fixture.h"

namespace derwent::agents {
namespace {

constexpr char kOfficer[] = "p-9a30f4";       // For data protection, of the police.
constexpr char kVictim[] = "nhs:9990000026";  // Of the sample's first subject.
constexpr char kRecordRef[] = "RMS-P-1";      // Of a record without an identifier.

class RestrictionTest : public ReferralTest {
 protected:
  absl::StatusOr<v1::RestrictResponse> Restrict(const std::string& identifier, const std::string& record_ref) {
    v1::RestrictRequest restrict;
    if (!identifier.empty()) restrict.add_identifiers(identifier);
    if (!record_ref.empty()) restrict.add_record_refs(record_ref);
    return police().daemon->desk().Restrict(Person(kOfficer), restrict);
  }
  absl::StatusOr<v1::RestrictResponse> Lift(const std::string& restriction) {
    v1::RestrictRequest lift;
    lift.set_restriction_id(restriction);
    lift.set_lift(true);
    return police().daemon->desk().Restrict(Person(kOfficer), lift);
  }
  v1::ShareOutcome Outcome(const v1::PushReferralRequest& request) {
    const auto pushed = police().daemon->sender().Push(request);
    EXPECT_OK(pushed);
    return pushed.ok() && !pushed->shares().empty() ? pushed->shares(0) : v1::ShareOutcome();
  }
  static v1::PushReferralRequest WithoutIdentifier() {
    v1::PushReferralRequest request = Sample();
    v1::CaseRecord& record = *request.mutable_subjects(0)->mutable_record();
    record.clear_identifier();
    record.set_record_ref(kRecordRef);
    return request;
  }
};

TEST_F(RestrictionTest, ARecordThatIsRestrictedIsNotSent) {
  ASSERT_OK(Restrict("", kRecordRef));
  const auto pushed =
      police().daemon->desk().Push({.kind = trust::CallerKind::kConsole, .name = "one"}, WithoutIdentifier());
  ASSERT_OK(pushed);
  EXPECT_EQ(pushed->shares(0).state(), "REFUSED");
  EXPECT_EQ(pushed->shares(0).reason(), "SUBJECT_RESTRICTED");
  for (const v1::UnitOutcome& unit : pushed->shares(0).units()) {
    EXPECT_EQ(unit.outcome(), "WITHHELD") << unit.category();
    EXPECT_THAT(unit.reasons(), ::testing::ElementsAre("SUBJECT_RESTRICTED")) << unit.category();
  }
}

TEST_F(RestrictionTest, WhatTheBrokersLostAnswerLeftOpenIsToldAgainAndCanBeLifted) {
  police().broker->on_restriction = [](absl::StatusOr<v1::ApplyRestrictionResponse>& answer) {
    EXPECT_OK(answer);  // It is committed.
    return absl::UnavailableError("lost");
  };
  const auto restricted = Restrict(kVictim, "");
  ASSERT_OK(restricted);
  EXPECT_EQ(restricted->identifiers_in_force(), 0u) << "the broker did not say so";
  EXPECT_EQ(Outcome(Sample()).reason(), "SUBJECT_RESTRICTED") << "it is in force here";
  police().Restart();
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_THAT(police().daemon->context().state.RestrictionsDue(), testing::IsOkAndHolds(::testing::SizeIs(1)));
  police().broker->on_restriction = nullptr;
  ASSERT_OK(police().daemon->upkeep().RunAll());
  EXPECT_THAT(police().daemon->context().state.RestrictionsDue(), testing::IsOkAndHolds(IsEmpty()));
  ASSERT_OK(Lift(restricted->restriction_id()));
  EXPECT_EQ(Outcome(Sample("RMS-2")).state(), "STORED");
  EXPECT_THAT(police().Alarms(), IsEmpty());
}

TEST_F(RestrictionTest, WhatIsLiftedStaysInForceUntilTheBrokerTookThat) {
  const auto restricted = Restrict("", kRecordRef);
  ASSERT_OK(restricted);
  police().broker->refuse_restriction = absl::UnavailableError("away");
  EXPECT_THAT(Lift(restricted->restriction_id()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Outcome(WithoutIdentifier()).reason(), "SUBJECT_RESTRICTED");
  police().broker->refuse_restriction = absl::OkStatus();
  ASSERT_OK(police().daemon->upkeep().RunAll());
  v1::PushReferralRequest again = WithoutIdentifier();
  again.set_referral_ref("RMS-2");
  EXPECT_EQ(Outcome(again).state(), "STORED");
}

TEST_F(RestrictionTest, WhatTheBrokerDoesNotTakeRaisesAnAlarmAndStaysInForceHere) {
  police().broker->refuse_restriction = absl::PermissionDeniedError("no");
  EXPECT_THAT(Restrict(kVictim, ""), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(police().Alarms(), Contains("RESTRICTION_NOT_TAKEN"));
  EXPECT_EQ(Outcome(Sample()).reason(), "SUBJECT_RESTRICTED");
  EXPECT_THAT(police().daemon->context().state.RestrictionsDue(), testing::IsOkAndHolds(IsEmpty()));
}

TEST_F(RestrictionTest, WhatWasSealedIsNotSentOnceItsSubjectIsRestricted) {
  police().broker->refuse_submit = absl::UnavailableError("away");
  const std::string share = Outcome(WithoutIdentifier()).share_id();
  ASSERT_OK(Restrict("", kRecordRef));
  police().broker->refuse_submit = absl::OkStatus();
  ASSERT_OK(police().daemon->sender().Drain());
  State& state = police().daemon->context().state;
  const OutboxRow row = state.FindShare(share)->value_or(OutboxRow());
  EXPECT_EQ(row.state, "REFUSED");
  EXPECT_EQ(row.reason, "SUBJECT_RESTRICTED");
  EXPECT_THAT(police().Alarms(), Contains("SUBJECT_RESTRICTED"));
  EXPECT_THAT(state.Accesses({.share_id = share}), testing::IsOkAndHolds(::testing::SizeIs(1)));
  housing().CollectAll();
  EXPECT_THAT(housing().daemon->context().state.ListInbox(0, 10), testing::IsOkAndHolds(IsEmpty()));
}

TEST_F(RestrictionTest, WhatTheBrokerTookBeforeIsKnownAsSent) {
  police().broker->on_submit = [](auto&) { return absl::UnavailableError("lost"); };
  const std::string share = Outcome(WithoutIdentifier()).share_id();
  ASSERT_OK(Restrict("", kRecordRef));
  police().broker->on_submit = nullptr;
  ASSERT_OK(police().daemon->sender().Drain());
  EXPECT_EQ(police().daemon->context().state.FindShare(share)->value_or(OutboxRow()).state, "STORED");
}

// The police hold a key of references of another enclave too.
class EnclaveTest : public RestrictionTest {
 protected:
  EnclaveTest() {
    const std::string key = consortium_.folder() + "/sarc.key";
    EXPECT_OK(LoadSecret(key, /*make=*/true, police().random));
    police().config.reference_keys["sarc"] = key;
    police().Restart();
    EXPECT_OK(police().daemon->upkeep().RunAll());
  }
};

TEST_F(EnclaveTest, ARestrictionStopsUnderEveryKeyHeldAndWhereNoneIs) {
  const auto restricted = Restrict(kVictim, "");
  ASSERT_OK(restricted);
  EXPECT_EQ(restricted->identifiers_in_force(), 1u);
  const v1::CaseRecord victim = Sample().subjects(0).record();
  const AgentContext& context = police().daemon->context();
  std::vector<KnownAs> about = AboutWhom(victim, "sarc", context);
  EXPECT_THAT(context.state.StoppedHere(about), testing::IsOkAndHolds(false)) << "the broker stops it, and enters that";
  for (KnownAs& known : about) known.at_broker = false;
  EXPECT_THAT(context.state.StoppedHere(about), testing::IsOkAndHolds(true));
  EXPECT_THAT(context.state.StoppedHere(AboutWhom(victim, "channel", context)), testing::IsOkAndHolds(true))
      << "no key of it is held: the broker is told nothing";
}

}  // namespace
}  // namespace derwent::agents
