#include "agents/cli/ledger/verify.h"

#include "absl/strings/str_cat.h"

#include "trust/entry/opening.h"

namespace derwent::cli {

absl::Status VerifyEntry(const v1::LedgerEntry& entry, const trust::LogKeys& log_keys, const std::string& origin) {
  const absl::StatusOr<trust::VerifiedReceipt> receipt =
      trust::VerifyReceipt(entry.receipt().tlog_proof(), log_keys, origin);
  if (!receipt.ok())
    return absl::DataLossError(
        absl::StrCat("entry ", entry.index(), ": the receipt does not verify: ", receipt.status().message()));
  if (receipt->index != entry.index())
    return absl::DataLossError(absl::StrCat("entry ", entry.index(), ": the receipt is of entry ", receipt->index));
  if (receipt->opening.kind != trust::EntryKind::kSealed) return absl::OkStatus();
  for (const v1::OpenedField& field : entry.fields()) {
    const std::string* const proven = field.number() >= 1 && field.number() <= trust::kFieldCount
                                          ? receipt->opening.Value(static_cast<trust::Field>(field.number()))
                                          : nullptr;
    if (proven == nullptr || *proven != field.value())
      return absl::DataLossError(
          absl::StrCat("entry ", entry.index(), ": field ", field.number(), " is not what its receipt proves"));
  }
  return absl::OkStatus();
}

absl::Status VerifyAsked(const v1::LedgerEntry& entry, uint64_t index, const trust::LogKeys& log_keys,
                         const std::string& origin) {
  if (entry.index() != index)
    return absl::DataLossError(absl::StrCat("entry ", index, " was asked for, entry ", entry.index(), " is shown"));
  return VerifyEntry(entry, log_keys, origin);
}

}  // namespace derwent::cli
