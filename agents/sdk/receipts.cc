#include "agents/sdk/receipts.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/status_macros.h"
#include "trust/note/tlog_proof.h"

namespace derwent::agents {
namespace {

using trust::Field;

absl::Status Invalid(absl::string_view why) { return absl::DataLossError(absl::StrCat("RECEIPT_INVALID: ", why)); }

absl::Status Expect(const trust::Opening& opening, Field field, absl::string_view key, absl::string_view want) {
  if (want.empty()) return absl::OkStatus();
  const std::string* value = opening.Value(field);
  if (value == nullptr)
    return Invalid(absl::StrCat("the entry does not open its ", trust::FieldName(static_cast<int>(field))));
  const absl::string_view said = key.empty() ? absl::string_view(*value) : FieldAttribute(*value, key);
  if (said != want) return Invalid(absl::StrCat("the entry says another ", trust::FieldName(static_cast<int>(field))));
  return absl::OkStatus();
}

}  // namespace

std::string NoteOf(const v1::Receipt& receipt) {
  const absl::StatusOr<trust::TlogProof> proof = trust::TlogProof::Parse(receipt.tlog_proof());
  return proof.ok() ? proof->checkpoint : "";
}

absl::StatusOr<trust::Opening> OpeningOfKept(const std::string& receipt) {
  v1::Receipt kept;
  if (!kept.ParseFromString(receipt)) return absl::DataLossError("a kept receipt does not parse");
  ASSIGN_OR_RETURN(const trust::TlogProof proof, trust::TlogProof::Parse(kept.tlog_proof()));
  return trust::Opening::Parse(proof.extra);
}

absl::string_view FieldAttribute(absl::string_view text, absl::string_view key) {
  for (const absl::string_view pair : absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
    if (pair.size() > key.size() && absl::StartsWith(pair, key) && pair[key.size()] == '=')
      return pair.substr(key.size() + 1);
  }
  return "";
}

absl::StatusOr<trust::VerifiedReceipt> CheckReceipt(const v1::Receipt& receipt, const trust::LogKeys& log_keys,
                                                    const ExpectedEntry& expected) {
  absl::StatusOr<trust::VerifiedReceipt> verified =
      trust::VerifyReceipt(receipt.tlog_proof(), log_keys, log_keys.origin());
  if (!verified.ok()) {
    return absl::Status(verified.status().code(), absl::StrCat("RECEIPT_INVALID: ", verified.status().message()));
  }
  if (verified->index != receipt.index()) return Invalid("the proof is of another index");
  const trust::Opening& opening = verified->opening;
  RETURN_IF_ERROR(Expect(opening, Field::kReleasingAgency, "", expected.releasing_agency));
  RETURN_IF_ERROR(Expect(opening, Field::kReceivingAgency, "", expected.receiving_agency));
  RETURN_IF_ERROR(Expect(opening, Field::kIds, "share", expected.share_id));
  RETURN_IF_ERROR(Expect(opening, Field::kPurpose, "profile", expected.profile));
  RETURN_IF_ERROR(Expect(opening, Field::kPurpose, "purpose", expected.purpose));
  if (expected.subject != 0)
    RETURN_IF_ERROR(Expect(opening, Field::kSubjectRole, "subject", absl::StrCat(expected.subject)));
  if (expected.manifest_digest.has_value()) {
    RETURN_IF_ERROR(Expect(opening, Field::kManifestDigest, "", expected.manifest_digest->view()));
  }
  return verified;
}

}  // namespace derwent::agents
