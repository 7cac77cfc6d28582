// P08 at the broker: under an existence-sensitive profile nothing the asker can get tells whether the person is known.

#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/officer/audit.h"
#include "broker/exchange/upkeep/sweep.h"
#include "derwent/v1/message.pb.h"
#include "policy/engine/calendar.h"
#include "tests/broker/exchange/request_fixture.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

class SilenceTest : public RequestTest {
 protected:
  SilenceTest() : RequestTest(Marac()) {}
  void SetUp() override {
    RequestTest::SetUp();
    HandOverRequest();
  }
  uint64_t Size() { return store_->Read().value()->GetLogState().value().size; }
};

// What the holder may have found, as far as it reaches the broker.
struct Found {
  const char* name;
  bool references;  // Of its own record.
  bool approval;    // Somebody agreed before the slot.
};
class WhatTheAskerSeesTest : public SilenceTest, public ::testing::WithParamInterface<Found> {
 protected:
  // Everything the asker can get, as text.
  static std::vector<std::string>& Baseline() {
    static std::vector<std::string>& baseline = *new std::vector<std::string>();
    return baseline;
  }
  std::string BreachSeenByTheAsker() const {
    v1::ReportBreachRequest request;
    *request.mutable_end_time() = trust::ToTimestamp(now_ + absl::Hours(1));
    const auto reader = store_->Read().value();
    const CheckedAudit audit = CheckBreach(AgentOf("cbc"), request).value();
    return ReportBreach(audit, reader->GetLogState().value().size, *tagger_, *reader)->DebugString();
  }
};

TEST_P(WhatTheAskerSeesTest, IsTheSameWhateverTheHolderFound) {
  v1::SubmitCaseAnswerRequest answer = Answer();
  if (!GetParam().references) answer.clear_references();
  if (GetParam().approval) *answer.add_approvals() = Approval();
  ASSERT_EQ(Told(answer), "STORED");
  const auto collected = CollectAs("cbc");
  ASSERT_OK(collected);
  std::vector<std::string> seen = EntriesSeenBy("cbc");
  for (const v1::Delivery& delivery : collected->deliveries()) {
    seen.push_back(absl::StrCat("delivery with receipts ", delivery.receipts_size()));
    // A signature's length varies by itself; all that is sealed does not.
    for (const std::string& unit : delivery.package().units()) seen.push_back(absl::StrCat("unit ", unit.size()));
  }
  for (const size_t octets : ReceiptsSeenBy("cbc")) seen.push_back(absl::StrCat("receipt ", octets));
  seen.push_back(HolderSeenBy("cbc").SerializeAsString());
  seen.push_back(BreachSeenByTheAsker());
  if (Baseline().empty()) Baseline() = seen;
  EXPECT_EQ(seen, Baseline());
}

INSTANTIATE_TEST_SUITE_P(Each, WhatTheAskerSeesTest,
                         ::testing::Values(Found{"nobody", false, false}, Found{"somebody", true, false},
                                           Found{"somebody_approved", true, true}),
                         [](const auto& param) { return std::string(param.param.name); });

TEST_F(SilenceTest, AnAnswerTooEarlyIsRefusedAndOneWithinTheClocksSkewWaitsForItsSlot) {
  now_ -= absl::Seconds(31);
  EXPECT_EQ(Told(Answer()), "REFUSED ANSWER_TOO_EARLY");
  now_ += absl::Seconds(2);
  ASSERT_EQ(Told(Answer()), "STORED");
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_WAITING);
  EXPECT_EQ(HolderSeenBy("cbc").answer_share_ids_size(), 0);
  EXPECT_EQ(HolderSeenBy(kHolder).state(), v1::HOLDER_STATE_ANSWERED) << "the holder knows";
  const auto packages = [&] {
    int count = 0;
    const v1::CollectResponse collected = CollectAs("cbc").value();
    for (const v1::Delivery& delivery : collected.deliveries()) count += delivery.has_package() ? 1 : 0;
    return count;
  };
  EXPECT_EQ(packages(), 0);
  MoveToSlot();
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_ANSWERED);
  EXPECT_EQ(packages(), 1);
}

