#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/ledger/log.h"
#include "broker/store/sqlite/sqlite_store.h"
#include "tests/broker/store/temp_folder.h"
#include "tests/support/matchers.h"
#include "trust/secret/sha256.h"

namespace derwent::ledger {

inline constexpr char kOrigin[] = "derwent.example/ledger";

// Random octets that are the same in every run: SHA-256 of a counter. Never for keys.
class CountedRandom final : public trust::Random {
 public:
  explicit CountedRandom(uint64_t seed = 0) : counter_(seed << 32) {}
  void Fill(absl::Span<uint8_t> octets) override {
    for (size_t i = 0; i < octets.size(); ++i) {
      if (i % Sha256Digest::kSize == 0) block_ = trust::Sha256(std::to_string(counter_++));
      octets[i] = block_.data()[i % Sha256Digest::kSize];
    }
  }

 private:
  uint64_t counter_;
  Sha256Digest block_;
};

inline trust::Ed25519Key TestKey(char seed = 'k') {
  return trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, seed))).value();
}

inline absl::Time TestTime(int64_t millis = 0) { return absl::FromUnixMillis(1'790'000'000'000 + millis); }

inline std::string TestTag(int number) { return trust::Sha256(std::to_string(number)).bytes(); }

// A referral of police to fire about one person, everything filled in.
inline EntryDraft Referral(int number = 1) {
  const std::string digest(32, static_cast<char>(number));
  EntryDraft draft("referral", Actor::kReleasing);
  draft.SetReleasing("police.derbys", "p-17")
      .SetReceiving("dfrs", "t-3")
      .SetSubject(1, "victim", {TestTag(number), TestTag(number + 1)})
      .AddCategory({.category = "identity", .asked = "full", .outcome = "PERMIT", .form = "full"})
      .AddCategory({.category = "address", .asked = "full", .outcome = "DENY", .form = ""})
      .SetPurpose("case.fire_safety", "fire_safety", "tb.dasv", "E07000034")
      .SetBases(Side::kReleasing, {"ukgdpr.art6.1.e"}, {"ukgdpr"})
      .SetBases(Side::kReceiving, {"ukgdpr.art6.1.e"}, {"ukgdpr"})
      .SetConditions(Side::kReleasing, {"dpa2018.sch1.6"})
      .SetAgreement("agr-fire", "3")
      .SetIds("00000000-0000-4000-8000-00000000000" + std::to_string(number % 10), "", "case-9")
      .SetOutcome("PARTIAL", {"NOT_NECESSARY"}, trust::Sha256("policy"), trust::Sha256("registers"))
      .SetManifestDigest(trust::Sha256("manifest"))
      .SetGrounds({"fire_safety.address"}, "", digest)
      .SetDecisionRequest("canonical request " + std::to_string(number))
      .SetRevisions("1", "12", "4")
      .SetHolderCommitment(digest);
  return draft;
}

// A store on SQLite in a folder of its own, with its log.
class LedgerTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    log_.reset();
    store_.reset();
    store_ = store::OpenSqliteStore({.path = path()}).value();
    log_ = std::make_unique<Log>(kOrigin, TestKey());
    ASSERT_OK(log_->TakeOver(*store_));
  }
  std::string path() const { return folder_.path() + "/derwent.db"; }

  // Appends and commits one batch.
  std::shared_ptr<const SealedBatch> Commit(const std::vector<EntryDraft>& drafts, absl::Time now = TestTime()) {
    auto transaction = store_->Begin().value();
    EXPECT_OK(log_->Append(*transaction, drafts, now, random_));
    auto batch = log_->Seal(*transaction).value();
    EXPECT_OK(transaction->Commit());
    return batch;
  }

  store::TempFolder folder_;
  CountedRandom random_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Log> log_;
};

}  // namespace derwent::ledger
