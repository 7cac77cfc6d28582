// What the retention schedule does to a share whose entries are not all due at once.

#include "broker/exchange/erasure/erasures.h"
#include "broker/exchange/share/stored.h"
#include "broker/ledger/erasure.h"
#include "tests/broker/exchange/request_fixture.h"

namespace derwent::exchange {
namespace {

constexpr char kHold[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1c02";

// The first of a fixture's entries that says `step`, and whether it and the stored share are still there.
template <typename Fixture>
class Scheduled : public Fixture {
 protected:
  void MoveTo(int year, int month) {
    this->now_ = absl::FromCivil(absl::CivilMonth(year, month), absl::UTCTimeZone()) + absl::Hours(24);
  }
  uint64_t EntryOf(const std::string& agency, const std::string& step) {
    return this->store_->Read().value()->SearchEntries({.viewer_agency = agency, .step = step}).value().at(0);
  }
  bool IsErased(uint64_t index) {
    return ledger::ErasedOf(ledger::FindSealed(*this->store_->Read().value(), index)->entry).all();
  }
  bool IsStored(const std::string& share_id) {
    return this->store_->Read().value()->FindShare(share_id).value().has_value();
  }
  void SetState(const store::PartKey& key, v1::RecipientState state) {
    ASSERT_OK(this->Run([&](Batch& batch) {
      store::PartRow part = batch.read().FindPart(key).value().value();
      part.state = state;
      return batch.write().UpdatePart(part);
    }));
  }
  void Hold(uint64_t index) {
    ASSERT_OK(this->Run([&](Batch& batch) {
      return batch.write().InsertHold({.index = index,
                                       .hold_id = kHold,
                                       .agency = kRecipient,
                                       .reason = "COMPLAINT",
                                       .place_time = batch.now(),
                                       .entry_index = index,
                                       .lift_index = std::nullopt});
    }));
  }
  void LiftHold(uint64_t index) {
    ASSERT_OK(this->Run([&](Batch& batch) -> absl::Status {
      const absl::Status lifted = batch.write().LiftHold(kHold, index);
      return lifted.ok() ? batch.write().PutSetting(kScheduleSetting, "") : lifted;
    }));
  }
  // As often as it is behind.
  void EraseAsDue() {
    bool more = true;
    for (int run = 0; run < 8 && more; ++run) {
      ASSERT_OK(this->Run([&](Batch& batch) {
        const absl::Status done = EraseDue(batch);
        more = batch.more_due;
        return done;
      }));
    }
    EXPECT_FALSE(more) << "it comes to its end";
  }
};

// A referral that is over.
class ScheduleTest : public Scheduled<ExchangeTest> {
 protected:
  void SetUp() override {
    HandOver();
    SetState(kPart, v1::RECIPIENT_STATE_CLOSED);
    referral_ = EntryOf(kSender, "referral");
    collection_ = EntryOf(kSender, "collection");
  }
  const store::PartKey kPart{.share_id = kShareId, .recipient_agency = kRecipient};
  uint64_t referral_ = 0;
  uint64_t collection_ = 0;
};

TEST_F(ScheduleTest, AHoldOnOneEntryKeepsTheWholeShare) {
  Hold(collection_);
  MoveTo(2034, 1);
  EraseAsDue();
  EXPECT_TRUE(IsErased(referral_)) << "its own fields go: nobody holds them";
  EXPECT_FALSE(IsErased(collection_));
  EXPECT_TRUE(IsStored(kShareId)) << "what is held is about it";
  LiftHold(collection_);
  EraseAsDue();
  EXPECT_TRUE(IsErased(collection_));
  EXPECT_FALSE(IsStored(kShareId)) << "with its last entry";
}

TEST_F(ScheduleTest, AnEntryThatIsNotDueYetKeepsTheWholeShare) {
  MoveTo(2030, 1);
  ASSERT_OK(Run([&](Batch& batch) -> absl::Status {
    const absl::StatusOr<StoredPart> stored = LoadPart(kPart, batch);
    return stored.ok() ? EnterStep("notice", By::kSender, *stored, {}, batch).status() : stored.status();
  }));
  MoveTo(2034, 1);
  EraseAsDue();
  EXPECT_TRUE(IsErased(referral_));
  EXPECT_TRUE(IsStored(kShareId));
  MoveTo(2037, 2);
  EraseAsDue();
  EXPECT_FALSE(IsStored(kShareId));
}

TEST_F(ScheduleTest, AShareInMotionWaitsWithAllItsEntriesUntilItIsOver) {
  SetState(kPart, v1::RECIPIENT_STATE_ACCEPTED);
  MoveTo(2034, 1);
  for (int day = 0; day < 3; ++day) {
    EraseAsDue();
    now_ += absl::Hours(24);
  }
  EXPECT_FALSE(IsErased(referral_));
  EXPECT_TRUE(IsStored(kShareId));
  SetState(kPart, v1::RECIPIENT_STATE_CLOSED);
  EraseAsDue();
  EXPECT_TRUE(IsErased(referral_));
  EXPECT_TRUE(IsErased(collection_));
  EXPECT_FALSE(IsStored(kShareId));
}

TEST_F(ScheduleTest, AShareInMotionKeepsNothingElseWaiting) {
  SetState(kPart, v1::RECIPIENT_STATE_ACCEPTED);
  ASSERT_OK(Run([](Batch& batch) -> absl::Status {
    for (int i = 0; i < 600; ++i) {
      ledger::EntryDraft draft("read", ledger::Actor::kReleasing);
      draft.SetReleasing(kSender, "p-looks").SetOutcome("", {}, batch.world().policy_digest(), Sha256Digest());
      const absl::StatusOr<uint64_t> index = batch.Append(draft);
      if (!index.ok()) return index.status();
    }
    return absl::OkStatus();
  }));
  MoveTo(2034, 1);
  EraseAsDue();
  EXPECT_TRUE(IsErased(collection_ + 600)) << "far behind what waits";
  SetState(kPart, v1::RECIPIENT_STATE_CLOSED);
  now_ += absl::Hours(24);
  EraseAsDue();
  EXPECT_TRUE(IsErased(referral_)) << "the walk came back to what it left";
}

// A request that was answered.
class RequestScheduleTest : public Scheduled<RequestTest> {
 protected:
  void SetUp() override {
    RequestTest::SetUp();
    HandOverRequest();
    ASSERT_EQ(Told(Answer()), "STORED");
    answer_ = EntryOf(kHolder, "answer");
    request_ = EntryOf(kHolder, "request");
    ASSERT_OK(Run([](Batch& batch) -> absl::Status {
      const auto rows = batch.read().DeliveriesOfPart({.share_id = kAnswerId, .recipient_agency = "cbc"}).value();
      return batch.write().DeleteDelivery(rows.at(0).sequence);
    }));
    SetState({.share_id = kAnswerId, .recipient_agency = "cbc"}, v1::RECIPIENT_STATE_ACKNOWLEDGED);
  }
  uint64_t answer_ = 0;
  uint64_t request_ = 0;
};

TEST_F(RequestScheduleTest, ARequestStaysWhileItsAnswerIsHeldAndGoesWithIt) {
  Hold(answer_);
  MoveTo(2034, 1);
  EraseAsDue();
  EXPECT_TRUE(IsErased(request_));
  EXPECT_FALSE(IsErased(answer_));
  EXPECT_TRUE(IsStored(kShareId) && IsStored(kAnswerId));
  LiftHold(answer_);
  EraseAsDue();
  EXPECT_TRUE(IsErased(answer_));
  EXPECT_FALSE(IsStored(kShareId) || IsStored(kAnswerId));
}

}  // namespace
}  // namespace derwent::exchange