TEST_F(SilenceTest, ThatAnAnswerIsNotPermittedAnyMoreIsNotTold) {
  const std::vector<std::string> before = EntriesSeenBy("cbc");
  const std::string waiting = HolderSeenBy("cbc").SerializeAsString();
  for (auto& agreement : policy().agreements) agreement.notices.push_back({.from = absl::CivilDay(2026, 1, 1)});
  EXPECT_EQ(Told(Answer()), "REFUSED AGREEMENT_NOT_IN_FORCE");
  EXPECT_EQ(HolderSeenBy("cbc").SerializeAsString(), waiting) << "only who has something to answer is refused";
  EXPECT_EQ(EntriesSeenBy("cbc"), before);
}

struct Telling {
  const char* name;
  SelectorChange change;
};
class TellingAnswerTest : public SilenceTest, public ::testing::WithParamInterface<Telling> {};

TEST_P(TellingAnswerTest, IsRefusedAndTheAskerSeesNoneOfIt) {
  const std::vector<std::string> before = EntriesSeenBy("cbc");
  const uint64_t size = Size();
  EXPECT_EQ(Told(Answer(GetParam().change)), "REFUSED ANSWER_NOT_NEUTRAL");
  EXPECT_EQ(EntriesSeenBy("cbc"), before);
  EXPECT_EQ(Size(), size) << "everybody sees the tree grow";
}

INSTANTIATE_TEST_SUITE_P(Each, TellingAnswerTest,
                         ::testing::Values(Telling{
                             "weaker_form",
                             [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_units(2)->set_form("flag_only"); }}),
                         [](const auto& param) { return std::string(param.param.name); });

// Between the making of an answer and its slot something changes that counts where somebody agreed: who is refused
// answers anew.
struct Meanwhile {
  const char* name;
  bool approval;  // Of the answer.
  const char* told;
  std::function<void(World&)> change;  // Null: the policy is another than the answer's.
};
class ChangedBeforeTheSlotTest : public SilenceTest, public ::testing::WithParamInterface<Meanwhile> {};

TEST_P(ChangedBeforeTheSlotTest, CostsEveryHolderAlike) {
  const bool outdated = GetParam().change == nullptr;
  const auto earlier = [&](auto& message) {
    if (outdated) message.set_policy_digest(std::string(32, 'o'));
  };
  v1::SubmitCaseAnswerRequest answer = Answer([&](v1::Manifest& m, v1::SenderStatement&) { earlier(m); });
  if (GetParam().approval) *answer.add_approvals() = Approval([&](v1::ApprovalCommand& c) { earlier(c); });
  if (!outdated) GetParam().change(world());
  const uint64_t before = Size();
  const std::string told = Told(answer);
  EXPECT_EQ(told, GetParam().told);
  if (told != "STORED") {
    EXPECT_EQ(Size(), before) << "that one tried is nobody's to see";
    ASSERT_EQ(Told(Answer()), "STORED");
    EXPECT_THAT(EntriesSeenBy(kHolder),
                ::testing::Contains(::testing::HasSubstr(
                    absl::StrCat("not_taken:answer:", kAnswerId, told.substr(told.find(' ')).replace(0, 1, ":")))));
  }
  EXPECT_EQ(Size(), before + 2);
  EXPECT_EQ(trust::FromTimestamp(HolderSeenBy("cbc").update_time()), slot_);
}

void NobodyAgrees(World& world) { world.directories.at(kHolder).people.clear(); }

INSTANTIATE_TEST_SUITE_P(Each, ChangedBeforeTheSlotTest,
                         ::testing::Values(Meanwhile{"policy_neutral", false, "REFUSED POLICY_CHANGED", nullptr},
                                           Meanwhile{"policy_approved", true, "REFUSED POLICY_CHANGED", nullptr},
                                           Meanwhile{"approver_neutral", false, "STORED", NobodyAgrees},
                                           Meanwhile{"approver_approved", true, "REFUSED APPROVAL_NOT_VALID",
                                                     NobodyAgrees}),
                         [](const auto& param) { return std::string(param.param.name); });

