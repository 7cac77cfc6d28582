#include <algorithm>
#include <filesystem>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "broker/ledger/fsck.h"
#include "broker/ledger/packed_entry.h"
#include "broker/store/sqlite/sqlite_backup.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "tests/broker/store/intruder.h"

// What somebody with the whole database and without the log's key can do to it, carefully, each over entries chosen at
// random: the tables beside the entries are kept as the entries then say, so that only the evidence itself can tell.

namespace derwent::ledger {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr uint64_t kEntries = 40;
constexpr int kCases = 12;

// Keeps what finds an entry in step with the entry.
class Intruder : public store::Intruder {
 public:
  using store::Intruder::Intruder;
  // Moves an entry, with everything that finds it, to another index.
  void Move(uint64_t from, uint64_t to) {
    for (const char* table : {"entry", "entry_search", "entry_party", "subject_index", "public_body"})
      Run(absl::StrCat("UPDATE ", table, " SET idx = ", to, " WHERE idx = ", from));
  }
  void Delete(uint64_t index) {
    for (const char* table : {"entry", "entry_search", "entry_party", "subject_index", "public_body"})
      Run(absl::StrCat("DELETE FROM ", table, " WHERE idx = ", index));
  }
  void Copy(uint64_t from, uint64_t to) {
    Run(absl::StrCat("INSERT INTO entry SELECT ", to,
                     ", time_ms, packed, decision_request FROM entry WHERE idx = ", from));
    Run(absl::StrCat(
        "INSERT INTO entry_search SELECT ", to,
        ", releasing, receiving, actor, supplier, purpose, profile, board, outcome, reasons, share_id, step "
        "FROM entry_search WHERE idx = ",
        from));
    Run(absl::StrCat("INSERT INTO entry_party SELECT agency, ", to, " FROM entry_party WHERE idx = ", from));
    Run(absl::StrCat("INSERT INTO subject_index SELECT tag, ", to, " FROM subject_index WHERE idx = ", from));
  }
};

class FsckThreatsTest : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    for (uint64_t i = 0; i < kEntries; i += 4) {
      std::vector<EntryDraft> drafts;
      for (uint64_t j = i; j < i + 4; ++j) drafts.push_back(Referral(static_cast<int>(j)));
      Commit(drafts, TestTime(static_cast<int64_t>(i)));
    }
    vkey_ = log_->vkey();
    ASSERT_OK(store::BackUpSqlite(path(), good()));
  }
  std::string good() const { return folder_.path() + "/good.db"; }
  std::string bad() const { return folder_.path() + "/bad.db"; }
  std::string Broken() { return Fsck(bad(), vkey_).value().broken; }

  // Runs `attack` on a fresh copy, many times, and expects fsck to say one of `links` each time.
  void EveryTime(const std::function<void(Intruder&)>& attack, const ::testing::Matcher<std::string>& names) {
    ASSERT_EQ(Fsck(good(), vkey_).value().broken, "");
    for (int i = 0; i < kCases; ++i) {
      std::filesystem::copy_file(good(), bad(), std::filesystem::copy_options::overwrite_existing);
      {
        Intruder intruder(bad());
        attack(intruder);
      }
      ASSERT_THAT(Broken(), names) << "case " << i << " of seed 24";
    }
  }
  uint64_t Any(uint64_t below = kEntries) {
    return std::uniform_int_distribution<uint64_t>(0, below - 1)(random_index_);
  }
  // Writes an entry's row again, sealed anew with fresh salts: as good as any row but for the signed root.
  void Rewrite(uint64_t index, const std::function<void(PackedEntry&)>& change) {
    std::filesystem::rename(bad(), folder_.path() + "/open.db");
    {
      const auto store = store::OpenSqliteStore({.path = folder_.path() + "/open.db"}).value();
      auto transaction = store->Begin().value();
      store::EntryRow row = *transaction->FindEntry(index).value();
      PackedEntry entry = PackedEntry::Decode(row.packed).value();
      std::vector<std::string> old_tags = TagsOf(entry);
      change(entry);
      entry.fields[trust::Field::kRequestDigest].clear();
      entry.fields.Salt(random_);
      entry.hashes = trust::HashFields(entry.fields);
      entry.leaf = trust::LeafOctets(trust::EntryKind::kSealed, trust::Commitment(entry.hashes));
      row.packed = entry.Encode();
      row.columns = entry.Columns();
      row.tags = TagsOf(entry);
      row.time = absl::FromUnixMillis(std::stoll(entry.fields[trust::Field::kTime]));
      ASSERT_OK(transaction->EraseEntry(row, old_tags));
      ASSERT_OK(transaction->Commit());
    }
    std::filesystem::rename(folder_.path() + "/open.db", bad());
  }
  static std::vector<std::string> TagsOf(const PackedEntry& entry) {
    std::vector<std::string> tags;
    const std::string& joined = entry.fields[trust::Field::kSubjectTags];
    for (size_t at = 0; at < joined.size(); at += 32) tags.push_back(joined.substr(at, 32));
    return tags;
  }

  std::mt19937 random_index_{24};
  trust::VerifierKey vkey_;
};

