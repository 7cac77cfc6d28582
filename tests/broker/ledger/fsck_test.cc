#include "broker/ledger/fsck.h"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "broker/store/sqlite/sqlite_backup.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "tests/broker/store/intruder.h"
#include "tests/broker/store/sample_rows.h"

namespace derwent::ledger {
namespace {

using ::derwent::testing::IsOk;
using ::derwent::testing::StatusIs;
using ::testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteFile(const std::string& path, const std::string& octets) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << octets;
}

// A database with rows in every table, closed.
class FsckTest : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    for (int i = 0; i < 5; ++i) {
      Commit({Referral(i), Referral(i), EntryDraft::Public(trust::EntryKind::kKeyEvent, "event", "key_event", "dfrs")},
             TestTime(i));
    }
    auto transaction = store_->Begin().value();
    store::FillEveryTable(*transaction);
    ASSERT_OK(transaction->Commit());
    log_.reset();
    store_.reset();
  }

  std::string Broken(const std::string& path) {
    const auto report =
        Fsck(path, trust::VerifierKey::Make(kOrigin, trust::kNoteEd25519, TestKey().public_key()).value());
    return report.ok() ? report->broken : std::string(report.status().message());
  }

  // What fsck says after running `sql` on the closed database, as an intruder with sqlite3 would.
  std::string BrokenAfter(const std::string& sql) {
    store::Intruder(path()).Run(sql);
    return Broken(path());
  }
};

TEST_F(FsckTest, PassesAnUntouchedDatabase) { EXPECT_EQ(Broken(path()), ""); }

TEST_F(FsckTest, PassesAnEmptyLog) {
  store::TempFolder folder;
  ASSERT_OK(store::OpenSqliteStore({.path = folder.path() + "/empty.db"}));
  EXPECT_EQ(Broken(folder.path() + "/empty.db"), "");
}