TEST_F(SilenceTest, WhatIsRefusedOfASupplementIsKeptForTheRequestsEnd) {
  ASSERT_EQ(Told(Answer()), "STORED");
  const uint64_t before = Size();
  v1::SubmitCaseAnswerRequest bare = Supplement();
  bare.clear_approvals();
  EXPECT_EQ(Told(bare), "REFUSED APPROVAL_REQUIRED");
  EXPECT_EQ(Size(), before);
  now_ += absl::Hours(73);
  ASSERT_OK(Run([](Batch& batch) { return Sweep(batch); }));
  EXPECT_THAT(EntriesSeenBy(kHolder), ::testing::Contains(::testing::HasSubstr(
                                          absl::StrCat("not_taken:supplement:", kSupplementId, ":APPROVAL_REQUIRED"))));
}

TEST_F(SilenceTest, ASmallerOrMissingUnitTellsToo) {
  v1::SubmitCaseAnswerRequest answer = Answer();
  const auto resign = [&](const std::function<void(v1::Manifest&, v1::Package&)>& change) {
    v1::SubmitCaseAnswerRequest changed = answer;
    v1::Package& package = *changed.mutable_submission()->mutable_package();
    v1::Manifest manifest;
    EXPECT_TRUE(manifest.ParseFromString(package.manifest().payload()));
    change(manifest, package);
    *package.mutable_manifest() = Sign(kHolder, trust::kManifestType, manifest);
    return changed;
  };
  EXPECT_EQ(Told(resign([](v1::Manifest& m, v1::Package& p) {
              m.mutable_units()->RemoveLast();
              p.mutable_units()->RemoveLast();
            })),
            "REFUSED ANSWER_NOT_NEUTRAL");
  EXPECT_EQ(Told(resign([](v1::Manifest& m, v1::Package& p) {
              m.clear_units();
              p.clear_units();
            })),
            "REFUSED ANSWER_NOT_NEUTRAL");
  EXPECT_EQ(Told(resign([](v1::Manifest& m, v1::Package& p) {
              p.set_units(0, std::string(256 + 16, 'x'));
              m.mutable_units(0)->set_size_bucket(256);
              m.mutable_units(0)->set_ciphertext_digest(trust::Sha256(p.units(0)).bytes());
            })),
            "REFUSED ANSWER_NOT_NEUTRAL");
  EXPECT_EQ(Told(answer), "STORED");
}

TEST_F(SilenceTest, WhenAnAnswerReallyCameIsNotTold) {
  now_ += absl::Seconds(2);
  ASSERT_EQ(Told(Answer()), "STORED");
  EXPECT_EQ(trust::FromTimestamp(HolderSeenBy("cbc").update_time()), slot_);
}

TEST_F(SilenceTest, AConsoleSeesNoneOfWhatFollowsAnAnswer) {
  ASSERT_EQ(Told(Answer()), "STORED");
  const std::string before = HolderSeenBy("cbc", trust::CallerKind::kConsole).SerializeAsString();
  ASSERT_EQ(Told(Supplement()), "STORED");
  EXPECT_EQ(HolderSeenBy("cbc", trust::CallerKind::kConsole).SerializeAsString(), before);
  EXPECT_EQ(HolderSeenBy("cbc").answer_share_ids_size(), 2) << "its agent collects both";
}

TEST_F(SilenceTest, NoProgressIsTold) {
  v1::Progress message;
  *message.mutable_head() = Head(kHolder, "cbc", 2);
  message.set_state(v1::PROGRESS_STATE_AWAITING_APPROVAL);
  message.set_reason("MARAC_CHAIR");
  v1::ReportProgressRequest request;
  request.set_request_id(kRequestId);
  *request.mutable_progress() = Sign(kHolder, trust::kProgressType, message);
  v1::ReportProgressResponse response;
  EXPECT_EQ(Told(Run([&](Batch& batch) { return ReportProgress(AgentOf(kHolder), request, response, batch); })),
            "STATE_NOT_ALLOWED");
}

TEST_F(SilenceTest, AHolderThatNeverAnswersJustWaits) {
  ASSERT_OK(CollectAs("cbc"));
  const std::vector<std::string> before = EntriesSeenBy("cbc");
  now_ += absl::Hours(73);
  ASSERT_OK(Run([](Batch& batch) { return Sweep(batch); }));
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_WAITING);
  EXPECT_EQ(HolderSeenBy(kHolder).state(), v1::HOLDER_STATE_EXPIRED);
  EXPECT_EQ(EntriesSeenBy("cbc"), before);
  const v1::CollectResponse collected = CollectAs("cbc").value();
  for (const v1::Delivery& delivery : collected.deliveries()) EXPECT_FALSE(delivery.has_notice());
  EXPECT_EQ(EntriesOf(kHolder, "expiry"), 1u);
}