TEST_F(FsckThreatsTest, ARewrittenEntry) {
  EveryTime(
      [&](Intruder&) {
        Rewrite(Any(), [](PackedEntry& entry) {
          std::string& outcome = entry.fields[trust::Field::kOutcome];
          outcome = absl::StrReplaceAll(outcome, {{"PARTIAL", "DENY"}});
        });
      },
      HasSubstr("its root is not the root of the entries"));
}

TEST_F(FsckThreatsTest, AnEntryThatNamesSomebodyElse) {
  EveryTime(
      [&](Intruder&) {
        Rewrite(Any(), [](PackedEntry& entry) { entry.fields[trust::Field::kReceivingAgency] = "cbc"; });
      },
      HasSubstr("its root is not the root of the entries"));
}

TEST_F(FsckThreatsTest, ABackDatedEntry) {
  EveryTime(
      [&](Intruder& intruder) {
        intruder.Run(absl::StrCat("UPDATE entry SET time_ms = time_ms - 1 WHERE idx = ", Any()));
      },
      HasSubstr("its time is not the one it commits to"));
  EveryTime(
      [&](Intruder&) {
        Rewrite(Any(kEntries - 4) + 4, [](PackedEntry& entry) {
          std::string& time = entry.fields[trust::Field::kTime];
          time = absl::StrCat(std::stoll(time) - 60'000);
        });
      },
      HasSubstr("time goes back"));
}

TEST_F(FsckThreatsTest, ADroppedEntry) {
  EveryTime(
      [&](Intruder& intruder) {
        const uint64_t index = Any(kEntries - 1);
        intruder.Delete(index);
      },
      HasSubstr("it is missing"));
  // The ones after it move up, and the head is told to be one less.
  EveryTime(
      [&](Intruder& intruder) {
        const uint64_t index = Any();
        intruder.Delete(index);
        for (uint64_t next = index + 1; next < kEntries; ++next) intruder.Move(next, next - 1);
      },
      AnyOf(HasSubstr("its root is not the root of the entries"), HasSubstr("the log has no entry for it")));
}

TEST_F(FsckThreatsTest, ATailThatIsCutOff) {
  EveryTime(
      [&](Intruder& intruder) {
        const uint64_t size = (Any(kEntries / 4 - 1) + 1) * 4;
        for (uint64_t index = size; index < kEntries; ++index) intruder.Delete(index);
        intruder.Run(absl::StrCat("DELETE FROM checkpoint WHERE size > ", size));
      },
      AnyOf(HasSubstr("tile 0/0: it is not the tile of the entries"), HasSubstr("head: its size")));
}

TEST_F(FsckThreatsTest, TwoEntriesThatChangedPlaces) {
  EveryTime(
      [&](Intruder& intruder) {
        const uint64_t a = Any();
        const uint64_t b = (a + 1 + Any(kEntries - 1)) % kEntries;
        intruder.Move(a, kEntries + 7);
        intruder.Move(b, a);
        intruder.Move(kEntries + 7, b);
      },
      AnyOf(HasSubstr("its root is not the root of the entries"), HasSubstr("time goes back")));
}

TEST_F(FsckThreatsTest, AnEntryThatIsThereTwice) {
  EveryTime([&](Intruder& intruder) { intruder.Copy(Any(), kEntries); },
            AnyOf(HasSubstr("time goes back"), HasSubstr("tile 0/0"), HasSubstr("head: its size")));
  EveryTime(
      [&](Intruder& intruder) {
        const uint64_t over = Any();
        const uint64_t from = (over + 1 + Any(kEntries - 1)) % kEntries;
        intruder.Delete(over);
        intruder.Copy(from, over);
      },
      AnyOf(HasSubstr("its root is not the root of the entries"), HasSubstr("time goes back")));
}

TEST_F(FsckThreatsTest, ACheckpointPutInAnothersPlace) {
  EveryTime(
      [&](Intruder& intruder) {
        const uint64_t size = (Any(kEntries / 4 - 1) + 1) * 4;
        intruder.Run(absl::StrCat("UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = ", size + 4,
                                  ") WHERE size = ", size));
      },
      HasSubstr("it is of another log or size"));
}

}  // namespace
}  // namespace derwent::ledger