TEST_F(FsckTest, TellsAMissingFileAndAForeignOne) {
  EXPECT_THAT(Fsck(path() + ".none", FsckTrust()), StatusIs(absl::StatusCode::kNotFound));
  WriteFile(path() + ".text", std::string(5'000, 'x'));
  EXPECT_THAT(Fsck(path() + ".text", FsckTrust()), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(FsckTest, ChecksADatabaseThatABrokerHasOpen) {
  Open();
  auto open = store_->Begin().value();
  ASSERT_OK(open->PutSetting("not", "committed"));
  EXPECT_EQ(Broken(path()), "");
}

TEST_F(FsckTest, ChecksACopyMadeWhileTheBrokerRuns) {
  Open();
  Commit({Referral(1)}, TestTime(900));
  const std::string copy = path() + ".backup";
  ASSERT_OK(store::BackUpSqlite(path(), copy));
  const auto report = Fsck(copy, log_->vkey()).value();
  EXPECT_EQ(report.broken, "");
  EXPECT_EQ(report.entries, 16u);
  EXPECT_THAT(store::BackUpSqlite(path(), copy), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(store::BackUpSqlite(path() + ".none", copy + "2"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(FsckTest, CountsWhatItChecked) {
  const auto report =
      Fsck(path(), trust::VerifierKey::Make(kOrigin, trust::kNoteEd25519, TestKey().public_key()).value()).value();
  EXPECT_EQ(report.entries, 15u);
  EXPECT_EQ(report.checkpoints, 5u);
  EXPECT_EQ(report.tiles, 1u);
  EXPECT_EQ(report.parts, 1u);
}

TEST_F(FsckTest, RefusesCheckpointsOfAnotherKey) {
  const auto report =
      Fsck(path(), trust::VerifierKey::Make(kOrigin, trust::kNoteEd25519, TestKey('x').public_key()).value()).value();
  EXPECT_THAT(report.broken, HasSubstr("checkpoint 3"));
}

struct Tamper {
  const char* sql;
  const char* broken;
};
class FsckTamperTest : public FsckTest, public ::testing::WithParamInterface<Tamper> {};

TEST_P(FsckTamperTest, NamesTheBrokenLink) { EXPECT_THAT(BrokenAfter(GetParam().sql), HasSubstr(GetParam().broken)); }

INSTANTIATE_TEST_SUITE_P(
    Sql, FsckTamperTest,
    ::testing::Values(
        Tamper{"DELETE FROM entry WHERE idx = 14", "the index names an entry"},
        Tamper{"DELETE FROM entry WHERE idx = 3", "entry 3: it is missing"},
        Tamper{"UPDATE entry SET time_ms = time_ms + 1 WHERE idx = 4", "entry 4: its time is not"},
        Tamper{"UPDATE entry SET packed = CAST(substr(packed, 1, 2000) || x'07' || substr(packed, 2002) AS BLOB) WHERE "
               "idx = 1",
               "entry 1: field"},
        Tamper{"UPDATE entry SET packed = (SELECT packed FROM entry WHERE idx = 0) WHERE idx = 1",
               "root of the entries"},
        Tamper{"UPDATE entry_search SET board = 'other' WHERE idx = 6", "entry 6: its search columns"},
        Tamper{"DELETE FROM entry_party WHERE idx = 6 AND agency = 'dfrs'", "entry 6: its search columns"},
        Tamper{"DELETE FROM entry_search WHERE idx = 6", "entry 6: its search columns"},
        Tamper{"INSERT INTO entry_party VALUES ('zzz', 6)", "entry 6: it is listed"},
        Tamper{"DELETE FROM entry_party WHERE idx = 6", "entry 6: its search columns"},
        Tamper{"DELETE FROM subject_index WHERE idx = 7", "entry 7: the subject index"},
        Tamper{"INSERT INTO subject_index VALUES (zeroblob(32), 7)", "entry 7: the subject index"},
        Tamper{"UPDATE public_body SET body = CAST('other' AS BLOB) WHERE idx = 2", "entry 2: its public body"},
        Tamper{"UPDATE entry SET decision_request = zeroblob(3) WHERE idx = 0", "entry 0: its decision request"},
        Tamper{"UPDATE entry SET decision_request = NULL WHERE idx = 0", "entry 0: its decision request is erased"},
        Tamper{"UPDATE tile SET hashes = zeroblob(480)", "tile 0/0"}, Tamper{"DELETE FROM tile", "a tile is missing"},
        Tamper{"DELETE FROM checkpoint WHERE size = 15", "head: the newest checkpoint"},
        Tamper{"UPDATE checkpoint SET note = replace(note, 'derwent.example', 'derwent.examplf') WHERE size = 3",
               "checkpoint 3"},
        Tamper{"UPDATE log_state SET size = 14", "head: its size"},
        Tamper{"UPDATE log_state SET epoch = 9", "table head"},
        Tamper{"UPDATE share SET purpose = 'other'", "table share"},
        Tamper{"UPDATE approval SET state = 1", "table approval"},
        Tamper{"UPDATE hold SET reason = 'REVIEW'", "table hold"},
        Tamper{"UPDATE erasure SET agency = 'dfrs'", "table erasure"},
        Tamper{"UPDATE erasure_party SET chased = 7", "table erasure_party"},
        Tamper{"UPDATE rights_notice SET chased = 7", "table rights_notice"},
        Tamper{"DELETE FROM erasure", "a party belongs to no erasure"},
        Tamper{"UPDATE case_member SET persons = ''", "table case_member"},
        Tamper{"UPDATE delivery_payload SET payload = zeroblob(1)", "table delivery_payload"},
        Tamper{"DELETE FROM delivery_payload", "a delivery has no payload"},
        Tamper{"CREATE TABLE extra(x)", "tables are not what they should be"}));

// Whole content of every table, to tell a harmless byte (free space) from a changed row.
std::string Dump(const std::string& path) {
  sqlite3* database = nullptr;
  sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
  std::string text;
  const auto append = [](void* out, int count, char** values, char**) {
    for (int i = 0; i < count; ++i)
      *static_cast<std::string*>(out) += std::string(values[i] == nullptr ? "-" : values[i]) + "|";
    return 0;
  };
  for (const char* table : {"log_state",   "entry",           "entry_search",    "subject_index",
                            "tile",        "checkpoint",      "public_body",     "share",
                            "share_part",  "entry_party",     "delivery",        "delivery_payload",
                            "idempotency", "case_file",       "case_member",     "case_exclusion",
                            "approval",    "quota",           "key_event",       "directory",
                            "restriction", "restriction_tag", "refusal_counter", "setting",
                            "hold",        "erasure",         "erasure_party",   "rights_notice"}) {
    std::string columns;
    sqlite3_exec(database,
                 ("SELECT 'quote(' || group_concat(name, ')||'',''||quote(') || ')' FROM pragma_table_xinfo('" +
                  std::string(table) + "')")
                     .c_str(),
                 append, &columns, nullptr);
    if (!columns.empty()) columns.pop_back();
    sqlite3_exec(database, ("SELECT " + columns + " FROM " + table).c_str(), append, &text, nullptr);
  }
  sqlite3_close(database);
  return text;
}

TEST_F(FsckTest, CatchesEveryFlippedByteThatChangesARow) {
  const std::string good = ReadFile(path());
  const std::string content = Dump(path());
  ASSERT_GT(content.size(), 10'000u);
  const std::string copy = path() + ".copy";
  size_t caught = 0;
  // Every page, at offsets that shift from page to page.
  constexpr size_t kPage = 8192;
  for (size_t at = 0, step = 0; at < good.size(); at += 131 + step++ % 7) {
    if (at % kPage == 0 && at > 0) continue;
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    WriteFile(copy, bad);
    if (!Broken(copy).empty()) {
      ++caught;
    } else {
      ASSERT_EQ(Dump(copy), content) << "the byte at " << at << " changed a row unseen";
    }
  }
  EXPECT_GT(caught, 300u);
}

}  // namespace
}  // namespace derwent::ledger
