// Ledger appends a second beside what this machine's disk commits: derwent_ledger_bench [folder] [seconds a figure]
// [batch]; what questions cost in a large ledger: derwent_ledger_bench search ENTRIES [folder]
//
// The entries are those of one referral: one recipient, one subject, two tags, three categories, a decision request of
// 600 octets. "ledger" is the whole of a batch: Begin, Append, Seal, Commit; "submit" adds all rows of a stored
// referral (share, part, tags, 4 KiB package in a mailbox, answer kept); "unaudited" is the same without the entry and
// the checkpoint, so that the difference is what the evidence costs; "receipts" renders receipts of a committed batch.
// One labelled line a figure.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "broker/ledger/log.h"
#include "broker/store/sqlite/sqlite_store.h"
#include "tests/bench/ledger_search_bench.h"
#include "trust/secret/sha256.h"

namespace derwent {
namespace {

struct Rate {
  double batches_a_second = 0;
  double micros_a_batch = 0;
};

// Runs `work` for `length` after three runs to warm up.
template <typename Work>
Rate Measure(absl::Duration length, Work work) {
  for (int i = 0; i < 3; ++i) work();
  const absl::Time start = absl::Now();
  int64_t runs = 0;
  while (absl::Now() - start < length) {
    work();
    ++runs;
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  return {.batches_a_second = static_cast<double>(runs) / seconds,
          .micros_a_batch = 1e6 * seconds / static_cast<double>(runs)};
}

// The machine's durable commit: `size` octets and fdatasync, in a file written before.
Rate MeasureDisk(const std::string& folder, size_t size, absl::Duration length) {
  const std::string path = folder + "/calibration";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::string block(size, 'x');
  constexpr off_t kBlocks = 64;
  off_t at = 0;
  const auto write_block = [&] {
    if (pwrite(file, block.data(), size, (at++ % kBlocks) * static_cast<off_t>(size)) < 0 || fdatasync(file) != 0)
      std::exit(1);
  };
  for (off_t i = 0; i < kBlocks; ++i) write_block();
  const Rate rate = Measure(length, write_block);
  close(file);
  return rate;
}

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

}  // namespace

ledger::EntryDraft BenchEntry(int number, int person) {
  ledger::EntryDraft draft("referral", ledger::Actor::kReleasing);
  draft.SetReleasing("police.derbys", "p-17")
      .SetReceiving("dfrs", "t-3")
      .SetSubject(1, "victim",
                  {trust::Sha256(absl::StrCat("a", person)).bytes(), trust::Sha256(absl::StrCat("b", person)).bytes()})
      .AddCategory({.category = "identity", .asked = "full", .outcome = "PERMIT", .form = "full"})
      .AddCategory({.category = "address", .asked = "full", .outcome = "PERMIT", .form = "generalise"})
      .AddCategory({.category = "risk", .asked = "full", .outcome = "DENY", .form = ""})
      .SetPurpose("case.fire_safety", "fire_safety", "tb.dasv", "E07000034")
      .SetBases(ledger::Side::kReleasing, {"ukgdpr.art6.1.e", "ukgdpr.art9.2.g"}, {"ukgdpr"})
      .SetConditions(ledger::Side::kReleasing, {"dpa2018.sch1.6"})
      .SetAgreement("agr-fire", "3")
      .SetIds(absl::StrFormat("00000000-0000-4000-8000-%012d", number), "", "")
      .SetOutcome("PARTIAL", {"NOT_NECESSARY"}, trust::Sha256("p"), trust::Sha256("r"))
      .SetManifestDigest(trust::Sha256("m"))
      .SetDecisionRequest(std::string(600, 'q'))
      .SetRevisions("1", "12", "4")
      .SetHolderCommitment(trust::Sha256("h").view());
  return draft;
}

namespace {

class Bench {
 public:
  explicit Bench(const std::string& folder)
      : store_(store::OpenSqliteStore({.path = folder + "/bench.db"}).value()),
        log_("derwent.example/ledger", trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'k'))).value()) {
    if (!log_.TakeOver(*store_).ok()) std::exit(1);
  }

  // One batch of commands, each with one entry; `rows` writes what else the command stores.
  template <typename Rows>
  void Batch(int size, Rows rows) {
    auto transaction = store_->Begin().value();
    for (int i = 0; i < size; ++i) {
      Must(transaction->Savepoint());
      ++number_;
      Must(log_.Append(*transaction, {BenchEntry(number_, number_)}, absl::Now(), random_).status());
      rows(*transaction, number_);
      Must(transaction->Release());
    }
    batch_ = log_.Seal(*transaction).value();
    Must(transaction->Commit());
  }
  void Appends(int size) {
    Batch(size, [](store::Transaction&, int) {});
  }
  void Submits(int size) {
    Batch(size, [this](store::Transaction& transaction, int number) { StoreReferral(transaction, number); });
  }
  // What no broker does: a share without its evidence.
  void Unaudited(int size) {
    auto transaction = store_->Begin().value();
    for (int i = 0; i < size; ++i) {
      Must(transaction->Savepoint());
      StoreReferral(*transaction, ++number_);
      Must(transaction->Release());
    }
    Must(transaction->Commit());
  }
  void Receipt() {
    if (!batch_->MakeReceipt(log_.size() - 1 - static_cast<uint64_t>(number_++ % 64), "dfrs").ok()) std::exit(1);
  }

