#include "broker/ledger/fsck_erasure.h"

#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/ledger/fsck_signatures.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::ledger {
namespace {

// Bits of fields 3, 5, 6, 7, 16, and of all 24.
constexpr uint32_t kPerson = 1U << 2 | 1U << 4 | 1U << 5 | 1U << 6 | 1U << 15;
constexpr uint32_t kAll = (1U << 24) - 1;
constexpr size_t kMostTargets = 256;
constexpr uint64_t kLastIndex = std::numeric_limits<int64_t>::max() - 1;

absl::Status Broken(const std::string& what) { return absl::DataLossError(what); }

// Empty: no list of 1 to 256 entries.
std::vector<uint64_t> Targets(absl::string_view line) {
  std::vector<uint64_t> targets;
  for (const absl::string_view word : absl::StrSplit(line, ' ')) {
    const std::pair<absl::string_view, absl::string_view> ends = absl::StrSplit(word, absl::MaxSplits('-', 1));
    uint64_t first = 0;
    uint64_t last = 0;
    if (!absl::SimpleAtoi(ends.first, &first)) return {};
    if (!absl::SimpleAtoi(ends.second.empty() ? ends.first : ends.second, &last)) return {};
    if (last < first || last > kLastIndex) return {};
    for (; first <= last; ++first) {
      if (targets.size() == kMostTargets) return {};
      targets.push_back(first);
    }
  }
  return targets;
}

std::string OctetsOf(const std::vector<uint64_t>& numbers) {
  std::string octets;
  for (const uint64_t number : numbers) {
    for (int shift = 56; shift >= 0; shift -= 8) octets.push_back(static_cast<char>(number >> shift));
  }
  return octets;
}

}  // namespace

void ErasureCheck::Saw(uint64_t index, const DerivedEntry& entry, bool has_decision_request) {
  if (!has_decision_request && !entry.request_digest.empty()) bodies_gone_.push_back(index);
  if (entry.live != kAll) erased_[index] = {.erased = kAll & ~entry.live, .request = has_decision_request};
}

absl::Status ErasureCheck::Recorded(uint64_t index, absl::string_view body) {
  const std::vector<absl::string_view> lines = absl::StrSplit(body, '\n');
  const auto broken = [&] {
    return Broken(absl::StrCat("entry ", index, ": its record of an erasure has not its shape"));
  };
  if (lines.size() != 7 || lines[0] != "derwent.erasure/v1" || lines[1].substr(0, 8) != "targets ") return broken();
  Record record{.targets = Targets(lines[1].substr(8)), .owner = "", .other = ""};
  const bool scheduled = lines[5].substr(0, 9) == "schedule ";
  const std::vector<absl::string_view> words = absl::StrSplit(lines[5], ' ');
  if (record.targets.empty() || (!scheduled && (words.size() != 3 || words[0] != "request"))) return broken();
  if (lines[2] != (scheduled ? "fields 1-24" : "fields 3 5-7 16")) return broken();
  if (!scheduled) {
    record.owner = std::string(words[1]);
    record.other = std::string(words[2]);
  }
  for (const uint64_t target : record.targets) {
    if (target >= index) return Broken(absl::StrCat("entry ", index, ": it records the erasure of one after it"));
    recorded_[target] |= scheduled ? kAll : kPerson;
    record_of_[target] = index;
  }
  records_[index] = std::move(record);
  return absl::OkStatus();
}

absl::Status ErasureCheck::CheckEntries() const {
  for (const auto& [index, seen] : erased_) {
    const auto recorded = recorded_.find(index);
    if (recorded == recorded_.end() || (seen.erased & ~recorded->second) != 0)
      return Broken(absl::StrCat("entry ", index, ": fields are erased, and no entry records that"));
  }
  for (const uint64_t index : bodies_gone_) {
    if (!recorded_.contains(index))
      return Broken(absl::StrCat("entry ", index, ": its decision request is erased, and no entry records that"));
  }
  for (const auto& [index, fields] : recorded_) {
    const auto seen = erased_.find(index);
    if (seen == erased_.end() || seen->second.erased != fields || seen->second.request) {
      return Broken(absl::StrCat("entry ", index, ": entry ", record_of_.at(index),
                                 " records its erasure, and it was not erased"));
    }
  }
  return absl::OkStatus();
}

// Every record has its row, and the row the very commands that the record commits to.
absl::Status ErasureCheck::CheckRows(FsckDatabase& database, const trust::Authority* authority) const {
  ASSIGN_OR_RETURN(const auto rows,
                   database.Read("SELECT idx, entries, request, approval FROM erasure WHERE idx IS NOT "
                                 "NULL ORDER BY idx"));
  auto record = records_.begin();
  for (;; ++record) {
    ASSIGN_OR_RETURN(const bool more, rows->Next());
    if (!more) break;
    const uint64_t index = rows->Unsigned(0);
    if (record == records_.end() || record->first > index)
      return Broken(absl::StrCat("an erasure names entry ", index, ", which records none"));
    if (record->first < index) break;
    if (rows->Text(1) != OctetsOf(record->second.targets))
      return Broken(absl::StrCat("entry ", index, ": the erasure it records is of other entries"));
    const auto digest = [&](int column) {
      const std::string octets = rows->Text(column);
      return octets.empty() ? "" : trust::Sha256(octets).hex();
    };
    if (digest(2) != record->second.owner || digest(3) != record->second.other)
      return Broken(absl::StrCat("entry ", index, ": the erasure it records lacks its two signatures"));
    if (record->second.owner.empty()) continue;  // By schedule: nobody signs.
    if (const std::string misfit = SignaturesMisfit(rows->Text(2), rows->Text(3), record->second.targets, authority);
        !misfit.empty())
      return Broken(absl::StrCat("entry ", index, ": the erasure it records was not signed by two: ", misfit));
  }
  if (record == records_.end()) return absl::OkStatus();
  return Broken(absl::StrCat("entry ", record->first, ": the erasure it records is not there with its signatures"));
}

absl::Status ErasureCheck::Finish(FsckDatabase& database, const trust::Authority* authority) const {
  RETURN_IF_ERROR(CheckEntries());
  return CheckRows(database, authority);
}

}  // namespace derwent::ledger
