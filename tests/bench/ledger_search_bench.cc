// What a data protection officer's questions cost in a large ledger: derwent_ledger_bench search ENTRIES [folder]
//
// Twenty entries a person, spread over a million. Every figure is of a first page with its receipts, from a snapshot of
// its own as a call has it, at persons, windows and indexes that are spread over the ledger. A large ledger is looked
// at on its way too, at one, two, five and ten millions: the curve.
#include "tests/bench/ledger_search_bench.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "broker/ledger/log.h"
#include "broker/ledger/query.h"
#include "broker/ledger/search.h"
#include "broker/store/sqlite/sqlite_store.h"
#include "trust/merkle/tree.h"
#include "trust/secret/sha256.h"

namespace derwent {
namespace {

constexpr int kBatch = 256;
constexpr uint64_t kEntriesAPerson = 20;
constexpr uint64_t kSpan = 1'000'000;  // A person's entries lie within so many.
constexpr int kRuns = 1000;

const absl::Time kStart = absl::FromUnixSeconds(1'790'000'000);

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

class LargeLedger {
 public:
  LargeLedger(const std::string& folder, uint64_t entries)
      : path_(folder + "/bench.db"),
        store_(store::OpenSqliteStore({.path = path_}).value()),
        log_("derwent.example/ledger", trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'k'))).value()),
        span_(std::min(entries, kSpan)),
        people_(std::max<uint64_t>(1, span_ / kEntriesAPerson)) {
    Must(log_.TakeOver(*store_));
  }

  // Appends until there are `entries`, one a millisecond, people one after another so that each has entries all over
  // its span.
  void FillTo(uint64_t entries) {
    const absl::Time begun = absl::Now();
    const uint64_t before = entries_;
    while (entries_ < entries) {
      auto transaction = store_->Begin().value();
      for (int i = 0; i < kBatch && entries_ < entries; ++i, ++entries_) {
        const absl::Time time = kStart + absl::Milliseconds(static_cast<int64_t>(entries_));
        const int person = static_cast<int>(entries_ / span_ * people_ + entries_ % people_);
        Must(log_.Append(*transaction, {BenchEntry(static_cast<int>(entries_), person)}, time, random_).status());
      }
      Must(log_.Seal(*transaction).status());
      Must(transaction->Commit());
    }
    const double seconds = absl::ToDoubleSeconds(absl::Now() - begun);
    uint64_t octets = std::filesystem::file_size(path_);
    if (std::filesystem::exists(path_ + "-wal")) octets += std::filesystem::file_size(path_ + "-wal");
    std::printf("ledger of %9lu entries, the last of them appended %9.0f /s  %8.0f octets on disk an entry\n", entries_,
                static_cast<double>(entries_ - before) / seconds,
                static_cast<double>(octets) / static_cast<double>(entries_));
  }

  // Spread over the ledger, the same in every run.
  uint64_t Somewhere(int run, uint64_t below) const {
    return static_cast<uint64_t>(run) * UINT64_C(0x9E3779B97F4A7C15) % std::max<uint64_t>(1, below);
  }

  // `ask` asks the reader; prints the middle and the worst of a hundred.
  template <typename Ask>
  void Figure(const char* what, const char* target, Ask ask) {
    std::vector<double> micros;
    for (int run = 0; run < kRuns; ++run) {
      const absl::Time begun = absl::Now();
      const auto reader = store_->Read().value();
      ask(*reader, run);
      micros.push_back(absl::ToDoubleMicroseconds(absl::Now() - begun));
    }
    std::sort(micros.begin(), micros.end());
    std::printf("%-38s p50 %8.1f us   p99 %8.1f us   %s\n", what, micros[kRuns / 2], micros[kRuns * 99 / 100], target);
  }

  void Figures() {
    Figure("a row, the machine's own read", "", [this](store::Reader& reader, int run) {
      if (!reader.FindEntry(Somewhere(run, entries_)).value().has_value()) std::exit(1);
    });
    Figure("inclusion proof", "target p99 < 50 us", [this](store::Reader& reader, int run) {
      Must(ledger::InclusionProof(reader, Somewhere(run, entries_), entries_).status());
    });
    Figure("a person, first page", "target p99 <= 5 ms", [this](store::Reader& reader, int run) {
      Search(reader, {.viewer_agency = "police.derbys", .tags = {TagOf(run)}}, 1);
    });
    Figure("a person's shares of a board, first page", "target p99 <= 5 ms", [this](store::Reader& reader, int run) {
      Search(reader, {.viewer_agency = "police.derbys", .board = "tb.dasv", .step = "referral", .tags = {TagOf(run)}},
             1);
    });
    Figure("a window of time, first page", "target p99 <= 5 ms", [this](store::Reader& reader, int run) {
      const absl::Time from = kStart + absl::Milliseconds(static_cast<int64_t>(Somewhere(run, entries_ - 100)));
      Search(reader, {.viewer_agency = "dfrs", .start = from, .end = from + absl::Milliseconds(80)}, 1);
    });
  }

  void VerifyAll() {
    const absl::Time begun = absl::Now();
    const auto reader = store_->Read().value();
    trust::RightEdge edge;
    for (uint64_t at = 0; at < entries_;) {
      const std::vector<std::string> leaves = ledger::Leaves(*reader, at, 4096).value();
      for (const std::string& leaf : leaves)
        edge.Append(trust::LeafHash(leaf), [](trust::NodeId, const Sha256Digest&) {});
      at += leaves.size();
    }
    if (edge.Root() != reader->GetLogState()->root) std::exit(1);
    std::printf("%-38s %8.2f s for %lu entries   target < 30 s a million\n", "every leaf hashed again",
                absl::ToDoubleSeconds(absl::Now() - begun), entries_);
  }

 private:
  std::string TagOf(int run) const {
    const uint64_t people = std::max<uint64_t>(1, entries_ / span_) * people_;
    return trust::Sha256(absl::StrCat("a", static_cast<int>(Somewhere(run, people)))).bytes();
  }
  static void Search(store::Reader& reader, store::EntryQuery rows, size_t least) {
    const auto page = ledger::Search(reader, {.rows = std::move(rows)});
    Must(page.status());
    if (page->entries.size() < least) std::exit(1);
  }

  const std::string path_;
  std::unique_ptr<store::Store> store_;
  ledger::Log log_;
  trust::SystemRandom random_;
  const uint64_t span_;
  const uint64_t people_;  // In each span.
  uint64_t entries_ = 0;
};

}  // namespace

void RunSearches(const std::string& folder, uint64_t entries) {
  LargeLedger ledger(folder, entries);
  for (const uint64_t step : {kSpan, 2 * kSpan, 5 * kSpan, 10 * kSpan}) {
    if (step >= entries) break;
    ledger.FillTo(step);
    ledger.Figures();
  }
  ledger.FillTo(entries);
  ledger.Figures();
  ledger.VerifyAll();
}

}  // namespace derwent
