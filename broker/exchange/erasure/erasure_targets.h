#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/person_signature.h"
#include "broker/ledger/packed_entry.h"
#include "trust/message/person_signature.h"

namespace derwent::exchange {

// An entry that a hold or an erasure is about, as it stands.
struct Target {
  uint64_t index = 0;
  ledger::PackedEntry entry;
  store::EntryColumns columns;

  bool IsParty(const std::string& agency) const {
    return agency == columns.releasing_agency || agency == columns.receiving_agency;
  }
  // Whose data it is: the releasing side, or the only one.
  const std::string& owner() const {
    return columns.releasing_agency.empty() ? columns.receiving_agency : columns.releasing_agency;
  }
  // Whether it is of a share or request among these.
  bool IsOfAny(const std::set<std::string>& ids) const;
  // A person whom the entry names, of whichever side.
  bool Names(const trust::NamedPerson& signer) const;
};

// Error: kNotFound `ENTRY_UNKNOWN`, naming them all, unless each is a sealed entry that `agency` is party to; empty: of
// any agency.
absl::StatusOr<std::vector<Target>> LoadTargets(const google::protobuf::RepeatedField<uint64_t>& entries,
                                                const std::string& agency, Batch& batch);

// What stands against erasing them by request, all at once: nobody named in an entry signs (`SELF_APPROVAL_FORBIDDEN`),
// nothing held goes (`ENTRY_HELD`), nothing of a share that is still in motion (`SHARE_OPEN`) or of an
// emergency that is not reviewed yet (`REVIEW_DUE`), nothing twice (`ALREADY_ERASED`). Error: kFailedPrecondition with
// the first of those reasons.
absl::Status MayErase(const std::vector<Target>& targets, const trust::NamedPerson& signer, Batch& batch);

// Whether anything of a share, or of a reply to it, is still in motion: not over, or a delivery of it is there.
// `target`: only the parts that its parties received; null: every part.
absl::StatusOr<bool> AnyOpen(const std::string& share_id, const Target* target, Batch& batch);

// Agency to the entries among them that it is party to.
std::map<std::string, std::vector<uint64_t>> PartiesOf(const std::vector<Target>& targets);

// A role of a person's that may command this, held today, under a certificate that is not revoked.
// Error: kFailedPrecondition `COMMAND_NOT_VALID`; kPermissionDenied `ROLE_NOT_ENTITLED`.
struct CommandSigner {
  trust::NamedPerson signer;
  std::string role;
  trust::Chain chain;  // Of the signer's certificate.
};
absl::Status CheckOfficer(const CommandSigner& signer, const Batch& batch);

}  // namespace derwent::exchange