TEST_F(SilenceTest, AnAnswerThatIsStoppedIsStoppedInSilence) {
  ASSERT_EQ(Told(Answer()), "STORED");
  for (policy::Agreement& agreement : policy().agreements)
    agreement.notices.push_back({.from = absl::CivilDay(2026, 1, 1)});
  const std::vector<std::string> before = EntriesSeenBy("cbc");
  ASSERT_OK(CollectAs("cbc"));
  EXPECT_EQ(EntriesSeenBy("cbc"), before);
  EXPECT_EQ(EntriesOf(kHolder, "held"), 1u);
}

TEST_F(SilenceTest, ASupplementNeedsItsApprovalAndAtLeastOneUnit) {
  ASSERT_EQ(Told(Answer()), "STORED");
  v1::SubmitCaseAnswerRequest bare = Supplement();
  bare.clear_approvals();
  EXPECT_EQ(Told(bare), "REFUSED APPROVAL_REQUIRED");
  EXPECT_EQ(Told(Supplement()), "STORED");
  EXPECT_EQ(HolderSeenBy("cbc").answer_share_ids_size(), 2);
}

class SlotTest : public RequestTest {
 protected:
  SlotTest() : RequestTest(Marac()) {}
};

TEST_F(SlotTest, IsTheProfilesToTheSecond) {
  for (const int off : {-1, 1, 3600}) {
    EXPECT_EQ(Told(Request([&](v1::Manifest& m, v1::SenderStatement&) {
                *m.mutable_question()->mutable_answer_time() = trust::ToTimestamp(slot_ + absl::Seconds(off));
              })),
              "PAYLOAD_REJECTED")
        << off;
  }
  EXPECT_EQ(Told(Request([](v1::Manifest& m, v1::SenderStatement&) { m.mutable_question()->clear_answer_time(); })),
            "PAYLOAD_REJECTED");
  EXPECT_EQ(Told(Request([](v1::Manifest& m, v1::SenderStatement&) { m.set_existence_sensitive(false); })),
            "PAYLOAD_REJECTED");
  EXPECT_EQ(Told(Request()), "STORED");
}

TEST_F(SlotTest, ARequestIsOpenLongerThanItsSlotIsAwayWhateverTheHolidays) {
  for (int day = 25; day <= 30; ++day) policy().bank_holidays.insert(absl::CivilDay(2026, 11, day));
  slot_ = policy::AnswerTime(policy(), policy().profiles.at("marac").answer_slot, now_);
  ASSERT_EQ(slot_ - now_, absl::Hours(7 * 24));
  const auto ends = [&](absl::Time end) {
    return Told(
        Request([&](v1::Manifest& m, v1::SenderStatement&) { *m.mutable_expire_time() = trust::ToTimestamp(end); }));
  };
  EXPECT_EQ(ends(now_ + absl::Hours(120)), "PAYLOAD_REJECTED") << "before its slot";
  EXPECT_EQ(ends(slot_), "PAYLOAD_REJECTED");
  EXPECT_EQ(ends(slot_ + absl::Hours(72) + absl::Seconds(1)), "PAYLOAD_REJECTED");
  EXPECT_EQ(ends(slot_ + absl::Hours(72)), "STORED");
}

TEST_F(SlotTest, ARequestThatCameAfterItsOwnSlotIsTooLate) {
  const v1::SubmitCaseRequestRequest request = Request();
  now_ = slot_ + absl::Seconds(1);
  EXPECT_EQ(Told(request), "PAYLOAD_REJECTED");
}

TEST_F(SlotTest, TheAskerIsToldWhatRestsOnItselfAlone) {
  const auto response =
      SubmitRequest(Request([](v1::Manifest& m, v1::SenderStatement&) { m.mutable_subjects(0)->clear_grounds(); }));
  ASSERT_OK(response);
  ASSERT_EQ(response->decisions(0).question().categories_size(), 1) << "only what is denied whoever the person is";
  EXPECT_EQ(response->decisions(0).question().categories(0).category(), "health.mental");
}

}  // namespace
}  // namespace derwent::exchange
