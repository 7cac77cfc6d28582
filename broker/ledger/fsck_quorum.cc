#include "broker/ledger/fsck_quorum.h"

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/note/note.h"

namespace derwent::ledger {
namespace {

// One row a cosignature of a size that counts; without any, one row of nulls.
constexpr char kCounted[] =
    "SELECT c.size, coalesce(s.witness, '') FROM cosigned c LEFT JOIN cosignature s ON s.size = c.size WHERE c.void = 0"
    " AND c.size > coalesce((SELECT max(size) FROM cosigned WHERE void = 2), -1) ORDER BY c.size";

bool MeetsOneOf(const std::vector<trust::QuorumPolicy>& policies, const std::vector<trust::VerifierKey>& witnesses) {
  return std::ranges::any_of(policies, [&](const trust::QuorumPolicy& policy) { return policy.Met(witnesses); });
}

}  // namespace

absl::Status CheckQuorums(FsckDatabase& database, const std::vector<trust::QuorumPolicy>& policies) {
  ASSIGN_OR_RETURN(const std::unique_ptr<FsckDatabase::Rows> rows, database.Read(kCounted));
  ASSIGN_OR_RETURN(bool more, rows->Next());
  while (more) {
    const uint64_t size = rows->Unsigned(0);
    std::vector<trust::VerifierKey> witnesses;
    for (; more && rows->Unsigned(0) == size;) {
      const absl::StatusOr<trust::VerifierKey> witness = trust::VerifierKey::Parse(rows->Text(1));
      if (witness.ok()) witnesses.push_back(*witness);
      ASSIGN_OR_RETURN(more, rows->Next());
    }
    if (!MeetsOneOf(policies, witnesses))
      return absl::DataLossError(absl::StrCat("checkpoint ", size, ": it counts as cosigned and has not its quorum"));
  }
  return absl::OkStatus();
}

}  // namespace derwent::ledger