 private:
  void StoreReferral(store::Transaction& transaction, int number) {
    const absl::Time now = absl::Now();
    const std::string share = random_.NewOrderedUuid(now).text();
    const store::PartKey key{.share_id = share, .recipient_agency = "dfrs"};
    Must(transaction.InsertShare({.share_id = share,
                                  .kind = 1,
                                  .sender_agency = "police.derbys",
                                  .profile = "fire_safety",
                                  .purpose = "case.fire_safety",
                                  .board = "tb.dasv",
                                  .area = "E07000034",
                                  .create_time = now,
                                  .expire_time = now + absl::Hours(72)}));
    Must(transaction.InsertPart({.key = key,
                                 .role = "fire_prevention_officer",
                                 .state = 1,
                                 .collection = {.time = now + absl::Hours(72)},
                                 .update_time = now,
                                 .tags = {{.subject = 1, .tag = trust::Sha256(absl::StrCat("a", number)).bytes()},
                                          {.subject = 1, .tag = trust::Sha256(absl::StrCat("b", number)).bytes()}},
                                 .context = std::string(200, 'c')}));
    Must(transaction
             .InsertDelivery({.delivery_id = random_.NewOrderedUuid(now).text(),
                              .mailbox_agency = "dfrs",
                              .share_id = share,
                              .kind = 1,
                              .payload = std::string(4'800, 'p'),
                              .entry_indexes = {log_.size() - 1},
                              .create_time = now})
             .status());
    Must(transaction.InsertIdempotency(
        {.key = {.caller_agency = "police.derbys", .method = "SubmitReferral", .request_id = share},
         .response = std::string(500, 'r'),
         .expire_time = now + absl::Hours(800)}));
  }

  std::unique_ptr<store::Store> store_;
  ledger::Log log_;
  trust::SystemRandom random_;
  std::shared_ptr<const ledger::SealedBatch> batch_;
  int number_ = 0;
};

// `only`: batches of that size, 0 all.
void Run(const std::string& folder, absl::Duration length, int only) {
  const Rate disk = MeasureDisk(folder, 4'096, length);
  std::printf("disk: durable commits of 4 KiB        %9.0f /s  %8.1f us each\n", disk.batches_a_second,
              disk.micros_a_batch);
  Bench bench(folder);
  for (const int size : {1, 8, 64, 256}) {
    if (only != 0 && only != size) continue;
    const Rate rate = Measure(length, [&] { bench.Appends(size); });
    std::printf("ledger: appends in batches of %3d     %9.0f /s  %8.1f us an entry  %5.2f of the disk's commits\n",
                size, rate.batches_a_second * size, rate.micros_a_batch / size,
                rate.batches_a_second / disk.batches_a_second);
  }
  for (const int size : {1, 8, 64}) {
    if (only != 0 && only != size) continue;
    const Rate rate = Measure(length, [&] { bench.Submits(size); });
    std::printf("store: submits in batches of %3d       %9.0f /s  %8.1f us a submit  %5.2f of the disk's commits\n",
                size, rate.batches_a_second * size, rate.micros_a_batch / size,
                rate.batches_a_second / disk.batches_a_second);
  }
  for (const int size : {1, 64}) {
    if (only != 0 && only != size) continue;
    const Rate rate = Measure(length, [&] { bench.Unaudited(size); });
    std::printf("store: unaudited in batches of %3d     %9.0f /s  %8.1f us a submit\n", size,
                rate.batches_a_second * size, rate.micros_a_batch / size);
  }
  bench.Appends(64);
  const Rate receipt = Measure(length / 2, [&] { bench.Receipt(); });
  std::printf("ledger: receipts of a batch of 64     %9.0f /s  %8.1f us each\n", receipt.batches_a_second,
              receipt.micros_a_batch);
}

}  // namespace
}  // namespace derwent

int main(int argc, char** argv) {
  const bool search = argc > 2 && std::string(argv[1]) == "search";
  const int at = search ? 3 : 1;
  std::string folder = argc > at ? argv[at] : std::filesystem::temp_directory_path().string();
  folder += "/derwent-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  if (search)
    derwent::RunSearches(folder, std::strtoull(argv[2], nullptr, 10));
  else
    derwent::Run(folder, absl::Seconds(argc > 2 ? std::atof(argv[2]) : 2.0), argc > 3 ? std::atoi(argv[3]) : 0);
  std::filesystem::remove_all(folder);
  return 0;
}
